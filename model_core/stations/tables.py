"""Station tables as files hold them: CSV in any usual dress, and vector files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from model_core.errors import InputError

_TEXT_SUFFIXES = {".csv", ".txt", ".tsv", ".dat"}
_X_NAMES, _Y_NAMES = ("lon", "longitude", "x"), ("lat", "latitude", "y")
_LONLAT = "EPSG:4326"
# What tables write where there is nothing, in lower case.
EMPTY_TEXTS = {"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "\\n"}


def read_table(
    path: str | Path, x: str | None = None, y: str | None = None, crs: Any = None
) -> tuple[pd.DataFrame, pd.Series, pd.Series, Any]:
    """A station file as (table, x, y, crs), every row kept.

    Parameters
    ----------
    path : CSV (any separator; UTF-8, UTF-16 or GB 18030) or vector file; ``file.gpkg|layername=name`` picks a layer.
    x, y : coordinate columns. Default for a CSV: lon/longitude/x and lat/latitude/y in any case;
        for a vector file: the point geometry.
    crs : of the coordinates; it overrules what the file says.
        Default: EPSG:4326 for columns, the layer's own CRS for a geometry.

    Raises
    ------
    InputError
        If the file can't be read as stations: missing, empty, another geometry than points, several layers, no CRS.
    """
    if (x is None) != (y is None):
        raise InputError(f"give both coordinate columns or neither; got x={x!r}, y={y!r}")
    file, layer = _split_layer(str(path))
    if not file.exists():
        raise InputError(f"station file '{file}' does not exist")
    if file.is_file() and file.stat().st_size == 0:
        raise InputError(f"station file '{file}' is empty")
    if file.suffix.lower() in _TEXT_SUFFIXES:
        table = _read_text(file)
    else:
        table = _read_vector(file, layer)
        if x is None and hasattr(table, "geometry") and "geometry" in table:
            points = _points(table, file)
            crs = crs or table.crs
            if crs is None:
                raise InputError(f"'{file}' does not say its CRS; name it, for example EPSG:4326")
            return pd.DataFrame(table.drop(columns="geometry")), points.x, points.y, crs
    if not len(table):
        raise InputError(f"station file '{file}' has no rows")
    columns = (x, y) if x is not None else (_default(table, _X_NAMES, "x", file), _default(table, _Y_NAMES, "y", file))
    return table, column(table, columns[0], file), column(table, columns[1], file), crs or _LONLAT


def column(table: pd.DataFrame, name: str, where: Any) -> pd.Series:
    """A column by its exact name; `InputError` that lists the columns there are."""
    if name not in table.columns:
        raise InputError(f"'{where}' has no column '{name}'; it has {', '.join(map(str, table.columns))}")
    return table[name]


def _default(table: pd.DataFrame, names: tuple[str, ...], axis: str, file: Path) -> str:
    by_lower = {str(name).lower(): name for name in reversed(table.columns)}
    for name in names:
        if name in by_lower:
            return by_lower[name]
    raise InputError(
        f"'{file}' has no column {' or '.join(names)}; name its {axis} column, one of {', '.join(map(str, table.columns))}"
    )


def _split_layer(text: str) -> tuple[Path, str | None]:
    file, _, layer = text.partition("|layername=")
    return Path(file), layer.partition("|")[0] or None


def _read_text(file: Path) -> pd.DataFrame:
    """Every cell as text, so that '-;', leading zeros and codes arrive as they stand."""
    content = file.read_bytes()
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030", "cp1252")
    for encoding in encodings:
        try:
            header = content.decode(encoding).lstrip().splitlines()[0]
            break
        except (UnicodeDecodeError, IndexError):
            continue
    else:
        raise InputError(f"'{file}' is not a text table; save it as CSV in UTF-8")
    separator = max(",;\t|", key=header.count)
    try:
        table = pd.read_csv(
            file, sep=separator, encoding=encoding, dtype=str, keep_default_na=False, skipinitialspace=True
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"'{file}' can't be read as a table: {error}") from error
    table.columns = [str(name).strip() for name in table.columns]
    if separator == ";":  # tables with semicolons often come from where the decimal sign is a comma
        table = table.replace(r"^\s*([-+]?\d+),(\d+)\s*$", r"\1.\2", regex=True)
    return table


def _read_vector(file: Path, layer: str | None) -> pd.DataFrame:
    import geopandas
    import pyogrio

    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(file)]
        if layer is None and len(layers) > 1:
            raise InputError(f"'{file}' has {len(layers)} layers; write {file.name}|layername=NAME with one of {', '.join(layers)}")
        if layer is not None and layer not in layers:
            raise InputError(f"'{file}' has no layer '{layer}'; it has {', '.join(layers)}")
        return geopandas.read_file(file, layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(f"'{file}' is neither a CSV nor a vector file that GDAL can read: {error}") from error


def _points(table: Any, file: Path) -> Any:
    """Point geometry of every row; a multipoint stands for its first point, no geometry for no position."""
    if not len(table):
        raise InputError(f"station file '{file}' has no rows")
    geometry = table.geometry
    present = geometry[geometry.notna() & ~geometry.is_empty]
    others = sorted(set(present.geom_type) - {"Point", "MultiPoint"})
    if others:
        raise InputError(f"'{file}' holds {', '.join(others)} geometry; stations must be points")
    multi = geometry.geom_type == "MultiPoint"
    if multi.any():
        geometry = geometry.copy()
        geometry[multi] = [None if g.is_empty else g.geoms[0] for g in geometry[multi]]
    x = pd.Series([np.nan if g is None or g.is_empty else g.x for g in geometry])
    y = pd.Series([np.nan if g is None or g.is_empty else g.y for g in geometry])
    return pd.DataFrame({"x": x, "y": y})
