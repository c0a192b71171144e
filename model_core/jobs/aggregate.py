"""Daily or hourly fields to means, exceedance days and percentiles of periods, set against limits, with stations beside them."""

from __future__ import annotations

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
from model_core.aggregate.panel import PanelMap, check_panel, panel_figure
from model_core.aggregate.periods import BY, Period, periods_of
from model_core.aggregate.plan import Plan, make_plan
from model_core.aggregate.station_days import StationDays, station_days
from model_core.aggregate.summary import as_table
from model_core.aggregate.work import Aggregation
from model_core.atomic_file import atomic_file, check_target
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.gases import STANDARD
from model_core.json_values import finite
from model_core.progress import Progress
from model_core.provenance.record import Record, record_of
from model_core.provenance.writing import png_with
from model_core.stations.daily import HOURS
from model_core.stations.gridding import locate_cells

COMMAND = "aggregate"
DEFAULT_SHARE = 0.75
UNCERTAINTIES = ("none", "bound")
POINT_SUFFIXES = (".gpkg", ".csv", ".parquet")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Aggregate `fields` by periods and write them as `out` (.nc, or a folder for GeoTIFF).

    Further keys: species, by, minimum_share, station_share, above, percentiles, limits, daily, start, end, time_zone, hours, uncertainty,
    mask; stations and the options of their table, station_means; panel, outline; table; gas_temperature, gas_pressure.
    """
    out, targets = _targets(request)
    by, daily = request.get("by") or BY[0], request.get("daily") or MEAN
    if daily not in DAILY:
        raise InputError(f"unknown value of a day '{daily}'; choose {', '.join(DAILY)}")
    paths = find_field_files(_listed(request.get("fields")))
    if not paths:
        raise InputError("'fields' is missing")
    _require_apart(out, paths)
    series = read_field_series(paths, request.get("species") or None, request.get("time_zone") or "", daily, progress.part(0.0, 0.05))
    series = series.between(*_period(request))
    periods = periods_of(series.days, by)
    plan = _plan(request, series, by, daily, progress)
    _require_days(periods, plan, progress)
    if "panel" in targets:
        check_panel(periods)
    areas = cell_areas_km2(series.grid)
    mask = mask_of(request["mask"], series.grid) if request.get("mask") else None
    outline = read_polygons(request["outline"], series.grid, "outline") if request.get("outline") else None
    stations = _read_stations(request, series, plan, progress)
    counted = None if mask is None or stations is None else mask.ravel()[locate_cells(stations.stations, series.grid)[0]]
    work = Aggregation(
        series,
        periods,
        plan,
        areas if mask is None else np.where(mask, areas, 0.0),
        stations,
        counted,
        "panel" in targets,
        out.absolute().parent,
    )
    if stations is not None and not any(np.isfinite(result.mean).any() for result in work.of_stations):
        progress.warn("no station has enough valid days in any period; ask for a smaller share (--station-share) to see their means")
    record = record_of(COMMAND, request, grid=series.grid)
    about = _attributes(series, plan) | record.stated()
    with open_output(out, series.grid, periods, plan.outputs(), series.zone, about) as write:
        work.run(write, _hours(request), progress.part(0.1, 0.95))
    enough = [row for row in work.periods_found if row["days"] >= plan.minimum_share * row["expected_days"]]
    empty = [row["period"] for row in enough if row["mean"] is None]
    if empty:
        progress.warn(f"no cell has {plan.minimum_share:.0%} valid days in {', '.join(empty[:6])}{' ...' if len(empty) > 6 else ''}")
    progress.step(0.95, "writing")
    if "table" in targets:
        with atomic_file(targets["table"]) as partial:
            as_table(work.periods_found, work.limits_found).to_csv(partial, index=False)
    if "station_means" in targets:
        from model_core.jobs.read_stations import write_table

        write_table(targets["station_means"], work.station_table(), stations.stations, record)
    if "panel" in targets:
        _draw(targets["panel"], work, mask, outline, record)
    progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return finite(
        {
            "out": str(out),
            **{key: str(path) for key, path in targets.items()},
            "by": by,
            "daily": daily,
            "species": plan.variable.key,
            "unit": plan.variable.unit,
            "days": len(series.days),
            "first": str(series.days[0]),
            "last": str(series.days[-1]),
            "time_zone": series.zone,
            "minimum_share": plan.minimum_share,
            "variables": [output.name for output in plan.outputs()],
            "periods": work.periods_found,
            "limits": work.limits_found,
            "stations": 0 if stations is None else stations.values.shape[1],
            "grid": series.grid.describe(),
            "inputs": list(record.inputs),
            "warnings": progress.warnings,
        }
    )


def _read_stations(request: Mapping[str, Any], series: FieldSeries, plan: Plan, progress: Progress) -> StationDays | None:
    """The stations in the grid, if the request names any."""
    if not request.get("stations"):
        return None
    from model_core.jobs.requests import as_daily_means, read_source, tell_readings  # brings torch, which fields alone can do without
    from model_core.jobs.sources import requested_source

    progress.step(0.05, "reading stations")
    key, hours = plan.variable.key, _hours(request)
    observations = read_source(requested_source(request, key), None, progress)
    if not (observations.hourly and plan.daily != MEAN):
        observations = as_daily_means(observations, hours, progress)
    tell_readings(observations.report, key, progress, observations.seen, observations.stations)
    if series.zone and not request.get("time_zone"):
        progress.log(f"the fields are of days in {series.zone}; the days of the readings count as the table has them (--time-zone)")
    stations = station_days(observations, plan.daily, hours, series.grid)
    if not np.isin(stations.days, series.days).any():
        raise InputError(
            f"the readings of the stations are of {stations.days[0]} to {stations.days[-1]}, and of none of the days of the "
            f"fields, {series.days[0]} to {series.days[-1]}"
        )
    return stations


def _draw(path: Path, work: Aggregation, mask: np.ndarray | None, outline: Any, record: Record) -> None:
    plan, days, stations = work.plan, work.series.days, work.stations
    of_stations = [None] * len(work.periods)
    if stations is not None:
        shown = True if work.counted is None else work.counted
        of_stations = [np.where(shown, result.mean[0], np.nan) for result in work.of_stations]
    maps = [PanelMap(*one) for one in zip(work.periods, work.means, of_stations)]
    title = f"{plan.outputs()[0].attributes['long_name']}\n{days[0]} to {days[-1]}"
    title += "" if stations is None else "; circles are stations"
    png = panel_figure(maps, work.series.grid, plan.variable, title, mask, outline, None if stations is None else stations.stations)
    with atomic_file(path) as partial:
        partial.write_bytes(png_with(png, record))


def _targets(request: Mapping[str, Any]) -> tuple[Path, dict[str, Path]]:
    """`out`, and what is written beside it; refused before the work if it can't be written."""
    if request.get("out") in (None, ""):
        raise InputError("'out' is missing")
    out = Path(request["out"])
    check_output(out)
    targets = {key: Path(request[key]) for key in ("station_means", "panel", "table") if request.get(key)}
    for key, suffixes in (("station_means", POINT_SUFFIXES), ("panel", (".png",)), ("table", (".csv",))):
        if key in targets and targets[key].suffix.lower() not in suffixes:
            raise InputError(f"{key} '{targets[key].name}': the name must end in {', '.join(suffixes)}")
    for path in targets.values():
        check_target(path)
    if "station_means" in targets and not request.get("stations"):
        raise InputError("the means of the stations need their readings; name their table (--stations), or leave --station-means out")
    if request.get("outline") and "panel" not in targets:
        raise InputError("the outline is drawn on the panel; name that too (--panel), or leave --outline out")
    return out, targets


