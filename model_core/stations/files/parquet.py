"""Parquet tables, as one file or a folder of files; with a geometry column as GeoParquet has it, or with columns of coordinates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, Sequence

import pandas as pd

from model_core.errors import InputError
from model_core.stations.files.column_names import distinct
from model_core.stations.files.points import points

if TYPE_CHECKING:
    import pyarrow


class ParquetFile:
    """A Parquet table; values have the types that the file gives them, decimal numbers are floats.

    Attributes
    ----------
    columns : names without the geometry's, each once
    crs : of the geometry, None where the file says that it is not known
    has_points : whether there is a geometry column
    separator, first_row : None and 1; there are no lines
    units : empty
    notes : what was assumed
    """

    separator, first_row = None, 1

    def __init__(self, file: Path, where: str | None = None):
        import pyarrow
        import pyarrow.dataset
        import pyarrow.parquet

        self._file, self._where = file, where or str(file)
        self.units: dict[str, str] = {}
        try:
            self._folder = pyarrow.dataset.dataset(file, format="parquet", partitioning="hive") if file.is_dir() else None
            self._schema = self._folder.schema if self._folder else pyarrow.parquet.read_schema(file)
            names = [str(name) for name in self._schema.names]
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(f"'{self._where}' can't be read as Parquet: {error}; it is damaged or cut off, get it again") from error
        self._geometry, self.crs = _geometry((self._schema.metadata or {}).get(b"geo"), names, self._where)
        self.has_points = self._geometry is not None
        self._unique, self.notes = distinct(names)
        self._doubled = len(set(names)) < len(names)
        self._place = {name: place for place, name in enumerate(self._unique) if name != self._geometry}
        self.columns = list(self._place)

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame | None]]:
        """The rows in order, at most `rows` at a time; default: all of them, with all columns.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        import pyarrow

        wanted = self.columns if columns is None else [name for name in self.columns if name in columns]
        places = [self._place[name] for name in wanted]
        if self.has_points:
            places.append(self._unique.index(self._geometry))
        tables, found = [], False
        try:
            for batch in self._batches(places, rows or 1 << 16):
                if rows is None:
                    tables.append(batch)
                elif batch.num_rows:
                    found = True
                    yield self._part(pyarrow.Table.from_batches([batch]), wanted)
            if not found:
                whole = pyarrow.Table.from_batches(tables, tables[0].schema) if tables else self._empty(places)
                yield self._part(whole, wanted)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
            raise InputError(f"'{self._where}' can't be read as Parquet: {error}; it is damaged or cut off, get it again") from error

    def _batches(self, places: list[int], rows: int) -> Iterator["pyarrow.RecordBatch"]:
        """Batches of the columns at `places`."""
        import pyarrow.parquet

        names = [self._schema.names[place] for place in places]
        if self._folder:
            for batch in self._folder.to_batches(columns=names, batch_size=rows, fragment_readahead=1, batch_readahead=1):
                yield _numbered(batch, range(len(names)))
            return
        with pyarrow.parquet.ParquetFile(self._file) as parquet:
            # A doubled name can't be asked for; and `pm2` would bring `pm2.5` along.
            for batch in parquet.iter_batches(rows, columns=None if self._doubled else names):
                yield _numbered(batch, places if self._doubled else [batch.schema.names.index(name) for name in names])

    def _empty(self, places: list[int]) -> "pyarrow.Table":
        import pyarrow

        fields = [self._schema.field(place).with_name(str(number)) for number, place in enumerate(places)]
        return pyarrow.schema(fields).empty_table()

    def _part(self, table: "pyarrow.Table", names: list[str]) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        import shapely

        table.validate(full=True)  # texts that are not UTF-8 would be told of where they are used
        values = table.select(range(len(names)))
        frame = _plain(values).to_pandas(ignore_metadata=True)
        frame.columns = names
        if not self.has_points:
            return frame, None
        try:
            shapes = shapely.from_wkb(table.column(len(names)).to_numpy())
        except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
            raise InputError(
                f"'{self._where}': its geometry column '{self._geometry}' holds no points in WKB: {error}; name columns of coordinates"
            ) from error
        return frame, points(shapes, self._where)


def _numbered(batch: "pyarrow.RecordBatch", places: Sequence[int]) -> "pyarrow.RecordBatch":
    """The columns at these places, called by numbers: their own names may be doubled."""
    import pyarrow

    return pyarrow.RecordBatch.from_arrays([batch.column(place) for place in places], [str(number) for number in range(len(places))])


def _plain(table: "pyarrow.Table") -> "pyarrow.Table":
    """Decimal numbers as floats, entries of dictionaries as their values."""
    import pyarrow

    for place, kind in enumerate(table.schema.types):
        plain = pyarrow.float64() if pyarrow.types.is_decimal(kind) else kind.value_type if pyarrow.types.is_dictionary(kind) else None
        if plain is not None:
            table = table.set_column(place, table.schema.names[place], table.column(place).cast(plain))
    return table


def _geometry(metadata: bytes | None, names: list[str], where: str) -> tuple[str | None, Any]:
    """Name and CRS of the geometry column that the entry ``geo`` of a GeoParquet file describes.

    Raises
    ------
    InputError
        If the entry is not what GeoParquet lays down.
    """
    if metadata is None:
        return None, None
    try:
        about = json.loads(metadata)
        name = about["primary_column"]
        column = about["columns"][name]
        encoding = column.get("encoding", "WKB")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"'{where}': its entry 'geo' is not that of GeoParquet ({type(error).__name__}: {error}); "
            "write the file again, or save it as a table with columns of coordinates"
        ) from error
    if name not in names:
        raise InputError(f"'{where}': its geometry column '{name}' is not there; it has {', '.join(names)}; write the file again")
    if encoding != "WKB":
        raise InputError(f"'{where}': its geometry is encoded as {encoding}; write it as WKB, or save it with columns of coordinates")
    # GeoParquet leaves the CRS out where it is longitude and latitude.
    return name, column.get("crs", "OGC:CRS84")
