"""Several CTM files as one series: which file gives which day of which variable, found out from their headers alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Sequence

import numpy as np

from model_core.ctm.cmaq_aerosol import too_few_species
from model_core.ctm.companions import Companions
from model_core.ctm.ctm_file import AIR, SIZES, CTMFile, OpenFiles, Yield
from model_core.ctm.daily_means import DailyMean
from model_core.ctm.schedule import Entries, Schedule, make_schedule
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.time_zones import local_days, parse_time_zone
from model_core.variable_table import VariableTable

_KEPT_ATTRIBUTES = ("title", "TITLE", "source", "license", "terrain_source", "institution", "references")


@dataclass
class Series:
    """What a set of files holds together.

    Attributes
    ----------
    paths : the files
    grid : Grid, the same for all of them
    days : datetime64[D], in order: those that all daily variables have
    schedules : variable key -> which file and step gives which day
    static : variable key -> the first file that has this map
    attributes : global attributes of the first file that are worth keeping
    companions : variable key -> where that is which its files lack: the air of mixing ratios, the size fractions of aerosol species
    marks : how many values such as -999 were taken as missing so far
    notes : how variables were made or converted, for the card of a model
    """

    paths: list[Path]
    grid: Grid
    table: VariableTable
    days: list[np.datetime64] = field(default_factory=list)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    static: dict[str, Path] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    companions: dict[str, Companions] = field(default_factory=dict)
    marks: Counter = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def maps(self, files: OpenFiles) -> Iterator[tuple[str, np.ndarray]]:
        """(key, float32 (rows, columns)) of every variable without time."""
        for key, path in self.static.items():
            file = files.get(path)
            yield key, file.fields(file.yields()[key], marks=self.marks)[0]

    def fields(self, files: OpenFiles, progress: Progress) -> Iterator[tuple[int, str, np.ndarray]]:
        """(number of the day, key, daily mean float32 (rows, columns)) one after the other; no more than a day is held.

        Raises
        ------
        InputError
            If a file is damaged where it is read.
        """
        extremes = {key: _Extremes() for key in self.schedules}
        for number, day in enumerate(self.days):
            progress.step(number / len(self.days), f"reading {day}")
            for key, values in self._day(day, files, extremes, progress, number / len(self.days)).items():
                yield number, key, values
        _tell_marks(self.marks, progress)
        for key, seen in extremes.items():
            seen.warn(self.table.get(key), progress)

    def day(self, day: np.datetime64, files: OpenFiles) -> dict[str, np.ndarray]:
        """Daily means of one of `days`, by key, float32 (rows, columns); `InputError` if a file is damaged there."""
        return self._day(day, files, {key: _Extremes() for key in self.schedules}, Progress(), 0.0)

    def _day(
        self, day: np.datetime64, files: OpenFiles, extremes: dict[str, "_Extremes"], progress: Progress, share: float
    ) -> dict[str, np.ndarray]:
        """Daily means of all variables, file after file: an hourly file is opened once for all that it gives."""
        steps: dict[tuple[int, str], list[int]] = {}
        for key, schedule in self.schedules.items():
            entries = schedule.entries_of(day)
            for file, step in zip(entries.file, entries.step):
                steps.setdefault((int(file), key), []).append(int(step))
        means = {key: DailyMean(self.grid.shape) for key in self.schedules}
        for (number, key), of_file in sorted(steps.items()):
            progress.step(share, "")
            file = files.get(self.paths[number])
            way = file.yields().get(key)
            found = self.companions.get(key) if way is not None and way.by_companion is not None else None
            companion = None if found is None else found.fields(file, of_file, files, self.paths)
            fields = np.empty((0, 0, 0)) if way is None else file.fields(way, of_file, self.marks, companion)
            if fields.shape[1:] != self.grid.shape:
                raise InputError(f"'{file.path}' has changed while it was read; start again")
            extremes[key].add(fields, way.names[0], file.path)
            means[key].add(fields)
        return {key: mean.result(self.schedules[key].needed) for key, mean in means.items()}


def read_series(
    paths: Sequence[Path],
    wanted: Sequence[str] | None,
    table: VariableTable,
    progress: Progress,
    time_zone: str = "UTC",
    lead_day: int | None = None,
) -> Series:
    """Read the headers of all files and decide what each gives; overlaps, gaps and incomplete days go out as warnings.

    Parameters
    ----------
    wanted : variable keys; None takes all that are recognised with a unit that fits
    time_zone : whose days the hourly fields are averaged over
    lead_day : of forecasts, only this day is taken: 0 is the day (in the time zone) on which the run starts

    Raises
    ------
    InputError
        If a file can't be read, the grids differ, a unit of a wanted variable is not understood, one day comes twice from
        alike files, or nothing is left.
    """
    zone = parse_time_zone(time_zone)
    keys = None if wanted is None else [table.get(key).key for key in dict.fromkeys(wanted)]
    series: Series | None = None
    entries: dict[str, list[Entries]] = {}
    gives: dict[int, frozenset[str]] = {}
    known_grid, said, species, reasons, lacking = None, set(), [], [], {}
    companions = {kind: Companions(kind) for kind in (AIR, SIZES)}
    for number, path in enumerate(paths):
        progress.step(number / len(paths), f"looking into {path.name}")
        with OpenFiles(table, 1) as files:
            file = files.get(path)
            if series is None:
                series = Series(list(paths), file.layout.grid, table)
                series.attributes = {name: str(file.dataset.attrs[name]) for name in _KEPT_ATTRIBUTES if name in file.dataset.attrs}
            elif file.layout.grid != known_grid and not series.grid.matches(file.layout.grid):
                raise InputError(
                    f"'{path}' is on another grid than '{paths[0]}':\n  {file.layout.grid}\n  {series.grid}\n"
                    "bring one onto the other's grid first, or leave one out"
                )
            known_grid = file.layout.grid
            _say_once([f"'{path}': {note}" for note in (*file.layout.notes, *file.surface_notes())], "note", said, progress.log)
            _say_once([f"'{path}': {doubt}" for doubt in file.level_doubts()], "doubt of the level", said, progress.warn)
            species = species or (file.missing_species() if file.aerosol_species() else [])
            ways = _ways(file, keys, said, reasons, progress)
            for one in companions.values():
                one.add(number, file)
            gives[number] = frozenset(ways)
            for key, way in ways.items():
                if way.variable.static:
                    series.static.setdefault(key, path)
                else:
                    if way.by_companion is not None:
                        lacking.setdefault(key, (companions[way.companion], f"{key} from '{path}': {way.remark}"))
                    else:
                        remarks = [f"{key} from '{path}': {way.remark}"] if way.remark else []
                        series.notes += remarks if f"remark on {key}" not in said else []
                        _say_once(remarks, f"remark on {key}", said, progress.warn)
                    entries.setdefault(key, []).append(_entries(file, way, number, zone))
    names = [path.name for path in paths]
    for key, parts in entries.items():
        schedule = make_schedule(key, Entries.joined(parts), paths, gives, lead_day, progress)
        series.schedules[key] = schedule
        if key in lacking:
            _find_companion(series, key, *lacking[key], progress)
    _check_found(series, keys, species, names, reasons, progress)
    series.days = _common_days(series.schedules, progress)
    return series


def _ways(file: CTMFile, wanted: list[str] | None, said: set[str], reasons: list[str], progress: Progress) -> dict[str, Yield]:
    """What the file gives of what is wanted; unwanted variables that can't be understood are left out, with a warning."""
    given = file.yields()
    ways = {}
    for key in given if wanted is None else wanted:
        if key not in given:
            continue
        way = given[key]
        try:
            file.check(way)
            if not way.variable.static and file.layout.times is not None and not len(file.layout.times):
                raise InputError(f"'{file.path}' holds no time step")
            if not way.variable.static and not all(file.layout.has_times(file.dataset[name]) for name in way.names):
                raise InputError(f"variable '{way.names[0]}' of '{file.path}' has no time, so its day is not known")
        except InputError as error:
            if wanted is not None and "has no time" not in str(error):
                raise
            reasons.append(str(error))
            _say_once([f"left out: {error}"], f"left out {key}", said, progress.warn)
            continue
        ways[key] = way
    return ways


