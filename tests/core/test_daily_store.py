"""The daily store: the same fields as read at once, made once, made anew when it must be; many files as one series."""

import multiprocessing
import os
import pickle
import resource
from datetime import date

import netCDF4
import numpy as np
import pytest
import xarray
from test_ctm import COLUMNS, ROWS, SOUTH_FIRST, cf_file, hours, ioapi_file

import model_core.ctm.daily_store as daily_store
from model_core.ctm.daily_store import DailyStore, open_store
from model_core.ctm.fields import read_ctm
from model_core.ctm.formats.classic_header import check_classic
from model_core.ctm.inspection import inspect
from model_core.errors import Cancelled, InputError, OutputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.time_zones import local_days, parse_time_zone


class Log(Progress):
    def __init__(self, is_cancelled=lambda: False):
        super().__init__(is_cancelled)
        self.lines, self.steps = [], []

    def on_log(self, message):
        self.lines.append(message)

    def on_step(self, fraction, message):
        self.steps.append(fraction)


@pytest.fixture
def files(tmp_path):
    """Three days of hourly PM2.5 and two files of daily humidity with terrain."""
    pm = [
        cf_file(tmp_path / f"pm{day}.nc", range(24 * day, 24 * day + 24), hours(24) + day + np.ones((1, ROWS, COLUMNS))) for day in range(3)
    ]
    with xarray.open_dataset(pm[0], decode_times=False) as file:
        for day in range(3):
            file.isel(time=[0]).assign_coords(
                time=("time", [24.0 * day], {"units": "hours since 2018-02-20", "bounds": "time_bnds"})
            ).assign(
                rh=(("time", "lat", "lon"), np.full((1, ROWS, COLUMNS), 50.0 + day), {"units": "%"}),
                HT=(("lat", "lon"), SOUTH_FIRST, {"units": "m"}),
                time_bnds=(("time", "nv"), [[24.0 * day, 24.0 * day + 24]]),
            ).drop_vars("pm25").to_netcdf(tmp_path / f"met{day}.nc")
    return [*pm, *(tmp_path / f"met{day}.nc" for day in range(3))]


def test_a_store_holds_what_reading_at_once_gives(files, tmp_path):
    ctm, store = read_ctm(files), open_store(files, folder=tmp_path)
    assert store.times == ctm.times == [date(2018, 2, 20), date(2018, 2, 21), date(2018, 2, 22)]
    assert store.grid.matches(ctm.grid) and set(store.variables) == {"pm25", "rh"} and list(store.maps) == ["elevation"]
    for key in store.variables:
        for day in range(3):
            field = store.field(key, day)
            assert field.dtype == np.float32 and np.array_equal(field, ctm.fields[key][day], equal_nan=True)
    assert np.array_equal(store.maps["elevation"], SOUTH_FIRST[::-1]) and store.attributes["time_zone"] == "UTC"
    with pytest.raises(KeyError):
        store.field("wind", 0)


def test_a_second_run_starts_at_once_from_the_store(files, tmp_path, monkeypatch):
    first = open_store(files, folder=tmp_path)
    monkeypatch.setattr(daily_store, "read_series", lambda *_: pytest.fail("the files were read again"))
    log = Log()
    again = open_store(files[::-1], folder=tmp_path, progress=log)  # the order of the files means nothing
    assert again.times == first.times and log.lines == [f"daily fields from {again.path.name}"]


@pytest.mark.parametrize(
    "change", [{"variables": ["pm25"]}, {"time_zone": "Etc/GMT-1"}, {"grid": Grid.from_extent(110, 30, 112, 32, 0.5, "EPSG:4326")}]
)
def test_other_options_make_another_store(files, tmp_path, change):
    one, other = open_store(files, folder=tmp_path), open_store(files, **{"folder": tmp_path, **change})
    assert one.path != other.path and one.path.exists()


def test_changed_inputs_make_the_store_anew_under_its_name(files, tmp_path):
    one = open_store(files[:3], folder=tmp_path)
    cf_file(files[1], range(24, 48), np.full((24, ROWS, COLUMNS), 99.0))
    other = open_store(files[:3], folder=tmp_path)
    assert other.path == one.path and (other.field("pm25", 1) == 99).all()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no store"),
        lambda path: netCDF4.Dataset(path, "w").close(),
    ],
    ids=["cut", "empty", "text", "foreign"],
)
def test_a_broken_or_foreign_store_is_made_anew_and_said_so(files, tmp_path, damage):
    store = open_store(files[:3], folder=tmp_path)
    damage(store.path)
    with pytest.raises(InputError, match="is no store of daily fields, or is damaged"):
        DailyStore(store.path)
    log = Log()
    assert (open_store(files[:3], folder=tmp_path, progress=log).field("pm25", 0) == 12.5).all()
    assert "it is made anew" in log.warnings[0]


