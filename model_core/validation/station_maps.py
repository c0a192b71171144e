"""A CTM's mean field with the stations' means as circles in the same colours, and its bias at the stations (Fig. S1), as PNG."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pyproj import CRS

from model_core.evaluation.figures import CONCENTRATION_COLOURS, STYLE, as_png, nice_ceiling, pretty_name, pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, map_size
from model_core.grid import Grid
from model_core.transformers import transformer


def station_map_figure(mean: np.ndarray, grid: Grid, stations: pd.DataFrame, crs: CRS, species: str, unit: str, title: str) -> bytes:
    """Two maps.

    Parameters
    ----------
    mean : float (rows, columns), NaN where unknown
    stations : `x`, `y` in `crs`, `observed` and `ctm`, the means at each station
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
    from matplotlib.figure import Figure

    x, y = transformer(crs, grid.crs).transform(stations["x"].to_numpy(), stations["y"].to_numpy())
    bias = (stations["ctm"] - stations["observed"]).to_numpy()
    top = nice_ceiling(np.percentile([stations["observed"], stations["ctm"]], 99))
    widest = nice_ceiling(max(float(np.percentile(np.abs(bias), 95)), 1e-6))
    window = crop(np.isfinite(mean))
    width, height = map_size(grid, window, 4.6)
    size = float(np.clip(1500 / len(stations), 5, 40))
    colours = LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(2 * width + 0.7, height + 1.25), layout="constrained")
        left, right = figure.subplots(1, 2)
        image = draw_field(left, mean, grid, window, left=True, bottom=True, vmin=0, vmax=top, cmap=colours)
        left.scatter(x, y, size, stations["observed"], vmin=0, vmax=top, cmap=colours, edgecolors="#303030", linewidths=0.35)
        left.set_title("(a) CTM, mean, and means of the stations", fontweight="bold")
        draw_field(right, np.where(np.isfinite(mean), 0.0, np.nan), grid, window, left=False, bottom=True, vmin=0, vmax=1, cmap="Greys")
        order = np.argsort(np.abs(bias))  # the largest last, so that no other hides it
        points = right.scatter(
            x[order],
            y[order],
            size,
            bias[order],
            norm=TwoSlopeNorm(0, -widest, widest),
            cmap="RdBu_r",
            edgecolors="#606060",
            linewidths=0.3,
        )
        right.set_title("(b) CTM less stations", fontweight="bold")
        bar = {"orientation": "horizontal", "fraction": 0.05, "pad": 0.02, "aspect": 35, "shrink": 0.85}
        over = max(np.nanmax(mean), float(stations["observed"].max())) > top
        figure.colorbar(image, ax=left, label=f"{pretty_name(species)} ({pretty_unit(unit)})", extend="max" if over else "neither", **bar)
        figure.colorbar(
            points, ax=right, label=f"Difference ({pretty_unit(unit)})", extend="both" if np.abs(bias).max() > widest else "neither", **bar
        )
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)
