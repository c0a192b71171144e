"""One shape of a form's tables, as its TOML file states it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping, Sequence

from model_core.stations.forms.names import find

LAYOUTS = ("long", "stations", "hours")
# What readers make of a cell that they take for a column's name: doubled ones are numbered, empty ones get a name.
_NAMED_AFTER = re.compile(r" \(\d+\)$|^(Unnamed: |column )\d+$")


@dataclass(frozen=True)
class Species:
    """How one species is told from the others in a table.

    Attributes
    ----------
    values : what the shape's `species_column` holds for it
    columns : columns of its readings, in order of preference; a name between slashes is a regular expression
    stations : regular expression of the columns of its stations, whose group ``id`` is the station
    unit : of its readings
    where : conditions that hold for this species alone
    averaging : see `Shape`
    sites_where : condition for the list of sites, where that alone says which instrument measures what
    """

    values: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    stations: str = ""
    unit: str = ""
    where: tuple[str, ...] = ()
    averaging: str = ""
    sites_where: str = ""


@dataclass(frozen=True)
class Shape:
    """One shape of a form's tables. Column names are spelt as published; those that may have one of several names are tuples.

    Attributes
    ----------
    headers : the header lines as published, `separator` between their names
    found : where these were seen
    needs, any_of, forbids : columns that must be there, of each group at least one, and none
    layout : "long", a row per reading (and species); "stations", a column per station; "hours", a column per hour of the day
    column_names, cells : for files without a header: the names, and a regular expression for each cell of the first row
    species_column, species : see `Species`; a shape's own species take the place of the form's
    value, value_else : the column of readings where it is one and the same for every species, and those to look into, in order,
        where it is empty
    unit, unit_column, unit_beside : the unit where no column says it; that column; or the name that the unit columns beside each
        value column share
    time, date_order, time_pattern, stamp, times_in : as the options of these names; the pattern is strptime's and says exactly
        how the joined time columns are written, where that can't be guessed
    hours : regular expression of the columns of hours, whose group ``hour`` is the number of the hour
    hour_flags : the same for columns of flags beside them; they become one column `flag`
    id, id_pattern, group, instrument : station code and the part of it, group 1, that lists of sites use; city; and what tells
        several instruments of a station apart, whose readings are averaged
    id_from : "file" where a file is one station, and only its name says which if there is no column `id`
    where, where_about : rows to keep, and why, in words; a condition whose column is missing is left out
    averaging, averaging_column, averaging_days : "hour", "day", or "running day" for means of the 24 hours before the time, whose
        last one of a day is the day's; or the column that says so, and what it holds for daily means
    missing : what stands for no reading, beside what is known everywhere
    notes : what the user should be told
    refuse : why readings of this shape can't be used at all
    """

    headers: tuple[str, ...] = ()
    separator: str = ","
    found: str = ""
    needs: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    forbids: tuple[str, ...] = ()
    layout: str = "long"
    column_names: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    species_column: tuple[str, ...] = ()
    species: Mapping[str, Species] = field(default_factory=dict)
    value: tuple[str, ...] = ()
    value_else: tuple[str, ...] = ()
    unit: str = ""
    unit_column: tuple[str, ...] = ()
    unit_beside: str = ""
    time: tuple[str, ...] = ()
    date_order: str = ""
    time_pattern: str = ""
    stamp: str = "start"
    times_in: str = ""
    hours: str = ""
    hour_flags: str = ""
    x: tuple[str, ...] = ()
    y: tuple[str, ...] = ()
    crs: str = ""
    id: tuple[str, ...] = ()
    id_pattern: str = ""
    id_from: str = ""
    group: tuple[str, ...] = ()
    instrument: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    where_about: str = ""
    averaging: str = ""
    averaging_column: tuple[str, ...] = ()
    averaging_days: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    encoding: str = ""
    decimal: str = ""
    notes: tuple[str, ...] = ()
    refuse: str = ""

    def score(self, columns: Sequence[str]) -> int:
        """How many columns tell that a table has this shape; 0 if it has not."""
        if self.column_names:
            known = tuple(columns) == self.column_names or self.is_first_row(columns)
            return len(columns) if known else 0
        if any(find(name, columns) is None for name in self.needs) or any(find(group, columns) is None for group in self.any_of):
            return 0
        return 0 if any(find(name, columns) for name in self.forbids) else len(self.needs) + len(self.any_of)

    def is_first_row(self, cells: Sequence[str]) -> bool:
        """Whether cells are the first row of a file of this shape, which has no header; also as a reader names columns after them."""
        return len(cells) == len(self.cells) > 0 and all(
            re.fullmatch(expression, _NAMED_AFTER.sub("", str(cell)).strip()) for expression, cell in zip(self.cells, cells, strict=True)
        )
