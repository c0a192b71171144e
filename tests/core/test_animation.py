"""Moving pictures of a period: a frame for each step, all of one size, in the order of time."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import numpy as np
import pytest
from PIL import Image

from model_core.errors import InputError
from model_core.grid import parse_grid
from model_core.jobs import JOBS
from model_core.output.netcdf import write_netcdf
from model_core.progress import Progress

DAYS = [date(2019, 1, 14) + timedelta(days=n) for n in range(3)]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Three days that rise from 20 to 400 ug m-3 over a small grid."""
    path = tmp_path_factory.mktemp("series") / "series.nc"
    fields = np.stack([np.full((12, 16), value, np.float32) for value in (20, 100, 400)])
    write_netcdf(
        path, parse_grid("100,30,116,42,1@EPSG:4326"), DAYS, [("pm25", fields, "ug m-3")], {"model_sha256": "0" * 64, "species": "pm25"}
    )
    return path


def animate(series, out, **options):
    return JOBS["animate"]({"series": str(series), "out": str(out), "width": 300, **options}, Progress())


def test_a_gif_shows_each_day_in_its_class(series, tmp_path):
    result = animate(series, tmp_path / "a.gif", style="china", seconds=0.2)
    assert (result["frames"], result["start"], result["end"]) == (3, "2019-01-14 00:00:00", "2019-01-16 00:00:00")
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["duration"], film.info["loop"]) == (3, 200, 0)
        middle = []
        for number in range(3):
            film.seek(number)
            middle.append(film.convert("RGB").getpixel((film.width // 3, film.height // 2 - 7)))
    for found, wanted in zip(middle, ((0, 228, 0), (255, 126, 0), (126, 0, 35))):  # excellent, light, severe
        assert np.abs(np.subtract(found, wanted)).max() < 25


def test_a_folder_takes_the_pictures_themselves(series, tmp_path):
    animate(series, tmp_path / "frames")
    pictures = sorted((tmp_path / "frames").glob("*.png"))
    assert [picture.stem for picture in pictures] == [f"{day}T0000" for day in DAYS]
    sizes = {Image.open(picture).size for picture in pictures}
    assert len(sizes) == 1 and all(length % 2 == 0 for length in sizes.pop())


def test_a_film_is_written_where_ffmpeg_is_and_refused_with_the_remedy_elsewhere(series, tmp_path):
    if shutil.which("ffmpeg"):
        animate(series, tmp_path / "a.mp4")
        assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    else:
        with pytest.raises(InputError, match="install it, or write a .gif"):
            animate(series, tmp_path / "a.mp4")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"out": "a.avi"}, "must end in .gif or .mp4"),
        ({"seconds": 0.001}, "'seconds' can be 0.02 to 60"),
        ({"series": "none.nc"}, "does not exist"),
        ({"style": "mars"}, "unknown style"),
    ],
)
def test_what_can_not_be_is_refused(series, tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        animate(options.pop("series", series), tmp_path / options.pop("out", "a.gif"), **options)
    assert not list(tmp_path.iterdir())
