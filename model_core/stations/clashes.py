"""The message on tables in which one station has several different values at one time: what was mixed, and how to go on."""

from __future__ import annotations

import re
from typing import Mapping, Protocol, Sequence

import numpy as np
import pandas as pd

from model_core.stations.repeats import Repeats
from model_core.stations.source import Source

_HOUR_NAME = re.compile(r"time|hour|uhr|zeit|heure|hora|ora\b|时", re.IGNORECASE)
_SPECIES_NAME = re.compile(r"param|pollut|species|type|variable|phenomenon|component|item|unit|污染", re.IGNORECASE)
_SHOWN, _NAMED = 3, 6


class Origin(Protocol):
    """The table that the readings come from, as far as a message needs it."""

    source: Source

    def differences(self, rows: Sequence[int]) -> Mapping[str, Sequence[str]]:
        """Given rows of the file from 0, the columns in which they differ, with the values there."""


def clash_message(
    where: str,
    repeats: Repeats,
    rows: pd.Index,
    station: np.ndarray,
    names: np.ndarray | None,
    time: np.ndarray | None,
    written: Sequence,
    origin: Origin | None,
) -> str:
    """What an error on the many clashes says.

    Parameters
    ----------
    where : what the values are called
    rows : number of each reading's row, from 0
    station, names : number and id of each reading's station
    time : datetime64 of each reading, or None
    written : value of each reading as it stands in the table
    origin : the table, where there is one
    """
    number = np.zeros(len(station), np.int64) if time is None else time.astype("datetime64[s]").astype(np.int64)
    keys = pd.DataFrame({"station": station, "time": number})[repeats.clashing]
    # The station and time with the most values show best what was mixed.
    worst = keys.groupby(["station", "time"]).size().idxmax()
    at = np.flatnonzero(repeats.clashing & (station == worst[0]) & (number == worst[1]))
    name = "" if names is None else str(names[at[0]])
    who = f"station '{name}'" if name else "the station at one place"
    when = "" if time is None else f" at {time[at[0]]}"
    shown = ", ".join(f"row {rows[i] + 1}: {written[i]}" for i in at[:_SHOWN]) + (", ..." if len(at) > _SHOWN else "")
    message = (
        f"{where}: {who} has {len(at)} different values{when} ({shown}), "
        f"and so it is at {repeats.clashes} of {repeats.times} times of stations"
    )
    differ = {} if origin is None else dict(origin.differences([int(rows[i]) for i in at]))
    return f"{message}; {_remedy(differ, time, at, None if origin is None else origin.source, bool(name))}"


def _remedy(differ: Mapping[str, Sequence[str]], time: np.ndarray | None, at: np.ndarray, source: Source | None, named: bool) -> str:
    """What was mixed, as far as the columns in which the rows differ tell, and the options that tell it apart."""
    species = [name for name in differ if _SPECIES_NAME.search(name)]
    hours = [name for name in differ if _HOUR_NAME.search(name) and name not in species]
    others = [name for name in differ if name not in species and name not in hours]
    listed = "; ".join(f"'{name}' ({', '.join(map(str, values))})" for name, values in list(differ.items())[:_NAMED])
    told = f"the rows differ in {listed}. " if differ else ""
    if time is None and not species:
        column = f" ('{hours[0]}'?)" if hours else ""
        return told + f"no time is named: name the column of the time{column} with --time, or keep some of the rows with --where"
    if species:
        values = differ[species[0]]
        return told + (
            f'several variables are mixed: keep one of them, such as --where "{species[0]}={values[0]}", '
            "or name the form of the table with --from"
        )
    midnight = bool((time[at] == time[at].astype("datetime64[D]")).all())
    if midnight and (hours or len(at) > 6):
        columns = f"{(source and source.time) or 'DATE'}+{hours[0] if hours else 'HOUR'}"
        return told + f'the time says the day but not the hour: name the column of the hour too, --time "{columns}"'
    if others:
        tell = "" if named else "name the column of the station's id with --id; "
        id = (source and source.id) or "ID"
        return told + (
            f'{tell}tell stations apart by several columns, such as --id "{id}+{others[0]}", or keep some of the rows with --where'
        )
    return told + (
        "if these are several stations, tell them apart with --id (A+B for several columns); if the time is in several columns, "
        "name them all with --time A+B; to keep some of the rows, use --where COLUMN=VALUE"
    )
