"""Polygons of a vector layer, on a grid and at places: which cells and stations lie in them, and in which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_core.errors import InputError
from model_core.file_and_name import file_and_name
from model_core.grid import Grid

_PACKAGE = Path(__file__).resolve().parents[1]
# Outlines that ship, by name: inside an installed package, or beside it in the plugin.
_FOLDER = next((folder for folder in (_PACKAGE / "masks", _PACKAGE.parent / "resources" / "masks") if folder.is_dir()), _PACKAGE / "masks")
SHIPPED = {"china": _FOLDER / "china_mainland.geojson"}
_EDGE_KM = 5.0  # straight edges of an outline in degrees bend on a map: they get points so far apart


def read_polygons(layer: str) -> Any:
    """The polygons of a layer, as a GeoDataFrame with a CRS.

    Parameters
    ----------
    layer : name of an outline that ships (`SHIPPED`), or the path of a vector file; behind it ``|layername=NAME``, as QGIS writes it

    Raises
    ------
    InputError
        If there is no such file, it can't be read, it has no polygon or no CRS.
    """
    import geopandas

    path, _, name = str(SHIPPED.get(layer, layer)).partition("|layername=")
    if not Path(path).exists():
        raise InputError(f"polygons '{path}': there is no such file; give a vector file, or one of {', '.join(SHIPPED)}")
    try:
        table = geopandas.read_file(path, **({"layer": name.partition("|")[0]} if name else {}))
    except Exception as error:  # GDAL's errors are of many classes
        raise InputError(f"polygons '{path}' can't be read as a vector layer: {error}") from error
    if "geometry" not in table or table.crs is None:
        raise InputError(f"polygons '{path}' have no {'CRS' if 'geometry' in table else 'geometry'}; give a vector layer that has one")
    table = table[table.geometry.notna() & table.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    if table.empty:
        raise InputError(f"'{path}' holds no polygon; give a layer of polygons")
    return table


def mask_of(layer: str, grid: Grid) -> np.ndarray:
    """The cells whose centre lies in a polygon of the layer, as a bool array (rows, columns).

    Raises
    ------
    InputError
        As `read_polygons`, and if no cell lies in any.
    """
    return numbers_of(read_polygons(layer), grid, layer) > 0


def numbers_of(polygons: Any, grid: Grid, layer: str) -> np.ndarray:
    """Of each cell the number of the (first) polygon that its centre lies in, from 1; 0 of the others; int array (rows, columns)."""
    from rasterio.features import rasterize

    inside = polygons.geometry.make_valid().segmentize(_EDGE_KM / 111 if polygons.crs.is_geographic else _EDGE_KM * 1000).to_crs(grid.crs)
    shapes = [(shape, number) for number, shape in enumerate(inside, start=1) if not shape.is_empty]
    numbers = rasterize(shapes[::-1], grid.shape, transform=grid.transform, dtype=np.int32) if shapes else np.zeros(grid.shape, np.int32)
    if not numbers.any():
        raise InputError(f"no cell of the grid lies in the polygons of '{layer}'; choose another layer or another grid")
    return numbers


class Regions:
    """Polygons with names: the value of a field, or their number.

    Parameters
    ----------
    text : LAYER or LAYER:FIELD, the layer as for `read_polygons`; polygons with one name are one region

    Raises
    ------
    InputError
        As `read_polygons`, and if the layer has no such field.
    """

    def __init__(self, text: str):
        self.layer, self.field = _layer_and_field(text)
        self._polygons = read_polygons(self.layer)
        if self.field and self.field not in self._polygons:
            fields = ", ".join(name for name in self._polygons if name != "geometry") or "none"
            raise InputError(f"regions '{self.layer}' have no field '{self.field}'; its fields are {fields}")
        names = self._polygons[self.field] if self.field else range(1, len(self._polygons) + 1)
        self._names = np.array(["" if name is None or name != name else str(name) for name in names], dtype=object)

    def of_cells(self, grid: Grid) -> np.ndarray:
        """The name of the region of each cell's centre, "" outside; object array (rows, columns)."""
        return np.append("", self._names)[numbers_of(self._polygons, grid, self.layer)]

    def of_places(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """The name of the region that each place lies in, "" outside; object array (places,)."""
        import geopandas

        points = geopandas.GeoSeries(geopandas.points_from_xy(lon, lat), crs="EPSG:4326").to_crs(self._polygons.crs)
        tree = self._polygons.geometry.make_valid().sindex
        place, polygon = tree.query(points, predicate="intersects")
        found = np.full(len(points), "", dtype=object)
        found[place[::-1]] = self._names[polygon[::-1]]  # on a common border the first counts
        return found


def _layer_and_field(text: str) -> tuple[str, str]:
    """Of LAYER:FIELD both; the colon of a Windows drive is no field's."""
    if text in SHIPPED or Path(text.partition("|")[0]).exists():
        return text, ""
    layer, field = file_and_name(text)
    return (layer, field) if layer else (text, "")


def requested_regions(request: dict[str, Any]) -> Regions | None:
    """The regions that a request names, if any."""
    return Regions(request["regions"]) if request.get("regions") else None
