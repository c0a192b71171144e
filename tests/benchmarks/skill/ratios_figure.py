"""All ratios of RMSE to the best kriging in one picture: left of the line the model is better."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import numpy as np
from matplotlib.figure import Figure

_COLOURS = {"LSCV": "#1f5a94", "LCCV": "#d9762b", "states": "#7a5195"}


def draw_ratios(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """A dot for each row of the model, by part and what tells the row apart; by scheme in colour."""
    dots = [
        (label_of(row), row.get("scheme"), row["ratio"]) for row in rows if row.get("method", "").startswith("model") and "ratio" in row
    ]
    dots = [dot for dot in dots if dot[1] in _COLOURS]
    labels = list(dict.fromkeys(label for label, *_ in dots))
    figure = Figure(figsize=(7, 0.24 * len(labels) + 1.1), layout="constrained")
    axes = figure.subplots()
    for scheme, colour in _COLOURS.items():
        places = [(ratio, labels.index(label)) for label, s, ratio in dots if s == scheme]
        if places:
            axes.scatter(*np.array(places).T, s=26, color=colour, label=scheme, zorder=3)
    axes.axvline(1, color="#404040", linewidth=0.9)
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", color="#e3e3e3", linewidth=0.6)
    axes.set_xlabel("RMSE over the best kriging's", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


def label_of(row: dict[str, Any]) -> str:
    """What the row is about."""
    words = [row["part"].replace("_", " ")]
    words += [str(row[key]) for key in ("species", "cells", "source") if row.get(key)]
    words += [str(row["day"]).partition(",")[0]] if row.get("day") else []  # of a period how many days it has, not which
    return ", ".join(words) + (row["method"].removeprefix("model") if row["method"] != "model" else "")
