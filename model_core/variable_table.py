"""The known variables, as a user may extend or override them with a small TOML file.

A table for each variable, known or new; every entry is optional for a known one::

    [pm25]
    names = ["PM25_cmaq_raw"]  # in files, preferred to the known names
    file_unit = "ug m-3"  # of those names, where the file states none or a wrong one

    [nh3]  # a new variable needs its canonical unit
    unit = "ug m-3"
    names = ["NH3"]
    long_name = "ammonia"
    limits = [0, 1000]
    molar_mass = 17.031  # g mol-1, for a gas: its mixing ratios become concentrations
    static = false

A model that is trained on a new variable carries its definition, so that a prediction needs no table.

Before the first table may stand which level of the files is read, where that can't be told or another is wanted::

    level = "first"  # "last", or a value of the level axis
"""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

from model_core.errors import InputError
from model_core.gases import STANDARD, State
from model_core.units import convert
from model_core.variables import IN_USE, VARIABLES, Variable

_ENTRIES = {
    "names": "a list of texts",
    "file_unit": "a text",
    "unit": "a text",
    "long_name": "a text",
    "standard_name": "a text",
    "limits": "a list of two numbers",
    "static": "true or false",
    "molar_mass": "a number above zero",
}


@dataclass(frozen=True)
class VariableTable:
    """Variables by key, and the units of files that state none.

    Attributes
    ----------
    variables : dict of key -> Variable
    file_units : dict of upper-case name in files -> unit
    level : "first", "last" or a value of the level axis, to be read instead of the surface; None for the surface
    air : at which mixing ratios become concentrations where no file knows temperature and pressure
    """

    variables: dict[str, Variable] = field(default_factory=lambda: dict(VARIABLES))
    file_units: dict[str, str] = field(default_factory=dict)
    level: str | None = None
    air: State = STANDARD

    def __post_init__(self) -> None:
        by_name = {v.key.upper(): (v, len(v.aliases)) for v in self.variables.values()}
        by_name |= {name.upper(): (v, rank) for v in self.variables.values() for rank, name in reversed(list(enumerate(v.aliases)))}
        by_standard = {name: v for v in self.variables.values() for name in (v.standard_name, *v.other_standard_names) if name}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_standard_name", by_standard)

    def get(self, key: str) -> Variable:
        """The variable of this key; `InputError` that lists the known ones if there is none."""
        if key not in self.variables:
            raise InputError(f"unknown variable '{key}'; known are {', '.join(self.variables)}")
        return self.variables[key]

    def recognise(self, name: str, standard_name: str = "") -> Variable | None:
        """The variable behind a name in a file, or behind its CF standard name; None if it is not a known one."""
        found = self._by_name.get(name.strip().upper())
        return found[0] if found else self._by_standard_name.get(standard_name)

    def preference(self, name: str) -> int:
        """Rank of a name among those of its variable, 0 first; for files that hold several of them."""
        found = self._by_name.get(name.strip().upper())
        return found[1] if found else 1000

    def unit_of(self, name: str, stated: Any) -> str:
        """The unit of a variable in a file: the user's, or else what the file states, "" where it states none."""
        return self.file_units.get(name.strip().upper(), "") or str(stated if stated is not None else "").strip()

    def describe(self) -> str:
        """All that distinguishes one table from another, as text."""
        return repr((sorted(self.variables.items()), sorted(self.file_units.items()), self.level, tuple(self.air)))


_CURRENT: ContextVar[VariableTable] = ContextVar("variable_table", default=VariableTable())  # noqa: B039  it is never changed


def current_table() -> VariableTable:
    """The table of the job that runs."""
    return _CURRENT.get()


@contextmanager
def in_use(path: str | Path | None, level: str | None = None, air: State | None = None) -> Iterator[None]:
    """Within the block, the known variables are as this TOML file changes them, this level is read, and gases convert in this air.

    None leaves them as they are. What `make_known` adds within the block is forgotten after it.
    """
    table = read_variable_table(path) if path else current_table()
    if level not in (None, ""):
        table = replace(table, level=_level(level, "level"))
    if air is not None:
        table = replace(table, air=air)
    tokens = _CURRENT.set(table), IN_USE.set(table.variables)
    try:
        yield
    finally:
        _CURRENT.reset(tokens[0])
        IN_USE.reset(tokens[1])


