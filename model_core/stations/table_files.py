"""Files that hold tables, read as a whole or in parts: CSV in any usual dress, Parquet, and what GDAL calls vector files."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any, Iterator

import numpy as np
import pandas as pd

from model_core.errors import InputError

TEXT_SUFFIXES = {".csv", ".txt", ".tsv", ".dat"}
PARQUET_SUFFIXES = {".parquet", ".geoparquet", ".pq"}
VECTOR_SUFFIXES = {".gpkg", ".shp", ".geojson", ".json", ".fgb", ".gml", ".kml", ".sqlite", ".xlsx", ".ods"}
_BLOCK = 1 << 20  # bytes of a text file that are looked at together
# A part of the rows as (table without geometry, points x and y or None)
Part = tuple[pd.DataFrame, pd.DataFrame | None]


def open_table(file: Path, layer: str | None = None) -> "TextFile | ParquetFile | VectorFile":
    """The table of a file.

    Raises
    ------
    InputError
        If it is missing, empty, of no known kind, or has several layers and none is chosen.
    """
    if not file.exists():
        raise InputError(f"station file '{file}' does not exist")
    if file.is_file() and file.stat().st_size == 0:
        raise InputError(f"station file '{file}' is empty")
    if file.suffix.lower() in TEXT_SUFFIXES:
        return TextFile(file)
    if file.suffix.lower() in PARQUET_SUFFIXES:
        return ParquetFile(file)
    return VectorFile(file, layer)


class TextFile:
    """Every cell as text, so that '-;', leading zeros and codes arrive as they stand.

    Attributes
    ----------
    columns : names in the header
    crs : None; a text file says nothing of it
    has_points : False
    """

    crs, has_points = None, False

    def __init__(self, file: Path):
        self._file = file
        self._encoding = _encoding(file)
        with open(file, encoding=self._encoding) as text:
            header = next((line for line in text if line.strip()), "")
        self._separator = max(",;\t|", key=header.count)
        self.columns = list(self._read(nrows=0).columns)

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[Part]:
        """The rows in order, at most `rows` at a time; default: all of them, with all columns."""
        wanted = None if columns is None else (lambda name: str(name).strip() in columns)
        if rows is None:
            yield self._tidied(self._read(usecols=wanted)), None
            return
        with self._read(usecols=wanted, chunksize=rows) as chunks:
            try:
                for table in chunks:
                    yield self._tidied(table), None
            except (pd.errors.ParserError, UnicodeDecodeError) as error:
                raise InputError(f"'{self._file}' can't be read as a table: {error}") from error

    def _read(self, **options: Any) -> Any:
        try:
            table = pd.read_csv(
                self._file, sep=self._separator, encoding=self._encoding, dtype=str, keep_default_na=False,
                skipinitialspace=True, **options,
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise InputError(f"'{self._file}' can't be read as a table: {error}") from error
        if isinstance(table, pd.DataFrame):
            table.columns = [str(name).strip() for name in table.columns]
        return table

    def _tidied(self, table: pd.DataFrame) -> pd.DataFrame:
        table.columns = [str(name).strip() for name in table.columns]
        if self._separator == ";":  # tables with semicolons often come from where the decimal sign is a comma
            table = table.replace(r"^\s*([-+]?\d+),(\d+)\s*$", r"\1.\2", regex=True)
        return table


class ParquetFile:
    """A Parquet table; with a geometry column as GeoParquet has it, or with columns of coordinates."""

    def __init__(self, file: Path):
        import pyarrow
        import pyarrow.parquet

        self._file = file
        try:
            schema = pyarrow.parquet.read_schema(file)
        except (pyarrow.ArrowInvalid, OSError) as error:
            raise InputError(f"'{file}' can't be read as Parquet: {error}") from error
        geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        self._geometry = geo.get("primary_column")
        self.has_points = self._geometry is not None
        # GeoParquet leaves the CRS out where it is longitude and latitude.
        self.crs = geo["columns"][self._geometry].get("crs", "OGC:CRS84") if self.has_points else None
        self.columns = [name for name in schema.names if name != self._geometry]

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[Part]:
        """As `TextFile.parts`."""
        import pyarrow.parquet
        import shapely

        columns = self.columns if columns is None else [name for name in self.columns if name in columns]
        geometry = [self._geometry] if self.has_points else []
        with pyarrow.parquet.ParquetFile(self._file) as parquet:
            for batch in parquet.iter_batches(rows or max(parquet.metadata.num_rows, 1), columns=columns + geometry):
                table = batch.select(columns).to_pandas().reset_index()[columns]
                shapes = shapely.from_wkb(batch[self._geometry].to_numpy(False)) if self.has_points else None
                yield table, None if shapes is None else _points(shapes, self._file)


class VectorFile:
    """What GDAL reads as a vector layer: points, or a table without geometry."""

    def __init__(self, file: Path, layer: str | None):
        import pyogrio

        self._file = file
        try:
            layers = [str(name) for name, _ in pyogrio.list_layers(file)]
            if layer is None and len(layers) > 1:
                raise InputError(f"'{file}' has {len(layers)} layers; write {file.name}|layername=NAME with one of {', '.join(layers)}")
            if layer is not None and layer not in layers:
                raise InputError(f"'{file}' has no layer '{layer}'; it has {', '.join(layers)}")
            self._layer = layer
            about = pyogrio.read_info(file, layer=layer)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise InputError(f"'{file}' is neither a CSV nor a vector file that GDAL can read: {error}") from error
        self.columns = [str(name) for name in about["fields"]]
        self.crs, self.has_points = about["crs"], about["geometry_type"] is not None

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[Part]:
        """As `TextFile.parts`."""
        import geopandas
        import pyogrio

        start = 0
        while True:
            try:
                frame = pyogrio.read_dataframe(
                    self._file, layer=self._layer, columns=columns, skip_features=start, max_features=rows,
                    read_geometry=self.has_points,
                )
            except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
                raise InputError(f"'{self._file}' can't be read: {error}") from error
            if isinstance(frame, geopandas.GeoDataFrame):
                yield pd.DataFrame(frame.drop(columns=frame.geometry.name)), _points(frame.geometry.to_numpy(), self._file)
            else:
                yield frame, None
            start += len(frame)
            if rows is None or len(frame) < rows:
                return


def _points(shapes: np.ndarray, file: Path) -> pd.DataFrame:
    """Position of every row; a multipoint stands for its first point, no geometry for no position."""
    import shapely

    shapes = np.asarray(shapes)
    kinds = shapely.get_type_id(shapes)
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    point, multi = int(shapely.GeometryType.POINT), int(shapely.GeometryType.MULTIPOINT)
    others = np.unique(kinds[present & (kinds != point) & (kinds != multi)])
    if others.size:
        names = sorted(shapely.GeometryType(kind).name.title() for kind in others)
        raise InputError(f"'{file}' holds {', '.join(names)} geometry; stations must be points")
    shapes = np.where(kinds == multi, shapely.get_geometry(shapes, 0), shapes)
    return pd.DataFrame({"x": shapely.get_x(shapes), "y": shapely.get_y(shapes)})


def _encoding(file: Path) -> str:
    """The encoding that a text file is in: UTF-8 or UTF-16, else what tables of China and of the West are in."""
    with open(file, "rb") as bytes_of:
        start = bytes_of.read(2)
    for encoding in ("utf-16",) if start in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030", "cp1252"):
        decoder, seen = codecs.getincrementaldecoder(encoding)(), False
        try:
            with open(file, "rb") as bytes_of:
                while block := bytes_of.read(_BLOCK):
                    seen = bool(decoder.decode(block).strip()) or seen
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        if seen:
            return encoding
    raise InputError(f"'{file}' is not a text table; save it as CSV in UTF-8")
