"""Daily or hourly fields to means, exceedance days and percentiles of periods, set against limits, with stations beside them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Mapping, Sequence

import numpy as np

from model_core import __version__
from model_core.aggregate.areas import cell_areas_km2, mask_of, read_polygons
from model_core.aggregate.daily_values import DAILY, MEAN
from model_core.aggregate.field_files import find_field_files
from model_core.aggregate.field_series import FieldSeries, read_field_series
from model_core.aggregate.limits import gas_of
from model_core.aggregate.output import check_output, open_output
from model_core.aggregate.periods import BY, Period, periods_of
from model_core.aggregate.plan import Plan, make_plan
from model_core.aggregate.statistics import PeriodStatistics, Result
from model_core.aggregate.summary import as_table, limit_summary, period_summary
from model_core.atomic_file import atomic_file, check_target
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.json_values import finite
from model_core.progress import Progress
from model_core.stations.source import DEFAULT_PRESSURE_PA, DEFAULT_TEMPERATURE_K

DEFAULT_SHARE = 0.75
UNCERTAINTIES = ("none", "bound")
POINT_SUFFIXES = (".gpkg", ".csv", ".parquet")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Aggregate `fields` by periods and write them as `out` (.nc, or a folder for GeoTIFF).

    Further keys: species, by, minimum_share, above, percentiles, limits, daily, start, end, time_zone, hours, uncertainty, mask; stations and
    the options of their table, points; panel, outline; table; gas_temperature, gas_pressure.
    """
    out, targets = _targets(request)
    by, daily = request.get("by") or BY[0], request.get("daily") or MEAN
    if daily not in DAILY:
        raise InputError(f"unknown value of a day '{daily}'; choose {', '.join(DAILY)}")
    paths = find_field_files(_listed(request.get("fields")))
    if not paths:
        raise InputError("'fields' is missing")
    series = read_field_series(paths, request.get("species") or None, request.get("time_zone") or "", daily, progress.part(0.0, 0.05))
    series = series.between(*_period(request))
    periods = periods_of(series.days, by)
    plan = _plan(request, series, by, daily, progress)
    _require_days(periods, plan, progress)
    if "panel" in targets:
        from model_core.aggregate.panel import check_panel

        check_panel(periods)
    areas = cell_areas_km2(series.grid)
    mask = mask_of(request["mask"], series.grid) if request.get("mask") else None
    outline = read_polygons(request["outline"], series.grid, "outline") if request.get("outline") else None
    areas = areas if mask is None else np.where(mask, areas, 0.0)
    stations = _Stations(request, series, periods, plan, mask, progress)
    work = _Work(series, periods, plan, areas, stations, keep="panel" in targets)
    with open_output(out, series.grid, periods, plan.outputs(), series.zone, _attributes(series, plan)) as write:
        work.run(write, _hours(request), progress.part(0.1, 0.95))
    progress.step(0.95, "writing")
    if "table" in targets:
        with atomic_file(targets["table"]) as partial:
            as_table(work.periods_found, work.limits_found).to_csv(partial, index=False)
    if "points" in targets:
        stations.write(targets["points"])
    if "panel" in targets:
        _draw(targets["panel"], work, mask, outline, stations)
    progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return finite({
        "out": str(out), **{key: str(path) for key, path in targets.items()}, "by": by, "daily": daily, "species": plan.variable.key,
        "unit": plan.variable.unit, "days": len(series.days), "first": str(series.days[0]), "last": str(series.days[-1]),
        "time_zone": series.zone, "minimum_share": plan.minimum_share, "variables": [output.name for output in plan.outputs()],
        "periods": work.periods_found, "limits": work.limits_found, "stations": stations.count, "grid": series.grid.describe(),
        "warnings": progress.warnings,
    })


class _Work:
    """Goes through the days once, and ends each period as soon as its last day is there."""

    def __init__(
        self, series: FieldSeries, periods: Sequence[Period], plan: Plan, areas: np.ndarray, stations: "_Stations", keep: bool,
    ):
        self.series, self.periods, self.plan = series, periods, plan
        self.means: list[np.ndarray | None] = [None] * len(periods)
        self.periods_found: list[dict[str, Any]] = [{}] * len(periods)
        self.limits_found: list[dict[str, Any]] = []
        self._areas, self._stations, self._keep = areas, stations, keep

    def run(self, write: Any, hours: int, progress: Progress) -> None:
        """Write each period when it is complete."""
        plan, open_ones = self.plan, {}
        number_of = {day: number for number, period in enumerate(self.periods) for day in period.days.tolist()}
        with ExitStack() as stack:
            for day, field, sd in self.series.daily(plan.daily, hours, plan.with_sd, progress):
                number = number_of[day.item()]
                if number not in open_ones:
                    open_ones[number] = PeriodStatistics(self.series.grid.shape, plan.thresholds, plan.percentiles, plan.with_sd)
                    stack.callback(open_ones[number].close)
                open_ones[number].add(field, sd)
                if day == self.periods[number].days[-1]:
                    with_days = open_ones.pop(number)
                    result = with_days.result(self.periods[number].expected, plan.minimum_share, lambda: progress.step(_share(day, self.series), ""))
                    with_days.close()
                    write(number, plan.values(result))
                    self._keep_what_is_asked(number, result)

    def _keep_what_is_asked(self, number: int, result: Result) -> None:
        period = self.periods[number]
        self.periods_found[number] = period_summary(period, self.plan, result, self._areas)
        self.limits_found += limit_summary(
            period, self.plan, result, self._areas, self._stations.result(number), self._stations.counted)
        self._stations.add(number, result)
        if self._keep:
            self.means[number] = result.mean


