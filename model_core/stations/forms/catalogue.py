"""The forms that are known, one TOML file each, and the one that a table has."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence

from model_core.errors import InputError
from model_core.stations.forms.form import Form
from model_core.stations.forms.names import matches
from model_core.stations.forms.shape import LAYOUTS, Shape, Species

if TYPE_CHECKING:  # the command line lists the names, and need not wait for pandas
    import pandas as pd

_FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=None)
def get(name: str) -> Form:
    """The form of a name; `InputError` that lists the names if there is none."""
    if name not in NAMES:
        raise InputError(f"unknown form '{name}'; known are {', '.join(NAMES)}")
    return _read(_FOLDER / f"{name}.toml")


def recognise(columns: Sequence[str], sample: pd.DataFrame | None = None) -> Form | None:
    """The form of a table with these columns; None if it has none, or if two fit equally well.

    Parameters
    ----------
    columns : names in the header; of a file without one the cells of the first row, which readers take for names
    sample : the first rows as text; where they are given, a form that tells species by a column must find
        one that it knows among them, so that a chance likeness of names is not enough
    """
    columns = [str(column) for column in columns]
    found = [(form, max(shape.score(columns) for shape in form.shapes)) for form in map(get, NAMES)]
    best = max(score for _, score in found)
    forms = [form for form, score in found if score == best and best]
    if len(forms) != 1 or not _plausible(forms[0].shape(columns), columns, sample):
        return None
    return forms[0]


def names_without_header(cells: Sequence[str]) -> list[str] | None:
    """The names of the columns of a file without a header, by the cells of its first row; None if no form, or several, have such rows."""
    shapes = [shape for name in NAMES for shape in get(name).shapes if shape.is_first_row(cells)]
    return list(shapes[0].column_names) if len(shapes) == 1 else None


def _plausible(shape: Shape, columns: Sequence[str], sample: pd.DataFrame | None) -> bool:
    import pandas as pd

    known = {value for species in shape.species.values() for value in species.values}
    if sample is None or not len(sample) or not known or shape.column_names:
        return True
    for name in shape.species_column:
        for column, _ in matches(name, columns):
            if column in sample:
                # A table of one other species has a known form too; numbers where names are due have not.
                cells = sample[column].astype(str).str.strip()
                return bool(cells.isin(known).any() or not pd.to_numeric(cells, errors="coerce").notna().all())
    return True


def _read(path: Path) -> Form:
    with open(path, "rb") as file:
        table = tomllib.load(file)
    common = _species(table.pop("species", {}))
    shapes = tuple(_shape(path, shape, common) for shape in table.pop("shape"))
    return Form(name=path.stem, shapes=shapes, **{key: _frozen(value) for key, value in table.items()})


def _shape(path: Path, table: dict[str, Any], common: dict[str, Species]) -> Shape:
    own = _species(table.pop("species", {}))
    unknown = set(table) - {item.name for item in fields(Shape)}
    if unknown:
        raise InputError(f"'{path.name}': unknown keys {', '.join(sorted(unknown))}")
    lists = {item.name for item in fields(Shape) if item.type.startswith("tuple")}
    shape = Shape(**{key: _frozen([value] if key in lists and isinstance(value, str) else value) for key, value in table.items()})
    if shape.layout not in LAYOUTS or len(shape.column_names) != len(shape.cells):
        raise InputError(f"'{path.name}': layout must be one of {', '.join(LAYOUTS)}, and every named column needs a cell")
    return replace(shape, species=own or common)


def _species(table: dict[str, Any]) -> dict[str, Species]:
    return {key: Species(**{name: _frozen(value) for name, value in entry.items()}) for key, entry in table.items()}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
