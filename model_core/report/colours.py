"""Colours of concentrations for the engine's pictures: the ramps and classes that the plugin shows layers in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date as Date
from functools import lru_cache
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from model_core.errors import InputError
from model_core.evaluation.figures import CONCENTRATION_COLOURS, nice_ceiling, pretty_unit

FILE = Path(__file__).resolve().parent.parent / "styles" / "air_quality.json"
CONTINUOUS = "continuous"
STYLES = (CONTINUOUS, "china", "us", "eu")


@lru_cache(maxsize=1)
def tables() -> dict[str, Any]:
    """The ramps and the tables of the indices."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Colours:
    """Colours of a variable.

    Attributes
    ----------
    breaks : lower ends of the classes, or breaks between which colours blend, in the variable's unit
    colours : hex, one for each break
    unit : of the breaks
    classes : names of the classes; empty where colours blend
    title : the index, its table and the averaging time that its limits are for; '' where colours blend
    note : what a reader should know, or ''
    """

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str
    classes: tuple[str, ...] = ()
    title: str = ""
    note: str = ""

    def cmap(self) -> Any:
        """As a colour map of matplotlib."""
        from matplotlib.colors import LinearSegmentedColormap, ListedColormap

        if self.classes:
            return ListedColormap(self.colours)
        return LinearSegmentedColormap.from_list("concentration", self.colours)

    def norm(self) -> Any:
        """Values to places in the colour map; breaks are evenly spaced, since low classes matter as much as high ones."""
        from matplotlib.colors import BoundaryNorm, FuncNorm

        if self.classes:
            return BoundaryNorm([*self.breaks, self.breaks[-1] * 1e6], len(self.colours))
        places, breaks = np.linspace(0, 1, len(self.breaks)), np.array(self.breaks, float)
        return FuncNorm((lambda v: np.interp(v, breaks, places), lambda p: np.interp(p, places, breaks)), breaks[0], breaks[-1])

    def _ticks(self) -> Sequence[float]:
        """The breaks; of a plain ramp, which has none that mean anything, round numbers."""
        from matplotlib.ticker import MaxNLocator

        steps = np.diff(self.breaks)
        if not np.allclose(steps, steps[0]):
            return self.breaks
        return [tick for tick in MaxNLocator(6).tick_values(self.breaks[0], self.breaks[-1]) if self.breaks[0] <= tick <= self.breaks[-1]]

    def draw_bar(self, figure: Any, axes: Any, orientation: str = "vertical") -> None:
        """The legend beside or below the axes."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import BoundaryNorm

        fraction, pad, aspect = (0.045, 0.02, 30) if orientation == "vertical" else (0.06, 0.04, 50)
        where = {"fraction": fraction, "pad": pad, "aspect": aspect, "orientation": orientation, "ax": axes}
        if self.classes:  # the open class gets the length of the others
            parts = np.arange(len(self.colours) + 1)
            bar = figure.colorbar(ScalarMappable(BoundaryNorm(parts, len(self.colours)), self.cmap()), **where)
            bar.set_ticks(parts[:-1], labels=[f"{value:g}" for value in self.breaks])
        else:
            bar = figure.colorbar(ScalarMappable(self.norm(), self.cmap()), extend="max", **where)
            ticks = self._ticks()
            bar.set_ticks(ticks, labels=[f"{value:.3g}" for value in ticks])
        bar.set_label(pretty_unit(self.unit))
        bar.ax.tick_params(labelsize=7)


def check_style(style: str) -> str:
    """The style, where it is known; `InputError` else."""
    if style not in STYLES:
        raise InputError(f"unknown style '{style}'; choose {', '.join(STYLES)}")
    return style


def colours_for(variable: str, unit: str, style: str = CONTINUOUS, day: Date | None = None, highest: float = 1.0) -> Colours:
    """The colours of a variable.

    Parameters
    ----------
    style : one of STYLES; an index that has no limits for the variable gives the continuous colours, with a note
    day : that the data are of, which decides which table of an index is valid; None: the newest
    highest : value at which a ramp ends where the variable has none of its own
    """
    breaks = tables()["ramps"]["breaks"].get(variable)
    if breaks is None:
        top = nice_ceiling(highest)
        continuous = Colours(tuple(np.linspace(0, top, len(CONCENTRATION_COLOURS)).tolist()), CONCENTRATION_COLOURS, unit)
    else:
        continuous = Colours(tuple(map(float, breaks)), tuple(tables()["ramps"]["colours"]), unit)
    if check_style(style) == CONTINUOUS:
        return continuous
    index = tables()["indices"][style]
    text = "9999" if day is None else day.isoformat()
    table = next(table for table in reversed(index["tables"]) if table.get("from", "") <= text)
    limits = table["limits"].get(variable)
    if limits is None:
        note = f"{index['title']} ({table['name']}) has no limits for {variable} that are known here; the continuous colours are shown"
        return Colours(continuous.breaks, continuous.colours, unit, note=note)
    title = f"{index['title']}, {table['name']}, limits for {limits['mean']} means"
    note = "" if limits["mean"] == "24 h" else f"the classes are those of {title}; a daily mean is compared with them all the same"
    return Colours((0.0, *limits["limits"]), tuple(index["colours"]), unit, tuple(index["classes"]), title, note)
