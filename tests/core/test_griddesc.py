"""GRIDDESC files: named grids in text."""

import json

import pytest

from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid import parse_grid
from model_core.grid_from_file import read_grid

TEXT = """' '
'LAM' ! a remark
 2 25.0D0 40.0D0 110.0D0 110.0D0 34.0D0
'ODD'
 9 0. 0. 0. 0. 0.
' '
'CHINA36'
'LAM' -3096000.0, -2286000.0, 36000.0, 36000.0, 172, 127, 1
'ALBERS'
'ODD' 0. 0. 1. 1. 2 2 1
' '
"""


def test_a_named_grid_is_found_and_the_only_one_needs_no_name(tmp_path):
    path = tmp_path / "GRIDDESC"
    path.write_text(TEXT)
    grid = parse_grid(f"{path}:CHINA36")
    assert grid.shape == (127, 172) and grid.lower_left == (-3096000, -2286000) and "+lat_1=25 +lat_2=40" in grid.crs.to_proj4()
    assert parse_grid(str(path)).matches(grid)  # the other grid's projection is not supported
    with pytest.raises(InputError, match="no grid 'USA'; write .*GRIDDESC:NAME with one of CHINA36"):
        parse_grid(f"{path}:USA")


@pytest.mark.parametrize("change", [("172, 127", "many"), ("'LAM' -3", "'TAM' -3"), ("\n' '\n'CHINA36'", "\n")])
def test_a_file_that_is_wrong_is_named(tmp_path, change):
    path = tmp_path / "GRIDDESC"
    path.write_text(TEXT.replace(*change))
    with pytest.raises(InputError, match="GRIDDESC'"):
        read_grid(path)


def test_a_real_griddesc_names_the_grid_of_the_file_beside_it(shared_data):
    path = shared_data / "us_cmaq/GRIDDESC"
    about = json.loads(json.dumps(inspect(path)))
    assert about["format"] == "GRIDDESC" and "12US1" in about["grids"] and about["times"]["count"] == 0
    assert parse_grid(f"{path}:108US2").matches(read_grid(shared_data / "us_cmaq/GRIDCRO2D.108US2.35L.160101.nc"))
    with pytest.raises(InputError, match="has several grids; write .*:NAME with one of"):
        read_grid(path)
