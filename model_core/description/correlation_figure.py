"""The correlations as matrices of numbers (Fig. S2 of the paper): Pearson's above the diagonal, Spearman's below it."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.description.correlations import PEARSON, SPACE, TIME, Correlation
from model_core.evaluation.figures import STYLE, as_png, pretty_name
from model_core.variables import get_variable

_OVER = {SPACE: "over the cells of a day,\nmedian of {} day{}", TIME: "over the days of a cell,\nmedian of {} cell{}"}
_SOURCES = {"ctm": "CTM", "stations": "Stations"}
_SHORT = {
    "rh": "relative humidity",
    "wind": "wind speed",
    "temperature": "temperature",
    "elevation": "elevation",
    "urban": "urban fraction",
    "land": "land fraction",
}


def correlation_figure(found: Sequence[Correlation], title: str) -> bytes:
    """PNG with a matrix for each source and each of space and time where there is any correlation."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    groups: dict[tuple[str, str], list[Correlation]] = {}
    for one in found:
        if one.count:
            groups.setdefault((one.source, one.over), []).append(one)
    sides = [0.55 * len(_names(group)) + 1.5 for group in groups.values()]
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        columns = min(2, len(groups))
        rows = -(-len(groups) // columns)
        side = max(sides)
        figure = Figure(figsize=(columns * side + 0.9, rows * (side + 0.2) + 0.5), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for spare in list(axes.flat)[len(groups) :]:
            spare.set_axis_off()
        for axis, letter, ((source, over), group) in zip(axes.flat, "abcd", groups.items()):
            image = _draw(axis, group)
            counts = [one.count for one in group if one.method == PEARSON]
            axis.set_title(f"({letter}) {_SOURCES[source]}, {_OVER[over].format(max(counts), 's' * (max(counts) != 1))}", loc="left")
        figure.colorbar(image, ax=axes, label="Correlation", fraction=0.035, pad=0.02)
        figure.suptitle(f"{pretty_name(title)}\nPearson’s above the diagonal, Spearman’s below", x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _names(group: Sequence[Correlation]) -> list[str]:
    return list(dict.fromkeys(name for one in group for name in (one.first, one.second)))


def _draw(axis: Any, group: Sequence[Correlation]) -> Any:
    names = _names(group)
    matrix = np.full((len(names), len(names)), np.nan)
    for one in group:
        low, high = sorted((names.index(one.first), names.index(one.second)))
        matrix[(low, high) if one.method == PEARSON else (high, low)] = one.median
    axis.set_facecolor("#eeeeee")
    image = axis.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            axis.text(
                column,
                row,
                f"{round(value, 2) + 0.0:.2f}".replace("-", "−"),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if abs(value) > 0.65 else "#202020",
            )
    labels = [pretty_name(_SHORT.get(name) or get_variable(name).long_name) for name in names]
    axis.set_xticks(range(len(names)), labels, rotation=40, ha="right")
    axis.set_yticks(range(len(names)), labels)
    axis.tick_params(length=0)
    return image
