"""A file of readings, opened as its source says: rows of one layout, whatever the file's own was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.stations import wide
from model_core.stations.averaging import averaging_column, averaging_of, averaging_of_form
from model_core.stations.decimal_signs import witnesses_in
from model_core.stations.distinct import coordinates
from model_core.stations.filters import conditions, rows_that_meet, values_there
from model_core.stations.forms.hours import to_long
from model_core.stations.judged import judging_column, marks_told
from model_core.stations.labels import joined_labels, labels
from model_core.stations.reading_report import ReadingReport
from model_core.stations.resolve import meaning_of
from model_core.stations.sites import Sites, read_sites
from model_core.stations.source import Source, joined_columns
from model_core.stations.table_files import open_table
from model_core.stations.table_times import TableTimes
from model_core.stations.tables import EMPTY_TEXTS, LONLAT, coordinate_columns, require_column, split_layer

# Columns that tell the monitors of a site apart, in lower case.
_MONITOR_NAMES = ("poc", "parameter occurrence code")
_SAMPLE_ROWS, _PART_ROWS = 60, 200_000
_BLOCK_ROWS = 20_000  # parts of text files are up to so many rows shorter than they may be
_EXPLAINED_VALUES = 4
Part = tuple[pd.DataFrame, ReadingReport]


class StationTable:
    """A file of readings and what its columns mean.

    Attributes
    ----------
    source : with what the form and the header add to it
    crs : pyproj.CRS, of the places
    notes : what was assumed of the file, for the log
    values_beside : one value of each kind that tells the decimal sign of the file, where it is read in parts

    Raises
    ------
    InputError
        If the file can't be read, a column is not there, or places or readings can't be found in it.
    """

    def __init__(self, source: Source, path: str | None = None, day: Date | None = None):
        self._file, self._layer = split_layer(path or source.path)
        options = {key: value for key, value in (("encoding", source.encoding), ("decimal", source.decimal)) if value}
        self._table = open_table(self._file, self._layer, **options)
        self._names = list(self._table.columns)
        sample = self._sample()
        meaning = meaning_of(source, self._names, sample, self._table.has_points)
        self._extra = meaning.extra
        self.source = source = meaning.source
        self.notes = [*getattr(self._table, "notes", ()), *meaning.notes]
        self._form = meaning.form
        self._conditions, self._errors = conditions(source.where, self._names), source.errors
        self._time = joined_columns(source.time, self._names)
        self._id = joined_columns(source.id, self._names)
        self._station_columns = self._wide_columns(sample)
        if self._errors and self._errors.columns and (self._station_columns or self._extra.get("hours")):
            raise InputError(f"'{self._file}' has several readings in a row, and no error of each: give one for all, such as --error 20%")
        self._find_value()
        self._axes = self._find_axes()
        self._sites: Sites | None = None
        self.values_beside: tuple[str, ...] = ()
        self._axes_beside: dict[str, tuple[str, ...]] = {}
        self._wanted = self._columns_to_read()
        for name in self._wanted:
            if not (name == "flag" and self._extra.get("hour_flags")):
                require_column(self._names, name, self._file)
        self._times = TableTimes(self.source, self._extra.get("time_pattern"), self._averaging, day, self._all_times)
        self.crs: CRS | None = None if source.sites else self._own_crs()

    @property
    def columns(self) -> list[str]:
        """The columns of the file."""
        return list(self._names)

    @property
    def has_times(self) -> bool:
        """Whether its rows say their times."""
        return bool(self._time)

    def parts(self, rows: int | None = None) -> Iterator[Part]:
        """The rows in order, of at most `rows` rows of the file at a time; default: all at once.

        Each part has the columns x, y (float64, in `crs`), value (as it stands), and where they are known time (datetime64[s]), id,
        group, unit, monitor (text) and averaging (`averaging.HOUR`, ...). Its index are the numbers of the rows in the file, from 0.
        The report counts the rows that conditions filtered.
        """
        for number, (raw, points) in enumerate(self._raw_parts(rows)):
            if number == 0 and rows is not None and len(raw) + _BLOCK_ROWS > rows and self.source.decimal is None:
                self._look_for_decimal_signs()  # there may be further parts
            yield self._canonical(raw, points)

    def _look_for_decimal_signs(self) -> None:
        """Find what tells the decimal sign of values and coordinates anywhere in the file, so that all of its parts are read alike."""
        values = [name for name in self._wanted if name in self._value_columns]
        axes = {axis: (name,) for axis, name in zip("xy", self._axes or ())}
        found = witnesses_in(self._file, self._table, {"value": values, **axes}, _PART_ROWS)
        self.values_beside, self._axes_beside = found["value"], {axis: found[axis] for axis in axes}

    def differences(self, rows: Sequence[int]) -> dict[str, list[str]]:
        """The columns in which rows of the file, by number from 0, differ, with the values there; for messages."""
        wanted, found, first = set(rows), [], 0
        for table, _ in self._table.parts(None, _PART_ROWS):
            table = table.set_axis(pd.RangeIndex(first, first + len(table)))
            found.append(table.loc[[row for row in table.index if row in wanted]])
            first += len(table)
        there = pd.concat(found).astype(str)
        skip = {*self._time, self.source.value}
        return {
            str(name): list(dict.fromkeys(there[name]))[:_EXPLAINED_VALUES]
            for name in there.columns
            if name not in skip and there[name].nunique() > 1
        }

    def nothing_meets(self) -> str:
        """Says which values there are where no row meets the conditions."""
        raw, _ = next(iter(self._raw_parts(None)))
        told = "; ".join(f"'{c.column}' holds {values_there(raw, c.column)}" for c in self._conditions if c.column in raw)
        return f"no row of '{self._file}' has {' and '.join(map(str, self._conditions))}: {told}"

    def _all_times(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """The columns of the times, part by part."""
        for table, _ in self._raw_parts(_PART_ROWS):
            yield table[[name for name in columns if name in table]]

    def _sample(self) -> pd.DataFrame | None:
        for table, _ in self._table.parts(None, _SAMPLE_ROWS):
            return table.head(_SAMPLE_ROWS)
        return None

    def _wide_columns(self, sample: pd.DataFrame | None) -> list[tuple[str, str]]:
        """(column, station) of a table with one column per station; empty for others."""
        source = self.source
        if self._extra.get("hours"):
            return []
        if self._extra.get("station_columns"):
            return list(self._extra["station_columns"])
        if source.wide == "no" or (source.wide == "auto" and (source.value in self._names or not wide.looks_wide(self._names))):
            return []
        others = [*self._time, *(name for name in (source.x, source.y, source.group, source.unit_column) if name)]
        others += [condition.column for condition in self._conditions]
        columns = wide.station_columns(self._names, others)
        if not self._time:
            self._time = wide.time_columns(self._names)
        kind = wide.type_column(self._names)
        if kind and not any(condition.column == kind for condition in self._conditions):
            there = [] if sample is None else sample[kind].astype(str).unique()
            name = wide.type_of(source.species, source.value, list(there))
            self._conditions += conditions([f"{kind}={name}"], self._names)
        if not columns:
            raise InputError(f"'{self._file}' has no column that could be a station; it has {', '.join(self._names)}")
        self.notes.append(f"one column per station: {len(columns)} stations, {columns[0]} to {columns[-1]}")
        return [(name, name) for name in columns]

    def _find_value(self) -> None:
        if self._station_columns or self._extra.get("hours"):
            self.source = replace(self.source, value="value")
        elif not self.source.value:
            raise InputError(
                f"'{self._file}' is of no form that is known; name the column of its readings (--value), one of {', '.join(self._names)}"
            )
        unit = getattr(self._table, "units", {}).get(self.source.value)
        if unit and self.source.unit is None and self.source.unit_column is None:
            self.source = replace(self.source, unit=unit)
            self.notes.append(f"unit '{unit}' from the line below the header")

    def _find_axes(self) -> tuple[str, str] | None:
        """Columns of the coordinates; None where sites or a geometry give the places."""
        source = self.source
        if source.sites or (source.x is None and self._table.has_points):
            if source.sites and not (self._id or self._station_columns or self._extra.get("id_from") == "file"):
                self._extra = {**self._extra, "id_from": "file"}
                self.notes.append(f"no column of the station code is named (--id): the file's name, '{self._file.stem}', is taken for it")
            return None
        if source.x is not None:
            return source.x, source.y
        try:
            return coordinate_columns(self._names, self._file)
        except InputError as error:
            if self._station_columns:
                raise InputError(
                    f"'{self._file}' has one column per station and no places: "
                    "name a table of the stations' places by their code (--sites FILE)"
                ) from error
            remedy = "; or name a table of the stations' places by their code (--sites FILE)"
            about = f"; {self._form.title} publishes its places apart" if self._form is not None and self._extra.get("needs_sites") else ""
            raise InputError(f"{error}{remedy}{about}") from error

    def _own_crs(self) -> CRS:
        crs = self.source.crs or (self._table.crs if self._axes is None else LONLAT)
        if crs is None:
            raise InputError(f"'{self._file}' does not say its CRS; name it, for example EPSG:4326")
        return parse_crs(crs)

    def _columns_to_read(self) -> list[str]:
        source, extra = self.source, self._extra
        self._averaging = extra.get("averaging_column") or (None if extra.get("averaging") else averaging_column(self._names))
        self._monitor = extra.get("instrument") or next((name for name in self._names if name.strip().lower() in _MONITOR_NAMES), None)
        if self._monitor in self._id:
            self._monitor = None
        named = [*self._time, *self._id, *(condition.column for condition in self._conditions)]
        self._judging = None if self._form is not None or self._station_columns else judging_column(self._names, [source.value, *named])
        values = [name for name, _ in self._station_columns]
        if extra.get("hours") and not values:
            values = [name for name, _ in extra["hours"]]
        self._value_columns = {*(values or [source.value]), *extra.get("value_else", ())}
        wanted = [
            *(values or [source.value]),
            *(name for name, _ in extra.get("hour_flags", ())),
            *extra.get("value_else", ()),
            *self._time,
            *self._id,
            *(self._axes or ()),
            *(condition.column for condition in self._conditions),
            *(name for name in (source.group, source.unit_column, self._averaging, self._monitor, self._judging) if name),
            *(self._errors.columns if self._errors else ()),
        ]
        return list(dict.fromkeys(wanted))

    def _raw_parts(self, rows: int | None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame | None]]:
        wanted = [name for name in self._wanted if name in self._names]
        first = 0
        for table, points in self._table.parts(wanted, rows):
            if not len(table) and not first:
                raise InputError(f"station file '{self._file}' has no rows")
            table = table.set_axis(pd.RangeIndex(first, first + len(table)))
            if points is not None:
                points = points.set_axis(table.index)
            first += len(table)
            if len(table):
                yield table, points

    def _canonical(self, raw: pd.DataFrame, points: pd.DataFrame | None) -> Part:
        count = len(raw)
        cells = 1 if not (self._station_columns or self._extra.get("hours")) else len(self._station_columns or self._extra["hours"])
        early = [c for c in self._conditions if c.column in raw]
        if early:
            raw = raw[rows_that_meet(raw, early, self._file)]
            points = None if points is None else points.loc[raw.index]
        filtered, lacking = (count - len(raw)) * cells, 0
        if self._extra.get("hours"):
            flags = self._extra.get("hour_flags", ())
            raw = to_long(raw, "+".join(self._time), self._extra["hours"], flags)
            if missing := self._extra.get("missing"):  # hours without a reading, also of days that no calendar has
                nothing = raw["value"].astype(str).str.strip().isin([str(text) for text in missing])
                raw, lacking = raw[~nothing], int(nothing.sum())
            late = [c for c in self._conditions if c not in early]
            if late:
                met = rows_that_meet(raw, late, self._file)
                filtered += int((~met).sum())
                raw = raw[met]
            time_columns = ["time"]
        else:
            time_columns = self._time
        if self._station_columns:
            raw = wide.melted(raw.rename(columns=dict(self._station_columns)), [station for _, station in self._station_columns])
        report = ReadingReport(count * cells, count * cells).without(filtered, "filtered").without(lacking, "empty")
        if self._judging and (told := marks_told(raw[self._judging])):
            report = report.noted("marks", told)
        rows: dict[str, Any] = {"value": self._values(raw)}
        if self._errors:
            found, told = self._errors.of(raw, self.source.decimal, f"'{self._file}'")
            rows |= {name: found[name] for name in found}
            report = report.noted("errors", told) if told else report
        if time_columns:
            rows["time"] = self._times.of(raw, time_columns)
        rows |= {name: column for name, column in self._codes(raw).items() if column is not None}
        rows["x"], rows["y"] = self._places(raw, points, rows.get("id"))
        if "id" in rows:
            rows["id"] = pd.Categorical(rows["id"])  # it is looked up again and again
        return pd.DataFrame(rows, index=raw.index), report

    def _values(self, raw: pd.DataFrame) -> pd.Series:
        values = raw[self.source.value]
        for column in self._extra.get("value_else", ()):
            nothing = values.isna() | values.astype(str).str.strip().str.lower().isin(EMPTY_TEXTS)
            values = values.mask(nothing, raw[column])
        missing = self._extra.get("missing")
        return values if not missing else values.mask(values.astype(str).str.strip().isin([str(text) for text in missing]), None)

    def _codes(self, raw: pd.DataFrame) -> dict[str, np.ndarray | pd.Series | None]:
        found: dict[str, Any] = {}
        if self._station_columns:
            found["id"] = raw["id"].astype(str).to_numpy()
        elif self._id:
            found["id"] = joined_labels([raw[name] for name in self._id])
        elif self._extra.get("id_from") == "file":
            found["id"] = np.full(len(raw), self._file.stem)
        if "id" in found and self._extra.get("id_pattern"):
            text = pd.Series(found["id"]).str.extract(self._extra["id_pattern"], expand=False)
            found["id"] = text.iloc[:, 0].fillna("").to_numpy(str) if isinstance(text, pd.DataFrame) else text.fillna("").to_numpy(str)
        for key, name in (("group", self.source.group), ("unit", self.source.unit_column)):
            found[key] = None if name is None else raw[name]
        if self._monitor:
            found["monitor"] = labels(raw[self._monitor])
        if self._averaging:
            found["averaging"] = averaging_of(raw[self._averaging], self._extra.get("averaging_days"))
        elif self._extra.get("averaging"):
            found["averaging"] = averaging_of_form(self._extra["averaging"], len(raw))
        return found

    def _places(self, raw: pd.DataFrame, points: pd.DataFrame | None, ids: np.ndarray | None) -> tuple[Any, Any]:
        if self.source.sites:
            if self._sites is None:
                self._sites = read_sites(
                    self.source.sites,
                    ids,
                    self.source.sites_id,
                    self.source.crs,
                    where=self._extra.get("sites_where"),
                    x=self.source.x,
                    y=self.source.y,
                )
                self.crs = parse_crs(self._sites.crs)
                name = Path(self.source.sites).name
                self.notes.append(f"places of {len(self._sites.codes)} stations from {name}, by its column '{self._sites.column}'")
            return self._sites.places(np.asarray(ids, str))
        if self._axes is None:
            return points["x"].to_numpy(float), points["y"].to_numpy(float)
        return tuple(coordinates(raw[name], self.source.decimal, self._axes_beside.get(axis, ())) for axis, name in zip("xy", self._axes))
