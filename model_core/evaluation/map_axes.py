"""Fields drawn on their own grid, with meridians and parallels for orientation."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_core.grid import Grid

Window = tuple[slice, slice]
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45)


def crop(known: np.ndarray) -> Window:
    """The smallest window (rows, columns) with all known cells."""
    rows, columns = np.flatnonzero(known.any(1)), np.flatnonzero(known.any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def map_size(grid: Grid, window: Window, width: float) -> tuple[float, float]:
    """Width and height of a map in inches: as wide as asked for, but never taller than that."""
    left, right, bottom, top = _extent(grid, window)
    ratio = (top - bottom) / (right - left) * _aspect(grid)
    return (width, width * ratio) if ratio <= 1 else (max(width / ratio, 0.75 * width), width)


def draw_field(axes: Any, field: np.ndarray, grid: Grid, window: Window, left: bool, bottom: bool, **colours: Any) -> Any:
    """Draw a field and the graticule; its labels stand where `left` and `bottom` ask for them. Returns the image."""
    axes.set_facecolor("#dddddd")  # no value
    image = axes.imshow(field[window], extent=_extent(grid, window), interpolation="nearest", aspect=_aspect(grid), **colours)
    _draw_graticule(axes, grid, window, left, bottom)
    return image


def draw_outline(axes: Any, mask: np.ndarray, grid: Grid, window: Window) -> None:
    """The border of a mask, such as the coast."""
    if mask[window].all() or not mask[window].any() or min(mask[window].shape) < 2:
        return
    axes.contour(grid.x[window[1]], grid.y[window[0]], mask[window], levels=[0.5], colors="#303030", linewidths=0.4)


def _draw_graticule(axes: Any, grid: Grid, window: Window, left: bool, bottom: bool) -> None:
    """Meridians and parallels, labelled where they leave the map at the bottom and on the left."""
    longitude, latitude = (values[window] for values in grid.lonlat())
    x, y = grid.x[window[1]], grid.y[window[0]]
    # Seen from the middle of the map, so that no meridian jumps by 360 degrees inside it.
    middle = longitude[longitude.shape[0] // 2, longitude.shape[1] // 2]
    longitude = (longitude - middle + 180) % 360 - 180 + middle
    tall = abs(y[0] - y[-1]) * _aspect(grid) > 1.5 * abs(x[-1] - x[0])  # leaves room for few labels side by side
    for values, edge, along, set_ticks, shown, suffixes, most in (
        (longitude, longitude[-1], x, axes.set_xticks, bottom, "EW", 2.5 if tall else 6),
        (latitude, latitude[:, 0], y, axes.set_yticks, left, "NS", 6),
    ):
        levels = _levels(values, most)
        if len(levels) and min(values.shape) > 1:
            axes.contour(x, y, values, levels=levels, colors="#606060", linewidths=0.35, alpha=0.6, linestyles="dotted")
        order = np.argsort(edge)
        inside = [level for level in levels if edge.min() <= level <= edge.max()]
        places = np.interp(inside, edge[order], along[order]) if inside else []
        set_ticks(places, [_label(level, suffixes) for level in inside] if shown else [""] * len(places))
    axes.tick_params(length=2.5, width=0.6, pad=2)


def _levels(values: np.ndarray, most: float) -> np.ndarray:
    low, high = values.min(), values.max()
    step = next((step for step in _STEPS if (high - low) / step <= most), _STEPS[-1])
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _label(degrees: float, suffixes: str) -> str:
    degrees = (degrees + 180) % 360 - 180 if suffixes == "EW" else degrees
    plain = degrees in (0, -180)  # neither east nor west, neither north nor south
    return f"{abs(degrees):g}°" + ("" if plain else suffixes[0] if degrees > 0 else suffixes[1])


def _extent(grid: Grid, window: Window) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of the window in CRS units."""
    (dx, dy), (west, _, _, north) = grid.cell_size, grid.bounds
    rows, columns = window
    return west + columns.start * dx, west + columns.stop * dx, north - rows.stop * dy, north - rows.start * dy


def _aspect(grid: Grid) -> float:
    """Height of a unit of y over the width of a unit of x."""
    if not grid.crs.is_geographic:
        return 1.0
    middle = np.radians((grid.bounds[1] + grid.bounds[3]) / 2)
    return float(1 / max(np.cos(middle), 0.2))
