"""The networks over elevation as a picture, a panel for each variable (Fig. 1 of the paper)."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.description.networks import Network
from model_core.evaluation.figures import STYLE, as_png, nice_ceiling, pretty_name
from model_core.evaluation.map_axes import Window, draw_field, map_size
from model_core.grid import Grid
from model_core.variables import get_variable

_MARGIN, _LEAST_CELLS = 0.08, 5  # around the stations: a share of their extent, and cells
# Pale, so that the stations stand out; the lowest colour is that of plains.
_HEIGHTS = ("#eef3e6", "#e3e0c4", "#d5c3a0", "#bfa184", "#a58a78", "#8a766e")
_MARKERS = ("#b3243b", "#1f5a94", "#6d3c8c", "#0d7a62", "#8a5a00", "#333333")
_COLUMNS = 3


def networks_figure(networks: Sequence[Network], grid: Grid, elevation: np.ndarray | None, title: str) -> bytes:
    """PNG of the networks; `elevation` is (rows, columns) in m, or None where it is not known."""
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    window = _window(networks, grid)
    columns = min(len(networks), _COLUMNS)
    rows = -(-len(networks) // columns)
    width, height = map_size(grid, window, 7.0 if columns == 1 else 3.6)
    known = elevation is not None and np.isfinite(elevation[window]).any()
    heights = np.full(grid.shape, np.nan) if not known else np.where(elevation > 0, elevation, np.nan)
    known &= bool(np.isfinite(heights[window]).any())
    top = nice_ceiling(float(np.nanpercentile(heights[window], 99))) if known else 1.0
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(columns * width + (1.1 if known else 0.5), rows * (height + 0.6) + 0.4), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for place, (axis, letter) in enumerate(zip(axes.flat, "abcdefghijklmnopqrst")):
            if place >= len(networks):
                axis.set_axis_off()
                continue
            network = networks[place]
            image = draw_field(
                axis,
                heights,
                grid,
                window,
                left=place % columns == 0,
                bottom=place + columns >= len(networks),
                cmap=LinearSegmentedColormap.from_list("heights", _HEIGHTS),
                vmin=0,
                vmax=top,
            )
            axis.set_facecolor("#dbe7f0" if known else "#f4f4f4")
            axis.plot(
                network.x,
                network.y,
                "o",
                color=_MARKERS[place % len(_MARKERS)],
                markersize=_size(len(network.x)),
                markeredgewidth=0.3,
                markeredgecolor="white",
                linestyle="none",
            )
            left, right, bottom, upper = image.get_extent()
            axis.set_xlim(left, right)
            axis.set_ylim(bottom, upper)
            axis.set_title(f"({letter}) {_caption(network)}", loc="left")
        if known:
            beyond = float(np.nanmax(heights[window])) > top
            figure.colorbar(image, ax=axes, label="Elevation (m)", fraction=0.04, pad=0.015, extend="max" if beyond else "neither")
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _caption(network: Network) -> str:
    name = get_variable(network.variable).long_name
    name = pretty_name(name[0].upper() + name[1:])
    stations = f"{len(network.x)} station{'s' * (len(network.x) != 1)}"
    caption = f"{name}: {stations} in {network.cells} cell{'s' * (network.cells != 1)}"
    return caption + (f"\nmedian distance to the next one {network.spacing_km:.3g} km" if np.isfinite(network.spacing_km) else "")


def _size(stations: int) -> float:
    return float(np.clip(9 - 2.2 * np.log10(max(stations, 1)), 2.2, 7))


def _window(networks: Sequence[Network], grid: Grid) -> Window:
    """Rows and columns that hold all stations, with a margin."""
    slices: list[Any] = []
    for name, origin, step, size in (
        ("y", grid.transform.f, grid.transform.e, grid.shape[0]),
        ("x", grid.transform.c, grid.transform.a, grid.shape[1]),
    ):
        at = np.concatenate([(getattr(network, name) - origin) / step for network in networks])
        margin = max(_MARGIN * (at.max() - at.min()), _LEAST_CELLS)
        slices.append(slice(max(0, int(at.min() - margin)), min(size, int(np.ceil(at.max() + margin)))))
    return slices[0], slices[1]