class _Stations:
    """The stations of a request, if it names any: their results by period, and the table that is made of them."""

    def __init__(
        self, request: Mapping[str, Any], series: FieldSeries, periods: Sequence[Period], plan: Plan, mask: np.ndarray | None, progress: Progress,
    ):
        self.days, self._results, self._tables = None, [], []
        self._grid, self._periods, self._plan, self.counted = series.grid, periods, plan, None
        if not request.get("stations"):
            return
        from model_core.aggregate.station_days import station_days
        from model_core.jobs.requests import as_daily_means, read_source, tell_readings
        from model_core.jobs.sources import requested_source
        from model_core.stations.gridding import locate_cells

        progress.step(0.05, "reading stations")
        observations = read_source(requested_source(request, plan.variable.key), None, progress)
        if not (observations.hourly and plan.daily != MEAN):
            observations = as_daily_means(observations, _hours(request), progress)
        tell_readings(observations.report, plan.variable.key, progress, observations.seen, observations.stations)
        if series.zone and not request.get("time_zone"):
            progress.log(f"the fields are of days in {series.zone}; the days of the readings count as the table has them (--time-zone)")
        self.days = station_days(observations, plan.daily, _hours(request), self._grid)
        self._results = self.days.results(list(periods), plan)
        if mask is not None:
            self.counted = mask.ravel()[locate_cells(self.days.stations, self._grid)[0]]
        if not any(np.isfinite(result.mean).any() for result in self._results):
            progress.warn("no station has enough valid days in any period; ask for a smaller share (--minimum-share) to see their means")

    @property
    def count(self) -> int:
        """How many stations lie in the grid."""
        return 0 if self.days is None else self.days.values.shape[1]

    def result(self, number: int) -> Result | None:
        """What a period comes to at the stations."""
        return self._results[number] if self._results else None

    def add(self, number: int, result: Result) -> None:
        """Set the stations of a period beside its field."""
        if self.days is not None:
            from model_core.aggregate.station_days import period_table

            self._tables.append((number, period_table(
                self.days.stations, self._periods[number], self._plan, self._results[number], result.mean, self._grid)))

    def write(self, path: Path) -> None:
        """Write the table of stations and periods."""
        import pandas as pd

        from model_core.jobs.read_stations import write_table

        tables = [table for _, table in sorted(self._tables, key=lambda pair: pair[0])]
        write_table(path, pd.concat(tables, ignore_index=True), self.days.stations)


def _draw(path: Path, work: _Work, mask: np.ndarray | None, outline: Any, stations: _Stations) -> None:
    from model_core.aggregate.panel import PanelMap, panel_figure

    plan, series = work.plan, work.series
    maps = [
        PanelMap(period, mean, None if stations.days is None else stations.result(number).mean[0])
        for number, (period, mean) in enumerate(zip(work.periods, work.means))
    ]
    with_stations = f"; circles: {stations.count} stations" if stations.count else ""
    title = f"{plan.outputs()[0].attributes['long_name']}, {series.days[0]} to {series.days[-1]}{with_stations}"
    png = panel_figure(maps, series.grid, plan.variable, title, mask, outline, None if stations.days is None else stations.days.stations)
    with atomic_file(path) as partial:
        partial.write_bytes(png)


def _targets(request: Mapping[str, Any]) -> tuple[Path, dict[str, Path]]:
    """`out`, and what is written beside it; refused before the work if it can't be written."""
    if request.get("out") in (None, ""):
        raise InputError("'out' is missing")
    out = Path(request["out"])
    check_output(out)
    targets = {key: Path(request[key]) for key in ("points", "panel", "table") if request.get(key)}
    for key, suffixes in (("points", POINT_SUFFIXES), ("panel", (".png",)), ("table", (".csv",))):
        if key in targets and targets[key].suffix.lower() not in suffixes:
            raise InputError(f"{key} '{targets[key].name}': the name must end in {', '.join(suffixes)}")
    for path in targets.values():
        check_target(path)
    if "points" in targets and not request.get("stations"):
        raise InputError("points are of stations; name the table of their readings (--stations), or leave --points out")
    if request.get("outline") and "panel" not in targets:
        raise InputError("the outline is drawn on the panel; name that too (--panel), or leave --outline out")
    return out, targets


