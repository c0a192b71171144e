"""Station readings of one variable, from a table or from arrays, with an account of every reading that was not used."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.days import parse_day, parse_times
from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.stations.averaging import DAY, RUNNING_DAY, HoursSeen
from model_core.stations.distinct import coordinates, numbers
from model_core.stations.identity import moves, stations_of
from model_core.stations.labels import labels
from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import DAILY_VALUE, FLAGS, Observations
from model_core.stations.screening import PLACES, screen
from model_core.stations.series import StationSeries
from model_core.stations.source import NONE, Source
from model_core.stations.usual_names import usual_time
from model_core.time_zones import Clock

# 13.4 µg/m³, 0.03 ppm
_EXCHANGED = (
    "longitude and latitude seem to be exchanged: name the columns the other way round (--x, --y), or exchange x and y of the points"
)
_WITH_UNIT = re.compile(r"[-+]?\d[\d.,]*\s*([µμu]g|mg|ng|pp[mbt]).*", re.IGNORECASE)

__all__ = ["Observations", "ReadingReport", "from_arrays", "observations_of", "read_observations"]


def read_observations(
    path: str | Path,
    value: str | None,
    species: str = "pm25",
    unit: str | None = None,
    x: str | None = None,
    y: str | None = None,
    crs: Any = None,
    time: str | None = None,
    date: Date | str | None = None,
    id: str | None = None,
    group: str | None = None,
    clock: Clock | None = None,
    **further: Any,
) -> Observations:
    """Readings from a CSV, Parquet or vector file: `observations_of` the `Source` with these options, and `further` ones of it."""
    return observations_of(
        Source(
            path=str(path),
            value=value,
            species=species,
            unit=unit,
            x=x,
            y=y,
            crs=crs,
            time=time,
            id=id,
            group=group,
            clock=clock,
            **{"form": NONE, **further},
        ),
        date,
    )


def observations_of(source: Source, date: Date | str | None = None) -> Observations:
    """The readings that a source names; what may be used is said at `screening.screen`.

    Parameters
    ----------
    date : keeps one day, where the readings have times; the others count as ``other day``

    Raises
    ------
    InputError
        If the file, a column, the unit or the day is not there, readings of different kinds are mixed, or no valid one is left.
    """
    day = None if date is None else parse_day(date)
    series = StationSeries(source, day, need_times=False)
    read = list(series.rows(*_around(day), rows=None))
    if not read:
        raise InputError(f"no file of '{source.path}' is of {day} or the days beside it")
    table, rows, report = read[0].table, pd.concat([one.rows for one in read]), sum((one.report for one in read), ReadingReport(0, 0))
    if any(one.table.crs != table.crs for one in read):
        raise InputError(f"the files of '{source.path}' have several CRSs; name the one that their coordinates are in")
    if not len(rows):
        raise InputError(table.nothing_meets())
    source = table.source
    unused = usual_time(table.columns) if "time" not in rows else None
    if unused:
        report = report.noted(
            "time", f"no time is named: all readings count as of one day; if column '{unused}' holds their times, name it"
        )
    return _observations(
        rows,
        report,
        table.crs,
        source.species,
        source.unit,
        day if "time" in rows else None,
        f"field '{source.value}'",
        decimal=source.decimal,
        gas=source.gas,
        listed=bool(source.sites),
        origin=table if len(read) == 1 else None,
    )


def _around(day: Date | None) -> tuple[np.datetime64 | None, np.datetime64 | None]:
    """From a day before to a day after a day, in whose dated files its readings can be."""
    if day is None:
        return None, None
    return np.datetime64(day, "s") - np.timedelta64(1, "D"), np.datetime64(day, "s") + np.timedelta64(2, "D")


def from_arrays(
    x: Any,
    y: Any,
    value: Any,
    crs: Any = "EPSG:4326",
    species: str = "pm25",
    unit: str | None = None,
    time: Any = None,
    date: Date | str | None = None,
    id: Any = None,
    group: Any = None,
    where: str = "the values",
    clock: Clock | None = None,
) -> Observations:
    """Readings from sequences of one length; numbers may come as text. What may be used is said at `screening.screen`.

    Parameters
    ----------
    unit : str, optional
        Of the values; default: the variable's canonical unit.
    date : optional
        Keeps one day, by the date as it stands in `time` or in the clock's zone; the others count as ``other day``.
    where : str
        What the values are called in messages.
    clock : whose days count; default: times count as they stand

    Raises
    ------
    InputError
        If no number or no valid reading is left, or a time, unit, CRS or species is not understood.
    """
    crs = parse_crs(crs)
    day = None if date is None else parse_day(date)
    table = _table({"x": x, "y": y, "value": value, "time": time, "id": id, "group": group})
    if "time" in table:
        table["time"] = parse_times(table["time"], clock, day=day)
    return _observations(table, ReadingReport(len(table), len(table)), crs, species, unit, day, where)


def _observations(
    table: pd.DataFrame, report: ReadingReport, crs: Any, species: str, unit: str | None, day: Date | None, where: str, **options: Any
) -> Observations:
    table, hourly = _with_daily_values(table)
    table, report = _of_day(table, report, day)
    seen = _stations_in(table)
    _require_numbers(table["value"], *numbers(table["value"], options.get("decimal")), where, day)
    observations = screen(table, report, crs, species, unit, where, **options)
    exchanged = _exchanged(table, crs, options.get("decimal"))
    if not len(observations):
        raise InputError(_nothing_left(observations.report, where, crs, exchanged))
    if exchanged:
        raise InputError(f"{where}: {observations.report}; {_EXCHANGED}")
    report = observations.report.flagged(int(observations.has_flag(DAILY_VALUE).sum()), FLAGS[DAILY_VALUE])
    return replace(observations, hourly=hourly, id=_distinct_ids(observations), report=report, seen=seen)


def _stations_in(table: pd.DataFrame) -> int:
    """How many stations the rows name, whether their readings can be used or not."""
    if "id" in table:
        return len(np.unique(labels(table["id"])))
    return len(table[["x", "y"]].astype(str).drop_duplicates())


def _distinct_ids(observations: Observations) -> np.ndarray | None:
    """The ids, with the place behind those that several stations share."""
    if observations.id is None or PLACES not in observations.report.notes:
        return observations.id
    shared = stations_of(observations.x, observations.y, observations.id, observations.crs)
    if not shared.scattered.any() or moves(shared, observations.id, observations.time):
        return observations.id
    placed = [f"{name} at {x:.4f} {y:.4f}" for name, x, y in zip(observations.id, observations.x, observations.y)]
    return np.where(shared.scattered, placed, observations.id)


def _with_daily_values(table: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The table with a column `daily`, true on rows that are daily values among hourly stations; and whether it has hours at all."""
    if "time" not in table:
        return table, False
    x, y = (coordinates(table[axis]) for axis in "xy")
    ids = labels(table["id"]) if "id" in table else None
    said = table["averaging"].to_numpy() if "averaging" in table else np.zeros(len(table), np.int8)
    seen = HoursSeen()
    seen.add(table["time"].to_numpy("datetime64[s]"), x, y, ids, said)
    if not seen.hourly:
        return table, False
    daily = (said == DAY) | (seen.daily(x, y, ids) & (said != RUNNING_DAY))
    return (table.assign(daily=daily) if daily.any() else table), True


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    series = {name: pd.Series(c).reset_index(drop=True) for name, c in columns.items() if c is not None}
    if len({len(c) for c in series.values()}) > 1:
        raise ValueError(f"columns differ in length: { {name: len(c) for name, c in series.items()} }")
    return pd.DataFrame(series)


