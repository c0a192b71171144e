"""Pictures for a page: charts as SVG, maps as PNG, each inside the page as a data URI."""

from __future__ import annotations

import base64
import io
import struct
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Sequence

import numpy as np

from model_core.evaluation.figures import STYLE, nice_ceiling, pretty_unit
from model_core.language.labels import say_labels
from model_core.report.colours import Colours

_BLUE, _ORANGE = "#1f5a94", "#d9762b"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class PageFigure:
    """A picture: its data URI, what it shows, and its width in pixels on the page."""

    uri: str
    caption: str
    width: int


def png_figure(png: bytes, caption: str, width: int | None = None) -> PageFigure:
    """A PNG; `width` defaults to its own at 96 dots per inch of a picture drawn with 200."""
    (own,) = struct.unpack(">I", png[16:20])
    return PageFigure("data:image/png;base64," + base64.b64encode(png).decode(), caption, width or own * 96 // 200)


def svg_figure(figure: Any, caption: str) -> PageFigure:
    """A matplotlib figure as SVG."""
    from matplotlib import rc_context

    say_labels(figure)
    stream = io.BytesIO()
    with rc_context({"svg.hashsalt": "ctm-reanalysis"}):  # so that equal figures are equal files
        figure.savefig(stream, format="svg", metadata={"Date": None})
    content = base64.b64encode(stream.getvalue()).decode()
    return PageFigure("data:image/svg+xml;base64," + content, caption, round(figure.get_figwidth() * 96))


def calendar_figure(days: Sequence[Date], means: Sequence[float], colours: Colours, caption: str) -> PageFigure:
    """A square for each day, a column for each week and a block of rows for each year; days without a field are white."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    known = dict(zip(days, means))
    years = range(days[0].year, days[-1].year + 1)
    cmap, norm = colours.cmap(), colours.norm()
    with rc_context(STYLE):
        figure = Figure(figsize=(8.3, 1.12 * len(years) + 0.7), layout="constrained")
        all_axes = figure.subplots(len(years), 1, squeeze=False)[:, 0]
        for axes, year in zip(all_axes, years):
            first = Date(year, 1, 1)
            for number in range((Date(year + 1, 1, 1) - first).days):
                day = first + timedelta(days=number)
                week, weekday = (number + first.weekday()) // 7, day.weekday()
                value = known.get(day, np.nan)
                face, edge = (cmap(norm(value)), "#6d7a85") if np.isfinite(value) else ("#ffffff", "#dfe4e8")
                axes.add_patch(Rectangle((week, 6 - weekday), 0.9, 0.9, facecolor=face, edgecolor=edge, linewidth=0.4))
            months = [((Date(year, month, 1) - first).days + first.weekday()) // 7 for month in range(1, 13)]
            axes.set(xlim=(-0.2, 54), ylim=(-0.2, 7.1), aspect="equal")
            axes.set_xticks([month + 0.5 for month in months], _MONTHS)
            axes.set_yticks([6.45, 4.45, 2.45], ["Mon", "Wed", "Fri"])
            axes.set_ylabel(str(year), rotation=0, ha="right", va="center", fontweight="bold")
            axes.tick_params(length=0)
            for spine in axes.spines.values():
                spine.set_visible(False)
        colours.draw_bar(figure, all_axes, orientation="horizontal")
        return svg_figure(figure, caption)


def series_figure(times: Sequence[Any], means: Sequence[float], highest: Sequence[float], unit: str, caption: str) -> PageFigure:
    """Mean of the field and its highest cell over time, in panels of their own; lines break where there is no field."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(8.3, 3.6), layout="constrained")
        panels = ((means, _BLUE, "Mean"), (highest, _ORANGE, "Highest cell"))
        for axes, (values, colour, name) in zip(figure.subplots(2, 1, sharex=True), panels):
            _draw_course(axes, times, values, colour, f"{name}\n({pretty_unit(unit)})")
        return svg_figure(figure, caption)


def weighted_figure(times: Sequence[Any], means: Sequence[float], unit: str, caption: str) -> PageFigure:
    """The population-weighted mean over time."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(8.3, 2.2), layout="constrained")
        _draw_course(figure.subplots(), times, means, _BLUE, f"Weighted mean\n({pretty_unit(unit)})")
        return svg_figure(figure, caption)


def _draw_course(axes: Any, times: Sequence[Any], values: Sequence[float], colour: str, label: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.plot(times, values, color=colour, linewidth=1.0, marker="o", markersize=2.2 if len(times) < 120 else 0)
    axes.set_ylabel(label)
    finite = np.asarray(values, float)[np.isfinite(values)]
    axes.set_ylim(0, nice_ceiling(float(finite.max())) if len(finite) else 1)
    axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
    locator = AutoDateLocator(minticks=1, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def distance_figure(labels: Sequence[str], rmse: dict[str, Sequence[float]], unit: str, caption: str) -> PageFigure:
    """RMSE of each method in classes of distance."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(7.0, 2.9), layout="constrained")
        axes = figure.subplots()
        width, palette = 0.8 / len(rmse), ("#1f5a94", "#8fb8d6", "#d9762b", "#efc08f", "#7a7a7a", "#c4c4c4")
        for number, (name, values) in enumerate(rmse.items()):
            places = np.arange(len(labels)) + (number + 0.5) * width - 0.4
            axes.bar(places, values, width * 0.92, color=palette[number % len(palette)], label=name)
        axes.set_xticks(np.arange(len(labels)), labels)
        axes.set_xlabel("Distance (km)")
        axes.set_ylabel(f"RMSE ({pretty_unit(unit)})")
        axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2)
        return svg_figure(figure, caption)
