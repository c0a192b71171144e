"""A period: every way to hand over the readings gives the same fields, and nothing is computed twice or invented."""

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from pyproj import Transformer

from model_core.ctm.fields import read_ctm
from model_core.errors import Cancelled, InputError, OutputError
from model_core.file_lock import only_one
from model_core.jobs import JOBS
from model_core.progress import Progress

DAYS = pd.date_range("2019-01-05", periods=8).strftime("%Y-%m-%d").tolist()
WITHOUT = "2019-01-09"


class Listening(Progress):
    """Keeps what a user would read; cancels after so many steps of the prediction."""

    def __init__(self, cancel_after=None):
        super().__init__(lambda: cancel_after is not None and len(self.lines) > cancel_after)
        self.lines, self.log_lines = [], []

    def on_step(self, fraction, message):
        if " of " in message:
            self.lines.append(message)

    def on_log(self, message):
        self.log_lines.append(message)


@pytest.fixture(scope="module")
def readings(tiny_ctm):
    """Daily readings of the tiny CTM at sixty stations, on all its days but one."""
    ctm = read_ctm(tiny_ctm)
    land = np.argwhere(ctm.static["land"] > 0.5)
    cells = land[np.random.default_rng(0).choice(len(land), 60, replace=False)]
    lon, lat = Transformer.from_crs(ctm.grid.crs, "EPSG:4326", always_xy=True).transform(ctm.grid.x[cells[:, 1]], ctm.grid.y[cells[:, 0]])
    days = [
        pd.DataFrame(
            {
                "station": [f"s{i}" for i in range(60)],
                "day": day,
                "lon": lon,
                "lat": lat,
                **{key: ctm.fields[key][number][tuple(cells.T)].round(3) for key in ("pm25", "rh")},
            }
        )
        for number, day in enumerate(DAYS)
        if day != WITHOUT
    ]
    return pd.concat(days, ignore_index=True)


@pytest.fixture
def table(readings, tmp_path):
    path = tmp_path / "long.csv"
    readings.to_csv(path, index=False)
    return path


@pytest.fixture
def request_of(table, tiny_ctm, tiny_model, tmp_path):
    def make(out="out.nc", **changes):
        return {
            "stations": str(table),
            "value": "pm25",
            "time": "day",
            "id": "station",
            "grid": str(tiny_ctm),
            "model": str(tiny_model),
            "out": str(tmp_path / out),
            "device": "cpu",
            **changes,
        }

    return make


def run(request, progress=None):
    return JOBS["reanalyse-period"](request, progress or Progress())


def fields(path, name="pm25"):
    """Array (steps, rows, columns) of an output of any kind."""
    if path.suffix == ".nc":
        with xr.open_dataset(path) as data:
            return data[name].values
    if path.suffix == ".zarr":
        with xr.open_zarr(path) as data:
            return data[name].values
    return np.stack([rasterio.open(file).read(1) for file in sorted(path.glob("*.tif"))])


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# The same fields by every way


def test_a_period_is_its_days(request_of, tmp_path):
    result = run(request_of("out.nc"))
    run(request_of("out.zarr"))
    run(request_of("folder"))
    period = fields(tmp_path / "out.nc")
    assert period.shape[0] == 8 and result["days"] == {"computed": 7, "kept": 0, "missing": [WITHOUT]}
    for number, day in enumerate(DAYS):
        if day == WITHOUT:
            assert np.isnan(period[number]).all()
            assert not (tmp_path / "folder" / f"pm25_{day}.tif").exists()
            continue
        JOBS["reanalyse"](request_of("day.tif", date=day), Progress())
        single = rasterio.open(tmp_path / "day.tif").read(1)
        np.testing.assert_array_equal(period[number], single)
        np.testing.assert_array_equal(rasterio.open(tmp_path / "folder" / f"pm25_{day}.tif").read(1), single)
    np.testing.assert_array_equal(fields(tmp_path / "out.zarr"), period)
    assert hidden(tmp_path) == [] and hidden(tmp_path / "folder") == []
    json.dumps(result)


