"""What GDAL reads as a vector layer: points, or a table without geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pandas as pd

from model_core.errors import InputError
from model_core.stations.files.column_names import distinct
from model_core.stations.files.decoding import sampled_encoding
from model_core.stations.files.points import points

# Tables in which QGIS keeps styles and projects beside the layers of a GeoPackage.
_NO_LAYERS = {"layer_styles", "qgis_projects"}


class VectorFile:
    """A layer of a vector file.

    Attributes
    ----------
    columns : names of the fields, each once
    crs : of the layer, or None if it says none
    has_points : whether there is a geometry
    separator, first_row : None and 1; there are no lines
    units : empty
    notes : what was assumed
    """

    separator, first_row = None, 1

    def __init__(self, file: Path, layer: str | None = None, encoding: str | None = None, where: str | None = None):
        import pyogrio

        self._file, self._where, self.notes = file, where or str(file), []
        self.units: dict[str, str] = {}
        self._encoding = encoding or self._shapefile_encoding()
        try:
            self._layer = chosen_layer(file, layer, where=self._where)
            about = pyogrio.read_info(file, layer=self._layer, encoding=self._encoding)
        except broken() as error:
            raise InputError(f"'{self._where}' is neither a CSV nor a vector file that GDAL can read: {_reason(error)}") from error
        self._names = [str(name) for name in about["fields"]]
        self.columns, notes = distinct(self._names)
        self.notes += notes
        self.crs, self.has_points = about["crs"], about["geometry_type"] is not None

    def parts(self, columns: list[str] | None = None, rows: int | None = None) -> Iterator[tuple[pd.DataFrame, pd.DataFrame | None]]:
        """The rows in order, at most `rows` at a time; default: all of them, with all columns.

        Raises
        ------
        InputError
            If the file is damaged, or holds other geometry than points.
        """
        wanted = self.columns if columns is None else [name for name in self.columns if name in columns]
        start = 0
        while True:
            try:
                frame, shapes = self._read(wanted, start, rows)
            except broken() as error:
                raise InputError(f"'{self._where}' can't be read: {_reason(error)}") from error
            if not start or len(frame):
                yield frame, None if shapes is None else points(shapes, self._where)
            start += len(frame)
            if rows is None or len(frame) < rows:
                return

    def _read(self, wanted: list[str], start: int, rows: int | None) -> tuple[pd.DataFrame, Any]:
        import geopandas
        import pyogrio

        options: dict[str, Any] = {
            "layer": self._layer,
            "skip_features": start,
            "max_features": rows,
            "read_geometry": self.has_points,
            "encoding": self._encoding,
        }
        if len(set(self._names)) < len(self._names):  # by name a doubled column can't be asked for
            import shapely

            about, _, geometry, values = pyogrio.raw.read(self._file, **options)
            by_place = dict(zip(self.columns, values))
            shapes = None if geometry is None else shapely.from_wkb(geometry)
            return pd.DataFrame({name: by_place[name] for name in wanted}), shapes
        raw = [name for name, unique in zip(self._names, self.columns) if unique in wanted]
        frame = pyogrio.read_dataframe(self._file, columns=raw, **options)
        shapes = None
        if isinstance(frame, geopandas.GeoDataFrame):
            shapes = frame.geometry.to_numpy()
            frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        return frame[raw].set_axis(wanted, axis=1), shapes

    def _shapefile_encoding(self) -> str | None:
        """The encoding of a shapefile's texts where nothing says it: GDAL takes Latin 1 then, which no table of China is in."""
        table = self._file.with_suffix(".dbf")
        if self._file.suffix.lower() != ".shp" or self._file.with_suffix(".cpg").exists() or not table.exists():
            return None
        with open(table, "rb") as stream:
            head = stream.read(32)
        if len(head) < 32 or head[29]:  # the language that the dBASE header names
            return None
        encoding = sampled_encoding(table)
        if encoding:
            self.notes.append(f"texts read as {encoding}; if they look wrong, name the encoding")
        return encoding


def chosen_layer(file: Path, layer: str | None, dispensable: tuple[str, ...] = (), where: str | None = None) -> str | None:
    """The layer to read: the one that is named, else the only one.

    Parameters
    ----------
    dispensable : layers that are passed over if none is named
    where : how the file is called in messages; default: its path

    Raises
    ------
    InputError
        If there are several and none is named, or there is none of that name.
    """
    import pyogrio

    where = where or str(file)
    layers = [str(name) for name, _ in pyogrio.list_layers(file)]
    if layer is not None and layer not in layers:
        raise InputError(f"'{where}' has no layer '{layer}'; it has {', '.join(layers)}")
    choice = [name for name in layers if name not in _NO_LAYERS and name not in dispensable]
    if layer is None and len(choice) > 1:
        raise InputError(f"'{where}' has {len(choice)} layers; write {Path(where).name}|layername=NAME with one of {', '.join(choice)}")
    if not layers:
        raise InputError(f"'{where}' holds no layer")
    return layer if layer is not None or len(layers) == 1 else choice[0] if choice else layers[0]


def broken() -> tuple[type[Exception], ...]:
    """What pyogrio and shapely raise at damaged files."""
    import pyogrio
    import shapely

    errors = pyogrio.errors
    return (
        errors.DataSourceError,
        errors.DataLayerError,
        errors.FeatureError,
        errors.FieldError,
        errors.GeometryError,
        errors.CRSError,
        shapely.errors.ShapelyError,
        UnicodeDecodeError,
        OverflowError,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"its texts are not in {error.encoding}; name its encoding, or save it in UTF-8"
    return f"{str(error).partition('; It might help')[0].rstrip('.')}; if it is damaged or cut off, get it again"
