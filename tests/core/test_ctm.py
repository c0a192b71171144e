"""Fields of chemical transport models: the right day, the right way up, in the right unit."""

import json
from datetime import date

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray

from model_core.ctm.fields import read_ctm
from model_core.ctm.inspection import inspect
from model_core.errors import Cancelled, InputError
from model_core.progress import Progress

ROWS, COLUMNS = 3, 4
SOUTH_FIRST = np.arange(ROWS)[:, None] * 10 + np.arange(COLUMNS) + 1.0  # lowest in the south-west


def ioapi_file(path, variables, start=2018051, step=240000, steps=1, flags=True, **attributes):
    """An IOAPI file of what CMAQ writes; `variables` is name -> (unit, array that broadcasts to steps, layers, rows, columns)."""
    layers = max(np.ndim(array) == 4 and np.shape(array)[1] or 1 for _, array in variables.values())
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        for name, size in {"TSTEP": None, "DATE-TIME": 2, "LAY": layers, "VAR": len(variables), "ROW": ROWS, "COL": COLUMNS}.items():
            file.createDimension(name, size)
        file.setncatts(
            {
                "GDTYP": 2,
                "P_ALP": 25.0,
                "P_BET": 40.0,
                "P_GAM": 110.0,
                "XCENT": 110.0,
                "YCENT": 34.0,
                "XORIG": -3e5,
                "YORIG": 1e5,
                "XCELL": 12e3,
                "YCELL": 12e3,
                "NCOLS": COLUMNS,
                "NROWS": ROWS,
                "SDATE": start,
                "STIME": 0,
                "TSTEP": step,
                **attributes,
            }
        )
        if flags:
            tflag = file.createVariable("TFLAG", "i4", ("TSTEP", "VAR", "DATE-TIME"))
            first = pd.to_datetime(str(start), format="%Y%j")
            for i in range(steps):
                now = first + pd.Timedelta(hours=i * step // 10000)
                tflag[i] = np.broadcast_to([int(now.strftime("%Y%j")), now.hour * 10000], (len(variables), 2))
        for name, (unit, array) in variables.items():
            variable = file.createVariable(name, "f4", ("TSTEP", "LAY", "ROW", "COL"))
            variable.units = f"{unit:16}"
            variable[:] = np.broadcast_to(array, (steps, layers, ROWS, COLUMNS))
    return path


def cf_file(path, times, values=None, units="ug m-3", time_units="hours since 2018-02-20", bounds=None, **more):
    """A CF file in degrees with one PM2.5 field per time."""
    values = np.broadcast_to(SOUTH_FIRST if values is None else values, (len(times), ROWS, COLUMNS))
    data = {"pm25": (("time", "lat", "lon"), values.astype(np.float32), {"units": units}), **more}
    time = {"units": time_units}
    if bounds is not None:
        data["time_bnds"] = (("time", "nv"), np.array(bounds))
        time["bounds"] = "time_bnds"
    coords = {"time": ("time", np.array(times), time), "lat": 30.0 + np.arange(ROWS), "lon": 110.0 + np.arange(COLUMNS)}
    xarray.Dataset(data, coords).to_netcdf(path)
    return path


class Listener(Progress):
    """Keeps the warnings, which it has from `Progress`."""


# IOAPI


def test_row_0_of_ioapi_is_the_south_and_row_0_of_a_field_the_north(tmp_path):
    ctm = read_ctm(ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", SOUTH_FIRST)}))
    assert np.array_equal(ctm.fields["pm25"][0], SOUTH_FIRST[::-1]) and ctm.fields["pm25"].dtype == np.float32
    assert ctm.times == [date(2018, 2, 20)]
    row, column = ctm.grid.locate(-3e5 + 1, 1e5 + 1, ctm.grid.crs)  # the south-western corner holds the 1
    assert ctm.fields["pm25"][0, int(row), int(column)] == 1


@pytest.mark.parametrize("flags", [True, False])
def test_days_come_from_tflag_or_else_from_the_start(tmp_path, flags):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", SOUTH_FIRST)}, start=2019364, steps=3, flags=flags)
    assert read_ctm(path).times == [date(2019, 12, 30), date(2019, 12, 31), date(2020, 1, 1)]


def test_the_surface_is_layer_0(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", np.stack([SOUTH_FIRST, SOUTH_FIRST * 0])[None])})
    assert read_ctm(path).fields["pm25"].max() == SOUTH_FIRST.max()


def test_maps_lose_their_time_and_percent_becomes_a_fraction(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"HT": ("M", 12.0), "PURB": ("PERCENT", 45.0), "LWMASK": ("CATEGORY", 1.0)}, step=0)
    ctm = read_ctm(path)
    assert ctm.times == [] and ctm.fields == {}
    assert {key: float(field[0, 0]) for key, field in ctm.static.items()} == pytest.approx({"elevation": 12, "urban": 0.45, "land": 1})


def test_ioapis_missing_value_is_no_value(tmp_path):
    field = SOUTH_FIRST.copy()
    field[0, 0] = -9.999e36
    assert np.isnan(read_ctm(ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", field)})).fields["pm25"][0, -1, 0])


def test_of_several_names_for_one_variable_the_preferred_is_read(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_FRM": ("ug m-3", 1.0), "PM25_TOT": ("ug m-3", 2.0)})
    assert read_ctm(path).fields["pm25"].max() == 2


# Hours and days


def hours(count):
    return np.arange(count, dtype=float)[:, None, None]


def test_hourly_fields_become_daily_means(tmp_path):
    ctm = read_ctm(cf_file(tmp_path / "f.nc", range(48), hours(48) * np.ones((1, ROWS, COLUMNS))))
    assert ctm.times == [date(2018, 2, 20), date(2018, 2, 21)]
    assert ctm.fields["pm25"][:, 0, 0].tolist() == [11.5, 35.5]


@pytest.mark.parametrize("valid, enough", [(18, False), (19, True), (24, True)])
def test_a_day_needs_more_than_18_valid_hours_in_every_cell(tmp_path, valid, enough):
    values = np.ones((24, ROWS, COLUMNS))
    values[valid:, 0, 0] = np.nan
    field = read_ctm(cf_file(tmp_path / "f.nc", range(24), values)).fields["pm25"][0]
    assert np.isfinite(field[-1, 0]) == enough and np.isfinite(field[0, 0])


def test_a_day_with_too_few_hours_is_left_out_and_said_so(tmp_path):
    progress = Listener()
    assert read_ctm(cf_file(tmp_path / "f.nc", range(30)), progress=progress).times == [date(2018, 2, 20)]
    assert progress.warnings == ["pm25: 1 incomplete day(s) left out; a day needs more than 18 times"]
    with pytest.raises(InputError, match="no day is complete; there are 12 times"):
        read_ctm(cf_file(tmp_path / "g.nc", range(12)))


def test_three_hourly_fields_need_more_than_six_of_eight(tmp_path):
    assert len(read_ctm(cf_file(tmp_path / "f.nc", range(0, 21, 3))).times) == 1
    with pytest.raises(InputError, match="needs more than 6 of them"):
        read_ctm(cf_file(tmp_path / "g.nc", range(0, 18, 3)))


def test_the_day_may_be_a_local_one(tmp_path):
    path = cf_file(tmp_path / "f.nc", range(16, 40), hours(24) * np.ones((1, ROWS, COLUMNS)))
    assert read_ctm(path, time_zone="Asia/Shanghai").times == [date(2018, 2, 21)]
    with pytest.raises(InputError, match="no day is complete"):
        read_ctm(path)


def test_hours_of_a_day_may_lie_in_many_files(tmp_path):
    files = [cf_file(tmp_path / f"{hour:02}.nc", [hour], np.full((1, ROWS, COLUMNS), hour)) for hour in range(24)]
    ctm = read_ctm(files)
    assert ctm.times == [date(2018, 2, 20)] and (ctm.fields["pm25"] == 11.5).all()


def test_a_single_hour_is_not_taken_for_a_day(tmp_path):
    with pytest.raises(InputError, match="single time 2018-02-20T13:00:00 without time bounds"):
        read_ctm(cf_file(tmp_path / "f.nc", [13]))


@pytest.mark.parametrize("stamp", [0, 12, 24])
def test_bounds_tell_the_day_wherever_the_stamp_lies(tmp_path, stamp):
    assert read_ctm(cf_file(tmp_path / "f.nc", [stamp], bounds=[[0, 24]])).times == [date(2018, 2, 20)]


def test_a_chinese_day_from_16_utc_is_the_day_it_mostly_covers(tmp_path):
    assert read_ctm(cf_file(tmp_path / "f.nc", [-8], bounds=[[-8, 16]])).times == [date(2018, 2, 20)]


def test_monthly_means_are_no_days(tmp_path):
    with pytest.raises(InputError, match="time step of 744 h; daily or hourly is needed"):
        read_ctm(cf_file(tmp_path / "f.nc", [360], bounds=[[0, 744]]))


def test_times_that_make_no_sense_are_named(tmp_path):
    with pytest.raises(InputError, match="times in 'time' .'fortnights since yesterday'"):
        read_ctm(cf_file(tmp_path / "f.nc", [0], time_units="fortnights since yesterday"))


def test_calendars_of_models_keep_their_dates(tmp_path):
    path = cf_file(tmp_path / "f.nc", [58, 59], time_units="days since 2020-01-01")
    with netCDF4.Dataset(path, "a") as file:
        file["time"].calendar = "noleap"
    assert read_ctm(path).times == [date(2020, 2, 28), date(2020, 3, 1)]


# Several files and variables


def test_days_of_several_files_are_put_in_order(tmp_path):
    late = cf_file(tmp_path / "a.nc", [24, 48], np.full((2, ROWS, COLUMNS), 2.0))
    early = cf_file(tmp_path / "b.nc", [-24, 0], np.full((2, ROWS, COLUMNS), 1.0))
    ctm = read_ctm([late, early])
    assert [d.day for d in ctm.times] == [19, 20, 21, 22] and ctm.fields["pm25"][:, 0, 0].tolist() == [1, 1, 2, 2]


def test_a_day_that_comes_twice_is_an_error(tmp_path):
    files = [cf_file(tmp_path / name, [0, 24]) for name in ("a.nc", "b.nc")]
    with pytest.raises(InputError, match="day 2018-02-20 of pm25 comes twice, from '.*a.nc' and '.*b.nc'"):
        read_ctm(files)


def test_only_days_that_all_variables_have_are_kept_and_the_others_told(tmp_path):
    progress = Listener()
    pm = ioapi_file(tmp_path / "pm.nc", {"PM25_TOT": ("ug m-3", 5.0)}, steps=3)
    rh = ioapi_file(tmp_path / "rh.nc", {"RH": ("%", 50.0)}, start=2018052, steps=3)
    ctm = read_ctm([pm, rh], progress=progress)
    assert ctm.times == [date(2018, 2, 21), date(2018, 2, 22)] and ctm.fields["rh"].shape == (2, ROWS, COLUMNS)
    assert progress.warnings == ["2 of 4 days left out, because a variable lacks them"]


def test_files_on_different_grids_are_not_mixed(tmp_path):
    one = ioapi_file(tmp_path / "a.nc", {"PM25_TOT": ("ug m-3", 5.0)})
    other = ioapi_file(tmp_path / "b.nc", {"PM25_TOT": ("ug m-3", 5.0)}, start=2018052, XORIG=0.0)
    with pytest.raises(InputError, match="b.nc' is on another grid than '.*a.nc'"):
        read_ctm([one, other])


# Units


@pytest.mark.parametrize("unit, factor", [("kg m-3", 1e9), ("micrograms/m**3", 1), ("mg/m3", 1000)])
def test_units_are_read_and_converted(tmp_path, unit, factor):
    ctm = read_ctm(cf_file(tmp_path / "f.nc", [0, 24], SOUTH_FIRST / factor, units=unit))
    assert np.allclose(ctm.fields["pm25"][0], SOUTH_FIRST[::-1], rtol=1e-5)


@pytest.mark.parametrize("unit", ["spoons", "ppb", "K", ""])
def test_what_to_do_about_a_unit_is_what_users_of_a_ctm_can_do(tmp_path, unit):
    with pytest.raises(InputError, match=r"file_unit in a variable table \(--variables\)") as told:
        read_ctm(cf_file(tmp_path / "f.nc", [0, 24], units=unit), ["pm25"])
    assert "--species" not in str(told.value)


@pytest.mark.parametrize("unit, message", [("spoons", "unknown unit 'spoons'"), ("", "has no unit; add the attribute units")])
def test_an_unknown_or_missing_unit_is_an_error_not_a_guess(tmp_path, unit, message):
    path = cf_file(tmp_path / "f.nc", [0, 24], units=unit)
    with pytest.raises(InputError, match=message):
        read_ctm(path, ["pm25"])
    progress = Listener()
    with pytest.raises(InputError, match="no known variable with a fitting unit"):
        read_ctm(path, progress=progress)
    assert message.split(";")[0] in progress.warnings[0]


def test_values_that_can_not_be_are_pointed_at(tmp_path):
    progress = Listener()
    read_ctm(cf_file(tmp_path / "f.nc", [0, 24], units="kg m-3"), progress=progress)
    assert "beyond the plausible 0 to 2000; is its unit right?" in progress.warnings[0]


# Asking for variables, stopping, inspecting


def test_only_what_is_asked_for_is_read(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", 5.0), "RH": ("%", 50.0), "HT": ("M", 12.0)})
    ctm = read_ctm(path, ["pm25", "elevation", "wind"])
    assert list(ctm.fields) == ["pm25"] and list(ctm.static) == ["elevation"]
    with pytest.raises(InputError, match="none of wind is there; the first file has TFLAG, PM25_TOT, RH, HT"):
        read_ctm(path, ["wind"])
    with pytest.raises(InputError, match="unknown variable 'snow'"):
        read_ctm(path, ["snow"])
    with pytest.raises(InputError, match="no CTM file was named"):
        read_ctm([])


def test_reading_can_be_cancelled(tmp_path):
    with pytest.raises(Cancelled):
        read_ctm(cf_file(tmp_path / "f.nc", range(24)), progress=Progress(lambda: True))


def test_progress_goes_from_0_to_1_and_never_back(tmp_path):
    steps = []

    class Steps(Progress):
        def on_step(self, fraction, message):
            steps.append(fraction)

    read_ctm([cf_file(tmp_path / f"{n}.nc", [24 * n, 24 * n + 240]) for n in range(3)], progress=Steps())
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 1


def test_a_dimension_of_unknown_meaning_is_named(tmp_path):
    path = cf_file(tmp_path / "f.nc", [0, 24], PM10=(("member", "lat", "lon"), np.ones((2, ROWS, COLUMNS)), {"units": "ug m-3"}))
    with pytest.raises(InputError, match="variable 'PM10' of .* has dimensions member of unknown meaning"):
        read_ctm(path, ["pm10"])
    progress = Listener()
    assert list(read_ctm(path, progress=progress).fields) == ["pm25"] and "dimensions member" in progress.warnings[0]


@pytest.mark.parametrize("positive, level", [("up", 0), ("down", 2)])
def test_the_surface_of_a_cf_file_is_found_by_its_vertical_axis(tmp_path, positive, level):
    values = np.ones((2, 3, ROWS, COLUMNS), np.float32)
    values[:, level] = 7
    coords = {
        "time": ("time", [0, 24], {"units": "hours since 2018-02-20"}),
        "level": ("level", [10.0, 500, 1000], {"positive": positive}),
        "lat": 30.0 + np.arange(ROWS),
        "lon": 110.0 + np.arange(COLUMNS),
    }
    xarray.Dataset({"pm2p5": (("time", "level", "lat", "lon"), values, {"units": "ug m-3"})}, coords).to_netcdf(tmp_path / "f.nc")
    assert (read_ctm(tmp_path / "f.nc").fields["pm25"] == 7).all()


def test_inspect_tells_grid_times_and_variables_in_plain_values(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", 5.0), "SPAM": ("cans", 1.0)}, steps=3)
    about = json.loads(json.dumps(inspect(path)))
    assert about["format"] == "IOAPI"
    assert about["times"] == {"first": "2018-02-20", "last": "2018-02-22", "count": 3, "step": "1 day"}
    assert about["grid"]["lower_left"] == [-3e5, 1e5] and about["grid"]["cell_size"] == [12e3, 12e3]
    assert about["variables"] == [
        {
            "name": "PM25_TOT",
            "recognised_as": "pm25",
            "unit": "ug m-3",
            "canonical_unit": "ug m-3",
            "dimensions": ["TSTEP", "LAY", "ROW", "COL"],
        },
        {"name": "SPAM", "recognised_as": None, "unit": "cans", "canonical_unit": None, "dimensions": ["TSTEP", "LAY", "ROW", "COL"]},
    ]


# Files that are none


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "it is empty"),
        (b"lon,lat,pm25\n1,2,3\n", "it is text"),
        (b"<html>404</html>", "a web page or XML"),
        (b"\x1f\x8b\x08\x00", "gzip-compressed; unpack it"),
        (b"II*\x00....", "a TIFF"),
        (b"\x80\x81\xff\xfe", "its first bytes are of another format"),
    ],
)
def test_a_file_that_is_no_netcdf_is_said_to_be_what_it_is(tmp_path, content, message):
    path = tmp_path / "day.nc"
    path.write_bytes(content)
    for read in (read_ctm, inspect):
        with pytest.raises(InputError, match=f"day.nc' is not a NetCDF file: .*{message}"):
            read(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(InputError, match="day.nc' does not exist"):
        read_ctm(tmp_path / "day.nc")
    with pytest.raises(InputError, match="is a folder; name a NetCDF file in it"):
        inspect(tmp_path)


@pytest.mark.parametrize("share", [0.6, 0.9])
@pytest.mark.parametrize(
    "make",
    [lambda path: ioapi_file(path, {"PM25_TOT": ("ug m-3", 5.0)}, steps=400), lambda path: cf_file(path, range(0, 24 * 400, 24))],
    ids=["classic", "hdf5"],
)
def test_half_a_file_is_not_read_as_zeros(tmp_path, make, share):
    path = make(tmp_path / "day.nc")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="damaged or incomplete NetCDF file .*; copy or download it again"):
        read_ctm(path)


# Real files


def test_the_real_chinese_days(shared_data):
    ctm = read_ctm(shared_data / "china_cmaq/china36km_cmaq_pm25_20200103-20.nc")
    assert ctm.times[0] == date(2020, 1, 3) and ctm.times[-1] == date(2020, 1, 20) and len(ctm.times) == 18
    assert ctm.fields["pm25"].shape == (18, 127, 172) and set(ctm.static) == {"elevation", "urban", "land"}
    row, column = ctm.grid.locate([116.4, 91.1, 122.0], [39.9, 29.65, 28.0], "EPSG:4326")
    beijing, lhasa, sea = zip(row.astype(int), column.astype(int))
    assert ctm.static["elevation"][lhasa] > 3500 and ctm.static["elevation"][beijing] < 600
    assert ctm.static["land"][beijing] == 1 and ctm.static["land"][sea] < 0.5


def test_the_real_ioapi_day_agrees_with_the_monitors(shared_data):
    ctm = read_ctm(shared_data / "us_cmaq/dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc")
    assert ctm.times == [date(2016, 1, 15)] and list(ctm.fields) == ["pm25"]
    monitors = pd.read_csv(shared_data / "us_cmaq/daily_88101_20160115.zip")
    row, column = ctm.grid.locate(monitors["Longitude"], monitors["Latitude"], "EPSG:4326")
    inside = (row >= 0) & (row < 27) & (column >= 0) & (column < 44)
    modelled = ctm.fields["pm25"][0, row[inside].astype(int), column[inside].astype(int)]
    upside_down = ctm.fields["pm25"][0, ::-1][row[inside].astype(int), column[inside].astype(int)]
    observed = monitors["Arithmetic Mean"].to_numpy()[inside]
    assert np.corrcoef(modelled, observed)[0, 1] > np.corrcoef(upside_down, observed)[0, 1]


def test_hourly_meteorology_of_mcip_becomes_one_day(shared_data):
    ctm = read_ctm(shared_data / "mcip_wrf/METCRO2D_au-test_v1")
    assert ctm.times == [date(2022, 12, 7)] and set(ctm.fields) == {"temperature", "wind", "rh"}
    assert 295 < ctm.fields["temperature"].mean() < 315


def test_terrain_of_mcip_and_wrf_on_one_domain_agrees(shared_data):
    terrain = read_ctm(shared_data / "mcip_wrf/WRFOUT_d01_2022-12-07T0000Z.nc", ["elevation"])
    mcip = read_ctm(shared_data / "mcip_wrf/GRIDCRO2D_au-test_v1", ["elevation"])
    row, column = terrain.grid.locate(*np.meshgrid(mcip.grid.x, mcip.grid.y), mcip.grid.crs)
    assert (
        np.corrcoef(terrain.static["elevation"][row.astype(int), column.astype(int)].ravel(), mcip.static["elevation"].ravel())[0, 1] > 0.9
    )


def test_a_mixing_ratio_without_temperature_and_pressure_says_what_is_assumed(shared_data):
    path = shared_data / "ioapi/CCTM_D502addm_Linux2_x86_64intel.ACONC.CMAQ-BENCHMARK_20060801"
    assert any("o3: its mixing ratio (ppmV) is converted at 293.15 K and 1013.25 hPa" in note for note in inspect(path)["notes"])


def test_every_real_file_is_inspected(shared_data):
    files = [
        p
        for folder in ("atlanta_cmaq", "china_cmaq", "us_cmaq", "covariates", "ioapi", "mcip_wrf")
        for p in sorted((shared_data / folder).iterdir())
        if p.read_bytes()[:3] == b"CDF" or p.read_bytes()[1:4] == b"HDF"
    ]
    assert len(files) > 15 and all(json.dumps(inspect(path)) for path in files)
