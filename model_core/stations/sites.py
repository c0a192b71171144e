"""Places of stations from a table of their own, for networks that publish readings and stations apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.distinct import coordinates
from model_core.stations.filters import conditions, rows_that_meet
from model_core.stations.labels import labels
from model_core.stations.table_files import open_table
from model_core.stations.tables import coordinate_columns, require_column, split_layer

# Places of one code that lie closer than this, in degrees or metres, are one place written twice.
_SAME_DEGREES, _SAME_METRES = 0.001, 100.0


@dataclass(frozen=True)
class Sites:
    """Stations by their code.

    Attributes
    ----------
    codes : text, shape (stations,), each once
    x, y : float64, shape (stations,), in `crs`
    crs : as `parse_crs` takes it
    column : the column that holds the codes
    """

    codes: np.ndarray
    x: np.ndarray
    y: np.ndarray
    crs: Any
    column: str

    def places(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of each code that is asked for, NaN where the list has it not."""
        at = pd.Index(self.codes).get_indexer(wanted)
        return tuple(np.append(axis, np.nan)[at] for axis in (self.x, self.y))


def read_sites(
    path: str,
    wanted: Iterable[str],
    code_column: str | None = None,
    crs: Any = None,
    where: str | None = None,
    x: str | None = None,
    y: str | None = None,
) -> Sites:
    """The list of stations.

    Parameters
    ----------
    path : CSV, Parquet or vector file with a code and a place for each station
    wanted : codes of the readings; the column that holds most of them is the list's code column, where none is named
    where : condition on the list's rows, where its column is there: for lists that alone say which instrument measures what
    x, y : columns of the coordinates; default: by their usual names, or the geometry
    crs : of the places; default: EPSG:4326 for columns, the layer's own for a geometry

    Raises
    ------
    InputError
        If no column holds the codes, the places can't be found, or a code that is wanted stands at different places.
    """
    file, layer = split_layer(path)
    table_file = open_table(file, layer)
    table, points = next(iter(table_file.parts()))
    if not len(table):
        raise InputError(f"list of stations '{file}' has no rows")
    if where:
        met = rows_that_meet(table, [c for c in conditions([where], list(table.columns)) if c.column in table], file)
        table, points = table[met], points if points is None else points[met]
    axes = _axes(list(table.columns), table_file.has_points, x, y, file)
    wanted = pd.Index(np.unique(np.asarray(list(wanted), object).astype(str)))
    column = code_column or _code_column(table, wanted, axes or (), file)
    require_column(table.columns, column, file)
    codes = labels(table[column])
    x, y = (points[axis].to_numpy(float) for axis in "xy") if axes is None else (coordinates(table[axis]) for axis in axes)
    crs = crs or (table_file.crs if axes is None else "EPSG:4326")
    if crs is None:
        raise InputError(f"'{file}' does not say its CRS; name it, for example EPSG:4326")
    placed = pd.DataFrame({"code": codes, "x": x, "y": y}).query("code != ''").dropna()
    _require_one_place(placed[placed.code.isin(wanted)], file)
    placed = placed.drop_duplicates("code")
    return Sites(placed.code.to_numpy(str), placed.x.to_numpy(), placed.y.to_numpy(), crs, column)


def _axes(columns: list[str], has_points: bool, x: str | None, y: str | None, file: Any) -> tuple[str, str] | None:
    """The columns of the coordinates; None where the geometry has them."""
    if x is not None and y is not None:
        for name in (x, y):
            require_column(columns, name, file)
        return x, y
    if has_points:
        return None
    try:
        return coordinate_columns(columns, file)
    except InputError as error:
        raise InputError(f"list of stations {error}; with --x and --y") from error


def _code_column(table: pd.DataFrame, wanted: pd.Index, axes: Iterable[str], file: Any) -> str:
    shares = {name: wanted.isin(labels(table[name])).mean() for name in table.columns if name not in tuple(axes)}
    best = max(shares, key=lambda name: shares[name], default=None)
    if best is None or shares[best] == 0:
        raise InputError(
            f"list of stations '{file}' holds none of the readings' codes, such as {', '.join(map(repr, wanted[:3]))}, in any column "
            f"({', '.join(map(str, table.columns))}); name the readings' column of the code with --id, or choose another list; "
            "of a file that is one station, its name must be the code"
        )
    return best


def _require_one_place(placed: pd.DataFrame, file: Any) -> None:
    spans = placed.groupby("code")[["x", "y"]].agg(["min", "max"])
    if spans.empty:
        return
    metres = placed[["x", "y"]].abs().to_numpy().max() > 400
    limit = _SAME_METRES if metres else _SAME_DEGREES
    apart = (spans["x"]["max"] - spans["x"]["min"] > limit) | (spans["y"]["max"] - spans["y"]["min"] > limit)
    if apart.any():
        named = ", ".join(map(str, spans.index[apart][:5]))
        raise InputError(
            f"list of stations '{file}' has different places for {int(apart.sum())} code(s): {named}; "
            "keep one row of each, or name another column of the code"
        )
