"""Moving pictures of a period, made by the algorithm."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtGui import QMovie
from small_world import DAYS, SMALL_GRID


def test_a_period_becomes_a_gif(run, make_stations, tiny_model, tmp_path):
    series, film = str(tmp_path / "series.nc"), str(tmp_path / "film.gif")
    run("reanalyseperiod", STATIONS=make_stations(DAYS[:2]), GRID=SMALL_GRID, MODEL=tiny_model, DEVICE="cpu", OUTPUT=series)
    result = run("animate", SERIES=f'NETCDF:"{series}":pm25', STYLE="us", WIDTH=400, OUTPUT=film)
    assert result["FRAMES"] == 2
    movie = QMovie(film)
    assert movie.isValid() and movie.frameCount() == 2


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({}, "Choose a series or a folder"),
        ({"SERIES": "a.nc", "FOLDER": "b"}, "one of them"),
        ({"SERIES": "a.nc", "OUTPUT": "a.avi"}, "must end in .gif or .mp4"),
    ],
)
def test_what_is_missing_is_named(refusal, parameters, words):
    assert words in refusal("animate", **{"OUTPUT": "TEMPORARY_OUTPUT", **parameters})
