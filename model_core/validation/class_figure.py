"""Bias and RMSE of the methods by class of readings: by distance, maps and concentration, as PNG."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.evaluation.figures import STYLE, as_png, pretty_name, pretty_unit
from model_core.validation.cross_validation import MODEL
from model_core.validation.scatter import NAMES

# In order of preference: periods are there only where a user has named them.
_SHOWN = {
    "period": "Period",
    "distance": "Nearest given station",
    "given": "Groups given",
    "urban": "Urban fraction",
    "elevation": "Elevation",
    "predicted": "Predicted concentration",
    "season": "Season",
    "region": "Region",
    "month": "Month",
}
# Dark to light without red against green; a marker each, so that colour is not all that tells them apart.
_LOOKS = (("#1f5a94", "o"), ("#d9762b", "s"), ("#7a5195", "^"), ("#5f9e6e", "D"), ("#8c8c8c", "v"), ("#b0413e", "P"))
_MOST_METHODS, _MOST_PANELS, _MOST_CLASSES = len(_LOOKS), 4, 12


def class_figure(rows: Sequence[dict[str, Any]], methods: Sequence[str], unit: str, title: str) -> bytes:
    """A column for each of up to four groupings; above the bias as a share of the mean observed, with two standard errors, below the RMSE.

    Parameters
    ----------
    rows : of `class_scores`
    methods : those that are drawn, in this order; six at most
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    classes_of = {name: {row["class"] for row in rows if row["by"] == name} for name in _SHOWN}
    panels = [name for name, classes in classes_of.items() if 0 < len(classes) <= _MOST_CLASSES][:_MOST_PANELS]
    methods = list(methods)[:_MOST_METHODS]
    with rc_context(STYLE):
        figure = Figure(figsize=(2.9 * len(panels) + 0.6, 4.9), layout="constrained")
        axes_of = figure.subplots(2, len(panels), sharex="col", sharey="row", squeeze=False)
        for column, grouping in enumerate(panels):
            of_grouping = [row for row in rows if row["by"] == grouping]
            classes = list(dict.fromkeys(row["class"] for row in of_grouping))
            for number, method in enumerate(methods):
                mine = {row["class"]: row for row in of_grouping if row["method"] == method}
                at = np.array([classes.index(name) for name in mine]) + 0.11 * (number - (len(methods) - 1) / 2)
                colour, marker = _LOOKS[number]
                bias, error, rmse = (100 * np.array([row[key] for row in mine.values()]) for key in ("nmb", "nmb_se", "rmse"))
                look = {"color": colour, "marker": marker, "markersize": 4, "linestyle": "none", "label": NAMES.get(method, method)}
                axes_of[0, column].errorbar(at, bias, 2 * np.nan_to_num(error), elinewidth=0.8, **look)
                axes_of[1, column].plot(at, rmse / 100, **look)
            counts = {name: max(row["n"] for row in of_grouping if row["class"] == name) for name in classes}
            axes_of[0, column].axhline(0, color="#404040", linewidth=0.7, zorder=0)
            behind = classes[0].partition(" ")[2] if grouping in ("distance", "urban", "elevation") else ""
            unit_of_class = f" ({behind})" if behind else f", {pretty_unit(unit)}" if grouping == "predicted" else ""
            axes_of[0, column].set_title(f"({'abcd'[column]}) {_SHOWN[grouping]}{unit_of_class}", fontweight="bold")
            ticks = [f"{name.removesuffix(behind).strip()}\n{counts[name]}" for name in classes]
            axes_of[1, column].set_xticks(range(len(classes)), ticks, fontsize=6.5)
            for axes in axes_of[:, column]:
                axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
                axes.set_axisbelow(True)
        axes_of[1, 0].set_ylim(bottom=0)  # shared by the row: only now is its top known
        axes_of[0, 0].set_ylabel("Bias (% of the mean observed)")
        axes_of[1, 0].set_ylabel(f"RMSE ({pretty_unit(unit)})")
        figure.supxlabel("Class, and most readings of a method in it", fontsize=8)
        handles, labels = axes_of[0, 0].get_legend_handles_labels()
        if len(methods) > 1:
            figure.legend(handles, labels, loc="outside upper right", ncols=len(methods), frameon=False)
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def drawn_methods(methods: Sequence[str]) -> list[str]:
    """The model, and what it is to be held against: CTM and krigings first."""
    order = (MODEL, "ctm", "ok", "oklog", "ked", "kedlog", "rk", "rklog", "avna", "evna", "idw", "vna")
    return sorted(methods, key=order.index)[:_MOST_METHODS]