def _entries(file: CTMFile, way: Yield, number: int, zone) -> Entries:
    layout = file.layout
    steps = np.arange(len(layout.times))
    daily = layout.days is not None
    days = layout.days if daily else local_days(layout.times, zone)
    return Entries(
        days,
        layout.days.astype("datetime64[s]") if daily else layout.times,
        np.full(len(steps), daily),
        layout.starts,
        local_days(layout.starts, zone),
        np.full(len(steps), number),
        steps,
    )


def _find_companion(series: Series, key: str, companions: Companions, remark: str, progress: Progress) -> None:
    """Take what the variable's files lack from the others, where they have it at all times; else say what is assumed."""
    entries, daily = series.schedules[key].entries, bool(series.schedules[key].entries.daily.any())
    if companions.cover(daily, entries.days if daily else entries.times):
        series.companions[key] = companions
        names = ", ".join(companions.names[:3])
        series.notes.append(
            f"{key}: its mixing ratio is converted with the temperature and pressure of {names}"
            if companions.kind == AIR
            else f"{key}: made of CMAQ's aerosol species by its definition for combine, with the size fractions of {names}"
        )
        progress.log(series.notes[-1])
    else:
        series.notes.append(remark)
        progress.warn(remark)


def _say_once(messages: list[str], kind: str, said: set[str], say) -> None:
    """Of a thousand alike files, the first speaks for all."""
    if messages and kind not in said:
        said.add(kind)
        for message in messages:
            say(message)


