"""Positions of stations from the geometry of a layer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from model_core.errors import InputError


def points(shapes: np.ndarray, where: object) -> pd.DataFrame:
    """Position x, y of every row; a multipoint stands for its first point, no geometry for no position.

    Raises
    ------
    InputError
        If there is other geometry than points.
    """
    import shapely

    shapes = np.asarray(shapes)
    kinds = shapely.get_type_id(shapes)
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    point, multi = int(shapely.GeometryType.POINT), int(shapely.GeometryType.MULTIPOINT)
    others = np.unique(kinds[present & (kinds != point) & (kinds != multi)])
    if others.size:
        names = sorted(shapely.GeometryType(kind).name.title() for kind in others)
        raise InputError(f"'{where}' holds {', '.join(names)} geometry; stations must be points")
    shapes = np.where(kinds == multi, shapely.get_geometry(shapes, 0), shapes)
    return pd.DataFrame({"x": shapely.get_x(shapes), "y": shapely.get_y(shapes)})