def _require_apart(out: Path, paths: Sequence[Path]) -> None:
    """`InputError` if the output would replace the fields, or lie among them."""
    place = out.resolve()
    if any(place in (path.resolve(), path.resolve().parent) for path in paths):
        raise InputError(f"the fields are in '{out}' itself; choose another output")


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
    share = _share_of(request, "minimum_share", DEFAULT_SHARE)
    temperature, pressure = (None if request.get(key) in (None, "") else float(request[key]) for key in ("gas_temperature", "gas_pressure"))
    gas = gas_of(
        series.variable.key,
        STANDARD.temperature_k if temperature is None else temperature,
        STANDARD.pressure_pa if pressure is None else 100 * pressure,
    )
    return make_plan(
        series.variable,
        daily,
        by,
        share,
        _share_of(request, "station_share", share),
        request.get("above") or [],
        request.get("percentiles") or [],
        _listed(request.get("limits")),
        gas,
        uncertainty == "bound",
        progress,
    )


def _require_days(periods: Sequence[Period], plan: Plan, progress: Progress) -> None:
    """`InputError` if no period can have enough days, a warning if some can't."""
    short = [period for period in periods if len(period.days) < plan.minimum_share * period.expected - 1e-9]
    shown = ", ".join(f"{period.label} ({len(period.days)} of {period.expected})" for period in short[:6])
    shown += " ..." if len(short) > 6 else ""
    if len(short) == len(periods):
        raise InputError(
            f"no {plan.by} has {plan.minimum_share:.0%} of its days: {shown}; choose other periods (--by period takes the days at hand as "
            "the whole), or a smaller --minimum-share"
        )
    if short:
        progress.warn(f"fewer than {plan.minimum_share:.0%} of the days are at hand, and there is no value, in {shown}")


def _attributes(series: FieldSeries, plan: Plan) -> dict[str, Any]:
    """Global attributes of the output."""
    sets = list(dict.fromkeys(limit.set for limit, _ in plan.judged))
    return {
        "title": f"{plan.variable.long_name} aggregated by {plan.by}",
        "source": f"CTM Reanalysis {__version__}, from daily fields",
        "species": plan.variable.key,
        "model_sha256": series.model or None,
        "aggregation": plan.by,
        "value_of_a_day": plan.daily,
        "minimum_share": plan.minimum_share,
        "limits": " ".join(sets) or None,
        "days_used": f"{series.days[0]}/{series.days[-1]}",
    }


def _period(request: Mapping[str, Any]) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    first, last = (np.datetime64(parse_day(request[key]), "D") if request.get(key) else None for key in ("start", "end"))
    if first is not None and last is not None and first > last:
        raise InputError(f"the period ends on {last}, before it starts on {first}")
    return first, last


def _hours(request: Mapping[str, Any]) -> int:
    hours = HOURS if request.get("hours") in (None, "") else int(request["hours"])
    if not 1 <= hours <= 24:
        raise InputError(f"a day has 1 to 24 hours; a daily mean can't need {hours} of them")
    return hours


def _share_of(request: Mapping[str, Any], key: str, default: float) -> float:
    return default if request.get(key) in (None, "") else float(request[key])


def _listed(value: Any) -> list[str]:
    """A list, or a text with commas between its parts, as a list of texts."""
    if value in (None, ""):
        return []
    parts = value.split(",") if isinstance(value, str) else [str(item) for item in value if item not in (None, "")]
    return [part.strip() for part in parts if part.strip()]