def _common_days(schedules: dict[str, Schedule], progress: Progress) -> list[np.datetime64]:
    if not schedules:
        return []
    common = set.intersection(*(set(schedule.days) for schedule in schedules.values()))
    if not common:
        spans = ", ".join(f"{key} {min(s.days)} to {max(s.days)}" for key, s in schedules.items())
        raise InputError(f"the variables have no day in common: {spans}")
    every = set.union(*(set(schedule.days) for schedule in schedules.values()))
    if len(every) > len(common):
        progress.warn(f"{len(every) - len(common)} of {len(every)} days left out, because a variable lacks them")
    return sorted(common)


def _check_found(
    series: Series, wanted: list[str] | None, species: list[str], names: list[str], reasons: list[str], progress: Progress
) -> None:
    found = {*series.schedules, *series.static}
    if species and "pm25" not in found and (wanted is None and not found or wanted is not None and "pm25" in wanted):
        raise InputError(f"{names[0]} has {too_few_species(species)}")
    if species and "pm25" not in found and wanted is None:
        progress.warn(f"{names[0]} has {too_few_species(species)}")
    if not found:
        what = f"none of {', '.join(wanted)}" if wanted else "no known variable with a fitting unit and a time"
        with OpenFiles(series.table, 1) as files:
            seen = ", ".join([str(name) for name in files.get(series.paths[0]).dataset.data_vars][:20])
        raise InputError(f"{', '.join(names[:5])}: {what} is there; " + (reasons[0] if reasons else f"the first file has {seen}"))


def _tell_marks(marks: Counter, progress: Progress) -> None:
    for (name, mark), count in sorted(marks.items()):
        what = f"variable '{name}': {count} values of {mark:g} are taken as missing"
        progress.warn(f"{what}; they can't be real, though no _FillValue says so")


class _Extremes:
    """Smallest and largest value of a variable, and where the values first left what nature has."""

    def __init__(self) -> None:
        self._low, self._high, self._where = np.inf, -np.inf, ""

    def add(self, fields: np.ndarray, name: str, path: Path) -> None:
        low, high = np.nanmin(fields, initial=np.inf), np.nanmax(fields, initial=-np.inf)
        if low < self._low or high > self._high or not self._where:
            self._where = f"variable '{name}' of '{path}'"
        self._low, self._high = np.fmin(low, self._low), np.fmax(high, self._high)

    def warn(self, variable, progress: Progress) -> None:
        low, high = variable.limits
        if self._low < low or self._high > high:
            progress.warn(
                f"{self._where} spans {self._low:g} to {self._high:g} {variable.unit}, "
                f"beyond the plausible {low:g} to {high:g}; is its unit right?"
            )
