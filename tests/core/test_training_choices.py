"""What is trained on, and on what: files that belong together, inputs of choice, days held out by date."""

import sys
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_core.configuration import read_configuration
from model_core.ctm.daily_store import open_store
from model_core.errors import InputError
from model_core.grid import PRESETS, Grid
from model_core.output.netcdf import NetcdfWriter
from model_core.training.batches import batches, drawn_ahead
from model_core.training.choices import choose_inputs, choose_schedule
from model_core.training.day_fields import RecentFields, StoredFields
from model_core.training.layouts import draw_layout
from model_core.training.samples import Sample
from model_core.training.series import find_files, group_files
from model_core.training.split import split_by_dates
from model_core.variables import get_variable

GRID = Grid.from_lower_left(PRESETS["china12km"].crs, 0.0, 0.0, (36_000.0, 36_000.0), (5, 6))
OTHER_GRID = Grid.from_lower_left(PRESETS["china12km"].crs, 0.0, 0.0, (12_000.0, 12_000.0), (5, 6))
NEW_YEAR = date(2019, 1, 1)


def write_days(path, first=NEW_YEAR, days=3, variables=("pm25",), maps=(), grid=GRID, value=10.0):
    """A daily file whose field of day d is `value` + d everywhere."""
    with NetcdfWriter(path, grid, [first + timedelta(days=d) for d in range(days)], {"title": path.stem}) as writer:
        for name in maps:
            writer.define(name, get_variable(name).unit, False)
            writer.write(name, np.ones(grid.shape, np.float32))
        for name in variables:
            writer.define(name, get_variable(name).unit, True)
            for d in range(days):
                writer.write(name, np.full(grid.shape, value + d, np.float32), d)
    return path


def groups(*files, **options):
    return [[path.name for path in series.paths] for series in group_files(list(files), **options)]


def test_files_of_one_period_with_other_variables_are_one_series(tmp_path):
    species = write_days(tmp_path / "pm.nc")
    weather = write_days(tmp_path / "met.nc", variables=("rh", "wind"))
    assert groups(species, weather) == [["met.nc", "pm.nc"]]
    store = open_store([species, weather], ["pm25", "rh", "wind"], folder=tmp_path)
    assert set(store.variables) == {"pm25", "rh", "wind"} and len(store.times) == 3


def test_months_are_one_series_and_a_gap_begins_another(tmp_path):
    january = write_days(tmp_path / "a.nc")
    on = write_days(tmp_path / "b.nc", NEW_YEAR + timedelta(days=3))
    later = write_days(tmp_path / "c.nc", NEW_YEAR + timedelta(days=9))
    assert groups(later, on, january) == [["c.nc"], ["a.nc", "b.nc"]]


def test_two_runs_of_one_period_stay_apart_and_go_on_by_name(tmp_path):
    second = NEW_YEAR + timedelta(days=3)
    files = [
        write_days(tmp_path / f"{run}_{number}.nc", first) for run in ("base", "cut") for number, first in ((1, NEW_YEAR), (2, second))
    ]
    assert groups(*files) == [["base_1.nc", "base_2.nc"], ["cut_1.nc", "cut_2.nc"]]
    assert len(groups(*files, lead_day=0)) == 1  # with a lead day they are forecasts of one series


def test_a_file_named_four_times_counts_four_times(tmp_path):
    once, often = write_days(tmp_path / "a.nc"), write_days(tmp_path / "b.nc", date(2020, 1, 1))
    assert [series.weight for series in group_files([once, often, often, often, often])] == [1, 4]


def test_maps_join_every_series_on_their_grid_and_no_other(tmp_path):
    maps = write_days(tmp_path / "maps.nc", days=0, variables=(), maps=("elevation", "urban"))
    files = [write_days(tmp_path / "a.nc"), write_days(tmp_path / "b.nc", date(2020, 1, 1))]
    assert groups(*files, maps) == [["a.nc", "maps.nc"], ["b.nc", "maps.nc"]]
    foreign = write_days(tmp_path / "foreign.nc", days=0, variables=(), maps=("urban",), grid=OTHER_GRID)
    with pytest.raises(InputError, match="only maps, and no other file is on its grid"):
        group_files([*files, foreign])


def test_grids_are_never_mixed_in_a_series(tmp_path):
    assert len(groups(write_days(tmp_path / "a.nc"), write_days(tmp_path / "b.nc", variables=("rh",), grid=OTHER_GRID))) == 2


def test_a_folder_stands_for_its_netcdf_files_whatever_they_are_called(tmp_path):
    write_days(tmp_path / "CCTM_ACONC.20190101")
    (tmp_path / "notes.txt").write_text("no CTM")
    assert [path.name for path in find_files([tmp_path])] == ["CCTM_ACONC.20190101"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no NetCDF file"):
        find_files([tmp_path / "empty"])
    with pytest.raises(InputError, match="nowhere.*does not exist"):
        find_files([tmp_path / "nowhere"])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=40), st.integers(1, 12))
