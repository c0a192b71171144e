"""Fields of days to periods: whatever the files, the same figures; what does not belong together is refused by name."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio
from listening import Listening

from model_core.aggregate.output import geotiff_path
from model_core.aggregate.periods import periods_of
from model_core.errors import Cancelled, InputError
from model_core.grid import Grid, ctm_crs
from model_core.jobs import JOBS
from model_core.output import NetcdfWriter, write_geotiff
from model_core.output.cf import TimeAxis
from model_core.progress import Progress

LAMBERT = ctm_crs("+proj=lcc +lat_1=25 +lat_2=40 +lat_0=34 +lon_0=110")
GRID = Grid.from_lower_left(LAMBERT, 0.0, 0.0, (12_000.0, 12_000.0), (5, 7))
MODEL = "ab" * 32
FIRST = date(2019, 1, 1)


def fields_of(days: int, seed: int = 0, shape=GRID.shape) -> np.ndarray:
    """float32 (days, rows, columns), 0 to 150, with a tenth missing."""
    random = np.random.default_rng(seed)
    values = random.gamma(2.0, 20.0, (days, *shape)).astype(np.float32)
    values[random.random(values.shape) < 0.1] = np.nan
    return values


def write_period(
    path: Path, values: np.ndarray, first=FIRST, unit="ug m-3", grid=GRID, model=MODEL, species="pm25", step="day", zone="", sd=None
):
    """A NetCDF as `reanalyse-period` writes it."""
    one = np.timedelta64(1, "D" if step == "day" else "h")
    starts = np.datetime64(first, "s") + np.arange(len(values)) * one
    with NetcdfWriter(path, grid, TimeAxis(starts, step, zone), {"species": species, "model_sha256": model}) as writer:
        for name, fields in ((species, values), (f"{species}_sd", sd)):
            if fields is not None:
                writer.define(name, unit, True)
                for number, field in enumerate(fields):
                    writer.write(name, field, number)
    return str(path)


def aggregate(progress: Progress | None = None, **request):
    return JOBS["aggregate"](request, progress or Progress())


def read(path, name):
    with netCDF4.Dataset(path) as file:
        return np.ma.filled(file[name][:].astype(float), np.nan)


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """The fields of 2019 and the file that holds them."""
    values = fields_of(365)
    return values, write_period(tmp_path_factory.mktemp("year") / "year.nc", values, zone="Asia/Shanghai")


def test_a_month_is_the_mean_of_its_days(year, tmp_path):
    values, file = year
    result = aggregate(fields=[file], by="month", above=[35], percentiles=[98], minimum_share=0, out=str(tmp_path / "months.nc"))
    january = values[:31]
    assert [row["period"] for row in result["periods"]] == [f"2019-{month:02d}" for month in range(1, 13)]
    np.testing.assert_allclose(read(result["out"], "pm25")[0], np.nanmean(january.astype(float), axis=0), rtol=1e-6)
    np.testing.assert_array_equal(read(result["out"], "pm25_days")[0], np.isfinite(january).sum(0))
    np.testing.assert_array_equal(read(result["out"], "pm25_days_above_35")[0], (january > 35).sum(0))
    np.testing.assert_allclose(read(result["out"], "pm25_p98")[0], np.nanpercentile(january.astype(float), 98, axis=0), rtol=1e-6)


def test_the_year_is_the_mean_of_its_months_weighted_by_their_days(year, tmp_path):
    _, file = year
    months = aggregate(fields=[file], by="month", minimum_share=0, out=str(tmp_path / "months.nc"))["out"]
    whole = aggregate(fields=[file], by="year", minimum_share=0, out=str(tmp_path / "year.nc"))["out"]
    days, means = read(months, "pm25_days"), read(months, "pm25")
    np.testing.assert_allclose(read(whole, "pm25")[0], (days * means).sum(0) / days.sum(0), rtol=1e-6)


def test_the_output_is_cf_with_bounds_of_whole_months(year, tmp_path):
    _, file = year
    out = aggregate(fields=[file], by="month", out=str(tmp_path / "months.nc"))["out"]
    with netCDF4.Dataset(out) as nc:
        assert nc["time"].bounds == "time_bnds" and nc["pm25"].cell_methods == "time: mean" and nc["pm25"].units == "ug m-3"
        dates = netCDF4.num2date(nc["time_bnds"][:], nc["time"].units)
        assert [str(day)[:10] for day in dates[1]] == ["2019-02-01", "2019-03-01"]
        assert nc["pm25"].grid_mapping == "crs" and nc["crs"].earth_radius == 6_370_000
        assert nc["time"].time_zone == "Asia/Shanghai" and nc.model_sha256 == MODEL
        assert nc.periods.split()[1] == "2019-02-01/2019-03-01"


def test_december_belongs_to_the_winter_of_the_next_year(year, tmp_path):
    values, file = year
    heard = Listening()
    result = aggregate(heard, fields=[file], by="season", minimum_share=0, out=str(tmp_path / "seasons.nc"))
    assert [row["period"] for row in result["periods"]] == ["DJF 2019", "MAM 2019", "JJA 2019", "SON 2019", "DJF 2020"]
    np.testing.assert_allclose(read(result["out"], "pm25")[4], np.nanmean(values[334:].astype(float), axis=0), rtol=1e-6)
    strict = aggregate(heard, fields=[file], by="season", out=str(tmp_path / "strict.nc"))
    means = read(strict["out"], "pm25")
    assert np.isnan(means[[0, 4]]).all() and np.isfinite(means[1:4]).any()
    assert any("DJF 2019 (59 of 90), DJF 2020 (31 of 91)" in warning for warning in strict["warnings"])


def test_the_winter_of_a_climatology_takes_january_february_and_december(year, tmp_path):
    values, file = year
    out = aggregate(fields=[file], by="seasonal-climatology", out=str(tmp_path / "seasons.nc"))["out"]
    winter = np.concatenate([values[:59], values[334:]]).astype(float)
    enough = np.isfinite(winter).sum(0) >= 0.75 * 90
    assert enough.any()
    np.testing.assert_allclose(read(out, "pm25")[0][enough], np.nanmean(winter, axis=0)[enough], rtol=1e-6)
    with netCDF4.Dataset(out) as nc:
        assert nc["time"].climatology == "time_bnds" and "bounds" not in nc["time"].ncattrs()
        assert nc["pm25"].cell_methods == "time: mean within years time: mean over years"


def test_a_cell_with_too_few_days_has_no_mean_and_keeps_its_count(tmp_path):
    values = np.full((30, *GRID.shape), 10, np.float32)
    values[:8, 0, 0] = np.nan  # 22 of 30 days: less than 75 %
    values[:7, 0, 1] = np.nan  # 23: enough
    out = aggregate(fields=[write_period(tmp_path / "in.nc", values, date(2019, 4, 1))], by="month", out=str(tmp_path / "out.nc"))["out"]
    mean, days = read(out, "pm25")[0], read(out, "pm25_days")[0]
    assert np.isnan(mean[0, 0]) and mean[0, 1] == 10 and days[0, :2].tolist() == [22, 23]


def test_a_folder_of_geotiffs_a_pattern_and_daily_netcdfs_say_what_the_period_says(tmp_path):
    values = fields_of(6, seed=3)
    folder, daily = tmp_path / "tifs", tmp_path / "daily"
    folder.mkdir()
    daily.mkdir()
    for number, field in enumerate(values):
        day = FIRST + timedelta(number)
        tags = {"species": "pm25", "model_sha256": MODEL, "date": day}
        write_geotiff(folder / f"pm25_{day}.tif", GRID, [("pm25", field, "ug m-3")], tags)
        write_period(daily / f"{day}.nc", field[None], day)
    file = write_period(tmp_path / "in.nc", values)
    wanted = aggregate(fields=[file], minimum_share=0, percentiles=[50], out=str(tmp_path / "a.nc"))["out"]
    for number, fields in enumerate((str(folder), str(folder / "*.tif"), str(daily))):
        out = aggregate(fields=[fields], minimum_share=0, percentiles=[50], out=str(tmp_path / f"b{number}.nc"))["out"]
        for name in ("pm25", "pm25_days", "pm25_p50"):
            np.testing.assert_array_equal(read(out, name), read(wanted, name))


def test_a_folder_takes_a_geotiff_for_each_period(year, tmp_path):
    _, file = year
    aggregate(fields=[file], by="season", out=str(tmp_path / "out"))
    nc = aggregate(fields=[file], by="season", out=str(tmp_path / "out.nc"))["out"]
    spring = periods_of(np.array(["2019-03-01"], "datetime64[D]"), "season")[0]
    with rasterio.open(geotiff_path(tmp_path / "out", "pm25", spring)) as tif:
        np.testing.assert_array_equal(tif.read(1), read(nc, "pm25")[1].astype(np.float32))
        assert tif.descriptions == ("pm25", "pm25_days", "pm25_share") and tif.units[0] == "ug m-3"
        assert tif.tags()["periods"] == "2019-03-01/2019-06-01" and Grid(GRID.crs, tif.transform, tif.shape).matches(GRID)


def test_real_days_of_cmaq_give_their_mean(shared_data, tmp_path):
    file = shared_data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc"
    out = aggregate(fields=[str(file)], above=[75], out=str(tmp_path / "out.nc"))["out"]
    with netCDF4.Dataset(file) as nc:
        raw = nc["PM25_CMAQ"][:, ::-1].astype(float)  # its rows go from south to north
    np.testing.assert_allclose(read(out, "pm25")[0], raw.mean(0), rtol=1e-5)
    assert read(out, "pm25_days_above_75")[0].sum() == (raw > 75).sum()


@pytest.mark.parametrize(
    "spoil, said",
    [
        ({"grid": Grid.from_lower_left(LAMBERT, 12_000.0, 0.0, (12_000.0, 12_000.0), GRID.shape)}, "is on another grid than"),
        ({"unit": "mg m-3"}, "is in mg m-3"),
        ({"model": "cd" * 32}, "was made by the model cdcd"),
        ({"species": "o3"}, "is of o3"),
        ({"step": "hour"}, "holds hours"),
        ({"zone": "Europe/Berlin"}, "counts its days in Europe/Berlin"),
        ({"first": FIRST + timedelta(2)}, "the day 2019-01-03 is there in"),
    ],
)
def test_files_that_do_not_belong_together_are_refused_by_name(spoil, said, tmp_path):
    values = fields_of(3)
    one = write_period(tmp_path / "one.nc", values)
    other = write_period(tmp_path / "other.nc", values, **{"first": FIRST + timedelta(3), **spoil})
    with pytest.raises(InputError, match="(?s)" + said) as refusal:
        aggregate(fields=[one, other], out=str(tmp_path / "out.nc"))
    assert "other.nc" in str(refusal.value) and not (tmp_path / "out.nc").exists()


@pytest.mark.parametrize(
    "request_, said",
    [
        ({"fields": []}, "'fields' is missing"),
        ({"fields": ["missing.nc"]}, "does not exist"),
        ({"fields": ["*.none"]}, "no file fits"),
        ({"by": "decade"}, "'decade' are unknown"),
        ({"minimum_share": 75}, "from 0 to 1"),
        ({"percentiles": [101]}, "from 0 to 100"),
        ({"limits": ["who2005"]}, "no set of limits 'who2005'"),
        ({"out": "x.tif"}, "must end in .nc"),
        ({"uncertainty": "bound"}, "without standard"),
        ({"station_means": "x.gpkg"}, "--stations"),
        ({"outline": "x.gpkg"}, "--panel"),
        ({"start": "2019-02-01"}, "no field from 2019-02-01"),
        ({"by": "month"}, "no month has 75% of its days: 2019-01 \\(3 of 31\\)"),
        ({"daily": "median"}, "unknown value of a day"),
        ({"by": "month", "minimum_share": 0.05, "panel": "x.tif"}, "must end in .png"),
    ],
)
def test_what_can_not_be_is_refused(request_, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = write_period(tmp_path / "in.nc", fields_of(3))
    with pytest.raises(InputError, match=said):
        aggregate(**{"fields": [file], "out": str(tmp_path / "out.nc"), **request_})
    assert not (tmp_path / "out.nc").exists()


@pytest.mark.parametrize("out", ["in.nc", "."])
def test_the_fields_are_not_replaced_by_what_is_made_of_them(out, tmp_path):
    file = write_period(tmp_path / "in.nc", fields_of(3))
    with pytest.raises(InputError, match="choose another output"):
        aggregate(fields=[file], out=str(tmp_path / out))


def test_monthly_means_are_no_days(year, tmp_path):
    _, file = year
    months = aggregate(fields=[file], by="month", out=str(tmp_path / "months.nc"))["out"]
    with pytest.raises(InputError, match="monthly means are not days"):
        aggregate(fields=[months], out=str(tmp_path / "again.nc"))


def test_a_geotiff_without_unit_or_day_says_how_to_mend_it(tmp_path):
    write_geotiff(tmp_path / "field.tif", GRID, [("pm25", fields_of(1)[0], "")], {"species": "pm25", "date": FIRST})
    with pytest.raises(InputError, match="states no unit.*gdal_edit"):
        aggregate(fields=[str(tmp_path / "field.tif")], out=str(tmp_path / "out.nc"))
    write_geotiff(tmp_path / "field.tif", GRID, [("pm25", fields_of(1)[0], "ug m-3")], {"species": "pm25"})
    with pytest.raises(InputError, match="say its day; name it such as"):
        aggregate(fields=[str(tmp_path / "field.tif")], out=str(tmp_path / "out.nc"))


def test_no_deviation_of_a_mean_exceeds_its_bound(tmp_path):
    """Errors alike on all days add up wholly; independent ones do not: the bound holds for both."""
    sd = np.random.default_rng(0).uniform(1, 9, (10, *GRID.shape)).astype(np.float32)
    file = write_period(tmp_path / "in.nc", np.full((10, *GRID.shape), 50, np.float32), sd=sd)
    out = aggregate(fields=[file], uncertainty="bound", out=str(tmp_path / "out.nc"))["out"]
    bound, shared, own = read(out, "pm25_sd_bound")[0], *np.random.default_rng(1).standard_normal((2, 4000, 10, 1, 1))
    for errors in (shared[:, :1] * sd, own * sd):
        assert (errors.mean(1).std(0) <= 1.05 * bound).all()
    np.testing.assert_allclose(bound, sd.mean(0), rtol=1e-6)


def test_a_cancelled_run_leaves_nothing(year, tmp_path):
    _, file = year
    calls = iter(range(10**6))
    with pytest.raises(Cancelled):
        aggregate(Progress(lambda: next(calls) > 100), fields=[file], by="month", percentiles=[98], out=str(tmp_path / "out.nc"))
    assert list(tmp_path.iterdir()) == []


def test_fields_in_a_wrong_unit_are_told(tmp_path):
    """Grams taken for micrograms: 0.00003 is fine, 3e7 is not."""
    file = write_period(tmp_path / "in.nc", 30 * np.ones((2, *GRID.shape)), unit="g m-3")
    result = aggregate(fields=[file], out=str(tmp_path / "out.nc"))
    assert any("beyond the plausible 0 to 2000; is the unit" in warning for warning in result["warnings"])


def test_equal_fields_of_any_unit_in_words_belong_together(tmp_path):
    values = fields_of(4)
    one = write_period(tmp_path / "a.nc", values[:2], unit="ug m-3")
    other = write_period(tmp_path / "b.nc", values[2:], FIRST + timedelta(2), unit="µg/m³")
    result = aggregate(fields=[one, other], minimum_share=0, out=str(tmp_path / "out.nc"))
    assert result["days"] == 4
