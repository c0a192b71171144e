"""The pictures of a card, as PNG: learning curve, kernels, the maps that a model carries."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Callable

import numpy as np

from model_core.evaluation.figures import pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, map_size
from model_core.language.labels import say_labels
from model_core.model_file import Model, StaticMaps
from model_core.temporary_folder import TemporaryFolder
from model_core.training.record import plot_history, plot_kernels

_DPI = 150
_WIDTH = 3.4  # inches of a map, two of which fill the page
# Light to dark, none red against green; the last one for signed values.
_COLOURS = {"elevation": "YlOrBr", "urban": "PuRd", "error_bias": "RdBu_r"}
_DEFAULT_COLOURS = "viridis"


def history_picture(model: Model, unit: str) -> bytes | None:
    """Loss and validation RMSE over the training, or None where the card has fewer than two points of it."""
    history = model.card.get("history") or []
    if len(history) < 2 or not all("iteration" in entry and "loss" in entry for entry in history):
        return None
    best = model.card.get("scores") or {}
    return _drawn(lambda path: plot_history(path, history, best, pretty_unit(unit), model.name))


def kernels_picture(model: Model) -> bytes:
    """The kernels of PointConv, and their weight over distance."""
    return _drawn(lambda path: plot_kernels(path, model.network, model.grid.cell_size_km))


def map_picture(maps: StaticMaps, key: str, unit: str) -> bytes:
    """One of the maps, on its own grid, cropped to where it is known."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    field = np.asarray(maps.fields[key], float)
    window = crop(np.isfinite(field))
    low, high = np.nanpercentile(field, (1, 99))
    if "bias" in key:
        high = max(abs(low), abs(high))
        low = -high
    width, height = map_size(maps.grid, window, _WIDTH)
    figure = Figure(figsize=(width + 0.9, height + 0.3), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    image = draw_field(axes, field, maps.grid, window, True, True, cmap=_COLOURS.get(key, _DEFAULT_COLOURS), vmin=low, vmax=high)
    axes.tick_params(labelsize=7)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, extend="both" if low < 0 else "max")
    bar.set_label(pretty_unit(unit) if unit != "1" else "fraction of the cell", fontsize=7)
    bar.ax.tick_params(labelsize=7)
    say_labels(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _drawn(draw: Callable[[Path], Any]) -> bytes:
    with TemporaryFolder() as folder:
        path = folder / "picture.png"
        draw(path)
        return path.read_bytes()
