"""A background from a user's files: found by its day, read in its unit, told in the log and the output, and repeated."""

import json
import shutil
import time

import netCDF4
import numpy as np
import pandas as pd
import pytest
import rasterio
from listening import Listening
from pyproj import Transformer
from test_background import (
    day,  # noqa: F401, a fixture
    predictor,  # noqa: F401, a fixture
)

from model_core.cli.parser import build_parser
from model_core.ctm.fields import read_ctm
from model_core.ctm.series import Series
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.model_file import save_model
from model_core.output.netcdf import NetcdfWriter
from model_core.period import pipeline
from model_core.provenance.reading import read_record


@pytest.fixture(scope="module")
def folder(tiny_ctm, predictor, tmp_path_factory):  # noqa: F811
    """Readings of three days of the tiny CTM at eighty stations in forty cities, a model that kriges, and files of background:
    the CTM itself (ctm.nc), and its first two days in kg m-3 under another name (forecast.nc)."""
    folder = tmp_path_factory.mktemp("background")
    ctm = read_ctm(tiny_ctm)
    land = np.argwhere(ctm.static["land"] > 0.5)
    cells = land[np.random.default_rng(0).choice(len(land), 80, replace=False)]
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[cells[:, 1]], ctm.grid.y[cells[:, 0]])
    pd.concat(
        [
            pd.DataFrame(
                {
                    "station": range(80),
                    "city": np.arange(80) // 2,
                    "day": str(ctm.times[n]),
                    "lon": lon,
                    "lat": lat,
                    "pm25": ctm.fields["pm25"][n][tuple(cells.T)],
                }
            )
            for n in range(3)
        ]
    ).to_csv(folder / "stations.csv", index=False)
    save_model(folder / "own.safetensors", predictor.model)
    shutil.copy(tiny_ctm, folder / "ctm.nc")
    with netCDF4.Dataset(tiny_ctm) as source, netCDF4.Dataset(folder / "forecast.nc", "w") as copy:
        copy.setncatts({name: source.getncattr(name) for name in source.ncattrs()})
        for name, dimension in source.dimensions.items():
            copy.createDimension(name, 2 if name == "time" else len(dimension))
        for name, variable in source.variables.items():
            if name in ("RH", "WSPD10"):
                continue
            made = copy.createVariable("my_aerosol" if name == "PM25_TOT" else name, variable.dtype, variable.dimensions)
            attributes = {
                key: variable.getncattr(key) for key in variable.ncattrs() if key not in ("_FillValue", "standard_name", "long_name")
            }
            made.setncatts({**attributes, **({"units": "kg m-3"} if name == "PM25_TOT" else {})})
            values = variable[:2] if "time" in variable.dimensions else variable[:]
            made[:] = values * 1e-9 if name == "PM25_TOT" else values
    return folder


def request(folder, **more):
    return {
        "stations": str(folder / "stations.csv"),
        "value": "pm25",
        "time": "day",
        "id": "station",
        "grid": str(folder / "ctm.nc"),
        "model": str(folder / "own.safetensors"),
        "device": "cpu",
        **more,
    }


def run(asked, command="reanalyse"):
    progress = Listening()
    return JOBS[command](asked, progress), progress


