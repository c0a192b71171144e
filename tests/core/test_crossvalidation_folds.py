"""Folds: every station is left out once, what belongs together is left out together, and nothing but the seed decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.stations.observations import from_arrays
from model_core.validation.cross_validation import Day, cross_validate
from model_core.validation.folds import deal
from model_core.validation.places import at_stations, block_names, plane_km, station_names
from model_core.validation.splits import Scheme

GRID = Grid.from_extent(0, 0, 240_000, 240_000, 12_000, "EPSG:32650")
UNITS = st.lists(st.sampled_from([f"unit {n}" for n in range(30)]), min_size=2, max_size=90).filter(lambda units: len(set(units)) > 1)


def stations(count, seed=0, **columns):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(5_000, 235_000, (2, count))
    return from_arrays(x, y, columns.pop("value", rng.lognormal(3, 0.5, count)), GRID.crs, id=[f"s{n:03}" for n in range(count)], **columns)


def folds_of(observations, scheme, folds=4, seed=0, **options):
    table = cross_validate([Day(observations)], GRID, None, Scheme(scheme, folds, seed, **options), baselines=("idw",)).table
    return table.set_index("id")["fold"]


@given(UNITS, st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_a_unit_is_never_split_and_folds_are_even(units, folds, seed):
    distinct = len(set(units))
    if folds > distinct:
        with pytest.raises(InputError, match=f"at most {distinct} folds"):
            deal(np.array(units), folds, seed)
        return
    fold = deal(np.array(units), folds, seed)
    of_unit = {unit: {int(f) for u, f in zip(units, fold) if u == unit} for unit in units}
    assert all(len(found) == 1 for found in of_unit.values())
    sizes = np.bincount([found.pop() for found in of_unit.values()], minlength=folds)
    assert set(fold) == set(range(folds)) and sizes.max() - sizes.min() <= 1


@given(UNITS, st.integers(0, 2**32 - 1), st.randoms())
def test_the_order_of_rows_and_how_many_a_unit_has_do_not_matter(units, seed, random):
    fold = dict(zip(units, deal(np.array(units), 2, seed)))
    shuffled = units + units[:3]
    random.shuffle(shuffled)
    assert dict(zip(shuffled, deal(np.array(shuffled), 2, seed))) == fold


def test_another_seed_deals_other_folds():
    units = np.arange(100)
    first, again, other = (deal(units, 10, seed) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_one_fold_leaves_nothing_to_predict_from():
    with pytest.raises(InputError, match="at least 2"):
        deal(np.arange(9), 1, 0)


@pytest.mark.parametrize("scheme", ["stations", "groups", "cells", "blocks"])
def test_every_station_is_left_out_exactly_once_in_every_scheme(scheme):
    observations = stations(60, group=[f"city {n % 13}" for n in range(60)])
    fold = folds_of(observations, scheme, block_km=40.0)
    assert sorted(fold.index) == sorted(observations.id) and set(fold) == {0, 1, 2, 3}
    units = {
        "stations": observations.id,
        "groups": observations.group,
        "cells": [f"{x // 12_000} {y // 12_000}" for x, y in zip(observations.x, observations.y)],
        "blocks": block_names(plane_km(observations, GRID), 40.0),
    }[scheme]
    by_unit = fold[observations.id].groupby(np.array(units)).nunique()
    assert (by_unit == 1).all()


def test_folds_are_the_same_on_all_days_also_where_stations_miss_days():
    every = stations(40)
    days = [Day(every.select(np.random.default_rng(n).random(40) < 0.6)) for n in range(5)]
    table = cross_validate(days, GRID, None, "stations", 5, baselines=("idw",)).table
    assert (table.groupby("id")["fold"].nunique() == 1).all() and len(table) == sum(len(day.observations) for day in days)


def test_a_thinned_network_has_whole_cities_and_asks_for_all_others():
    every = stations(60, group=[f"city {n % 20:02}" for n in range(60)])
    scheme = Scheme("thin", seed=3, given=(4, 9, 30), draws=2)
    days = [Day(every), Day(every.select(np.arange(60) >= 5))]
    result = cross_validate(days, GRID, None, scheme, baselines=("idw",))
    assert any("there are 20 groups: networks of 30 are left out" in warning for warning in result.warnings)
    asked = {key: set(rows.group) for key, rows in result.table.groupby(["given", "fold"])}
    assert {key[0] for key in asked} == {4, 9} and len(asked) == 4
    cities = set(every.group)
    for (size, _), of_draw in asked.items():
        assert len(cities - of_draw) == size
    # What a small network of a draw has, a larger one has too.
    small, large = ([cities - of_draw for (size, _), of_draw in asked.items() if size == s] for s in (4, 9))
    assert all(one < other for one, other in zip(small, large)) and small[0] != small[1]
    again = cross_validate(days[:1], GRID, None, scheme, baselines=("idw",)).table
    assert {key: set(rows.group) for key, rows in again.groupby(["given", "fold"])} == asked


@given(st.integers(0, 500))
def test_the_distance_in_the_table_is_that_to_the_nearest_station_that_is_given(seed):
    observations = stations(25, seed)
    table = cross_validate([Day(observations)], GRID, None, "stations", 3, seed, baselines=("idw",)).table
    for row in table.itertuples():
        others = table[table.fold != row.fold]
        assert row.near_km == pytest.approx(np.hypot(others.x - row.x, others.y - row.y).min() / 1000)


def test_stations_without_an_id_are_told_apart_by_their_place():
    observations = from_arrays([1.0, 1.0, 2.0], [5.0, 5.0, 5.0], [3, 4, 5], id=["", "", "a"])
    assert list(station_names(observations)) == ["1.00000 5.00000", "1.00000 5.00000", "a"]


def test_stations_without_a_group_count_alone_and_a_warning_says_how_many():
    observations = stations(20, group=["north"] * 9 + ["south"] * 9 + ["", ""])
    result = cross_validate([Day(observations)], GRID, None, "groups", 4, baselines=("idw",))
    assert any("2 station(s) without a group" in warning for warning in result.warnings)
    assert (result.table[result.table.group != ""].groupby("group")["fold"].nunique() == 1).all()
    assert result.table["fold"].nunique() == 4


@given(st.integers(0, 1000))
def test_a_plane_is_read_exactly_between_cell_centres(seed):
    observations = stations(30, seed)
    field = 2.0 + GRID.x[None, :] / 1e4 + 3 * GRID.y[:, None] / 1e4
    inside = [np.clip(c, 6_000, 234_000) for c in (observations.x, observations.y)]  # beyond the outermost centres the nearest counts
    assert at_stations(field, observations, GRID) == pytest.approx(2 + inside[0] / 1e4 + 3 * inside[1] / 1e4)


def test_a_cell_without_a_value_matters_only_where_it_takes_part():
    field = np.ones(GRID.shape)
    field[5, 5] = np.nan
    at_centre = from_arrays([GRID.x[4], GRID.x[5], GRID.x[4] + 1], [GRID.y[5]] * 3, [1, 2, 3], GRID.crs)
    found = at_stations(field, at_centre, GRID)
    assert found[0] == 1 and np.isnan(found[1:]).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"scheme": "towns"}, "unknown scheme 'towns'"),
        ({"scheme": "groups"}, "name the column that says the group"),
        ({"scheme": {"name": "blocks", "block_km": 0}}, "positive side"),
        ({"scheme": {"name": "blocks", "block_km": 150}}, "smaller blocks"),
        ({"scheme": {"name": "thin", "given": (30, 40)}}, "there are 30 stations; a thinned network must have fewer, not 30"),
        ({"scheme": {"name": "thin", "draws": 0}}, "0 draws of 15, 40, 100 given"),
        ({"baselines": ("ok", "cokriging")}, "unknown baseline 'cokriging'"),
        ({"baselines": ("evna",)}, "'evna' needs a CTM field"),
        ({"analysis": "perhaps"}, "unknown choice of analysis"),
    ],
)
def test_what_can_not_be_done_is_said(options, message):
    with pytest.raises(InputError, match=message):
        if isinstance(options.get("scheme"), dict):
            options = {**options, "scheme": Scheme(**options["scheme"])}
        cross_validate([Day(stations(30))], GRID, None, **{"folds": 10, **options})


def test_stations_off_the_grid_take_no_part_and_none_on_it_is_an_error():
    far = from_arrays([9e6, 9.1e6], [9e6, 9.1e6], [1, 2], GRID.crs)
    with pytest.raises(InputError, match="no reading lies on the grid"):
        cross_validate([Day(far)], GRID, None, folds=2)
    both = from_arrays([9e6, 1e4, 2e4, 3e4], [9e6, 1e4, 2e4, 3e4], [1, 2, 3, 4], GRID.crs)
    assert len(cross_validate([Day(both)], GRID, None, folds=3, baselines=("idw",)).table) == 3