def _of_day(table: pd.DataFrame, report: ReadingReport, day: Date | None) -> tuple[pd.DataFrame, ReadingReport]:
    """The rows of the day (all, if none is asked for), and the report with the others dropped."""
    if day is None:
        return table, report
    if "time" not in table:
        raise InputError(f"day {day} is asked for, but no time column is named; name it, or leave the day out")
    days = table["time"].to_numpy("datetime64[D]")
    keep = np.isnat(days) | (days == np.datetime64(day, "D"))
    if not keep.any():
        raise InputError(f"no reading on {day}; the table holds {days.min()} to {days.max()}")
    return table[keep], report.without(int((~keep).sum()), "other day")


def _require_numbers(raw: pd.Series, found: np.ndarray, empty: np.ndarray, where: str, day: Date | None) -> None:
    if np.isfinite(found).any():
        return
    if not len(raw):
        raise InputError(f"{where} has no rows")
    text = ~empty
    if not text.any():
        if day is not None:
            raise InputError(f"{where} is empty in all {len(raw)} rows of {day}; choose another day")
        raise InputError(f"{where} is empty in all {len(raw)} rows")
    first = np.flatnonzero(text)[0]
    rest = f", and is empty in {int(empty.sum())}" if empty.any() else ""
    shown = str(raw.iat[first]).strip()
    remedy = (
        "each cell holds a number with its unit behind it: take the unit out of the cells and name it with --unit"
        if _WITH_UNIT.fullmatch(shown)
        else "it has no number: pick the field with the readings"
    )
    raise InputError(
        f"{where} holds text in {int(text.sum())} of {len(raw)} rows (first: row {raw.index[first] + 1}, '{raw.iat[first]}'){rest}; {remedy}"
    )


def _exchanged(table: pd.DataFrame, crs: CRS, decimal: str | None = None) -> bool:
    """Whether most coordinates are not on Earth, and all would be with x and y exchanged."""
    x, y = (coordinates(table[axis], decimal) for axis in "xy")
    x, y = (array[np.isfinite(x) & np.isfinite(y)] for array in (x, y))
    off = np.abs(y) > 90
    return crs.is_geographic and len(x) > 0 and bool(off.mean() > 0.5) and bool(((np.abs(x) <= 90) & (np.abs(y) <= 360)).all())


def _nothing_left(report: ReadingReport, where: str, crs: CRS, exchanged: bool) -> str:
    message = f"{where}: no valid reading, {report}"
    if crs.is_geographic and report.dropped.get("bad coordinates"):
        message += (
            f"; {_EXCHANGED}"
            if exchanged
            else (f"; coordinates in {crs.name} are degrees: name the CRS of the coordinates, or the right columns")
        )
    if report.dropped.get("no place"):
        message += "; the list of sites holds none of their codes: choose another list, or name its column of the code"
    return message
