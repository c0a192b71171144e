"""Polygons of a vector layer, with names, in any CRS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS

from model_core.errors import InputError
from model_core.grid import parse_crs
from model_core.progress import Progress
from model_core.stations.files.vector import broken, chosen_layer
from model_core.transformers import transformer

_AREAS = (int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON), int(shapely.GeometryType.GEOMETRYCOLLECTION))
_STEP_DEGREES, _STEP_M = 0.05, 5000.0  # a straight side is bent in another projection: it gets a corner so often
_SHOWN = 5


@dataclass(frozen=True)
class Polygons:
    """Areas.

    Attributes
    ----------
    shapes : array of shapely polygons or multipolygons, valid, in `crs`
    names : of each
    crs : CRS
    field : that the names are from, "" where they are numbers
    """

    shapes: np.ndarray
    names: list[str]
    crs: CRS
    field: str = ""

    def __len__(self) -> int:
        return len(self.shapes)

    def shapes_in(self, crs: CRS) -> np.ndarray:
        """The areas in another CRS, their sides bent as that needs; None where a corner can't be projected."""
        if crs == self.crs:
            return self.shapes
        unit = self.crs.axis_info[0].unit_conversion_factor if self.crs.axis_info else 1.0
        step = _STEP_DEGREES if self.crs.is_geographic else _STEP_M / unit
        to_crs = transformer(self.crs, crs)
        projected = shapely.transform(
            shapely.segmentize(self.shapes, step), lambda points: np.stack(to_crs.transform(points[:, 0], points[:, 1]), axis=1)
        )
        finite = np.array([np.isfinite(shapely.bounds(shape)).all() for shape in projected], bool)
        return np.where(finite, projected, None)


def read_polygons(source: str, name_field: str | None, crs: Any, progress: Progress, named: bool = True) -> Polygons:
    """The polygons of a vector file.

    Parameters
    ----------
    source : file, or ``file.gpkg|layername=name``
    name_field : field with the names; None takes one that is called name, else numbers
    crs : overrules the layer's
    named : whether the names matter, so that it is worth a line in the log where there are none

    Raises
    ------
    InputError
        If it can't be read, has several layers and none is chosen, no CRS, no such field, or no area.
    """
    import geopandas
    import pyogrio

    file, _, layer = source.partition("|layername=")
    if not Path(file).exists():
        raise InputError(f"polygon layer '{file}' does not exist")
    try:
        layer = chosen_layer(Path(file), layer or None)
        fields = [str(name) for name in pyogrio.read_info(file, layer=layer)["fields"]]
        field = _field(fields, name_field, source, progress if named else Progress())
        table = pyogrio.read_dataframe(file, layer=layer, columns=[field] if field else [])
    except broken() as error:
        raise InputError(f"'{source}' can't be read as a vector layer: {error}") from error
    if not isinstance(table, geopandas.GeoDataFrame):
        raise InputError(f"'{source}' is a table without geometry; give a layer of polygons")
    if crs is None and table.crs is None:
        raise InputError(f"polygon layer '{source}' has no CRS; name it with --polygons-crs")
    own = parse_crs(crs) if crs is not None else CRS.from_user_input(table.crs)
    names = [_text(value, number) for number, value in enumerate(table[field] if field else [None] * len(table), start=1)]
    shapes, kept = _areas(table.geometry.to_numpy(), names, source, progress)
    return Polygons(shapes[kept], [name for name, keep in zip(names, kept) if keep], own, field)


def _field(fields: list[str], asked: str | None, source: str, progress: Progress) -> str:
    """The field with the names, "" where there is none."""
    if asked and asked not in fields:
        raise InputError(f"polygon layer '{source}' has no field '{asked}'; its fields are {', '.join(fields) or 'none'}")
    field = asked or next((name for name in fields if name.lower() == "name"), "")
    if not field:
        progress.log("the polygons are numbered, as no field with their names is given and none is called name")
    return field


def _text(value: Any, number: int) -> str:
    """A name, or the number where there is none."""
    return str(number) if value is None or value != value or not str(value).strip() else str(value).strip()


def _areas(shapes: np.ndarray, names: list[str], source: str, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Valid areas, and which features have one; what was mended and what was left out is said by name."""
    shapes = np.asarray(shapes, object)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    kinds = shapely.get_type_id(shapes)
    others = np.unique(kinds[there & ~np.isin(kinds, _AREAS)])
    if others.size:
        found = ", ".join(shapely.GeometryType(kind).name.title() for kind in others)
        raise InputError(f"'{source}' holds {found} geometry; polygons are needed")
    broken_ones = there & ~shapely.is_valid(shapes)
    shapes = shapes.copy()
    shapes[broken_ones] = shapely.make_valid(shapes[broken_ones])
    collected = there & (shapely.get_type_id(shapes) == int(shapely.GeometryType.GEOMETRYCOLLECTION))
    shapes[collected] = [_polygons_in(shape) for shape in shapes[collected]]
    area = np.array([shape.area if keep else 0.0 for shape, keep in zip(shapes, there)])
    kept = area > 0
    mended = [name for name, was, keep in zip(names, broken_ones, kept) if was and keep]
    if mended:
        progress.log(f"{len(mended)} polygons had an invalid geometry and were mended: {_listed(mended)}")
    lost = [name for name, keep in zip(names, kept) if not keep]
    if not kept.any():
        raise InputError(f"'{source}' holds no polygon with an area")
    if lost:
        progress.warn(f"{len(lost)} features have no area and are left out: {_listed(lost)}")
    return shapes, kept


def _polygons_in(shape: Any) -> Any:
    """What has an area in a collection."""
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
