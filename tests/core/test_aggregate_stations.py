"""Stations beside fields, hours to days, and years set against limits."""

from __future__ import annotations

from datetime import date

import geopandas
import numpy as np
import pandas as pd
import pytest
import xarray
from listening import Listening
from pyproj import Transformer
from shapely.geometry import box
from test_aggregate import FIRST, GRID, aggregate, fields_of, read, write_period

from model_core.errors import InputError

ROWS, COLUMNS = np.divmod(np.arange(GRID.shape[0] * GRID.shape[1]), GRID.shape[1])


def table_of(path, values, first=FIRST, step="D", drop=lambda number: False):
    """A station at the centre of each cell that reads the cell; a row for each day or hour."""
    lon, lat = Transformer.from_crs(GRID.crs, "EPSG:4326", always_xy=True).transform(GRID.x[COLUMNS], GRID.y[ROWS])
    times = np.datetime64(first, step) + np.arange(len(values))
    rows = [
        pd.DataFrame(
            {
                "id": [f"S{n:02d}" for n in range(len(lon))],
                "lon": lon,
                "lat": lat,
                "value": field.ravel(),
                "time": str(time).replace("T", " ") + ":00" * (step == "h"),
            }
        )
        for number, (time, field) in enumerate(zip(times, values))
        if not drop(number)
    ]
    pd.concat(rows).dropna().to_csv(path, index=False)
    return {"stations": str(path), "value": "value", "id": "id", "time": "time", "x": "lon", "y": "lat"}


def write_hours(path, values, first, name="O3", unit="ug m-3"):
    """Hourly fields in UTC as any CF file has them, rows from south to north."""
    times = np.datetime64(first, "h") + np.arange(len(values))
    mapping = xarray.DataArray(0, attrs=GRID.crs.to_cf())
    xarray.Dataset(
        {name: (("time", "y", "x"), values[:, ::-1], {"units": unit, "grid_mapping": "crs"}), "crs": mapping},
        {
            "time": times.astype("datetime64[ns]"),
            "y": ("y", GRID.y[::-1], {"units": "m", "standard_name": "projection_y_coordinate"}),
            "x": ("x", GRID.x, {"units": "m", "standard_name": "projection_x_coordinate"}),
        },
    ).to_netcdf(path)
    return str(path)


@pytest.fixture(scope="module")
def polluted(tmp_path_factory):
    """The file and the fields of a year whose western columns are at 50 ug m-3 and whose eastern ones at 8."""
    values = np.full((365, *GRID.shape), 8, np.float32)
    values[:, :, :4] = 50
    return write_period(tmp_path_factory.mktemp("polluted") / "year.nc", values), values


def test_stations_that_read_their_cell_have_its_statistics(tmp_path):
    values = fields_of(40, seed=5)
    points = tmp_path / "points.csv"
    file = write_period(tmp_path / "in.nc", values)
    out = aggregate(
        fields=[file],
        minimum_share=0.5,
        above=[35],
        percentiles=[90],
        station_means=str(points),
        out=str(tmp_path / "out.nc"),
        **table_of(tmp_path / "stations.csv", values),
    )["out"]
    found = pd.read_csv(points).sort_values("station")
    for column in ("value", "field", "days", "p90", "days_above_35"):
        name = "pm25" if column in ("value", "field") else f"pm25_{column}"
        np.testing.assert_allclose(found[column], read(out, name)[0].ravel(), rtol=1e-4, err_msg=column)


def test_stations_read_every_third_day_have_a_share_of_their_own(tmp_path):
    values = fields_of(30, seed=6)
    request = dict(
        fields=[write_period(tmp_path / "in.nc", values)],
        station_means=str(tmp_path / "points.csv"),
        minimum_share=0,
        **table_of(tmp_path / "stations.csv", values, drop=lambda number: number % 3),
    )
    for share, known in ((0.75, False), (0.2, True)):
        aggregate(station_share=share, out=str(tmp_path / "out.nc"), **request)
        assert pd.read_csv(tmp_path / "points.csv")["value"].notna().all() == known