def _plan(request: Mapping[str, Any], series: FieldSeries, by: str, daily: str, progress: Progress) -> Plan:
    uncertainty = request.get("uncertainty") or UNCERTAINTIES[0]
    if uncertainty not in UNCERTAINTIES:
        raise InputError(f"unknown uncertainty '{uncertainty}'; choose {', '.join(UNCERTAINTIES)}")
    if uncertainty == "bound" and (series.hourly or not series.has_sd):
        which = "hours, whose means have no known standard deviation" if series.hourly else "without standard deviations"
        raise InputError(f"the fields are {which}; leave --uncertainty out, or give daily fields made with --uncertainty sd")
    if series.has_sd and uncertainty == "none" and not series.hourly:
        progress.log("the fields tell their standard deviations; --uncertainty bound gives an upper bound of that of the mean")
    if any(file.quantiles for file in series.files):
        progress.log("quantiles of days say nothing of a mean's quantiles, and are left out")
    share = request.get("minimum_share")
    temperature, pressure = (None if request.get(key) in (None, "") else float(request[key]) for key in ("gas_temperature", "gas_pressure"))
    gas = gas_of(
        series.variable.key, DEFAULT_TEMPERATURE_K if temperature is None else temperature,
        DEFAULT_PRESSURE_PA if pressure is None else 100 * pressure,
    )
    return make_plan(
        series.variable, daily, by, DEFAULT_SHARE if share in (None, "") else float(share), _numbers(request, "above"),
        _numbers(request, "percentiles"), _listed(request.get("limits")), gas, uncertainty == "bound", progress,
    )


def _require_days(periods: Sequence[Period], plan: Plan, progress: Progress) -> None:
    """`InputError` if no period can have enough days, a warning if some can't."""
    short = [period for period in periods if len(period.days) < plan.minimum_share * period.expected - 1e-9]
    shown = ", ".join(f"{period.label} ({len(period.days)} of {period.expected})" for period in short[:6]) + (" ..." if len(short) > 6 else "")
    if len(short) == len(periods):
        raise InputError(
            f"no {plan.by} has {plan.minimum_share:.0%} of its days: {shown}; choose other periods (--by period takes the days at hand as the "
            "whole), or a smaller --minimum-share"
        )
    if short:
        progress.warn(f"fewer than {plan.minimum_share:.0%} of the days are at hand, and there is no value, in {shown}")


def _attributes(series: FieldSeries, plan: Plan) -> dict[str, Any]:
    """Global attributes of the output."""
    sets = list(dict.fromkeys(limit.set for limit, _ in plan.judged))
    return {
        "title": f"{plan.variable.long_name} aggregated by {plan.by}", "source": f"CTM Reanalysis {__version__}, from daily fields",
        "species": plan.variable.key, "model_sha256": series.model or None, "aggregation": plan.by, "value_of_a_day": plan.daily,
        "minimum_share": plan.minimum_share, "limits": " ".join(sets) or None, "days_used": f"{series.days[0]}/{series.days[-1]}",
    }


def _period(request: Mapping[str, Any]) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    first, last = (np.datetime64(parse_day(request[key]), "D") if request.get(key) else None for key in ("start", "end"))
    if first is not None and last is not None and first > last:
        raise InputError(f"the period ends on {last}, before it starts on {first}")
    return first, last


def _hours(request: Mapping[str, Any]) -> int:
    from model_core.stations.daily import HOURS

    hours = HOURS if request.get("hours") in (None, "") else int(request["hours"])
    if not 1 <= hours <= 24:
        raise InputError(f"a day has 1 to 24 hours; a daily mean can't need {hours} of them")
    return hours


def _share(day: np.datetime64, series: FieldSeries) -> float:
    return float(np.searchsorted(series.days, day) / len(series.days))


def _listed(value: Any) -> list[str]:
    """A list, or a text with commas between its parts, as a list of texts."""
    if value in (None, ""):
        return []
    parts = value.split(",") if isinstance(value, str) else [str(item) for item in value if item not in (None, "")]
    return [part.strip() for part in parts if part.strip()]


def _numbers(request: Mapping[str, Any], key: str) -> list[float]:
    try:
        return [float(text) for text in _listed(request.get(key))]
    except ValueError as error:
        raise InputError(f"{key}: {error}; write numbers, such as 35 75") from None
