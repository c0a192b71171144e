"""Maps for a page: a field with its stations, and what remains at stations."""

from __future__ import annotations

import numpy as np

from model_core.evaluation.figures import STYLE, as_png, nice_ceiling, pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, map_size
from model_core.grid import Grid
from model_core.report.colours import Colours
from model_core.report.figures import PageFigure, png_figure

_WIDTH = 6.6  # inches
LARGE = 0.5  # share of the field from which its standard deviation is hatched


def field_map(
    field: np.ndarray,
    grid: Grid,
    colours: Colours,
    caption: str,
    places: tuple[np.ndarray, np.ndarray] | None = None,
    values: np.ndarray | None = None,
    sd: np.ndarray | None = None,
) -> PageFigure:
    """A field (rows, columns) on its grid.

    Parameters
    ----------
    places : x and y of stations in the grid's CRS, with their `values`, which get the field's colours
    sd : standard deviation (rows, columns); hatched where it is more than `LARGE` of the field
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    window = crop(np.isfinite(field))
    width, height = map_size(grid, window, _WIDTH)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True, "hatch.linewidth": 0.4}):
        figure = Figure(figsize=(width + 1.0, height + 0.35), layout="constrained")
        axes = figure.subplots()
        draw_field(axes, field, grid, window, True, True, cmap=colours.cmap(), norm=colours.norm())
        limits = axes.get_xlim(), axes.get_ylim()
        if sd is not None:
            with np.errstate(invalid="ignore"):
                large = np.where(np.isfinite(field), sd > LARGE * field, False)[window]
            if large.any() and min(large.shape) > 1:
                axes.contourf(grid.x[window[1]], grid.y[window[0]], large, levels=[0.5, 1.5], colors="none", hatches=["////"])
        if places is not None and len(places[0]):
            order = np.argsort(values)  # high readings stay visible in crowded cities
            size = 26 if len(values) < 150 else 12 if len(values) < 800 else 7
            axes.scatter(
                places[0][order],
                places[1][order],
                c=np.asarray(values)[order],
                cmap=colours.cmap(),
                norm=colours.norm(),
                s=size,
                edgecolors="#22303c",
                linewidths=0.4 if len(values) < 800 else 0.2,
                zorder=4,
            )
        axes.set(xlim=limits[0], ylim=limits[1])
        colours.draw_bar(figure, axes)
        return png_figure(as_png(figure), caption)


def residual_map(x: np.ndarray, y: np.ndarray, residual: np.ndarray, unit: str, caption: str) -> PageFigure:
    """Stations at longitude and latitude: blue where the prediction is too low, red where it is too high."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    widest = nice_ceiling(float(np.nanpercentile(np.abs(residual), 98)) or 1.0)
    middle = np.cos(np.radians(np.mean(y)))
    ratio = np.clip(max(np.ptp(y), 0.1) / (max(np.ptp(x), 0.1) * max(middle, 0.2)), 0.3, 1.2)
    with rc_context(STYLE):
        figure = Figure(figsize=(_WIDTH + 0.8, _WIDTH * ratio + 0.4), layout="constrained")
        axes = figure.subplots()
        order = np.argsort(np.abs(residual))
        points = axes.scatter(
            x[order],
            y[order],
            c=residual[order],
            cmap="RdBu_r",
            vmin=-widest,
            vmax=widest,
            s=22 if len(x) < 400 else 11,
            edgecolors="#404040",
            linewidths=0.3,
        )
        axes.set(xlabel="Longitude", ylabel="Latitude", aspect=1 / max(middle, 0.2))
        axes.grid(color="#ececec", linewidth=0.5)
        axes.set_axisbelow(True)
        bar = figure.colorbar(points, ax=axes, extend="both", fraction=0.045, pad=0.02)
        bar.set_label(f"Predicted − observed ({pretty_unit(unit)})")
        return png_figure(as_png(figure), caption)