def test_an_interrupted_store_leaves_nothing_and_is_made_by_the_next_run(files, tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    log = Log()
    log._is_cancelled = lambda: len(log.steps) > 8
    with pytest.raises(Cancelled):
        open_store(files, folder=folder, progress=log)
    assert list(folder.iterdir()) == []
    assert len(open_store(files, folder=folder)) == 3


def test_a_killed_process_leaves_no_store_that_passes_for_whole(files, tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()

    def build_and_die():
        log = Log()
        log.on_step = lambda fraction, message: os._exit(9) if fraction > 0.5 else None
        open_store(files, folder=folder, progress=log)

    process = multiprocessing.get_context("fork").Process(target=build_and_die)
    process.start()
    process.join()
    assert process.exitcode == 9 and sorted(path.suffix for path in folder.iterdir()) == [".lock", ".partial"]
    assert len(open_store(files, folder=folder)) == 3
    assert [path.name.endswith(".daily.nc") for path in folder.iterdir()] == [True]


def test_a_store_that_can_not_be_written_is_an_output_error(files, tmp_path):
    with pytest.raises(OutputError, match="folder '.*nowhere' does not exist"):
        open_store(files, folder=tmp_path / "nowhere")


def test_a_full_disk_is_told_and_the_older_store_stays(files, tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    older = open_store(files[:3], folder=folder)
    cf_file(files[1], range(24, 48), np.full((24, ROWS, COLUMNS), 99.0))

    def build_with_little_room(told):
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        try:
            open_store(files[:3], folder=folder)
        except OutputError as error:
            told.put(str(error))

    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()
    process = context.Process(target=build_with_little_room, args=(told,))
    process.start()
    process.join(60)
    assert process.exitcode == 0 and not told.empty() and "can't write" in told.get()
    assert [path.name for path in folder.iterdir()] == [older.path.name] and len(DailyStore(older.path)) == 3


def test_a_store_can_be_pickled_and_survives_a_fork(files, tmp_path):
    store = open_store(files[:3], folder=tmp_path)
    expected = store.field("pm25", 1)
    assert np.array_equal(pickle.loads(pickle.dumps(store)).field("pm25", 1), expected)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert all(np.array_equal(field, expected) for field in pool.starmap(store.field, [("pm25", 1)] * 4))
    store.close()
    assert np.array_equal(store.field("pm25", 1), expected)


def test_fields_come_on_the_grid_that_is_asked_for(files, tmp_path):
    grid = Grid.from_extent(110, 30, 112, 32, 0.5, "EPSG:4326")
    store = open_store(files[:3], grid=grid, folder=tmp_path)
    assert store.grid.matches(grid) and store.field("pm25", 0).shape == grid.shape and np.isfinite(store.field("pm25", 0)).all()


def test_progress_of_a_store_goes_from_0_to_1(files, tmp_path):
    log = Log()
    open_store(files, folder=tmp_path, progress=log)
    assert log.steps == sorted(log.steps) and log.steps[0] == 0 and log.steps[-1] == 1


# Many files as one series


def test_meteorology_of_25_hours_a_file_overlaps_without_harm(tmp_path):
    fields = {"TEMP2": ("K", 280.0)}
    one = ioapi_file(tmp_path / "a", fields, start=2018051, step=10000, steps=25)
    two = ioapi_file(tmp_path / "b", {"TEMP2": ("K", 290.0)}, start=2018052, step=10000, steps=25)
    log = Log()
    ctm = read_ctm([two, one], progress=log)
    assert ctm.times == [date(2018, 2, 20), date(2018, 2, 21)] and ctm.fields["temperature"][:, 0, 0].tolist() == [
        280,
        290,
    ]  # hour 24 is b's
    assert log.warnings[0].startswith("temperature: 1 time(s) overlap, first 2018-02-21T00:00:00 in 'a' and 'b'; the run that began last")


def test_a_gap_is_told(tmp_path):
    log = Log()
    read_ctm(
        [cf_file(tmp_path / "a.nc", [0, 24]), cf_file(tmp_path / "b.nc", [120, 144]), cf_file(tmp_path / "c.nc", [192, 216])], progress=log
    )
    assert log.warnings == ["pm25: 4 day(s) missing in 2 gap(s): 2018-02-22 to 2018-02-24, 2018-02-27"]


def test_a_grid_that_differs_is_shown_beside_the_other(tmp_path):
    one = ioapi_file(tmp_path / "a.nc", {"PM25_TOT": ("ug m-3", 5.0)})
    other = ioapi_file(tmp_path / "b.nc", {"RH": ("%", 50.0)}, XORIG=0.0)
    with pytest.raises(
        InputError, match=r"b.nc' is on another grid than '.*a.nc':\n.*corner \(0, 100000\).*\n.*corner \(-300000, 100000\)"
    ):
        read_ctm([one, other])


def forecast(path, start, days=3):
    """A run of some days whose values say which lead day they are of."""
    lead = np.repeat(np.arange(days), 24).astype(float)[:, None, None] * np.ones((1, ROWS, COLUMNS))
    return cf_file(path, range(24 * start, 24 * (start + days)), lead)


@pytest.mark.parametrize("lead_day, first", [(0, 20), (1, 21), (2, 22)])
def test_of_forecasts_the_lead_day_is_chosen(tmp_path, lead_day, first):
    ctm = read_ctm([forecast(tmp_path / f"run{n}.nc", n) for n in range(3)], lead_day=lead_day)
    assert [day.day for day in ctm.times] == [first, first + 1, first + 2] and (ctm.fields["pm25"] == lead_day).all()


def test_without_a_lead_day_the_latest_run_is_taken_and_said_so(tmp_path):
    log = Log()
    ctm = read_ctm([forecast(tmp_path / f"run{n}.nc", n) for n in range(3)], progress=log)
    assert ctm.fields["pm25"][:, 0, 0].tolist() == [0, 0, 0, 1, 2] and "overlap" in log.warnings[0]
    with pytest.raises(InputError, match="no run has the lead day 7; there are 0 to 2"):
        read_ctm(tmp_path / "run0.nc", lead_day=7)


def test_a_file_with_run_start_and_lead_time_as_axes_is_a_set_of_forecasts(tmp_path):
    values = np.repeat(np.arange(2), 24)[None, :, None, None] + 10.0 * np.arange(2)[:, None, None, None] + np.zeros((1, 1, ROWS, COLUMNS))
    coords = {
        "forecast_reference_time": (
            "forecast_reference_time",
            [0, 24],
            {"units": "hours since 2018-02-20", "standard_name": "forecast_reference_time"},
        ),
        "forecast_period": ("forecast_period", np.arange(48.0), {"units": "hours", "standard_name": "forecast_period"}),
        "latitude": 30.0 + np.arange(ROWS),
        "longitude": 110.0 + np.arange(COLUMNS),
    }
    xarray.Dataset(
        {"pm2p5": (("forecast_reference_time", "forecast_period", "latitude", "longitude"), values * 1e-9, {"units": "kg m-3"})}, coords
    ).to_netcdf(tmp_path / "cams.nc")
    assert read_ctm(tmp_path / "cams.nc", lead_day=0).fields["pm25"][:, 0, 0].tolist() == pytest.approx([0, 10])
    assert read_ctm(tmp_path / "cams.nc", lead_day=1).fields["pm25"][:, 0, 0].tolist() == pytest.approx([1, 11])
    assert inspect(tmp_path / "cams.nc")["times"]["count"] == 96


@pytest.mark.parametrize(
    "zone, time, day",
    [
        ("UTC", "2018-02-20T23:00", "2018-02-20"),
        ("Asia/Shanghai", "2018-02-20T16:00", "2018-02-21"),
        ("Asia/Shanghai", "2018-02-20T15:59", "2018-02-20"),
        ("America/New_York", "2018-07-01T03:59", "2018-06-30"),
        ("America/New_York", "2018-07-01T04:00", "2018-07-01"),  # summer time
        ("America/New_York", "2018-01-01T04:59", "2017-12-31"),
        ("Asia/Kolkata", "2018-01-01T18:30", "2018-01-02"),
    ],
)
def test_the_day_of_a_time_is_that_of_the_named_zone(zone, time, day):
    assert local_days(np.array([time], "datetime64[s]"), parse_time_zone(zone))[0] == np.datetime64(day)


def test_a_zone_that_is_none_is_named_and_a_known_one_is_written_down(files, tmp_path):
    with pytest.raises(InputError, match="unknown time zone 'Mars/Olympus'; give a name such as UTC, Asia/Shanghai"):
        read_ctm(files, time_zone="Mars/Olympus")
    store = open_store(files[:3], folder=tmp_path, time_zone="Etc/GMT-1")
    assert store.attributes["time_zone"] == "Etc/GMT-1"
    with netCDF4.Dataset(store.path) as file:
        assert file.time_zone == "Etc/GMT-1"
    assert store.times == [date(2018, 2, 20), date(2018, 2, 21), date(2018, 2, 22)]  # 23 valid hours suffice on the first


# Files that mean harm


def harmful(path, change):
    """A file that is fine but for one thing."""
    make = {"ioapi": lambda: ioapi_file(path, {"PM25_TOT": ("ug m-3", 5.0)}, steps=2), "cf": lambda: cf_file(path, [0, 24])}
    kind, alter = change
    make[kind]()
    with netCDF4.Dataset(path, "a") as file:
        alter(file)
    return path


@pytest.mark.parametrize(
    "change, message",
    [
        (("ioapi", lambda f: f.setncattr("XCELL", 0.0)), "make no grid"),
        (("ioapi", lambda f: f.setncattr("XORIG", np.nan)), "make no grid"),
        (("ioapi", lambda f: f.setncattr("YCELL", "wide")), "are no numbers"),
        (("ioapi", lambda f: f.setncattr("NROWS", 10**6)), "contradicts itself: NROWS x NCOLS"),
        (("ioapi", lambda f: f.setncattr("GDTYP", "Lambert")), "are no numbers"),
        (("ioapi", lambda f: f.setncattr("P_ALP", 500.0)), "make no projection"),
        (("cf", lambda f: f["time"].setncattr("units", 5)), "are not understood"),
        (("cf", lambda f: f["lon"].setncattr("units", "km")), "no grid_mapping that says their projection"),
        (("cf", lambda f: f["pm25"].setncattr("grid_mapping", "lat")), "grid mapping 'lat' is not understood"),
        (("cf", lambda f: f["pm25"].setncattr("units", "µ" * 5000)), "unknown unit"),
        (("cf", lambda f: f["lon"].__setitem__(slice(None), np.nan)), "axis 'lon' is not evenly spaced"),
        (("cf", lambda f: f["time"].__setitem__(slice(None), 2**62)), "are not understood"),
    ],
)
def test_a_header_that_lies_gets_one_clear_error(tmp_path, change, message):
    path = harmful(tmp_path / "f.nc", change)
    with pytest.raises(InputError, match=message) as caught:
        read_ctm(path)
    assert "f.nc" in str(caught.value)


def test_a_name_that_can_not_be_opened_is_one_clear_error(tmp_path):
    for path in (tmp_path / ("x" * 5000), tmp_path / "null\0.nc"):
        for read in (inspect, read_ctm, lambda path: open_store(path, folder=tmp_path)):
            with pytest.raises(InputError, match="can't be read: .*; check its name and your rights"):
                read(path)


def test_a_header_that_claims_the_world_is_refused_before_memory_is_taken(tmp_path):
    with netCDF4.Dataset(tmp_path / "f.nc", "w") as file:
        for dim, name in (("lat", "degrees_north"), ("lon", "degrees_east")):
            file.createDimension(dim, 1_500_000)
            file.createVariable(dim, "f4", (dim,), chunksizes=(1000,)).units = name
        file.createVariable("PM25", "f4", ("lat", "lon"), chunksizes=(100, 100)).units = "ug m-3"
    with pytest.raises(InputError, match="variable 'PM25' claims 2250000000000 cells"):
        inspect(tmp_path / "f.nc")


@pytest.mark.parametrize(
    "make",
    [lambda path: ioapi_file(path, {"PM25_TOT": ("ug m-3", 5.0)}, steps=3), lambda path: cf_file(path, [0, 24, 48])],
    ids=["classic", "hdf5"],
)
def test_flipped_bytes_never_escape_as_another_error(tmp_path, make):
    content = make(tmp_path / "f.nc").read_bytes()
    random = np.random.default_rng(7)
    for number in range(24):  # `make trials` takes hundreds
        changed = bytearray(content)
        for place in random.integers(0, len(content) if number % 2 else min(len(content), 600), 4):
            changed[place] = int(random.integers(0, 256))
        path = tmp_path / f"{number}.nc"
        path.write_bytes(changed)
        for read in (inspect, read_ctm):
            try:
                read(path)
            except InputError:
                pass


@pytest.mark.parametrize("version", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"])
@pytest.mark.parametrize("kinds", [["i1"], ["i2", "f8"], ["f4", "i1", "f4"], []])
def test_a_whole_classic_file_passes_the_check_of_its_header_and_a_shorter_one_does_not(tmp_path, version, kinds):
    path = tmp_path / "f.nc"
    with netCDF4.Dataset(path, "w", format=version) as file:
        file.createDimension("t", None)
        file.createDimension("x", 3)
        for number, kind in enumerate(kinds):
            file.createVariable(f"v{number}", kind, ("t", "x"))[:5] = np.ones((5, 3))
        file.createVariable("s", "f8", ())[...] = 3
    check_classic(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(OSError, match="where its header promises"):
        check_classic(path)


def test_a_count_that_does_not_fit_into_the_file_is_refused_at_once(tmp_path):
    path = ioapi_file(tmp_path / "f.nc", {"PM25_TOT": ("ug m-3", 5.0)})
    content = bytearray(path.read_bytes())
    content[12:16] = b"\x7f\xff\xff\xff"  # the number of dimensions
    path.write_bytes(content)
    with pytest.raises(InputError, match="its header claims 2147483647 items"):
        inspect(path)
