"""The figures of an evaluation: daily scores (Fig. 4 of the paper) and mean fields (its Fig. 5), as PNG.

matplotlib is imported when a figure is drawn, and only its Agg canvas: no window system is needed, and no state is shared.
"""

from __future__ import annotations

import io
import re
from datetime import date as Date
from datetime import datetime, time, timedelta
from typing import Any, Mapping, Sequence

import numpy as np

from model_core.evaluation.map_axes import crop, draw_field, draw_outline, map_size
from model_core.evaluation.period_means import PERIOD, PeriodMean
from model_core.grid import Grid
from model_core.language.labels import say_labels
from model_core.scores import scores

DPI = 200
LOWEST_R2 = -1.0
_ROW_NAMES = {"DJF": "December–February", "MAM": "March–May", "JJA": "June–August", "SON": "September–November", PERIOD: "Whole period"}
STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": "#404040",
    "xtick.color": "#404040",
    "ytick.color": "#404040",
    "axes.titlelocation": "left",
}
_BLUE, _ORANGE = "#1f5a94", "#d9762b"
# From light to dark evenly, and never red against green.
CONCENTRATION_COLOURS = ("#f4f8fb", "#c0e2da", "#f2c85b", "#ee9b3f", "#dd6236", "#a8273f", "#6b1549", "#2d0a2e")


def daily_scores_figure(daily: Sequence[Mapping[str, Any]], mean_of_daily: Mapping[str, float], unit: str, title: str) -> bytes:
    """R2 (both definitions), RMSE and NME as time series, each with its mean over the days."""
    from matplotlib import rc_context
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    days = [Date.fromisoformat(entry["date"]) for entry in daily]
    panels = (
        ("R²", (("r2_pearson", "squared correlation", _ORANGE), ("r2_det", "1 − SSE/SST", _BLUE))),
        (f"RMSE ({pretty_unit(unit)})", (("rmse", "", _BLUE),)),
        ("NME", (("nme", "", _BLUE),)),
    )
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 5.8), layout="constrained")
        all_axes = figure.subplots(len(panels), 1, sharex=True)
        for axes, letter, (label, lines) in zip(all_axes, "abc", panels):
            for key, name, colour in lines:
                x, y = _with_gaps(days, [entry[key] for entry in daily])
                axes.plot(x, y, color=colour, zorder=3, **_line(len(days)))
                mean = mean_of_daily[key]
                if np.isfinite(mean):
                    axes.axhline(mean, color=colour, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.8, zorder=2)
                words = f"{name}, mean {mean:.3g}" if name else f"mean {mean:.3g}"
                axes.plot([], [], color=colour, linewidth=1.1, marker="o", markersize=3, label=words)
            _limits(axes, days, np.array([[entry[key] for key, *_ in lines] for entry in daily], float), label == "R²")
            axes.set_ylabel(label)
            axes.set_title(f"({letter})", fontweight="bold")
            axes.grid(axis="y", color="#e3e3e3", linewidth=0.6)
            axes.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 0.98), borderaxespad=0, handlelength=1.6)
        first, last = (datetime.combine(day, time()) for day in (days[0], days[-1]))
        margin = max(0.01 * (last - first), timedelta(hours=12))
        axes.set_xlim(first - margin, last + margin)
        locator = AutoDateLocator(minticks=1 if len(days) == 1 else 3, maxticks=9)
        locator.intervald[3] = [1, 2, 3, 7, 14]  # whole days: a score has no hour
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        if (days[-1] - days[0]).days < 3:
            axes.set_xticks(days, [str(day) for day in days])
        figure.align_ylabels()
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def period_means_figure(periods: Sequence[PeriodMean], grid: Grid, mask: np.ndarray, unit: str, species: str, title: str) -> bytes:
    """Mean fields, truth beside reproduction, with the difference; a row for each season, or one for the whole period."""
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
    from matplotlib.figure import Figure

    rows = [period for period in periods if period.name != PERIOD]
    rows = rows if len(rows) > 1 else list(periods[-1:])
    window = crop(np.isfinite(rows[-1].true) | np.any([np.isfinite(row.true) for row in rows], axis=0))
    top = nice_ceiling(np.nanpercentile([[row.true, row.reproduced] for row in rows], 99.5))
    differences = [row.reproduced - row.true for row in rows]
    widest = nice_ceiling(max(np.nanpercentile(np.abs(differences), 99), 1e-6))
    colours = LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS)
    width, height = map_size(grid, window, 3.1)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(3 * width + 0.75, len(rows) * (height + 0.3) + 0.95), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.03, h_pad=0.05, wspace=0.015, hspace=0.015)
        all_axes = figure.subplots(len(rows), 3, squeeze=False)
        letters = iter("abcdefghijklmnop")
        for number, (axes_row, row, difference) in enumerate(zip(all_axes, rows, differences)):
            values = {"vmin": 0, "vmax": top, "cmap": colours}
            norm = {"norm": TwoSlopeNorm(0, -widest, widest), "cmap": "RdBu_r"}
            evaluated = mask & np.isfinite(row.true)
            s = scores(row.reproduced[evaluated], row.true[evaluated])
            means = [field[evaluated].mean(dtype=float) for field in (row.true, row.reproduced)]
            captions = (f"CTM, mean {means[0]:.3g}", f"Reproduction, mean {means[1]:.3g}", f"Reproduction − CTM, RMSE {s['rmse']:.3g}")
            for column, (axes, field, options, caption) in enumerate(
                zip(axes_row, (row.true, row.reproduced, difference), (values, values, norm), captions)
            ):
                image = draw_field(axes, field, grid, window, left=column == 0, bottom=number == len(rows) - 1, **options)
                draw_outline(axes, mask, grid, window)
                axes.set_title(caption, loc="center")
                axes.text(
                    0.02,
                    0.97,
                    f"({next(letters)})",
                    transform=axes.transAxes,
                    va="top",
                    fontweight="bold",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.2},
                )
                if column == 1:
                    concentration = image
            axes_row[0].set_ylabel(_row_label(row))
        beyond = max(np.nanmax([row.true, row.reproduced]) for row in rows) > top
        bar = {"orientation": "horizontal", "fraction": 0.05, "pad": 0.02}
        figure.colorbar(
            concentration,
            ax=all_axes[:, :2],
            label=f"Mean {pretty_name(species)} ({pretty_unit(unit)})",
            shrink=0.6,
            aspect=40,
            extend="max" if beyond else "neither",
            **bar,
        )
        figure.colorbar(
            image,
            ax=all_axes[:, 2],
            label=f"Difference ({pretty_unit(unit)})",
            shrink=0.85,
            aspect=26,
            extend="both" if np.nanmax(np.abs(differences)) > widest else "neither",
            **bar,
        )
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def pretty_name(text: str) -> str:
    """The text with PM2.5 and PM10 as they are printed, in matplotlib's mathtext."""
    return re.sub(r"\bPM(2\.5|10)\b", r"PM$_{\1}$", text)