def test_a_long_table_is_its_files_by_day_in_every_form(readings, request_of, tmp_path):
    run(request_of("long.nc"))
    days, named = tmp_path / "days", tmp_path / "named"
    days.mkdir(), named.mkdir()
    for day, rows in readings.groupby("day"):
        rows.drop(columns="day").to_csv(named / f"{day.replace('-', '')}_stations.csv", index=False)
        rows.to_csv(days / f"{day}.csv", index=False)
    readings.to_parquet(tmp_path / "long.parquet")
    import geopandas

    points = geopandas.GeoDataFrame(
        readings.drop(columns=["lon", "lat"]), geometry=geopandas.points_from_xy(readings.lon, readings.lat), crs=4326
    )
    points.to_file(tmp_path / "long.gpkg")
    points.to_parquet(tmp_path / "geo.parquet")
    ways = {
        "pattern with times": {"stations": str(days / "{date:%Y-%m-%d}.csv")},
        "default pattern": {"stations": str(days / "{date}.csv"), "time": None},
        "folder with times": {"stations": str(days)},
        "pattern": {"stations": str(named / "{date:%Y%m%d}_stations.csv"), "time": None},
        "folder": {"stations": str(named), "time": None},
        "parquet": {"stations": str(tmp_path / "long.parquet")},
        "layer": {"stations": str(tmp_path / "long.gpkg")},
        "geoparquet": {"stations": str(tmp_path / "geo.parquet")},
    }
    for way, change in ways.items():
        result = run(request_of("other.nc", **change))
        assert result["days"]["missing"] == [WITHOUT], way
        np.testing.assert_array_equal(fields(tmp_path / "other.nc"), fields(tmp_path / "long.nc"), err_msg=way)


def test_further_variables_and_the_choice_of_days(request_of, table, tmp_path):
    result = run(request_of(start="2019-01-06", end="2019-01-07", rh=f"{table}:rh"))
    assert result["start"] == "2019-01-06" and result["days"]["computed"] == 2
    assert result["missing_inputs"] == ["wind"] and result["further_readings"]["rh"]["used"] == 120
    JOBS["reanalyse"](request_of("day.nc", date="2019-01-07", rh=f"{table}:rh"), Progress())
    np.testing.assert_array_equal(fields(tmp_path / "out.nc")[1], fields(tmp_path / "day.nc")[0])


def test_the_order_of_rows_changes_nothing(readings, request_of, tmp_path):
    run(request_of("a.zarr"))
    readings.sample(frac=1, random_state=1).to_csv(tmp_path / "shuffled.csv", index=False)
    run(request_of("b.zarr", stations=str(tmp_path / "shuffled.csv")))
    one, other = (files_of(tmp_path / name) for name in ("a.zarr", "b.zarr"))
    assert {name for name in one if one[name] != other[name]} == {".zattrs", ".zmetadata"}, "what differs is the name and hash of the table"


# Hours


def hourly(readings, first="2019-01-04T16:00", hours=48):
    """The readings of one day in each hour, as UTC; value is the hour's number."""
    stations = readings.query(f"day == '{DAYS[0]}'")
    moments = pd.date_range(first, periods=hours, freq="h")
    return pd.concat([stations.assign(day=moment.isoformat() + "Z", pm25=10.0 + number) for number, moment in enumerate(moments)])


def test_hours_become_local_days_with_more_than_eighteen_of_them(readings, request_of, tmp_path):
    rows = hourly(readings)
    # The second day begins at 16:00 UTC; 18 of its hours are left to one station.
    rows = rows[~((rows.station == "s0") & (rows.day >= "2019-01-06T10"))]
    rows.to_csv(tmp_path / "hourly.csv", index=False)
    result = run(request_of(stations=str(tmp_path / "hourly.csv"), time_zone="Asia/Shanghai"))
    assert result["days"] == {"computed": 2, "kept": 0, "missing": []}
    assert result["readings"]["dropped"]["too few hours"] == 18
    with xr.open_dataset(tmp_path / "out.nc") as data:
        assert data.readings.values.tolist() == [60, 59]
        assert data.time.attrs["time_zone"] == "Asia/Shanghai" and str(data.time.values[0])[:10] == "2019-01-05"
    far = pd.concat([rows, rows[rows.station == "s1"].assign(station="far", lon=2.35, lat=48.86)])
    far.to_csv(tmp_path / "far.csv", index=False)
    dropped = run(request_of(stations=str(tmp_path / "far.csv"), time_zone="Asia/Shanghai"))["readings"]["dropped"]
    assert dropped == {"too few hours": 18, "outside grid": 48}
    for date, path in (("2019-01-05", "a.nc"), ("2019-01-06", "b.nc")):
        JOBS["reanalyse"](request_of(path, stations=str(tmp_path / "hourly.csv"), time_zone="Asia/Shanghai", date=date), Progress())
    np.testing.assert_array_equal(fields(tmp_path / "out.nc"), np.concatenate([fields(tmp_path / "a.nc"), fields(tmp_path / "b.nc")]))


