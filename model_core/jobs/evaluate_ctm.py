"""A CTM run against station readings, daily and overall (the paper's S1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model_core import __version__
from model_core.ctm.daily_store import DailyStore
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.evaluation.day_groups import requested_periods
from model_core.evaluation.figures import daily_scores_figure
from model_core.evaluation.polygons import requested_regions
from model_core.evaluation.report import CSV, DAILY_PNG, as_csv, evaluation_folder, write_files
from model_core.grid import parse_grid
from model_core.jobs.ctm_days import common_days, open_ctm
from model_core.jobs.requests import as_daily_means, read_source, requested_hours, required, tell_readings
from model_core.jobs.sources import requested_source
from model_core.json_values import finite
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.scores import SCORES
from model_core.stations.readings import Observations
from model_core.validation import files
from model_core.validation.class_scores import class_scores, in_report
from model_core.validation.classes import groupings
from model_core.validation.cross_validation import CrossValidation
from model_core.validation.ctm_at_stations import CTM, compare_with_stations, station_means
from model_core.validation.score_tables import score_tables, summary
from model_core.validation.station_maps import station_map_figure
from model_core.variables import get_variable

COMMAND = "evaluate-ctm"
MAP_PNG, DAILY_COLUMNS = "map.png", ("date", "n", *SCORES)
_KEPT_ATTRIBUTES = ("files", "title", "source", "license", "time_zone", "lead_day")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Score the `ctm` files at `stations`, and write scores, pairs, points and pictures into the folder `out`.

    Further keys: species, value, unit, x, y, crs, time, time_zone, times_in, hours, id, group, date, start, end, grid, lead_day, cache,
    periods, regions.
    """
    out, species = Path(required(request, "out")), get_variable(request.get("species") or "pm25")
    required(request, "ctm")
    periods, regions = requested_periods(request), requested_regions(request)
    with evaluation_folder(out):
        progress.step(0.01, "reading stations")
        observations = _readings(request, species.key, progress)
        grid = parse_grid(request["grid"]) if request.get("grid") else None
        store = open_ctm(request, species.key, grid, out, progress.part(0.1, 0.5), maps=("elevation", "urban"))
        dates = list(observations.dates) or [parse_day(request["date"]) if request.get("date") else None]
        days = common_days(store, dates, progress, "those are left out")
        result, mean = compare_with_stations(store, observations, days, progress.part(0.5, 0.9))
        for warning in result.warnings:
            progress.warn(warning)
        tables, by_class = score_tables(result), class_scores(result, groupings(result, periods, regions))
        record = record_of(COMMAND, request, grid=store.grid)
        report = finite(_report(request, result, store, tables, by_class, progress.warnings) | {NAME: record.to_dict()})
        progress.step(0.91, "drawing and writing")
        title = _title(result, report)
        pictures = {
            MAP_PNG: station_map_figure(mean, store.grid, station_means(result), result.crs, species.long_name, species.unit, title)
        }
        daily = [{"date": day["date"], **day["methods"][CTM]} for day in tables["daily"]]
        if daily[0]["date"] is not None:
            pictures[DAILY_PNG] = daily_scores_figure(daily, tables["methods"][CTM]["mean_of_daily"], species.unit, title)
        tables_of_days = {CSV: as_csv(daily, DAILY_COLUMNS)}
        written = write_files(out, {**files.contents(result, report, by_class, title, record), **tables_of_days, **pictures})
        progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return {
        "out": str(out),
        "scores": written[files.SCORES],
        "daily_scores": written[CSV],
        "by_class": written[files.CLASSES_CSV],
        "predictions": written[files.PREDICTIONS],
        "points": written[files.POINTS],
        "figure": written[files.FIGURE],
        "by_class_figure": written[files.CLASSES_PNG],
        "map": written[MAP_PNG],
        "daily_figure": written.get(DAILY_PNG),
        "summary": finite(summary(tables)),
        **{key: report["methods"][CTM][key] for key in ("pooled", "mean_of_daily")},
        **{key: report[key] for key in ("days", "stations", "species", "unit", "grid", "warnings")},
    }


def _readings(request: dict[str, Any], species: str, progress: Progress) -> Observations:
    """Daily values of the stations; of one day where one is named, or from `start` to `end`."""
    day = parse_day(request["date"]) if request.get("date") else None
    observations = as_daily_means(read_source(requested_source(request, species), day, progress), requested_hours(request), progress)
    tell_readings(observations.report, species, progress, observations.seen, observations.stations)
    first, last = (parse_day(request[key]) if request.get(key) else None for key in ("start", "end"))
    if first is None and last is None:
        return observations
    if observations.time is None:
        raise InputError("a first or last day was asked for, and the readings have no time; name their time column")
    days = observations.time.astype("datetime64[D]").astype(object)
    within = (days >= (first or days.min())) & (days <= (last or days.max()))
    if not within.any():
        raise InputError(f"no reading lies between the days asked for; there are readings from {days.min()} to {days.max()}")
    return observations.select(within)


def _report(
    request: dict[str, Any],
    result: CrossValidation,
    store: DailyStore,
    tables: dict[str, Any],
    by_class: list[dict[str, Any]],
    warnings: list[str],
) -> dict[str, Any]:
    """Everything but the readings, as plain values."""
    dates = [day["date"] for day in tables["daily"]]
    return {
        "software": f"CTM Reanalysis {__version__}",
        "species": result.species,
        "unit": get_variable(result.species).unit,
        "ctm": {
            "level": request.get("level") or "surface",
            **{key: store.attributes[key] for key in _KEPT_ATTRIBUTES if key in store.attributes},
        },
        "days": {"count": len(dates), "first": dates[0], "last": dates[-1]},
        "stations": int(result.table["id"].nunique()),
        "readings": len(result.table),
        **tables,
        **in_report(by_class),
        "grid": store.grid.describe(),
        "warnings": warnings,
    }


def _title(result: CrossValidation, report: dict[str, Any]) -> str:
    days, variable = report["days"], get_variable(result.species)
    when = "" if days["first"] is None else f", {days['first']}" + (f" to {days['last']}" if days["count"] > 1 else "")
    return f"{variable.long_name} of the CTM at {report['stations']} stations{when}"
