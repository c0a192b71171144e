"""A CTM file tells what it is, in QGIS as on the command line."""

from __future__ import annotations

import json

import pytest


def test_a_simulated_file_tells_its_grid_times_and_variables(run, log, tmp_path):
    ctm = str(tmp_path / "simulated.nc")
    run("simulatectm", GRID="100,25,110,32,0.5@EPSG:4326", DAYS=2, OUTPUT=ctm)
    result = run("inspectctm", FILE=ctm, REPORT=str(tmp_path / "report.html"))
    assert (result["ROWS"], result["COLUMNS"], result["TIMES"]) == (14, 20, 2)
    recognised = {v["recognised_as"] for v in json.loads(result["INFO"])["variables"]}
    assert {"pm25", "rh", "wind", "elevation", "urban"} <= recognised
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "PM25_TOT" in page and "PM25_TOT" in log.text and "lower_left" in page


def test_something_that_is_no_netcdf_is_named(run, tmp_path):
    file = tmp_path / "letter.nc"
    file.write_text("Dear reader")
    with pytest.raises(Exception, match="letter.nc"):
        run("inspectctm", FILE=str(file))


def test_a_griddesc_file_describes_grids_and_holds_none(run, tmp_path):
    file = tmp_path / "GRIDDESC"
    file.write_text("' '\n'LATLON'\n  1 0.0 0.0 0.0 0.0 0.0\n' '\n'global_1'\n'LATLON' -180.0 -90.0 1.0 1.0 360 180 1\n' '\n")
    result = run("inspectctm", FILE=str(file))
    assert result["FORMAT"] == "GRIDDESC" and list(json.loads(result["INFO"])["grids"]) == ["global_1"]
