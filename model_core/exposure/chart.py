"""Exposures as a bar chart: polygons by their mean and the share of people above limits; without polygons, people by concentration."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.evaluation.figures import CONCENTRATION_COLOURS, STYLE, as_png, nice_ceiling, pretty_name, pretty_unit
from model_core.exposure.measures import Exposure
from model_core.labels_font import font_family

MOST_BARS = 40
_CLASSES = 40
_LIMIT_COLOURS = ("#3f7fb5", "#d9762b", "#a8273f", "#2d0a2e")


def polygon_chart(
    names: Sequence[str], found: Sequence[Exposure], whole: Exposure, limits: Sequence[float], unit: str, species: str, title: str
) -> bytes:
    """Bars of the population-weighted mean, highest first, with the mean of all; beside them the share of people above each limit.

    Of more than `MOST_BARS` polygons, those with most people are shown, and the title says so. Where no font has the letters of the
    names, the bars have the numbers that the table has as `id`.
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    shown = [number for number in np.argsort([-e.people for e in found], kind="stable") if np.isfinite(found[number].mean)][:MOST_BARS]
    shown = sorted(shown, key=lambda number: found[number].mean)
    if len(found) > len(shown):
        title += f"\n{len(shown)} of {len(found)} polygons, those with most people"
    means, places = np.array([found[number].mean for number in shown]), np.arange(len(shown))
    top = nice_ceiling(max([*means, whole.mean, 1e-9]))
    colours = LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS[1:])
    family = font_family([names[number] for number in shown])
    with rc_context(STYLE | {"font.family": ["DejaVu Sans", *([family] if family else [])]}):
        figure = Figure(figsize=(7.5 if limits else 5.2, 1.3 + 0.19 * max(len(shown), 4)), layout="constrained")
        all_axes = figure.subplots(1, 2 if limits else 1, squeeze=False, sharey=True)[0]
        axes = all_axes[0]
        axes.barh(places, means, color=colours(np.clip(means / top, 0, 1)), edgecolor="#505050", linewidth=0.4, height=0.75)
        axes.axvline(whole.mean, color="#303030", linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_title(f"all: {whole.mean:.3g} {pretty_unit(unit)} (dashed)", loc="left")
        labels = [names[number] if family else str(number + 1) for number in shown]
        axes.set_ylabel("" if family else "id in the table")
        axes.set(yticks=places, yticklabels=labels, ylim=(-0.7, len(shown) - 0.3), xlim=(0, None))
        axes.set_xlabel(f"Population-weighted mean {pretty_name(species)} ({pretty_unit(unit)})")
        if limits:
            _shares(all_axes[1], [found[number] for number in shown], places, limits, unit)
        for axes in all_axes:
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", color="#e3e3e3", linewidth=0.6)
            axes.set_axisbelow(True)
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def people_chart(
    concentrations: np.ndarray, people: np.ndarray, whole: Exposure, limits: Sequence[float], unit: str, species: str, title: str
) -> bytes:
    """People by the concentration that they are exposed to, with the mean and the limits.

    Parameters
    ----------
    concentrations, people : of the cells that have both
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    top = nice_ceiling(max(float(concentrations.max()), 1e-9))
    counts, edges = np.histogram(concentrations, bins=_CLASSES, range=(min(0.0, float(concentrations.min())), top), weights=people)
    scale, word = _scale(float(counts.max()))
    colours = LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS[1:])
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        axes = figure.subplots()
        middles = (edges[:-1] + edges[1:]) / 2
        axes.bar(
            edges[:-1],
            counts / scale,
            width=np.diff(edges),
            align="edge",
            color=colours(np.clip(middles / top, 0, 1)),
            edgecolor="#505050",
            linewidth=0.3,
        )
        axes.axvline(whole.mean, color="#303030", linewidth=0.9, linestyle=(0, (4, 3)), label=f"mean {whole.mean:.3g}")
        for limit, share, colour in zip(limits, whole.shares_above, _LIMIT_COLOURS * len(limits)):
            axes.axvline(limit, color=colour, linewidth=1, label=f"{100 * share:.1f} % above {limit:g}")
        axes.set_xlabel(f"{pretty_name(species)} ({pretty_unit(unit)})")
        axes.set_ylabel(f"People{word}")
        axes.set_xlim(edges[0], edges[-1])
        axes.legend(frameon=False)
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _shares(axes: Any, found: Sequence[Exposure], places: np.ndarray, limits: Sequence[float], unit: str) -> None:
    """Bars of the share of people above each limit; the lowest limit's is longest, and the others lie on it."""
    order = sorted(range(len(limits)), key=lambda number: limits[number])
    for place, number in enumerate(order):
        shares = [100 * exposure.shares_above[number] for exposure in found]
        axes.barh(
            places,
            shares,
            height=0.75 - 0.15 * min(place, 3),
            color=_LIMIT_COLOURS[place % len(_LIMIT_COLOURS)],
            label=f"above {limits[number]:g}",
        )
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"Share of people (%), limits in {pretty_unit(unit)}")
    axes.legend(
        frameon=False,
        ncols=min(len(limits), 4),
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.1,
        handlelength=1.2,
        columnspacing=1.0,
    )


def _scale(most: float) -> tuple[float, str]:
    for factor, word in ((1e6, " (millions)"), (1e3, " (thousands)")):
        if most >= factor:
            return factor, word
    return 1.0, ""