def definitions(keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What a model file says of those of its variables that this software does not know by itself: entries as in a table."""
    found = {}
    for variable in (current_table().get(key) for key in dict.fromkeys(keys) if key not in VARIABLES):
        entries = {
            "unit": variable.unit,
            "long_name": variable.long_name,
            "standard_name": variable.standard_name,
            "names": list(variable.aliases),
            "static": variable.static,
            "molar_mass": variable.molar_mass,
            "limits": list(variable.limits) if all(map(isfinite, variable.limits)) else None,
        }
        found[variable.key] = {name: value for name, value in entries.items() if value not in (None, "", [], False)}
    return found


def make_known(defined: Mapping[str, Mapping[str, Any]], where: str) -> None:
    """Take the variables that a model file defines among the known ones, for the rest of the job.

    A variable that is known already, from the user's table perhaps, stays as it is.

    Raises
    ------
    InputError
        If it is known in another unit, or a definition is broken.
    """
    table, added = current_table(), {}
    for key, entries in defined.items():
        known, what = table.variables.get(key), f"{where}, variable '{key}'"
        _check(dict(entries), what)
        if known is None:
            added[key] = _changed(None, key, dict(entries), what)
        elif known.unit != entries["unit"]:
            raise InputError(
                f"{what}: the model has it in {entries['unit']}, the variable table in {known.unit}; give the table the model's unit"
            )
    if added:
        table = replace(table, variables={**table.variables, **added})
        _CURRENT.set(table)
        IN_USE.set(table.variables)


def read_variable_table(path: str | Path) -> VariableTable:
    """The known variables, changed as the TOML file says.

    Raises
    ------
    InputError
        If the file can't be read, or an entry is unknown, of the wrong kind, or contradicts another; the entry is named.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"variable table '{path}' does not exist") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"variable table '{path}' can't be read: {error}") from error
    variables, file_units = dict(VARIABLES), {}
    level = _level(content.pop("level"), f"variable table '{path}', level") if "level" in content else None
    for key, entries in content.items():
        where = f"variable table '{path}', [{key}]"
        if not isinstance(entries, dict):
            raise InputError(f"{where}: write it as a table, [{key}] on a line of its own")
        _check(entries, where)
        if key not in variables and "unit" not in entries:
            raise InputError(f"{where}: a new variable needs its unit; known ones are {', '.join(VARIABLES)}")
        variables[key] = _changed(variables.get(key), key, entries, where)
        if "file_unit" in entries:
            convert([1.0], entries["file_unit"], variables[key].unit, where)
            file_units |= {name.upper(): entries["file_unit"] for name in entries.get("names", variables[key].aliases)}
    owners = _owners(content, path)
    for key, variable in variables.items():  # a name that the user gives goes to his variable, also where it was another's
        variables[key] = replace(variable, aliases=tuple(n for n in variable.aliases if owners.get(n.upper(), key) == key))
    return VariableTable(variables, file_units, level)


def _level(value: Any, where: str) -> str:
    text = str(value).strip().lower()
    try:
        if text not in ("first", "last") and not isfinite(float(text)):
            raise ValueError
    except ValueError:
        raise InputError(f"{where} is '{value}'; write first, last, or a value of the files' level axis") from None
    return text


def _check(entries: dict[str, Any], where: str) -> None:
    for entry, value in entries.items():
        if entry not in _ENTRIES:
            raise InputError(f"{where}: unknown entry '{entry}'; known are {', '.join(_ENTRIES)}")
        kind = _ENTRIES[entry]
        fits = {
            "a text": isinstance(value, str),
            "a number above zero": isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"),
            "true or false": isinstance(value, bool),
            "a list of texts": isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value),
            "a list of two numbers": isinstance(value, list)
            and len(value) == 2
            and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value)
            and value[0] < value[1],
        }[kind]
        if not fits:
            raise InputError(f"{where}: '{entry}' must be {kind}, got {value!r}")


def _changed(known: Variable | None, key: str, entries: dict[str, Any], where: str) -> Variable:
    convert([1.0], entries.get("unit", known.unit if known else "1"), known.unit if known else entries["unit"], where)
    base = known or Variable(key, key, "", entries["unit"], (-float("inf"), float("inf")), ())
    if known and entries.get("unit", known.unit) != known.unit:
        raise InputError(f"{where}: the engine's unit of {key} is {known.unit}; use file_unit for the unit in files")
    names = tuple(entries.get("names", ()))
    return replace(
        base,
        long_name=entries.get("long_name", base.long_name),
        standard_name=entries.get("standard_name", base.standard_name),
        limits=tuple(entries.get("limits", base.limits)),
        static=entries.get("static", base.static),
        molar_mass=entries.get("molar_mass", base.molar_mass),
        aliases=(*names, *(name for name in base.aliases if name.upper() not in {n.upper() for n in names})),
    )


def _owners(content: dict[str, Any], path: Path) -> dict[str, str]:
    """Upper-case name -> the key that the user gives it to."""
    owners: dict[str, str] = {}
    for key, entries in content.items():
        for name in entries.get("names", ()):
            if owners.setdefault(name.upper(), key) != key:
                raise InputError(f"variable table '{path}': name '{name}' stands for both {owners[name.upper()]} and {key}")
    return owners