def pretty_unit(unit: str) -> str:
    """A unit as people write it: ``ug m-3`` becomes µg m⁻³."""
    superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    words = [(word.rstrip("-0123456789"), word) for word in unit.split()]
    return " ".join(name.replace("ug", "µg") + word[len(name) :].translate(superscript) if name else word for name, word in words)


def nice_ceiling(value: float) -> float:
    """The next 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value)) if value > 0 else 1.0
    return next(float(step * power) for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def _with_gaps(days: Sequence[Date], values: Sequence[float]) -> tuple[list[Date], list[float]]:
    """A line that breaks where days are missing."""
    x, y = [], []
    for day, value in zip(days, values):
        if x and day - x[-1] > timedelta(days=1):
            x.append(x[-1] + timedelta(days=1))
            y.append(float("nan"))
        x.append(day)
        y.append(value)
    return x, y


def _limits(axes: Any, days: Sequence[Date], values: np.ndarray, is_r2: bool) -> None:
    """Axis from 0 (R2: up to its best, 1); days with R2 below -1 are marked at the edge, as they would flatten all others."""
    if not np.isfinite(values).any():
        return
    low, high = np.nanmin(values), np.nanmax(values)
    if not is_r2:
        axes.set_ylim(0, high * 1.1 or 1)
        return
    bottom = 0.5 if low > 0.55 else 0.0 if low >= 0 else max(low * 1.05, LOWEST_R2)
    axes.set_ylim(bottom, 1.0)
    below = [day for day, row in zip(days, values) if (row < LOWEST_R2).any()]
    if below:
        axes.plot(
            below,
            [bottom] * len(below),
            "v",
            color=_BLUE,
            markersize=4,
            clip_on=False,
            zorder=4,
            label=f"{len(below)} day{'s' * (len(below) > 1)} below {LOWEST_R2:g}".replace("-", "−"),
        )


def _line(days: int) -> dict[str, Any]:
    size, width = (3.5, 1.1) if days <= 60 else (1.8, 0.8) if days <= 400 else (1.0, 0.5)
    return {"marker": "o", "markersize": size, "linewidth": width}


def _row_label(period: PeriodMean) -> str:
    """Name, number of days, and the dates; of a season only the years, which it may have several of."""
    first, last = (period.first, period.last) if period.name == PERIOD else (period.first.year, period.last.year)
    span = f"{first}" if first == last else f"{first} to {last}"
    return f"{_ROW_NAMES[period.name]}\n{period.days} day{'s' * (period.days > 1)}, {span}"


def as_png(figure: Any) -> bytes:
    """The picture of a figure, drawn without a window system."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    say_labels(figure)
    if layout := figure.get_layout_engine():
        layout.execute(figure)  # maps get their final width here; drawing arranges the labels beside them, which were cut off otherwise
    content = io.BytesIO()
    FigureCanvasAgg(figure).print_png(content)  # draws once, where savefig draws twice
    return content.getvalue()
