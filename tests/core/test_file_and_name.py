"""FILE:NAME with paths as Windows has them: the colon of a drive divides nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.evaluation.polygons import Regions
from model_core.file_and_name import file_and_name
from model_core.grid import parse_grid
from model_core.jobs.sources import further_inputs

LETTERS = st.text("abcµ北 .:/\\", min_size=1, max_size=12)


@pytest.mark.parametrize(
    "text, file, name",
    [
        ("weather.csv:RH", "weather.csv", "RH"),
        (r"C:\data\day.nc:PM25", r"C:\data\day.nc", "PM25"),
        ("D:/Daten/März/Messung 2.csv:PM2,5 µg/m3", "D:/Daten/März/Messung 2.csv", "PM2,5 µg/m3"),
        (r"\\server\share\x.csv:浓度", r"\\server\share\x.csv", "浓度"),
        (r"\\?\C:\a very long one\x.csv:rh", r"\\?\C:\a very long one\x.csv", "rh"),
        (r"C:\data\day.nc", r"C:\data\day.nc", ""),
        ("C:/data/day.nc", "C:/data/day.nc", ""),
        (r"\\server\share\x.csv", r"\\server\share\x.csv", ""),
        (r"\\?\C:\x.csv", r"\\?\C:\x.csv", ""),
        ("/vsicurl/https://host/x.csv", "/vsicurl/https://host/x.csv", ""),
        ("x.csv:", "x.csv", ""),
    ],
)
def test_the_parts_are_told_apart(text, file, name):
    assert file_and_name(text) == (file, name)


@given(LETTERS, LETTERS.filter(lambda name: ":" not in name and name[0] not in "/\\"))
def test_what_is_joined_comes_apart_again(file, name):
    assert file_and_name(f"{file}:{name}") == (file, name)


def test_a_file_on_a_drive_is_read_by_its_column_and_without_one_the_message_is_about_that():
    assert dict(further_inputs({"rh": r"C:\data\w.csv:RH"})) == {"rh": (r"C:\data\w.csv", "RH")}
    with pytest.raises(InputError, match=r"rh 'C:\\data\\w.csv': write FILE:COLUMN"):
        dict(further_inputs({"rh": r"C:\data\w.csv"}))


@pytest.mark.parametrize("path", [r"C:\data\none.gpkg", r"\\server\share\none.gpkg"])
def test_a_file_that_is_missing_is_named_whole(path):
    with pytest.raises(InputError) as regions:
        Regions(path)
    with pytest.raises(InputError) as grid:
        parse_grid(path)
    assert f"'{path}'" in str(regions.value) and f"'{path}'" in str(grid.value)