def test_a_day_with_too_few_hours_is_no_day_unless_fewer_are_asked_for(readings, request_of, tmp_path):
    hourly(readings).to_csv(tmp_path / "hourly.csv", index=False)
    request = request_of(stations=str(tmp_path / "hourly.csv"), time_zone="UTC")
    assert run(request)["days"]["missing"] == ["2019-01-04", "2019-01-06"]  # 8, 24 and 16 hours
    assert run({**request, "hours": 16})["days"] == {"computed": 1, "kept": 1, "missing": ["2019-01-04"]}


def test_steps_of_an_hour(readings, request_of, tmp_path):
    hourly(readings, "2019-01-05T00:00", 6).to_csv(tmp_path / "hourly.csv", index=False)
    request = request_of(stations=str(tmp_path / "hourly.csv"), step="hour", time_zone="UTC")
    result = run(request)
    assert result["days"] == {"computed": 6, "kept": 0, "missing": []} and result["end"] == "2019-01-05T05"
    with xr.open_dataset(tmp_path / "out.nc") as data:
        assert (
            data.time.values.astype("datetime64[h]").tolist() == np.arange("2019-01-05T00", "2019-01-05T06", dtype="datetime64[h]").tolist()
        )
        assert (data.time_bnds[:, 1] - data.time_bnds[:, 0]).values.astype("timedelta64[h]").tolist() == [np.timedelta64(1, "h").item()] * 6
    run({**request, "out": str(tmp_path / "tifs")})
    assert sorted(path.name for path in (tmp_path / "tifs").iterdir())[-1] == "pm25_2019-01-05T05.tif"


def test_files_of_hours_by_their_names_become_days(readings, request_of, tmp_path):
    folder = tmp_path / "hours"
    folder.mkdir()
    for moment, rows in hourly(readings).groupby("day"):
        rows.drop(columns="day").to_csv(folder / f"{moment[:13].replace('-', '').replace('T', '')}.csv", index=False)
    hourly(readings).to_csv(tmp_path / "hourly.csv", index=False)
    zone = {"time_zone": "Asia/Shanghai", "times_in": "UTC"}
    run(request_of("a.nc", stations=str(folder / "{date:%Y%m%d%H}.csv"), time=None, start="2019-01-05", end="2019-01-06", **zone))
    run(request_of("b.nc", stations=str(tmp_path / "hourly.csv"), start="2019-01-05", end="2019-01-06", **zone))
    np.testing.assert_array_equal(fields(tmp_path / "a.nc"), fields(tmp_path / "b.nc"))


# Run again


@pytest.mark.parametrize("out", ["out.nc", "out.zarr", "folder"])
def test_only_what_is_missing_or_changed_is_computed(readings, request_of, tmp_path, out):
    request = request_of(out)
    run({**request, "end": "2019-01-08"})
    assert run(request)["days"] == {"computed": 3, "kept": 4, "missing": [WITHOUT]}
    before = fields(tmp_path / out)
    assert run(request)["days"] == {"computed": 0, "kept": 7, "missing": [WITHOUT]}
    changed = readings.assign(pm25=np.where((readings.day == "2019-01-07") & (readings.station == "s3"), 250.0, readings.pm25))
    changed.to_csv(tmp_path / "changed.csv", index=False)
    assert run({**request, "stations": str(tmp_path / "changed.csv")})["days"] == {"computed": 1, "kept": 6, "missing": [WITHOUT]}
    after = fields(tmp_path / out)
    differs = [not np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after)]
    assert differs == [number == 2 for number in range(len(differs))]
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("out", ["out.nc", "out.zarr"])
def test_a_resumed_output_is_that_of_one_run(request_of, tmp_path, out):
    run({**request_of(out), "start": "2019-01-07", "end": "2019-01-10"})
    run(request_of(out))
    run(request_of(f"whole-{out}"))
    np.testing.assert_array_equal(fields(tmp_path / out), fields(tmp_path / f"whole-{out}"))
    if out.endswith(".zarr"):
        assert files_of(tmp_path / out) == files_of(tmp_path / f"whole-{out}")


