"""The readings of a day beside the field that the model makes of them, and how sure it is where it says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from model_core.evaluation.figures import nice_ceiling, pretty_name, pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, draw_outline, map_size
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.prediction import Predictor
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import Observations
from model_core.warping import warp

_COLOURS = ("#f4f8fb", "#c0e2da", "#f2c85b", "#ee9b3f", "#dd6236", "#a8273f", "#6b1549", "#2d0a2e")


def draw(
    predictor: Predictor,
    observations: Observations,
    path: Path,
    title: str,
    land: np.ndarray | None = None,
    scale: float = 1.0,
    unit: str = "ug m-3",
) -> None:
    """Write a PNG: readings, field, and the standard deviation if the model gives one.

    Parameters
    ----------
    land : bool (rows, columns), drawn as a coast and cropped to; None for neither
    scale : as in `compare`
    """
    grid, target = predictor.grid, predictor.model.configuration.target
    readings = grid_observations(replace(observations, value=observations.value * scale), grid)
    result = predictor.predict([{target: readings}])[0]
    field = result.field / scale
    land = np.ones(grid.shape, bool) if land is None else land
    window = crop(land)
    panels = [("readings", np.full_like(field, np.nan)), ("reanalysis", field)]
    top = nice_ceiling(float(np.percentile(observations.value, 99)))
    colours = LinearSegmentedColormap.from_list("concentration", _COLOURS)
    width, height = map_size(grid, window, 4.2)
    with rc_context({"font.size": 8, "axes.titlesize": 9, "axes.linewidth": 0.6}):
        count = 2 + (result.sd is not None)
        figure = Figure(figsize=(count * width + 0.6, height + 1.1), layout="constrained")
        figure.get_layout_engine().set(rect=(0, 0, 1, 0.94))  # the rest is for the title
        axes = figure.subplots(1, count)
        for number, (name, values) in enumerate(panels):
            image = draw_field(axes[number], values, grid, window, number == 0, True, vmin=0, vmax=top, cmap=colours)
            draw_outline(axes[number], land, grid, window)
            axes[number].set_title(name if number else f"{len(observations)} {name}")
        axes[0].set_facecolor("#eeeeee")
        row, column = grid.locate(observations.x, observations.y, observations.crs)
        x, y = grid.transform.c + column * grid.transform.a, grid.transform.f + row * grid.transform.e
        order = np.argsort(observations.value)
        size = float(np.clip(3000 / len(observations), 5, 40))
        axes[0].scatter(
            x[order], y[order], size, observations.value[order], cmap=colours, vmin=0, vmax=top, edgecolors="#404040", linewidths=0.2
        )
        figure.colorbar(image, ax=axes[:2], label=pretty_unit(unit), orientation="horizontal", shrink=0.5, aspect=40, extend="max")
        if result.sd is not None:
            sd = result.sd / scale
            image = draw_field(
                axes[2], sd, grid, window, False, True, vmin=0, vmax=nice_ceiling(float(np.percentile(sd[window], 99))), cmap="viridis"
            )
            axes[2].set_title("standard deviation of a reading")
            figure.colorbar(image, ax=axes[2], label=pretty_unit(unit), orientation="horizontal", shrink=0.8, extend="max")
        figure.suptitle(pretty_name(title), fontsize=9)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)


def land_of(model: Model, grid: Grid) -> np.ndarray | None:
    """Cells above the sea by the model's own elevation, for a coast to see by; None where it has none."""
    if model.maps is None or "elevation" not in model.maps.fields:
        return None
    return warp(model.maps.fields["elevation"], model.maps.grid, grid) > 0
