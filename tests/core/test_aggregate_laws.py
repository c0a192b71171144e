"""Laws of periods, statistics and limits, held for any days and any values."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from model_core.aggregate import daily_values, limits, periods
from model_core.aggregate.areas import cell_areas_km2
from model_core.aggregate.daily_values import DailyValues
from model_core.aggregate.statistics import Percentile, PeriodStatistics
from model_core.cli import aggregate_options
from model_core.gases import MOLAR_MASS, Gas
from model_core.grid import PRESETS, Grid, parse_crs
from model_core.units import convert
from model_core.variables import get_variable

ROOT = Path(__file__).resolve().parents[2]
any_values = arrays(
    np.float32,
    array_shapes(min_dims=3, max_dims=3, max_side=12),
    elements=st.one_of(st.just(np.float32(np.nan)), st.floats(0, 500, width=32)),
)
any_hours = arrays(np.float32, (24, 1, 1), elements=st.floats(0, 300, width=32))
any_days = st.sets(st.integers(-4000, 22000), min_size=1, max_size=60).map(lambda days: np.array(sorted(days), "datetime64[D]"))


def statistics_of(values, thresholds=(), percentiles=(), expected=None, share=0.0):
    statistics = PeriodStatistics(values.shape[1:], thresholds, percentiles)
    for field in values:
        statistics.add(field)
    try:
        return statistics.result(len(values) if expected is None else expected, share)
    finally:
        statistics.close()


@given(any_days, st.sampled_from(periods.BY))
def test_every_day_is_in_one_period_and_inside_its_bounds(days, by):
    found = periods.periods_of(days, by)
    assert sorted(day for period in found for day in period.days) == list(days)
    starts = [period.start for period in found]
    assert starts == sorted(set(starts))
    for period in found:
        assert (period.start <= period.days).all() and (period.days < period.end).all() and len(period.days) <= period.expected


@given(any_days)
def test_calendar_periods_have_the_length_of_the_calendar(days):
    for by, lengths in (("month", {28, 29, 30, 31}), ("season", {90, 91, 92}), ("year", {365, 366})):
        assert {period.expected for period in periods.periods_of(days, by)} <= lengths


@given(st.dates(min_value=np.datetime64("1950-01-01").item(), max_value=np.datetime64("2100-01-01").item()))
def test_a_season_is_named_after_the_year_of_its_last_month(day):
    (period,) = periods.periods_of(np.array([day], "datetime64[D]"), "season")
    last = (period.end - 1).item()
    assert period.label.split()[1] == str(last.year) and last.month in (2, 5, 8, 11)


@given(any_values, st.floats(0, 500, width=32))
def test_days_above_are_as_many_as_one_counts(values, threshold):
    threshold = float(threshold)
    counted = statistics_of(values, [threshold]).above[threshold]
    known = np.isfinite(values).any(0)
    assert (counted[known] == sum(np.nan_to_num(field, nan=-1) > np.float32(threshold) for field in values)[known]).all()
    assert np.isnan(counted[~known]).all()


@given(any_values, st.floats(0, 100))
def test_percentiles_are_those_of_numpy(values, percent):
    percentile = Percentile(percent)
    found = statistics_of(values, percentiles=[percentile]).percentiles[percentile]
    for place in np.ndindex(values.shape[1:]):
        valid = values[(slice(None), *place)]
        valid = valid[np.isfinite(valid)].astype(float)
        wanted = np.percentile(valid, percent) if len(valid) else np.nan
        assert found[place] == pytest.approx(wanted, rel=1e-5, abs=1e-4, nan_ok=True)


@given(any_values)
def test_the_whole_is_the_mean_of_its_parts_weighted_by_their_days(values):
    cut = len(values) // 2
    parts = [statistics_of(part) for part in (values[:cut], values[cut:]) if len(part)]
    whole, days = statistics_of(values), sum(part.days for part in parts)
    weighted = sum(part.days * np.nan_to_num(part.mean) for part in parts)
    known = days > 0
    np.testing.assert_allclose(whole.mean[known], weighted[known] / days[known], rtol=1e-5)
    assert (whole.days == days).all()


@given(any_values)
def test_the_order_of_days_does_not_matter(values):
    percentile = Percentile(90)
    one, other = statistics_of(values, [35], [percentile]), statistics_of(values[::-1], [35], [percentile])
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-6)
    np.testing.assert_array_equal(one.above[35.0], other.above[35.0])
    np.testing.assert_array_equal(one.percentiles[percentile], other.percentiles[percentile])


def test_percentiles_of_many_rows_are_sorted_block_by_block(monkeypatch):
    monkeypatch.setattr("model_core.aggregate.statistics._BLOCK_BYTES", 4 * 3 * 20)  # one row of three columns and twenty days
    values, percentile = np.random.default_rng(0).random((20, 7, 3)).astype(np.float32), Percentile(37.5)
    found = statistics_of(values, percentiles=[percentile]).percentiles[percentile]
    np.testing.assert_allclose(found, np.percentile(values.astype(float), 37.5, axis=0), rtol=1e-6)


@pytest.mark.parametrize("days, rank", [(50, 1), (51, 2), (100, 2), (101, 3), (150, 3), (350, 7), (351, 8), (366, 8)])
def test_the_98th_percentile_of_the_epa_is_the_value_of_the_rank_in_its_table(days, rank):
    """40 CFR part 50, appendix N, table 1: of 351 to 366 days the eighth highest."""
    values = np.random.default_rng(days).permutation(days).astype(np.float32)
    percentile = Percentile(98, "epa")
    found = statistics_of(values[:, None, None], percentiles=[percentile]).percentiles[percentile]
    assert found.item() == days - rank


@given(st.integers(1, 400), st.integers(0, 400), st.sampled_from([0.0, 0.5, 0.7, 0.75, 0.9, 1.0]))
@settings(max_examples=60)
def test_a_mean_needs_its_share_of_the_days(expected, valid, share):
    valid = min(valid, expected)
    values = np.full((expected, 1, 1), np.nan, np.float32)
    values[:valid] = 7
    mean = statistics_of(values, expected=expected, share=share).mean.item()
    assert math.isfinite(mean) == (valid > 0 and 100 * valid >= round(100 * share) * expected)


@given(any_hours, any_hours)
def test_the_largest_8_hour_mean_is_that_of_the_24_that_end_in_the_day(before, today):
    made = DailyValues("max8h", 19)
    made.of(np.datetime64("2019-06-01"), np.arange(24), before)
    found = made.of(np.datetime64("2019-06-02"), np.arange(24), today)
    hours = np.concatenate([before, today])[:, 0, 0].astype(float)
    assert found.item() == pytest.approx(max(hours[end - 8 : end].mean() for end in range(25, 49)), rel=1e-5, abs=1e-4)


def test_an_8_hour_mean_needs_6_hours_and_a_day_18_of_them():
    day, hours = np.datetime64("2019-06-01"), np.arange(24)
    for silent, known in ((range(0), True), (range(8, 10), True), (range(8, 12), False)):
        fields = np.full((24, 1, 1), 50, np.float32)
        fields[list(silent)] = np.nan
        assert math.isfinite(DailyValues("max8h", 19).of(day, hours, fields).item()) == known, silent


def test_a_day_after_a_gap_takes_no_evening_from_before_it():
    made, hours = DailyValues("max8h", 19), np.arange(24)
    made.of(np.datetime64("2019-06-01"), hours, np.full((24, 1, 1), 200, np.float32))
    assert made.of(np.datetime64("2019-06-03"), hours, np.full((24, 1, 1), 50, np.float32)).item() == 50


def test_every_limit_has_a_species_a_unit_and_a_rule():
    for one in limits.limit_sets().values():
        assert one.title and one.source and one.date.year >= 2008 and one.limits
        for limit in one.limits:
            gas = Gas(MOLAR_MASS[limit.species], 298.15, 101325) if limit.species in MOLAR_MASS else None
            assert limit.amount(gas) > 0 and get_variable(limit.species).unit == "ug m-3"
            judged = limit.averaging == "year" or limit.percentile is not None or limit.exceedances is not None
            assert judged != bool(limit.why), limit


def test_limits_in_ppb_are_what_tables_of_conversions_have():
    """At 25 degC and 1 atm 1 ppb of O3 is 1.96 ug m-3, of NO2 1.88 (WHO)."""
    for species, averaging, wanted in (("o3", "8 h", 70 * 1.96), ("no2", "year", 53 * 1.88)):
        (limit,) = (one for one in limits.limit_sets()["us2024"].limits if (one.species, one.averaging) == (species, averaging))
        assert limit.amount(Gas(MOLAR_MASS[species], 298.15, 101325)) == pytest.approx(wanted, rel=0.003)


def test_a_value_at_the_limit_is_not_above_it():
    of_pm25 = {one.averaging: one for one in limits.limit_sets()["eu2030"].limits if one.species == "pm25"}
    for days_above, exceeded in ((18, 0), (19, 1)):
        values = np.full((365, 1, 1), 10, np.float32)
        values[:days_above] = np.nextafter(np.float32(25), np.float32(26))
        values[days_above:] = np.float32((3650 - values[:days_above].sum()) / (365 - days_above))
        result = statistics_of(values, [25.0])
        assert of_pm25["day"].exceeded(result, 25.0).item() == exceeded
    for mean, exceeded in ((10, 0), (10.1, 1)):
        assert of_pm25["year"].exceeded(statistics_of(np.full((3, 1, 1), mean, np.float32)), 10.0).item() == exceeded


def test_the_fourth_highest_day_decides_as_three_exceedances_do():
    """The rule for ozone in the USA, written as exceedances in the data."""
    (limit,) = (one for one in limits.limit_sets()["us2024"].limits if one.species == "o3")
    for seed in range(30):
        values = np.random.default_rng(seed).normal(100, 15, (200, 1, 1)).astype(np.float32)
        assert limit.exceeded(statistics_of(values, [137.0]), 137.0).item() == (np.sort(values.ravel())[-4] > 137)


def test_daily_means_of_ozone_say_nothing_of_8_hour_limits():
    for one in limits.chosen_limits(["all"], "o3"):
        assert "daily maximum 8-hour means" in one.why_not(daily_values.MEAN, "year")
        assert one.why_not(daily_values.MAX_8H, "year") == ""


def test_the_command_line_offers_what_the_engine_knows():
    assert aggregate_options.BY == periods.BY and aggregate_options.DAILY == daily_values.DAILY
    assert aggregate_options.LIMITS == tuple(limits.limit_sets())


def test_the_table_of_limits_in_the_docs_is_that_of_the_data():
    page = (ROOT / "docs" / "aggregate.md").read_text(encoding="utf-8")
    assert limits.as_markdown() in page
    for one in limits.limit_sets().values():
        assert f"| `{one.key}` | {one.title} | {one.source} | {one.in_force or '-'} |" in page


def test_the_data_are_toml_that_names_no_entry_twice():
    raw = tomllib.loads((ROOT / "model_core" / "aggregate" / "limits.toml").read_text(encoding="utf-8"))
    for key, entries in raw.items():
        named = [(entry["species"], entry["averaging"]) for entry in entries["limits"]]
        assert len(set(named)) == len(named), key


def test_the_areas_of_a_globe_sum_up_to_that_of_the_earth():
    globe = Grid.from_extent(-180, -90, 180, 90, 5, "EPSG:4326")
    assert cell_areas_km2(globe).sum() == pytest.approx(510.1e6, rel=1e-3)


def test_the_area_of_a_cell_does_not_depend_on_the_projection():
    """A rectangle of degrees on the CTM's sphere, and the cells of the Lambert grid inside it."""
    lambert = PRESETS["china12km"]
    sphere = parse_crs("+proj=longlat +R=6370000 +no_defs")
    square = Grid.from_extent(95, 42, 125, 52, 1, sphere)  # north of the parallels on which the map is true
    lon, lat = lambert.lonlat()
    inside = (lon > 95) & (lon < 125) & (lat > 42) & (lat < 52)
    areas = cell_areas_km2(lambert)[inside]
    assert areas.sum() == pytest.approx(cell_areas_km2(square).sum(), rel=0.005)
    assert areas.mean() < 0.96 * 12 * 12  # which the map's own areas would miss


def test_units_of_limits_convert():
    assert convert(np.float64(4.0), "mg m-3", "ug m-3", "CO") == pytest.approx(4000)