def test_a_store_that_is_read_while_it_is_made_anew_stays_and_the_result_has_a_second_name(request_of, tmp_path, windows_rule):
    run({**request_of("out.zarr"), "end": "2019-01-07"})
    before = files_of(tmp_path / "out.zarr")
    with (
        open(tmp_path / "out.zarr" / "pm25" / "0.0.0", "rb"),
        pytest.raises(OutputError, match="can't be replaced .*kept as '.*out_2.zarr'"),
    ):
        run(request_of("out.zarr"))
    assert files_of(tmp_path / "out.zarr") == before and hidden(tmp_path) == []
    run(request_of("whole.zarr"))
    assert files_of(tmp_path / "out_2.zarr") == files_of(tmp_path / "whole.zarr")


def test_nothing_to_do_leaves_the_file_as_it_is(request_of, tmp_path):
    run(request_of())
    stat = (tmp_path / "out.nc").stat()
    assert run(request_of())["days"]["kept"] == 7
    assert (tmp_path / "out.nc").stat().st_mtime_ns == stat.st_mtime_ns and hidden(tmp_path) == []


def test_another_model_computes_all_anew(request_of, tiny_ctm, tiny_configuration, tmp_path):
    run(request_of())
    other = tmp_path / "other.safetensors"
    JOBS["train"]({"ctm": [str(tiny_ctm)], "config": str(tiny_configuration), "out": str(other), "seed": 3, "iterations": 2}, Progress())
    assert run(request_of(model=str(other)))["days"]["computed"] == 7


@pytest.mark.parametrize("out", ["out.nc", "out.zarr"])
def test_readings_that_are_taken_away_take_their_field_with_them(readings, request_of, tmp_path, out):
    run(request_of(out))
    readings[readings.day != "2019-01-07"].to_csv(tmp_path / "fewer.csv", index=False)
    result = run(request_of(out, stations=str(tmp_path / "fewer.csv")))
    assert result["days"] == {"computed": 0, "kept": 6, "missing": ["2019-01-07", WITHOUT]}
    assert np.isnan(fields(tmp_path / out)[2]).all()


def test_a_file_of_an_earlier_run_without_readings_is_pointed_out_and_a_lock_that_was_left_goes(readings, request_of, tmp_path):
    run(request_of("folder"))
    (tmp_path / "folder" / ".pm25_2019-01-06.tif.lock").touch()  # of a run whose folder was moved away under it, and came back
    readings[readings.day != "2019-01-07"].to_csv(tmp_path / "fewer.csv", index=False)
    result = run(request_of("folder", stations=str(tmp_path / "fewer.csv")))
    assert any("pm25_2019-01-07.tif' is of an earlier run" in warning for warning in result["warnings"])
    assert not list((tmp_path / "folder").glob(".*"))


# Interrupted


