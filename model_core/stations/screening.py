"""What may be used of a table of readings, and what became of each of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.errors import InputError
from model_core.stations.averaging import RUNNING_DAY
from model_core.stations.clashes import Origin, clash_message
from model_core.stations.distinct import coordinates, numbers
from model_core.stations.identity import Stations, moves, stations_of
from model_core.stations.labels import labels
from model_core.stations.reading_report import Example, ReadingReport, Values
from model_core.stations.readings import AVERAGED, DAILY_VALUE, FLAGS, NEGATIVE, RUNNING, Observations
from model_core.stations.repeats import MOST_AT_A_PLACE, Repeats, settle
from model_core.units import Gas, convert
from model_core.variables import Variable, get_variable

# What networks and models write for "no reading"; anything of 1e20 and above is a netCDF or GRIB fill value.
SENTINELS = (
    -99.0,
    -99.9,
    -99.99,
    -999.0,
    -999.9,
    -999.99,
    -9999.0,
    -9999.9,
    -99999.0,
    -999999.0,
    9999.0,
    9999.9,
    99999.0,
    99999.9,
    999999.0,
    -32768.0,
    32767.0,
)

PLACES = "places"  # kind of the note on ids at several places
_MANY_SHARED = 0.5  # share of places with several readings and no time above which the user is asked whether they are of several days


def screen(
    table: pd.DataFrame,
    report: ReadingReport,
    crs: CRS,
    species: str,
    unit: str | None = None,
    where: str = "the values",
    decimal: str | None = None,
    gas: Gas | None = None,
    listed: bool = False,
    origin: Origin | None = None,
    beside: Sequence[str] = (),
) -> Observations:
    """The readings that may be used, which may be none.

    Not used, counted by the first reason that applies: ``no time``, ``empty``, ``text``, ``sentinel`` (-999 and its like),
    ``negative`` (below what noise of the instrument explains, `Variable.noise`), ``implausible`` (outside the variable's limits),
    ``no place`` (the code is not in the list of sites), ``bad coordinates`` (not finite, or not degrees in a geographic CRS),
    ``duplicate`` (same station, time and value: the first stays). Zero is a reading. A value below zero within the noise is one
    too, as agencies ask for it: dropping it would raise the mean; it is counted among the flags.
    Several different values of a station at one time are judged as `repeats` says; an id at several places as `identity` says.

    Parameters
    ----------
    table : columns x, y, value, and where they are known time (datetime64), id, group, unit, monitor, daily (a daily value among hours),
        averaging (`averaging.HOUR`, ...), error and error_share (`errors.ErrorRule.of`);
        its index are row numbers from 0
    report : of the rows up to now
    unit : of all values; a column `unit` says it row by row where this is None
    gas : what turns mixing ratios into mass concentrations
    listed : whether places come from a list of sites
    origin : the table, for messages
    beside : values in other parts of the table, by which the decimal sign is told too

    Raises
    ------
    InputError
        If the unit or species is not known, or readings of different kinds are mixed.
    """
    variable = get_variable(species)
    raw, empty = numbers(table["value"], decimal, beside)
    converted = in_unit(table, raw, unit, variable.unit, where, gas)
    if not np.array_equal(converted, raw, equal_nan=True):
        report = report.noted("file_unit", _conversion(table, unit, variable))
    xs, ys = (coordinates(table[axis], decimal) for axis in "xy")
    times = table["time"].to_numpy("datetime64[s]") if "time" in table else None
    ids, groups = (labels(table[name]) if name in table else None for name in ("id", "group"))

    low, high = variable.limits
    noise = variable.noise if low >= 0 else 0.0
    drop = _Sieve(table, report)
    if times is not None:
        drop("no time", np.isnat(times))
    drop("empty", empty)
    drop("text", np.isnan(raw) & ~empty)
    drop("sentinel", np.isin(raw, SENTINELS) | (np.abs(raw) >= 1e20))
    drop("negative", (converted < low - noise) & (low >= 0))
    drop("implausible", ~((converted >= low - noise) & (converted <= high)))
    if listed:
        drop("no place", np.isnan(xs), show=["id"])
    drop("bad coordinates", ~_on_earth(xs, ys, crs), show=["x", "y"])

    kept = np.flatnonzero(drop.kept)
    place = xs[kept], ys[kept]
    id_of, time_of = (None if array is None else array[kept] for array in (ids, times))
    stations = stations_of(*place, id_of, crs)
    monitor = table["monitor"].to_numpy(str)[kept] if "monitor" in table else None
    apart = None if time_of is not None else np.ones(len(kept), bool) if id_of is None else id_of == ""
    daily = table["daily"].to_numpy(bool)[kept] if "daily" in table else np.zeros(len(kept), bool)
    repeats = settle(2 * stations.number + daily, time_of, converted[kept], np.ones(len(kept), bool), monitor, apart)
    written = table["value"].to_numpy(object)[kept]
    _refuse_mixtures(where, repeats, table.index[kept], stations, id_of, time_of, written, apart, origin)
    drop("duplicate", _at(kept, repeats.duplicate, len(table)))

    observations = Observations(
        *place,
        repeats.value,
        crs,
        species,
        drop.report,
        time_of,
        id_of,
        None if groups is None else groups[kept],
        rows=repeats.rows if (repeats.rows > 1).any() else None,
    )
    negative = (repeats.value < 0) & (low >= 0)
    observations = observations.with_flag(NEGATIVE, negative).with_flag(AVERAGED, repeats.averaged)
    running = table["averaging"].to_numpy()[kept] == RUNNING_DAY if "averaging" in table else np.zeros(len(kept), bool)
    observations = observations.with_flag(DAILY_VALUE, daily).with_flag(RUNNING, running).select(repeats.keep)
    if "error" in table:
        errors = pd.Series(_errors(table, raw, converted, unit, variable.unit, where, gas)[kept])
        if repeats.averaged.any():  # a mean of several readings is as uncertain as the worst of them
            same = [2 * stations.number + daily] if time_of is None else [2 * stations.number + daily, time_of]
            errors = errors.where(~repeats.averaged, errors.groupby(same).transform("max"))
        observations = replace(observations, error=errors.to_numpy()[repeats.keep])
    values = Values.of(observations.value, raw[kept][repeats.keep])
    rows = table.index[kept][repeats.keep]
    return replace(observations, report=_told(observations, repeats, stations, id_of, time_of, values, rows))


def settled(observations: Observations, where: str = "the readings of several tables") -> Observations:
    """Readings that come from several tables, with each station and time once, as `repeats` says.

    Raises
    ------
    InputError
        If readings of different kinds are mixed.
    """
    stations = stations_of(observations.x, observations.y, observations.id, observations.crs)
    number = 2 * stations.number + observations.has_flag(DAILY_VALUE)
    repeats = settle(number, observations.time, observations.value, np.ones(len(observations), bool))
    rows = pd.RangeIndex(len(observations))
    _refuse_mixtures(where, repeats, rows, stations, observations.id, observations.time, observations.value, None, None)
    report = observations.report.without(observations.rows_in(repeats.duplicate), "duplicate")
    count = np.where(repeats.rows > 1, repeats.rows, 1 if observations.rows is None else observations.rows)
    result = replace(observations, value=repeats.value, rows=count).with_flag(AVERAGED, repeats.averaged).select(repeats.keep, report)
    report = report.flagged(int(repeats.averaged.sum()), FLAGS[AVERAGED])
    return replace(result, report=_noted(report, repeats, stations, observations.id, observations.time))


def in_unit(table: pd.DataFrame, values: np.ndarray, unit: str | None, wanted: str, where: str, gas: Gas | None) -> np.ndarray:
    """Values in the wanted unit; from one unit for all, or from that of each row.

    Raises
    ------
    InputError
        If a unit is not known or measures something else, naming the first row that has it.
    """
    if unit is not None or "unit" not in table:
        return convert(values, unit or wanted, wanted, where, gas)
    codes, distinct = pd.factorize(table["unit"].astype(object))
    converted = values.copy()
    for number, text in enumerate(distinct):
        of_unit = codes == number
        if not str(text).strip() or not np.isfinite(values[of_unit]).any():
            continue
        row = table.index[np.flatnonzero(of_unit)[0]] + 1
        try:
            converted[of_unit] = convert(values[of_unit], str(text).strip(), wanted, f"{where}, row {row}", gas)
        except InputError as error:
            others = [f"'{other}'" for other in distinct if str(other).strip() and other != text]
            if not others:
                raise
            raise InputError(f"{error}; other rows are in {', '.join(others[:3])}: keep the rows of one species with --where") from error
    return converted


def _conversion(table: pd.DataFrame, unit: str | None, variable: Variable) -> str:
    """From which units values were converted."""
    units = [unit] if unit is not None or "unit" not in table else sorted({str(one).strip() for one in table["unit"].dropna()} - {""})
    others = [str(one) for one in units if one != variable.unit]
    return f"{variable.long_name}: converted from {', '.join(others[:5])} to {variable.unit}"


def _errors(
    table: pd.DataFrame, raw: np.ndarray, converted: np.ndarray, unit: str | None, wanted: str, where: str, gas: Gas | None
) -> np.ndarray:
    """Standard deviations of the rows' readings in the wanted unit, from the columns `error` (their unit) and `error_share`."""
    absolute, share = (table[name].to_numpy(float) for name in ("error", "error_share"))
    if absolute.any():
        absolute = in_unit(table, raw + absolute, unit, wanted, where, gas) - converted
    return absolute + share * np.abs(converted)


class _Sieve:
    """Drops rows reason by reason; a row counts under the first reason that applies.

    Attributes
    ----------
    kept : bool, shape (rows of the table,)
    report : ReadingReport, up to now
    """

    def __init__(self, table: pd.DataFrame, report: ReadingReport):
        self.kept = np.ones(len(table), bool)
        self.report = report
        self._table = table

    def __call__(self, reason: str, bad: np.ndarray, show: Sequence[str] = ("value",)) -> None:
        hit = np.flatnonzero(self.kept & bad)
        if hit.size:
            self.kept[hit] = False
            shown = ", ".join(str(self._table[name].iat[hit[0]]) for name in show)
            self.report = self.report.without(int(hit.size), reason, f"first: row {self._table.index[hit[0]] + 1}, '{shown}'")


def _refuse_mixtures(
    where: str,
    repeats: Repeats,
    rows: pd.Index,
    stations: Stations,
    ids: np.ndarray | None,
    times: np.ndarray | None,
    written: np.ndarray,
    apart: np.ndarray | None,
    origin: Origin | None,
) -> None:
    if repeats.are_many:
        raise InputError(clash_message(where, repeats, rows, stations.number, ids, times, written, origin))
    if apart is not None and apart.any():
        crowd = np.bincount(stations.number[apart & repeats.keep], minlength=stations.count)
        if (crowd > MOST_AT_A_PLACE).sum() > 0.5 * (crowd > 0).sum():
            raise InputError(
                f"{where}: one place has {int(crowd.max())} different readings, and neither their times nor stations are known; "
                "name the column of the time with --time, or that of the station with --id"
            )


def _told(
    observations: Observations,
    repeats: Repeats,
    stations: Stations,
    ids: np.ndarray | None,
    times: np.ndarray | None,
    values: Values | None,
    rows: pd.Index,
) -> ReadingReport:
    """The report with what is remarkable about the readings that are used."""
    report = replace(observations.report, values=values, examples=examples(observations, rows))
    for flag in (NEGATIVE, AVERAGED):
        report = report.flagged(int(observations.has_flag(flag).sum()), FLAGS[flag])
    if times is None and ids is None:
        several = np.bincount(stations.number[repeats.keep])
        places, shared = int((several > 0).sum()), int((several > 1).sum())
        if shared > _MANY_SHARED * places:
            report = report.noted(
                "no time",
                (
                    f"{shared} of {places} places have several readings, and no time is named: they count as stations that share a place. If they "
                    "are of several days or hours, name the column of the time with --time"
                ),
            )
    return _noted(report, repeats, stations, ids, times)


def _noted(report: ReadingReport, repeats: Repeats, stations: Stations, ids: np.ndarray | None, times: np.ndarray | None) -> ReadingReport:
    """The report with what should be told of readings of one station and time, and of ids at several places."""
    if repeats.clashes:
        report = report.noted(
            "clashes",
            (
                f"at {repeats.clashes} of {repeats.times} times a station has different values; their mean is used: if they are several "
                "stations or variables, tell them apart with --id A+B or --where"
            ),
        )
    if stations.scattered.any():
        names = np.unique(ids[stations.scattered])
        named = ", ".join(map(str, names[:3])) + (", ..." if len(names) > 3 else "")
        report = report.noted(
            PLACES,
            (
                f"{len(names)} station id(s) stand at several places ({named}), one after the other: readings of a sensor that moves count "
                "each at its own place; a daily mean needs its hours at one place, fewer can be asked for with --hours"
                if moves(stations, ids, times)
                else f"{len(names)} station id(s) stand at several places at once ({named}): the id is not unique, so the place tells the stations "
                "apart; name the columns that do with --id A+B"
            ),
        )
    return report


def examples(observations: Observations, rows: pd.Index) -> tuple[Example, ...]:
    """The first, the middle and the last of the readings, with the numbers of their rows."""
    count = len(observations)
    return tuple(
        Example(
            int(rows[i]) + 1,
            "" if observations.id is None else str(observations.id[i]),
            "" if observations.time is None else str(observations.time[i]),
            float(observations.value[i]),
        )
        for i in sorted({0, count // 2, count - 1})
        if count
    )


def _at(places: np.ndarray, which: np.ndarray, count: int) -> np.ndarray:
    """A bool array of `count` that is true at those of the places that `which` picks."""
    found = np.zeros(count, bool)
    found[places[which]] = True
    return found


def _on_earth(x: np.ndarray, y: np.ndarray, crs: CRS) -> np.ndarray:
    finite = np.isfinite(x) & np.isfinite(y)
    if not crs.is_geographic:
        return finite
    return finite & (x >= -180) & (x <= 360) & (np.abs(y) <= 90)