def test_recent_fields_are_right_and_few(asked, fields_held):
    size = 5 * 6 * 4
    store = SimpleNamespace(variables=("pm25",), times=list(range(10)), reads=0)

    def field(variable, day):
        store.reads += 1
        return np.full((5, 6), day, np.float32)

    store.field = field
    recent = RecentFields(fields_held * size)
    days = StoredFields(store, ("pm25", "rh"), recent)
    assert list(days) == ["pm25"] and len(days["pm25"]) == 10
    for _, day in asked:
        assert (days["pm25"][day] == day).all()
        assert recent._held <= fields_held * size
    if len({day for _, day in asked}) <= fields_held:
        assert store.reads == len({day for _, day in asked})


def test_batches_drawn_ahead_come_in_order_and_errors_where_they_belong():
    assert list(drawn_ahead(lambda i: [i], 3, 9)) == [[i] for i in range(3, 9)]

    def draw(i):
        if i == 2:
            raise InputError("day 2 is damaged")
        return [i]

    batches = drawn_ahead(draw, 0, 5)
    assert [next(batches), next(batches)] == [[0], [1]]
    with pytest.raises(InputError, match="day 2"):
        next(batches)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes draw for a card under Linux alone")
def test_processes_draw_for_a_card_what_a_thread_draws_for_the_processor():
    def draw(iteration):
        rng = np.random.default_rng(iteration)
        field = rng.random((3, 4)).astype(np.float32)
        return [Sample(field[None], field[None], field[None], field[None], field, field, np.float32(iteration), field)] * 2

    by_thread, by_processes = (list(batches(draw, 2, 9, torch.device(device))) for device in ("cpu", "cuda"))
    assert [float(batch.noise[0]) for batch in by_processes] == [2, 3, 4, 5, 6, 7, 8]
    for one, other in zip(by_thread, by_processes, strict=True):
        assert torch.equal(one.values, other.values) and one.values.shape == (2, 1, 3, 4)


def test_target_and_inputs_are_chosen():
    network, _ = read_configuration("improved")
    assert choose_inputs(network) == network
    chosen = choose_inputs(network, "o3", ["temperature", "pm25"], ["none"])
    assert (chosen.target, chosen.station_variables, chosen.covariates) == ("o3", ("o3", "temperature", "pm25"), ())
    assert chosen.transform_of("o3").kind == "log" and chosen.transform_of("o3").offset > 2  # ozone is higher than PM2.5
    assert chosen.transform_of("temperature").offset == 285 and chosen.transform_of("pm25") == network.transform_of("pm25")
    assert choose_inputs(network, "no2").station_variables == ("no2", "rh", "wind")
    assert choose_inputs(network, inputs=["none"]).station_variables == ("pm25",)


@pytest.mark.parametrize(
    "choice, message",
    [
        ({"target": "elevation"}, "target: 'elevation' is not one of pm25, pm10"),
        ({"target": "radon"}, "target: 'radon' is not one of"),
        ({"inputs": ["rh", "urban"]}, "inputs: 'urban' is not one of"),
        ({"maps": ["wind"]}, "maps: 'wind' is not one of elevation"),
        ({"maps": ["none", "urban"]}, "maps: 'none' stands alone"),
    ],
)
def test_a_wrong_choice_lists_the_right_ones(choice, message):
    with pytest.raises(InputError, match=message):
        choose_inputs(read_configuration("improved")[0], **choice)


def test_numbers_of_the_schedule_are_validated_by_key():
    _, training = read_configuration("paper")
    assert choose_schedule(training, {"batch": 3, "learning_rate": 1e-4}).batch == 3
    with pytest.raises(InputError, match="training.learning_rate must be positive"):
        choose_schedule(training, {"learning_rate": 0.0})
    with pytest.raises(InputError, match="training.validation_share"):
        choose_schedule(training, {"validation_share": 1.0})


def test_a_given_layout_takes_the_place_of_random_stations():
    _, training = read_configuration("paper")
    given = choose_schedule(training, {"layout": "stations.csv"})
    assert (training.layouts, given.layouts) == ("uniform", "network")
    network = np.array([[0.5, 0.5], [3.9, 4.2], [4.1, 5.9]])
    sea = np.ones((5, 6), bool)
    sea[4] = False
    drawn = draw_layout(given, sea, None, [network], np.random.default_rng(0))
    assert np.argwhere(drawn).tolist() == [[0, 0], [3, 4]]  # the third stands in the sea
    with pytest.raises(InputError, match="no layout was given"):
        choose_schedule(given, {})


TIMES = [[NEW_YEAR + timedelta(days=d) for d in range(10)], [date(2020, 6, 1) + timedelta(days=d) for d in range(5)]]


def test_days_are_held_out_by_date():
    split = split_by_dates(TIMES, date(2019, 1, 4), date(2019, 1, 6))
    assert split.held_out(0) == [3, 4, 5] and split.held_out(1) == [] and len(split.training) == 12
    assert split_by_dates(TIMES, date(2020, 6, 4), None).held_out(1) == [3, 4]


@pytest.mark.parametrize(
    "first, last, message",
    [
        (date(2019, 1, 6), date(2019, 1, 4), "begins on 2019-01-06, after its end"),
        (date(2018, 1, 1), date(2018, 2, 1), "takes no day.*2019-01-01 to 2020-06-05"),
        (date(2018, 1, 1), None, "takes every day"),
    ],
)
def test_a_period_that_leaves_nothing_is_refused(first, last, message):
    with pytest.raises(InputError, match=message):
        split_by_dates(TIMES, first, last)