@pytest.mark.parametrize("out", ["out.nc", "out.zarr", "folder"])
def test_what_was_done_before_a_cancel_is_kept(request_of, tmp_path, out):
    with pytest.raises(Cancelled, match="Cancelled after .* of 8 days; they are kept, run again"):
        run(request_of(out), Listening(cancel_after=3))
    assert out == "folder" or not (tmp_path / out).exists()
    days = run(request_of(out))["days"]
    assert 1 <= days["kept"] < 7 and days["kept"] + days["computed"] == 7
    run(request_of(f"whole-{out}"))
    np.testing.assert_array_equal(fields(tmp_path / out), fields(tmp_path / f"whole-{out}"))
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("out", ["out.nc", "out.zarr"])
def test_a_killed_run_is_gone_on_with(readings, request_of, tmp_path, out):
    # Many days, so that the kill comes in the midst of them.
    many = pd.concat(
        [readings.assign(day=(pd.to_datetime(readings.day) + pd.Timedelta(days=8 * n)).dt.strftime("%Y-%m-%d")) for n in range(6)]
    )
    many.to_csv(tmp_path / "many.csv", index=False)
    request = request_of(out, stations=str(tmp_path / "many.csv"))
    request_file = tmp_path / "request.json"
    request_file.write_text(json.dumps(request))
    program = (
        "import json, sys; from model_core.jobs import JOBS; from model_core.progress import Progress; "
        "JOBS['reanalyse-period'](json.load(open(sys.argv[1])), Progress())"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(request_file)], cwd=Path(__file__).resolve().parents[2])
    marks = tmp_path / f".{out}.days" / "fingerprint"
    deadline = time.monotonic() + 300
    while process.poll() is None and len(list(marks.glob("[0-9]*.0"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list(marks.glob("[0-9]*.0")))
    assert not (tmp_path / out).exists() and 5 <= done < 42
    days = run(request)["days"]
    assert done - 1 <= days["kept"] <= done and days["kept"] + days["computed"] == 42
    run({**request, "out": str(tmp_path / f"whole-{out}")})
    np.testing.assert_array_equal(fields(tmp_path / out), fields(tmp_path / f"whole-{out}"))
    if out.endswith(".zarr"):
        assert files_of(tmp_path / out) == files_of(tmp_path / f"whole-{out}")


def test_a_store_that_was_cut_off_while_it_was_made_is_made_anew(request_of, tmp_path):
    script = (
        "import json, os, signal, sys\nfrom model_core.jobs import JOBS\nfrom model_core.progress import Progress\n"
        "def end(event, arguments):\n"
        "    if event == 'open' and 'fingerprint' in str(arguments[0]):\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(end)\nJOBS['reanalyse-period'](json.loads(sys.argv[1]), Progress())\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, json.dumps(request_of("out.nc"))], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL and ".out.nc.days" in hidden(tmp_path)
    assert run(request_of("out.nc"))["days"]["computed"] == 7 and hidden(tmp_path) == []


class Losing(Progress):
    """Somebody takes a part of the unfinished store away after some days."""

    def __init__(self, part):
        super().__init__()
        self.victim = part

    def on_step(self, fraction, message):
        if fraction > 0.4:
            shutil.rmtree(self.victim, ignore_errors=True)


def test_a_store_that_loses_a_part_while_it_is_in_use_is_told_and_made_anew(request_of, tmp_path):
    with pytest.raises(OutputError, match="'.*out.nc.days' has lost its part '\\w+' while it was in use|can't write '.*out.nc.days'"):
        run(request_of("out.nc"), Losing(tmp_path / ".out.nc.days"))
    assert not (tmp_path / "out.nc").exists()
    assert run(request_of("out.nc"))["days"]["computed"] == 7 and hidden(tmp_path) == []


def test_a_damaged_output_is_made_anew(request_of, tmp_path):
    (tmp_path / "out.nc").write_bytes(b"CDF\x01 no more")
    assert run(request_of())["days"]["computed"] == 7


# Memory


def test_a_table_in_small_parts_and_months_on_the_disk_give_the_same(readings, request_of, table, tmp_path, monkeypatch):
    run(request_of("whole.zarr"))
    monkeypatch.setattr("model_core.stations.series.PART_ROWS", 17)
    monkeypatch.setattr("model_core.period.spool._MONTH_BYTES", 100)
    result = run(request_of("parts.zarr"))
    assert files_of(tmp_path / "parts.zarr") == files_of(tmp_path / "whole.zarr")
    assert {key: result["readings"][key] for key in ("rows", "used", "dropped")} == {"rows": 420, "used": 420, "dropped": {}}
    readings.assign(day=np.where(np.arange(len(readings)) == 322, "yesterday", readings.day)).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match="time 'yesterday' in row 323 is not a date"):
        run(request_of(stations=str(tmp_path / "bad.csv")))
    twice = pd.concat([readings, readings.iloc[:5]])
    twice.to_csv(tmp_path / "twice.csv", index=False)
    assert run(request_of(stations=str(tmp_path / "twice.csv")))["readings"]["dropped"] == {"duplicate": 5}


def test_reading_waits_for_the_prediction(request_of, monkeypatch):
    """However long the period is, only a few steps are in memory."""
    from model_core.period import pipeline

    made, ahead = [], []
    original = pipeline.predict_days

    def counted(steps):
        for step in steps:
            made.append(step[0])
            yield step

    def slow(task, batch, predictor):
        time.sleep(0.05)
        ahead.append(len(made) - batch[0][0])
        return original(task, batch, predictor)

    monkeypatch.setattr(pipeline, "_AHEAD", 1)
    monkeypatch.setattr(pipeline, "predict_days", slow)
    monkeypatch.setattr(pipeline._Reader, "__init__", _counting(pipeline._Reader.__init__, counted))
    run(request_of())
    assert len(made) == 8 and max(ahead) <= 2 * pipeline._MOST_ON_CPU + 2  # a batch, one in the queue, one in hand, a day without


def _counting(init, counted):
    return lambda self, steps: init(self, counted(steps))


# What is written


def test_the_netcdf_says_what_it_is(request_of, tmp_path):
    result = run(request_of(time_zone="Asia/Shanghai"))
    with xr.open_dataset(tmp_path / "out.nc") as data:
        assert data.attrs["Conventions"] == "CF-1.8" and data.attrs["model_sha256"] == result["model"]["sha256"]
        assert data.pm25.attrs["standard_name"] == "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"
        assert data.pm25.attrs["cell_methods"] == "time: mean" and data.crs.attrs["earth_radius"] == 6370000
        assert data.time.attrs["time_zone"] == "Asia/Shanghai" and data.time.attrs["bounds"] == "time_bnds"
        assert data.readings.values.tolist() == [60, 60, 60, 60, 0, 60, 60, 60]
    run(request_of("out.zarr", time_zone="Asia/Shanghai"))
    with xr.open_dataset(tmp_path / "out.nc") as netcdf, xr.open_zarr(tmp_path / "out.zarr") as group:
        xr.testing.assert_equal(netcdf.drop_vars(["crs", "lon", "lat"]), group.load().drop_vars(["crs", "lon", "lat"]))
        xr.testing.assert_allclose(netcdf.lon, group.lon, atol=1e-6)
        assert group.pm25.attrs.pop("_CRS")["wkt"].startswith("PROJCRS") and group.time.attrs == netcdf.time.attrs
        assert group.pm25.attrs == netcdf.pm25.attrs


@pytest.fixture(scope="module")
def unsure_model(tiny_ctm, tiny_configuration, tmp_path_factory):
    """A model that tells its uncertainty."""
    folder = tmp_path_factory.mktemp("unsure")
    configuration = folder / "unsure.toml"
    configuration.write_text(tiny_configuration.read_text().replace("[network]\n", "[network]\nuncertainty = true\n", 1))
    JOBS["train"]({"ctm": [str(tiny_ctm)], "config": str(configuration), "out": str(folder / "unsure.safetensors")}, Progress())
    return folder / "unsure.safetensors"


@pytest.mark.parametrize("uncertainty, names", [("sd", ["pm25_sd"]), ("quantiles", ["pm25_q05", "pm25_q50", "pm25_q95"])])
def test_uncertainty_stands_beside_the_mean(request_of, unsure_model, tmp_path, uncertainty, names):
    options = {"model": str(unsure_model), "uncertainty": uncertainty}
    run(request_of("out.nc", **options))
    run(request_of("folder", **options))
    JOBS["reanalyse"](request_of("day.nc", date=DAYS[0], **options), Progress())
    JOBS["reanalyse"](request_of("day.tif", date=DAYS[0], **options), Progress())
    with xr.open_dataset(tmp_path / "out.nc") as period, xr.open_dataset(tmp_path / "day.nc") as day:
        assert period.attrs["model_sha256"] == day.attrs["model_sha256"]
        for band, name in enumerate(["pm25", *names], start=1):
            assert period[name].attrs["units"] == "ug m-3" and (band == 1 or "a station's reading" in period[name].attrs["long_name"])
            for file in (tmp_path / "day.tif", tmp_path / "folder" / f"pm25_{DAYS[0]}.tif"):
                with rasterio.open(file) as tif:
                    assert tif.count == 1 + len(names)
                    np.testing.assert_array_equal(tif.read(band), period[name].values[0])
            np.testing.assert_array_equal(day[name].values[0], period[name].values[0])
        if uncertainty == "quantiles":
            assert (period.pm25_q05 <= period.pm25_q50).isel(time=0).all() and (period.pm25_q50 <= period.pm25_q95).isel(time=0).all()


def test_progress_tells_the_pace_and_days_without_readings(request_of):
    progress = Listening()
    result = run(request_of(), progress)
    assert any("8 days" in line and " of " in line and "days/s" in line and "left" in line for line in progress.lines)
    assert any(f"1 of 8 days have no readings and no field: {WITHOUT}" in warning for warning in result["warnings"])


def test_a_model_without_uncertainty_says_so(request_of, tmp_path):
    for job, out in (("reanalyse-period", "out.nc"), ("reanalyse", "day.nc")):
        with pytest.raises(InputError, match="'tiny' does not tell its uncertainty; choose uncertainty none"):
            JOBS[job](request_of(out, uncertainty="sd", **({"date": DAYS[0]} if job == "reanalyse" else {})), Progress())
    assert hidden(tmp_path) == [] and not (tmp_path / "out.nc").exists()


# What goes wrong


@pytest.mark.parametrize(
    "change, message",
    [
        ({"time": None}, "name its time column, one of station, day"),
        ({"time": "hour"}, "no column 'hour'"),
        ({"value": "pm99"}, "no column 'pm99'"),
        ({"start": "2020-01-01", "end": "2020-01-03"}, "field 'pm25': no day of the period has readings"),
        ({"start": "2020-01-01", "end": "2020-01-03", "value": None}, "csv: no day of the period has readings"),
        ({"start": "2019-01-09", "end": "2019-01-05"}, "ends on 2019-01-05, before it starts on 2019-01-09"),
        ({"step": "week"}, "unknown step 'week'; choose day or hour"),
        ({"grid": "0,40,10,50,0.5@EPSG:4326"}, "outside the grid"),
        ({"hours": 25}, "1 to 24 hours"),
        ({"uncertainty": "much"}, "unknown uncertainty 'much'"),
        ({"time_zone": "Mars/Olympus"}, "unknown time zone"),
        ({"step": "hour", "time_zone": "Europe/Paris", "end": "2019-04-02"}, "clocks of Europe/Paris are changed within the period"),
        ({"out": "out.tif"}, "must end in .nc or .zarr"),
        ({"stations": "nowhere/{date:%Y%m%d}.csv"}, "no file matches"),
        ({"stations": "nowhere.csv"}, "does not exist"),
    ],
)
def test_wrong_requests_are_explained(request_of, tmp_path, change, message):
    names = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=message):
        run({**request_of(), **change})
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_time_that_is_none_is_told_with_its_row(readings, request_of, tmp_path):
    readings.assign(day=np.where(np.arange(len(readings)) == 322, "yesterday", readings.day)).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match="time 'yesterday' in row 323 is not a date"):
        run(request_of(stations=str(tmp_path / "bad.csv")))