def test_readings_of_other_days_are_refused(tmp_path):
    values = fields_of(3)
    with pytest.raises(InputError, match="2020-05-01 to 2020-05-03, and of none of the days of the fields"):
        aggregate(
            fields=[write_period(tmp_path / "in.nc", values)],
            out=str(tmp_path / "out.nc"),
            **table_of(tmp_path / "stations.csv", values, date(2020, 5, 1)),
        )


def test_shares_of_area_and_stations_are_those_of_the_polluted_half(polluted, tmp_path):
    file, values = polluted
    result = aggregate(
        fields=[file],
        by="year",
        limits=["cn2012-2", "who2021"],
        out=str(tmp_path / "out.nc"),
        table=str(tmp_path / "t.csv"),
        **table_of(tmp_path / "stations.csv", values),
    )
    rows = {(row["set"], row["averaging"]): row for row in result["limits"]}
    assert rows["cn2012-2", "year"]["area_above_share"] == pytest.approx(4 / 7, abs=0.002)
    assert (rows["cn2012-2", "year"]["stations"], rows["cn2012-2", "year"]["stations_above"]) == (35, 20)
    assert rows["cn2012-2", "day"]["area_above_share"] == 0  # 50 is below 75
    assert rows["who2021", "year"]["stations_above_share"] == 1
    above = read(result["out"], "pm25_above_cn2012_2_year")[0]
    assert (above[:, :4] == 1).all() and (above[:, 4:] == 0).all()
    assert len(pd.read_csv(tmp_path / "t.csv")) == 4


def test_a_mask_takes_its_cells_and_stations_alone(polluted, tmp_path):
    file, values = polluted
    east = geopandas.GeoDataFrame(geometry=[box(48_000, 0, 84_000, 60_000)], crs=GRID.crs.to_wkt()).to_crs("EPSG:4326")
    east.to_file(tmp_path / "east.gpkg")
    result = aggregate(
        fields=[file],
        by="year",
        limits=["cn2012-2"],
        mask=str(tmp_path / "east.gpkg"),
        out=str(tmp_path / "out.nc"),
        **table_of(tmp_path / "stations.csv", values),
    )
    assert result["limits"][0]["stations"] == 15 and result["limits"][0]["area_above_share"] == 0
    assert result["periods"][0]["area_share"] == 1 and result["periods"][0]["max"] == 8
    assert result["limits"][0]["area_km2"] == pytest.approx(15 * 144, rel=0.05)


@pytest.mark.parametrize(
    "layer, said",
    [
        (geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([110], [34]), crs="EPSG:4326"), "holds no polygon"),
        (geopandas.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs="EPSG:4326"), "no cell of the grid"),
    ],
)
def test_a_mask_without_cells_is_refused(layer, said, polluted, tmp_path):
    layer.to_file(tmp_path / "mask.gpkg")
    with pytest.raises(InputError, match=said):
        aggregate(fields=[polluted[0]], mask=str(tmp_path / "mask.gpkg"), out=str(tmp_path / "out.nc"))


def test_hours_in_utc_make_the_days_of_the_zone_that_is_asked_for(tmp_path):
    values = fields_of(72, seed=8)
    file = write_hours(tmp_path / "hours.nc", values, "2019-06-01T00")
    result = aggregate(fields=[file], time_zone="Asia/Shanghai", hours=1, minimum_share=0, out=str(tmp_path / "out.nc"))
    days = [values[max(start, 0) : start + 24].astype(float) for start in (-8, 16, 40, 64)]
    assert (result["days"], result["first"], result["time_zone"]) == (4, "2019-06-01", "Asia/Shanghai")
    np.testing.assert_allclose(read(result["out"], "o3")[0], np.nanmean([np.nanmean(day, axis=0) for day in days], axis=0), rtol=1e-5)


def test_the_night_on_which_clocks_go_back_has_25_hours_and_one_day(tmp_path):
    file = write_hours(tmp_path / "hours.nc", np.full((72, *GRID.shape), 60, np.float32), "2019-10-25T22")
    result = aggregate(fields=[file], time_zone="Europe/Berlin", minimum_share=0, out=str(tmp_path / "out.nc"))
    assert result["days"] == 3 and (read(result["out"], "o3") == 60).all()


