"""A table of readings in any form to a clean table of points, with an account of what became of each row."""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pandas as pd

from model_core.atomic_file import atomic_file, check_target
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.jobs.requests import read_source, requested_hours, required, tell_readings
from model_core.jobs.sources import requested_source
from model_core.output.geopackage import write_geopackage
from model_core.progress import Progress
from model_core.provenance.record import Record, record_of
from model_core.provenance.writing import table_with
from model_core.stations.daily import HOURS, daily_means, hourly_means, not_below_zero
from model_core.stations.readings import DAILY_VALUE, FLAGS, Observations
from model_core.variables import get_variable, recognise

COMMAND = "read-stations"
SUFFIXES = (".gpkg", ".csv", ".parquet")
STEPS = ("day", "hour")
_LAYER = "stations"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write the readings that may be used, a row per station and day (or hour), and count what became of each row of the table.

    `out` is a GeoPackage, CSV or Parquet file with the columns station, x and y (the geometry of a GeoPackage), day or time (local),
    value, unit, species, hours (valid hours of a daily mean), flags (what was assumed, separated by "; ") and group.
    """
    out = Path(required(request, "out"))
    check_table(out)
    step, species = request.get("step") or "day", get_variable(request.get("species") or "pm25")
    if step not in STEPS:
        raise InputError(f"unknown step '{step}'; choose {' or '.join(STEPS)}")
    named = recognise(request["value"]) if request.get("value") else None
    if named is not None and named.key != species.key:
        progress.warn(
            f"column '{request['value']}' is named like {named.long_name}, and is read as {species.long_name}; if that is not meant, name another "
            "column, or the species with --species"
        )
    progress.step(0.05, "reading stations")
    day = parse_day(request["date"]) if request.get("date") else None
    read = _of_period(read_source(requested_source(request, species.key), day, progress), request)
    progress.step(0.6, "averaging the readings")
    observations = _averaged(read, step, requested_hours(request), progress)
    tell_readings(observations.report, species.key, progress, read.seen, observations.stations)
    if not len(observations):
        raise InputError(
            f"no reading is left: {observations.report}; a daily mean needs {requested_hours(request)} valid hours, fewer can be asked for"
        )
    progress.step(0.8, "writing")
    table = clean_table(observations, step, species.unit)
    record = record_of(COMMAND, request)
    write_table(out, table, observations, record)
    progress.step(1.0, "done")
    days = observations.dates
    missing = _days_between(days)
    if missing:
        progress.log(
            f"no station has a reading on {len(missing)} of the {len(days) + len(missing)} days from {days[0]} to {days[-1]}, "
            f"the first {missing[0]}"
        )
    return {
        "out": str(out),
        "rows": len(table),
        "stations": observations.stations,
        "stations_seen": read.seen,
        "step": step,
        "days": {
            "count": len(days),
            "first": str(days[0]) if days else None,
            "last": str(days[-1]) if days else None,
            "missing": len(missing),
        },
        "readings": observations.report.to_dict(),
        "unit": species.unit,
        "species": species.key,
        "hourly": read.hourly,
        "inputs": list(record.inputs),
        "warnings": progress.warnings,
    }


def check_table(out: Path) -> None:
    """Raise `InputError` if the name of a table is of no kind that can be written, `OutputError` if there can be no such file."""
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"output '{out.name}': the name must end in {', '.join(SUFFIXES)}")
    check_target(out)


def _days_between(days: Sequence[Date]) -> list[Date]:
    """The days between the first and the last that are not among them."""
    if len(days) < 2:
        return []
    every = (days[0] + timedelta(number) for number in range((days[-1] - days[0]).days))
    there = set(days)
    return [day for day in every if day not in there]


def clean_table(observations: Observations, step: str, unit: str) -> pd.DataFrame:
    """The readings as a table, ordered by time and station; with a column of their errors where these are told."""
    count = len(observations)
    place = [f"{x:.5f} {y:.5f}" for x, y in zip(observations.x, observations.y)]
    names = np.array(place, object) if observations.id is None else np.where(observations.id == "", place, observations.id)
    when = np.full(count, "", object)
    if observations.time is not None:
        when = np.datetime_as_string(observations.time, unit="D" if step == "day" else "s").astype(object)
    table = pd.DataFrame(
        {
            "station": names,
            "x": observations.x,
            "y": observations.y,
            "day" if step == "day" else "time": when,
            "value": observations.value.round(6),
            "unit": unit,
            "species": observations.species,
            "hours": pd.array([None] * count if observations.hours is None else observations.hours, dtype="Int64"),
            "flags": _in_words(observations),
            "group": "" if observations.group is None else observations.group,
        }
    )
    if observations.error is not None:
        table.insert(5, "error", observations.error.round(6))
    table.loc[observations.has_flag(DAILY_VALUE), "hours"] = pd.NA  # how many hours a daily value is of, the table does not say
    return table.sort_values([table.columns[3], "station", "x", "y"], kind="stable").reset_index(drop=True)


def write_table(out: Path, table: pd.DataFrame, observations: Observations, record: Record) -> None:
    """Write the table under its final name when it is complete: a GeoPackage or Parquet with points and the record, a CSV with coordinates."""
    suffix = out.suffix.lower()
    if suffix == ".csv":
        with atomic_file(out) as partial:
            table.to_csv(partial, index=False)
        return
    import geopandas  # half a second that a CSV need not spend

    points = geopandas.GeoDataFrame(
        table.drop(columns=["x", "y"]), geometry=geopandas.points_from_xy(table["x"], table["y"]), crs=observations.crs.to_wkt()
    )
    with atomic_file(out) as partial:
        if suffix == ".parquet":
            table_with(points, record).to_parquet(partial)
        else:
            write_geopackage(partial, points, _LAYER, out, record)


def _of_period(observations: Observations, request: dict[str, Any]) -> Observations:
    first, last = (parse_day(request[key]) if request.get(key) else None for key in ("start", "end"))
    if first is None and last is None:
        return observations
    if first and last and first > last:
        raise InputError(f"the period ends on {last}, before it starts on {first}")
    if observations.time is None:
        raise InputError("a period is asked for, but no time column is known; name it with --time")
    days = observations.time.astype("datetime64[D]")
    inside = np.ones(len(observations), bool)
    if first is not None:
        inside &= days >= np.datetime64(first, "D")
    if last is not None:
        inside &= days <= np.datetime64(last, "D")
    if not inside.any():
        raise InputError(f"no reading from {first or 'the start'} to {last or 'the end'}; the table holds {days.min()} to {days.max()}")
    return observations.select(inside, observations.report.without(observations.rows_in(~inside), "outside the period"))


def _averaged(observations: Observations, step: str, hours: int, progress: Progress) -> Observations:
    if step == "hour" or not observations.hourly:
        if step == "hour" and observations.time is not None:
            return hourly_means(observations)
        return not_below_zero(observations)
    daily = daily_means(observations, hours)
    usual = f" (usual are {HOURS})" if hours != HOURS else ""
    progress.log(f"hourly readings to {len(daily)} daily means of at least {hours} hours{usual}")
    return daily


def _in_words(observations: Observations) -> np.ndarray:
    flags = np.zeros(len(observations), np.uint8) if observations.flags is None else observations.flags
    distinct, place = np.unique(flags, return_inverse=True)
    return np.array(["; ".join(text for bit, text in FLAGS.items() if number & bit) for number in distinct], object)[place]
