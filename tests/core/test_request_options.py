"""A request's values are of the kind that their options have, or the refusal names the option."""

import pytest

from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.jobs.options import checked
from model_core.progress import Progress


@pytest.mark.parametrize(
    "command, request_, name",
    [
        ("inspect", {"file": {"a": 1}}, "file"),
        ("inspect", {"file": ["x"]}, "file"),
        ("inspect", {"file": True}, "file"),
        ("simulate", {"days": "many", "out": "x.nc"}, "days"),
        ("simulate", {"days": 10**12, "out": "x.nc"}, "days"),
        ("simulate", {"seed": {}, "out": "x.nc"}, "seed"),
        ("simulate", {"seed": 10**30, "out": "x.nc"}, "seed"),
        ("simulate", {"start": [1, 2], "out": "x.nc"}, "start"),
        ("read-stations", {"stations": "a\0b", "out": "x.csv"}, "stations"),
        ("read-stations", {"stations": "\ud800", "out": "x.csv"}, "stations"),
        ("read-stations", {"stations": "a" * 50_000, "out": "x.csv"}, "stations"),
        ("reanalyse", {"where": False, "out": "x.tif"}, "where"),
        ("reanalyse", {"unit": ["x"], "out": "x.tif"}, "unit"),
        ("reanalyse", {"rh_encoding": {"a": 1}, "out": "x.tif"}, "rh_encoding"),
        ("reanalyse", {"wide": [], "out": "x.tif"}, "wide"),
        ("train", {"learning_rate": float("nan"), "out": "x.safetensors"}, "learning_rate"),
        ("train", {"resume": "perhaps", "out": "x"}, "resume"),
        ("covariates", {"urban_classes": ["x"], "out": "x.nc"}, "urban_classes"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_name(command, request_, name):
    with pytest.raises(InputError, match=f"'{name}'"):
        JOBS[command](request_, Progress())


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_file(path):
    with pytest.raises(InputError, match="is a device or a pipe"):
        JOBS["read-stations"]({"stations": path, "out": "x.csv"}, Progress())


def test_numbers_in_texts_and_texts_for_numbers_are_understood():
    alike = {"where": "a=1", "time": ["day", "hour"], "date": "", "unit": None, "of no job": {"a": 1}}
    assert checked({"level": 2, "hours": "18", "urban_classes": 13, **alike}) == {"level": "2", "hours": 18, "urban_classes": [13], **alike}


def test_a_file_that_the_system_refuses_is_named(tmp_path):
    with pytest.raises(InputError, match=f"{'b' * 300}.*too long"):
        JOBS["grid-stations"]({"stations": str(tmp_path / ("b" * 300)), "value": "pm25", "out": str(tmp_path / "x.tif")}, Progress())
