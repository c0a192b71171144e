"""A published form: the shapes of table that a source hands out, and what the columns of a table mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Sequence

from model_core.errors import InputError
from model_core.stations.forms.names import find, find_joined, matches
from model_core.stations.forms.shape import Shape, Species

# Where a form says nothing of places, columns of these names, which people add, hold them.
_X_NAMES, _Y_NAMES = ("lon", "longitude", "lng", "Länge", "x"), ("lat", "latitude", "Breite", "y")


@dataclass(frozen=True)
class Form:
    """A published form of station tables.

    Attributes
    ----------
    name : as `--from` takes it
    title, about : the source, and one line on what it hands out
    published : where it is to be had
    sure : how sure we are of the columns and their meaning: "high", "fair" or "low", and why
    works : whether its tables can be used as they are downloaded, `--sites` aside; else `remedy` says what to do
    needs_sites : whether no shape of it holds the places of the stations
    sites_id : columns that hold the station code in the source's own list of sites
    shapes : in order of preference
    """

    name: str
    title: str
    about: str
    published: str
    sure: str
    works: bool
    shapes: tuple[Shape, ...]
    remedy: str = ""
    sites: str = ""
    sites_id: tuple[str, ...] = ()

    @property
    def needs_sites(self) -> bool:
        """Whether no shape of the form says where the stations are."""
        return not any(shape.x for shape in self.shapes)

    @property
    def species(self) -> tuple[str, ...]:
        """Species that any of its shapes holds."""
        return tuple(dict.fromkeys(key for shape in self.shapes for key in shape.species))

    def shape(self, columns: Sequence[str]) -> Shape:
        """The shape of a table with these columns.

        Raises
        ------
        InputError
            If it has none of them.
        """
        columns = [str(column) for column in columns]
        scores = [shape.score(columns) for shape in self.shapes]
        if not any(scores):
            wanted = " or ".join(", ".join(shape.needs or shape.column_names) for shape in self.shapes)
            raise InputError(
                f"the table is not of the form '{self.name}', which has the columns {wanted}; it has {', '.join(columns)}. "
                "Name another form, or none with --from none and the columns themselves"
            )
        return self.shapes[scores.index(max(scores))]

    def options(self, columns: Sequence[str], species: str = "pm25", value: str | None = None) -> dict[str, Any]:
        """What the columns of a table mean: a value for each option that the form decides, by the option's name.

        Beside the options of a user (value, unit, unit_column, time, date_order, stamp, times_in, id, x, y, crs, group, where,
        wide, encoding, decimal) there may be: value_else, column_names, time_pattern, hours and hour_flags (a list of
        (column, hour)), station_columns (a list of (column, station)), id_pattern, id_from, instrument, averaging,
        averaging_column, averaging_days, missing, sites_where, where_about; always form, layout, needs_sites, species_stated
        (whether the table itself tells the species) and notes. Where a table has columns lon and lat they are taken, also
        where the form has none.

        Parameters
        ----------
        columns : names in the header; for a file without one the cells of its first row, and `column_names` then names them
        species : key of `variables.VARIABLES`
        value : the column of the readings, where the user names it; of a table that is not long what the species' column holds

        Raises
        ------
        InputError
            If the table is not of this form, lacks the species, or holds what can't be used.
        """
        columns = [str(column) for column in columns]
        shape = self.shape(columns)
        if shape.refuse:
            raise InputError(f"{self.title}: {shape.refuse}")
        headless = bool(shape.column_names) and tuple(columns) != shape.column_names
        columns = list(shape.column_names) or columns
        chosen = shape.species.get(species)
        if chosen is None:
            raise InputError(f"the form '{self.name}' does not hold '{species}'; it holds {', '.join(shape.species)}")
        of_species = _of_species(shape, (value,) if value and shape.layout != "long" else chosen.values, columns)
        options = {**_fixed(shape), **_columns(shape, columns)}
        options |= {"value": value} if value and shape.layout == "long" else _readings(self.name, shape, chosen, species, columns)
        options |= {
            "form": self.name,
            "layout": shape.layout,
            "column_names": shape.column_names if headless else (),
            "unit": chosen.unit or shape.unit,
            "sites_where": chosen.sites_where,
            "averaging": "" if value else chosen.averaging or shape.averaging,
            "needs_sites": "x" not in options,
            "where": [*of_species, *_present((*shape.where, *chosen.where), columns, shape.hour_flags)],
            "species_stated": bool(value or of_species or chosen.columns or chosen.sites_where or _own_stations(shape, chosen)),
            "notes": [*options.get("notes", ()), *shape.notes],
        }
        if options["id"]:
            options["id_from"] = ""
        lists = {name: list(setting) for name, setting in options.items() if isinstance(setting, tuple)}
        return {name: setting for name, setting in (options | lists).items() if setting not in ("", [], None) or name == "notes"}


def _fixed(shape: Shape) -> dict[str, Any]:
    """Options that are the same for every table of a shape."""
    names = (
        "date_order",
        "time_pattern",
        "stamp",
        "times_in",
        "crs",
        "id_pattern",
        "id_from",
        "averaging_days",
        "missing",
        "encoding",
        "decimal",
        "where_about",
    )
    return {**{name: getattr(shape, name) for name in names}, "wide": "yes" if shape.layout == "stations" else "no"}


def _columns(shape: Shape, columns: Sequence[str]) -> dict[str, Any]:
    """Options that name columns, by their spelling in the table."""
    found = {name: find(getattr(shape, name), columns) for name in ("unit_column", "group", "instrument", "averaging_column")}
    found |= {name: find_joined(getattr(shape, name), columns) for name in ("time", "id")}
    x, y = find(shape.x or _X_NAMES, columns), find(shape.y or _Y_NAMES, columns)
    if x is not None and y is not None:
        found |= {"x": x, "y": y}
    if shape.layout == "hours":
        found["hours"] = _numbered(shape.hours, columns)
        found["hour_flags"] = _numbered(shape.hour_flags, columns)
    return found


def _numbered(expression: str, columns: Sequence[str]) -> list[tuple[str, int]]:
    return [(column, int(match["hour"])) for column, match in matches(expression, columns)] if expression else []


def _readings(form: str, shape: Shape, chosen: Species, species: str, columns: Sequence[str]) -> dict[str, Any]:
    """The column of the readings, or the columns of the stations, with a word on what else could have been taken."""
    if shape.layout == "hours":
        return {}
    if shape.layout == "stations":
        found = [(column, match["id"]) for column, match in matches(chosen.stations, columns)]
        if not found:
            raise InputError(f"no column is '{species}' at a station as the form '{form}' names them; the table has {', '.join(columns)}")
        return {"station_columns": found}
    candidates = [column for name in (chosen.columns or shape.value) for column, _ in matches(name, columns)]
    candidates = list(dict.fromkeys(candidates))
    if not candidates:
        raise InputError(
            f"the table has no column of '{species}' that the form '{form}' knows; it has {', '.join(columns)}. "
            "Name the column with --value"
        )
    options: dict[str, Any] = {"value": candidates[0]}
    options["value_else"] = [column for name in shape.value_else for column, _ in matches(name, columns)]
    if len(candidates) > 1:
        others = " or ".join(f"'{name}'" for name in candidates[1:])
        options["notes"] = [f"readings are taken from '{candidates[0]}'; --value can name {others}"]
    if shape.unit_beside:
        options["unit_column"] = _beside(candidates[0], shape.unit_beside, columns)
    return options


def _own_stations(shape: Shape, chosen: Species) -> bool:
    """Whether the columns of stations tell the species, as they do where another species has others."""
    return bool(chosen.stations) and sum(species.stations == chosen.stations for species in shape.species.values()) == 1


def _beside(value: str, name: str, columns: Sequence[str]) -> str | None:
    """The next of two columns beside a value column that has this name, which readers number: ``unit (2)`` or ``unit.1``."""
    for column in columns[list(columns).index(value) + 1 :][:2]:
        if re.fullmatch(rf"{re.escape(name)}( \(\d+\)|\.\d+)?", column, re.IGNORECASE):
            return column
    return None


def _of_species(shape: Shape, values: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The condition that keeps the rows of the species."""
    column = find(shape.species_column, columns) if values else None
    return [f"{column}={','.join(values)}"] if column else []


def _present(conditions: Sequence[str], columns: Sequence[str], flags: str) -> list[str]:
    """The conditions whose column is there, in the table's spelling; `flag` is there once columns of hours have become rows."""
    found = []
    for condition in conditions:
        name, sign, values = re.split(r"(!=|>=|<=|=|>|<)", condition, maxsplit=1)
        column = "flag" if flags and name == "flag" else find(name.strip(), columns)
        found += [f"{column}{sign}{values}"] if column else []
    return found