def field(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


@pytest.fixture(scope="module")
def made(folder):
    asked = request(
        folder, date="2019-01-05", background=[str(folder / "ctm.nc")], out=str(folder / "with.tif"), report=str(folder / "with.html")
    )
    return run(asked)


def test_the_day_is_made_with_it_and_says_so_everywhere(folder, made, tiny_ctm):
    result, progress = made
    plain, _ = run(request(folder, date="2019-01-05", out=str(folder / "plain.tif")))
    truth, land = (read_ctm(tiny_ctm).fields["pm25"][0], read_ctm(tiny_ctm).static["land"] > 0.5)
    errors = [np.sqrt(((field(folder / name) - truth)[land] ** 2).mean()) for name in ("with.tif", "plain.tif")]
    assert errors[0] < 0.5 * errors[1]
    assert result["background"]["share"] > 0.7 and plain["background"] is None
    assert any(line.startswith("background: ") and "of the difference" in line for line in progress.lines)
    record = read_record(folder / "with.tif")
    assert record.request["background"] == ["ctm.nc"] and "background" in {one["role"] for one in record.inputs}
    with rasterio.open(folder / "with.tif") as raster, rasterio.open(folder / "plain.tif") as other:
        assert "of the difference" in raster.tags()["background"] and "background" not in other.tags()
    assert "of the difference that it makes" in (folder / "with.html").read_text(encoding="utf-8")


def test_it_is_repeated_from_the_output_and_not_with_another_background(folder, made):
    result, _ = run({"from": str(folder / "with.tif"), "out": str(folder / "again.tif")})
    assert result["repeated"]["identical"]
    with pytest.raises(InputError, match="its background 'forecast.nc'|its background '.*forecast.nc' changed"):
        run({"from": str(folder / "with.tif"), "out": str(folder / "again.tif"), "background": [str(folder / "forecast.nc")]})


def test_a_variable_of_another_name_and_unit_is_read_where_it_is_named(folder, made):
    options = {"date": "2019-01-05", "background": str(folder / "forecast.nc"), "out": str(folder / "named.tif")}
    with pytest.raises(InputError, match="my_aerosol"):
        run(request(folder, **options))
    run(request(folder, **options, background_variable="my_aerosol"))
    np.testing.assert_allclose(field(folder / "named.tif"), field(folder / "with.tif"), rtol=2e-3)


@pytest.mark.parametrize(
    "name, told", [("my_aerosoll", "none of pm25 is there; the first file has .*PM25_TOT"), ("WSPD10", "unit 'm s-1' can't be")]
)
def test_no_other_variable_is_taken_for_the_one_that_is_named(folder, name, told):
    options = {"date": "2019-01-05", "background": str(folder / "ctm.nc"), "out": str(folder / "x.tif")}
    with pytest.raises(InputError, match=told):
        run(request(folder, **options, background_variable=name))


def test_a_day_without_background_is_refused_and_so_is_a_model_without_kriging(folder, tiny_model):
    options = {"background": str(folder / "forecast.nc"), "background_variable": "my_aerosol", "out": str(folder / "x.tif")}
    with pytest.raises(InputError, match="no field of 2019-01-07 .*2019-01-05 to 2019-01-06"):
        run(request(folder, date="2019-01-07", **options))
    with pytest.raises(InputError, match="does not krige.*such as bundled"):
        run(request(folder, date="2019-01-05", **options) | {"model": str(tiny_model)})
    with pytest.raises(InputError, match="none is given"):
        run(request(folder, date="2019-01-05", background_variable="my_aerosol", out=str(folder / "x.tif")))


def test_a_period_takes_it_where_it_is_and_names_the_days_without(folder, made):
    asked = request(folder, background=str(folder / "forecast.nc"), background_variable="my_aerosol", out=str(folder / "period.nc"))
    result, progress = run(asked, "reanalyse-period")
    assert result["background"]["computed_with"] == 2 and result["background"]["lacking"] == ["2019-01-07"]
    assert any("2019-01-07" in warning and "without it" in warning for warning in result["warnings"])
    plain, _ = run(request(folder, out=str(folder / "plain.nc")), "reanalyse-period")
    with netCDF4.Dataset(folder / "period.nc") as data, netCDF4.Dataset(folder / "plain.nc") as without:
        assert "forecast.nc" in data.getncattr("background") and "background" not in without.ncattrs()
        np.testing.assert_allclose(data["pm25"][0], field(folder / "with.tif"), rtol=2e-3)
        np.testing.assert_array_equal(data["pm25"][2], without["pm25"][2])
    again, _ = run(asked, "reanalyse-period")
    assert again["days"] == {"computed": 0, "kept": 3, "missing": []}
    with pytest.raises(InputError, match="field of a day"):
        run({**asked, "step": "hour"}, "reanalyse-period")


def test_a_period_reads_its_background_and_writes_netcdf_one_after_the_other(folder, monkeypatch):
    """In two threads; both at once ended some runs with "NetCDF: HDF error"."""
    inside, together = [], []

    def slowly(what):
        def call(*arguments):
            together.extend(inside)
            inside.append(what.__qualname__)
            time.sleep(0.1)
            try:
                return what(*arguments)
            finally:
                inside.remove(what.__qualname__)

        return call

    monkeypatch.setattr(pipeline, "_BATCH_CELLS", 1)  # a day is written while the next is read
    monkeypatch.setattr(NetcdfWriter, "write", slowly(NetcdfWriter.write))
    monkeypatch.setattr(Series, "day", slowly(Series.day))
    run(request(folder, background=str(folder / "ctm.nc"), out=str(folder / "threads.nc")), "reanalyse-period")
    assert together == []


def test_cross_validation_gives_it_to_the_model_and_to_the_methods_that_need_a_ctm(folder, made):
    asked = request(
        folder, date="2019-01-05", group="city", scheme="groups", folds=4, background=str(folder / "ctm.nc"), out=str(folder / "cv")
    )
    result, _ = run({**asked, "baselines": "ok,rk,evna,avna"}, "crossvalidate")
    scores = {method: one["rmse"] for method, one in result["summary"].items()}
    assert scores["model"] < 0.5 * scores["ok"] and {"rk", "evna", "avna"} <= set(scores)
    report = json.loads((folder / "cv" / "scores.json").read_text(encoding="utf-8"))
    assert report["background"]["folds"] == 4 and report["background"]["mean_share"] > 0.5


@pytest.mark.parametrize("command", ["reanalyse", "reanalyse-period", "crossvalidate"])
def test_the_command_line_has_the_same_words(command):
    options = build_parser().parse_args(
        [
            command,
            "--stations",
            "s.csv",
            "--out",
            "o",
            "--background",
            "a.nc",
            "b.nc",
            "--background-variable",
            "PM",
            "--background-lead-day",
            "1",
        ]
    )
    assert (options.background, options.background_variable, options.background_lead_day) == (["a.nc", "b.nc"], "PM", 1)