def test_a_file_that_holds_other_days_than_its_name_says_is_told(readings, request_of, tmp_path):
    folder = tmp_path / "days"
    folder.mkdir()
    readings.to_csv(folder / "20190105.csv", index=False)
    with pytest.raises(InputError, match="20190105.csv.*row 121, 2019-01-07.*more than a day away"):
        run(request_of(stations=str(folder / "{date:%Y%m%d}.csv")))


def test_two_runs_do_not_write_one_output(request_of, tmp_path):
    held, done = multiprocessing.get_context("fork").Event(), multiprocessing.get_context("fork").Event()

    def hold():
        with only_one(tmp_path / "out.nc"):
            held.set()
            done.wait(60)

    other = multiprocessing.get_context("fork").Process(target=hold)
    other.start()
    assert held.wait(60)
    with pytest.raises(OutputError, match="being written by another run"):
        run(request_of())
    done.set()
    other.join()
    assert run(request_of())["days"]["computed"] == 7


def test_a_folder_that_is_not_there_is_said_before_the_work(request_of, tmp_path):
    for out in ("/proc/nowhere/out.nc", "/proc/nowhere/out.zarr", "/proc/nowhere/folder"):
        with pytest.raises(OutputError, match="does not exist"):
            run({**request_of(), "out": out})
