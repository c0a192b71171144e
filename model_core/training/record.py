"""What a training leaves beside the model: its learning curve as a table and a picture, and a picture of its kernels."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from model_core.atomic_file import atomic_file
from model_core.evaluation.figures import pretty_unit
from model_core.language.labels import say_labels
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.kernels import KernelShape, kernel_shape, kernels_of, radial_profile
from model_core.variables import get_variable

HISTORY_CSV, HISTORY_PNG, KERNELS_PNG = ".history.csv", ".history.png", ".kernels.png"
_LOSS, _TRUTH = "#4c72b0", "#c44e52"


def write_history(path: Path, history: Sequence[dict[str, Any]]) -> None:
    """The learning curve as CSV: a row per validation with its iteration, loss and scores; `OutputError` if it can't be written."""
    columns = list(dict.fromkeys(key for entry in history for key in entry))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(history)
    with atomic_file(path) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8")


def plot_history(path: Path, history: Sequence[dict[str, Any]], best: dict[str, Any], unit: str, title: str) -> None:
    """The learning curve as PNG: loss and validation RMSE over iterations, with the place of the best model."""
    figure = _figure(6.4, 3.8)
    axis = figure.subplots()
    unit = pretty_unit(unit)
    iterations = [entry["iteration"] for entry in history]
    marker = "o" if len(history) < 40 else ""
    axis.plot(iterations, [entry["loss"] for entry in history], color=_LOSS, marker=marker, markersize=3)
    axis.set_xlabel("iteration")
    axis.set_ylabel("training loss", color=_LOSS)
    axis.tick_params(axis="y", labelcolor=_LOSS)
    axis.grid(alpha=0.25)
    if "rmse" in best:
        right = axis.twinx()
        right.plot(iterations, [entry["rmse"] for entry in history], color=_TRUTH, marker=marker, markersize=3)
        right.set_ylabel(f"RMSE on held-out days ({unit})", color=_TRUTH)
        right.tick_params(axis="y", labelcolor=_TRUTH)
        axis.axvline(best["iteration"], color="0.4", linestyle=":", linewidth=1)
        title += f"\nkept: iteration {best['iteration']}, RMSE {best['rmse']:.3g} {unit}, R² {best['r2_det']:.3f}, NME {best['nme']:.3f}"
    axis.set_title(title, fontsize=9)
    _save(figure, path)


def plot_kernels(path: Path, network: ReanalysisNetwork, cell_km: float) -> None:
    """The kernels as PNG, like Fig. 3 of Lyu et al. (2022): for each variable both kernels, and their weight over distance."""
    drawn = kernels_of(network)
    variables = network.configuration.station_variables
    figure, axes, bar_axis = _kernel_panels(len(variables))
    for row, variable in enumerate(variables):
        profile = axes[row][2]
        for stage, colour in ((1, _LOSS), (2, _TRUTH)):
            weights = next(w for name, number, w in drawn if (name, number) == (variable, stage))
            shape = kernel_shape(weights, variable, stage, cell_km)
            image = _draw_kernel(axes[row][stage - 1], weights, shape, cell_km)
            distance, mean = radial_profile(weights)
            profile.plot(distance * cell_km, mean / mean.max(), color=colour, marker="o", markersize=3, label=f"kernel {stage}")
            if np.isfinite(shape.half_weight_km):
                profile.plot([shape.half_weight_km] * 2, [0, 0.5], color=colour, linestyle=":", linewidth=1)
        profile.axhline(0.5, color="0.6", linewidth=0.6)
        profile.set_ylim(0, 1.08)
        profile.set_xlim(0)
        profile.set_xlabel("distance (km)", fontsize=8)
        profile.set_title("mean weight over distance", fontsize=9)
        profile.tick_params(labelsize=7)
        profile.legend(fontsize=7, frameon=False)
    # One bar for all: each kernel is drawn relative to its largest weight.
    figure.colorbar(image, cax=bar_axis)
    bar_axis.tick_params(labelsize=7)
    _save(figure, path)


def _kernel_panels(rows: int):
    """(figure, axes of shape (rows, 3), axes of the colour bar). All panels are of one size, so their places are stated: to let
    matplotlib find them takes as long as a short training."""
    width, height, side, below = 9.6, 3.1 * rows, 2.2, 0.4  # inches
    figure = _figure(width, height, layout=None)

    def axes_at(left: float, bottom: float, across: float, up: float):
        return figure.add_axes((left / width, bottom / height, across / width, up / height))

    axes = []
    for row in range(rows):
        bottom = height - 3.1 * (row + 1) + below
        axes.append([axes_at(0.75, bottom, side, side), axes_at(3.75, bottom, side, side), axes_at(6.95, bottom, 2.5, side)])
    return figure, np.array(axes), axes_at(6.1, height / 2 - 0.35 * height, 0.14, 0.7 * height)


def _draw_kernel(axis, weights: np.ndarray, shape: KernelShape, cell_km: float):
    """The image of the weights, 1 at the largest."""
    edge = (len(weights) / 2) * cell_km
    image = axis.imshow(weights / weights.max(), extent=(-edge, edge, -edge, edge), cmap="viridis", vmin=0, vmax=1)
    if len(weights) > 1:
        axis.contour(weights / weights.max(), [0.5], colors="white", linewidths=1, origin="upper", extent=image.get_extent())
    half = f"{shape.half_weight_km:.0f} km" if np.isfinite(shape.half_weight_km) else "beyond"
    name = get_variable(shape.variable).long_name
    # A direction is only worth telling where there is one.
    towards = f" towards {shape.direction_degrees:.0f}°" if shape.anisotropy >= 1.02 else ""
    axis.set_title(
        f"{name}, kernel {shape.stage}\nhalf weight {half}, reach {shape.reach_km:.0f} km\nanisotropy {shape.anisotropy:.2f}{towards}",
        fontsize=8,
    )
    axis.set_xlabel("km east", fontsize=7)
    axis.set_ylabel("km north", fontsize=7)
    axis.tick_params(labelsize=7)
    axis.locator_params(nbins=5)
    return image


def _figure(width: float, height: float, layout: str | None = "constrained"):
    # Imported here, because a training that fails or is cancelled draws nothing. The canvas is named, so that no window
    # system is asked for, and no state of pyplot is shared with anybody.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=130, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def _save(figure, path: Path) -> None:
    say_labels(figure)
    with atomic_file(path) as partial:
        figure.canvas.print_png(partial)  # draws once, where savefig draws twice
