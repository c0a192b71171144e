"""Station tables: the rows of a file with the position of each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator, Sequence

import pandas as pd

from model_core.errors import InputError
from model_core.stations.table_files import open_table

_X_NAMES = ("lon", "longitude", "x", "lng", "long", "经度", "site longitude", "wgs84 λ e", "longitud", "längengrad", "länge")
_Y_NAMES = ("lat", "latitude", "y", "纬度", "site latitude", "wgs84 φ n", "latitud", "breitengrad", "breite")
# The last word of such a name, after small letters and after a sign.
_LAST_WORD = {"x": ("(Lon|Longitude)", "[Ll]on|[Ll]ongitude|LON|LONGITUDE"), "y": ("(Lat|Latitude)", "[Ll]at|[Ll]atitude|LAT|LATITUDE")}
LONLAT = "EPSG:4326"
# What tables write where there is nothing, in lower case.
EMPTY_TEXTS = {"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "\\n"}


# The rows of a part, x, y, and the CRS of the positions
StationRows = tuple[pd.DataFrame, pd.Series, pd.Series, Any]


def read_table(path: str | Path, x: str | None = None, y: str | None = None, crs: Any = None) -> StationRows:
    """A station file as (table, x, y, crs), every row kept.

    Parameters
    ----------
    path : text table, spreadsheet, Parquet or vector file, compressed or not; ``file.gpkg|layername=name`` picks a layer.
    x, y : coordinate columns. Default for a vector file: the point geometry;
        for a table: lon/longitude/x and lat/latitude/y in any case.
    crs : of the coordinates; it overrules what the file says.
        Default: EPSG:4326 for columns, the layer's own CRS for a geometry.

    Raises
    ------
    InputError
        If the file can't be read as stations: missing, empty, another geometry than points, several layers, no CRS.
    """
    return next(table_parts(path, x, y, crs))


def table_parts(
    path: str | Path,
    x: str | None = None,
    y: str | None = None,
    crs: Any = None,
    columns: Sequence[str] | None = None,
    rows: int | None = None,
) -> Iterator[StationRows]:
    """A station file in parts of at most `rows` rows, with `columns` alone (default: all); see `read_table`.

    The index of each table are the numbers of its rows in the file, from 0.
    """
    if (x is None) != (y is None):
        raise InputError(f"give both coordinate columns or neither; got x={x!r}, y={y!r}")
    file, layer = split_layer(str(path))
    source = open_table(file, layer)
    points = x is None and source.has_points
    crs = crs or (source.crs if points else LONLAT)
    if crs is None:
        raise InputError(f"'{file}' does not say its CRS; name it, for example EPSG:4326")
    axes = () if points else (x, y) if x is not None else coordinate_columns(source.columns, file)
    wanted = None if columns is None else list(dict.fromkeys([*columns, *axes]))
    for name in (*axes, *(columns or ())):
        require_column(source.columns, name, file)
    first = 0
    for table, position in source.parts(wanted, rows):
        if not len(table):
            if not first:
                raise InputError(f"station file '{file}' has no rows")
            return
        table.index = pd.RangeIndex(first, first + len(table))
        first += len(table)
        if source.separator == ";":  # tables with semicolons often come from where the decimal sign is a comma
            table = table.replace(r"^\s*([-+]?\d+),(\d+)\s*$", r"\1.\2", regex=True)
        xs, ys = (table[axis] for axis in axes) if axes else (position[axis].set_axis(table.index) for axis in "xy")
        yield table, xs, ys, crs


def coordinate_columns(columns: Sequence[str], file: Any) -> tuple[str, str]:
    """The columns of x and y by their usual names, in any case; `InputError` if there are none."""
    return _default(columns, _X_NAMES, "x", file), _default(columns, _Y_NAMES, "y", file)


def require_column(columns: Sequence[str], name: str, where: Any) -> None:
    """Raise `InputError`, with the columns that there are, if `name` is not among them."""
    if name not in columns:
        alike = [str(column) for column in columns if _letters(column) == _letters(name)]
        meant = f"; did you mean '{alike[0]}'?" if alike else ""
        if not alike and "," in name and all(part.strip() in columns for part in name.split(",")):
            meant = "; name one column, the others in runs of their own"
        raise InputError(f"'{where}' has no column '{name}'; it has {', '.join(map(str, columns))}{meant}")


def _letters(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def _default(columns: Sequence[str], names: tuple[str, ...], axis: str, file: Path) -> str:
    by_lower = {str(name).lower(): name for name in reversed(columns)}
    for name in names:
        if name in by_lower:
            return by_lower[name]
    # geo.lat, locationLatitude, station_lat: one column alone whose name ends in such a word
    ends = re.compile(rf"[a-z0-9)]{_LAST_WORD[axis][0]}$|[^A-Za-z]({_LAST_WORD[axis][1]})$")
    ending = [str(name) for name in columns if ends.search(str(name))]
    if len(ending) == 1:
        return ending[0]
    raise InputError(
        f"'{file}' has no column {' or '.join(names[:3])}; name its {axis} column (--{axis}), one of {', '.join(map(str, columns))}"
    )


def split_layer(text: str) -> tuple[Path, str | None]:
    """File and layer of ``file.gpkg|layername=name``."""
    file, _, layer = text.partition("|layername=")
    return Path(file), layer.partition("|")[0] or None