def test_the_hours_of_a_day_may_be_in_two_files(tmp_path):
    values = fields_of(48, seed=9)
    file = write_hours(tmp_path / "w.nc", values, "2019-06-01T00")
    whole = aggregate(fields=[file], minimum_share=0, hours=12, out=str(tmp_path / "a.nc"))["out"]
    parts = [write_hours(tmp_path / "1.nc", values[:30], "2019-06-01T00"), write_hours(tmp_path / "2.nc", values[30:], "2019-06-02T06")]
    split = aggregate(fields=parts, minimum_share=0, hours=12, out=str(tmp_path / "b.nc"))["out"]
    np.testing.assert_array_equal(read(whole, "o3"), read(split, "o3"))


def test_ozone_is_set_against_8_hour_limits_from_hours_and_not_from_daily_means(tmp_path):
    """Days with afternoons at 130 ug m-3 have means of 70 and 8-hour means of 130."""
    day = np.full(24, 40, np.float32)
    day[10:18] = 130
    hours = np.repeat(np.tile(day, 60)[:, None], 4, axis=1).reshape(-1, 2, 2)
    small = type(GRID).from_lower_left(GRID.crs, 0.0, 0.0, GRID.cell_size, (2, 2))
    file = write_period(tmp_path / "hours.nc", hours, grid=small, species="o3", step="hour")
    heard = Listening()
    means = aggregate(heard, fields=[file], by="year", minimum_share=0, limits=["eu2030", "us2024"], out=str(tmp_path / "mean.nc"))
    assert means["limits"] == [] and any("120 ug m-3, not judged: it is for daily maximum 8-hour means" in line for line in heard.lines)
    largest = aggregate(fields=[file], by="year", minimum_share=0, daily="max8h", limits=["eu2030", "us2024"], out=str(tmp_path / "max.nc"))
    assert read(largest["out"], "o3")[0] == pytest.approx(130) and read(means["out"], "o3")[0] == pytest.approx(70)
    judged = {row["set"]: row["area_above_share"] for row in largest["limits"]}
    assert judged == {"eu2030": 1, "us2024": 0}  # 70 ppb are 140 ug m-3 at 20 degC


def test_stations_get_8_hour_means_of_their_hours_as_fields_do(tmp_path):
    values = np.random.default_rng(3).gamma(4, 15, (24 * 6, *GRID.shape)).astype(np.float32)
    file = write_period(tmp_path / "hours.nc", values, species="o3", step="hour")
    out = aggregate(
        fields=[file],
        daily="max8h",
        station_means=str(tmp_path / "points.csv"),
        out=str(tmp_path / "out.nc"),
        **table_of(tmp_path / "stations.csv", values, step="h"),
    )["out"]
    np.testing.assert_allclose(pd.read_csv(tmp_path / "points.csv").sort_values("station")["value"], read(out, "o3")[0].ravel(), rtol=1e-4)


def test_the_panel_shows_up_to_twelve_periods(polluted, tmp_path):
    file, _ = polluted
    result = aggregate(fields=[file], panel=str(tmp_path / "panel.png"), out=str(tmp_path / "out.nc"))
    with open(result["panel"], "rb") as picture:
        assert picture.read(8) == b"\x89PNG\r\n\x1a\n"
    more = write_period(tmp_path / "more.nc", np.full((40, *GRID.shape), 8, np.float32), date(2020, 1, 1))
    with pytest.raises(InputError, match="up to 12 maps, and there are 14 periods"):
        aggregate(fields=[file, more], by="month", panel=str(tmp_path / "panel.png"), out=str(tmp_path / "out.nc"))


def test_daily_fields_are_taken_for_8_hour_maxima_only_where_that_is_said_and_warned_of(tmp_path):
    file = write_period(tmp_path / "days.nc", np.full((365, *GRID.shape), 130, np.float32), species="o3")
    result = aggregate(fields=[file], by="year", daily="max8h", limits=["eu2030"], out=str(tmp_path / "out.nc"))
    assert result["limits"][0]["area_above_share"] == 1
    assert any("taken to hold what is asked for (max8h)" in warning for warning in result["warnings"])
