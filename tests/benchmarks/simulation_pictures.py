"""The figures of the comparison of simulated with real CTM days."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.colors import LogNorm  # noqa: E402
from PIL import Image  # noqa: E402

COLOURS = {"CMAQ": "#202020", "winter": "#1f6fb4", "summer": "#d9781e"}
CHINA = ("CMAQ China, January 2020, 36 km", "simulated, winter, 36 km", "simulated, summer, 36 km")
ATLANTA = ("CMAQ Atlanta, June 2004, 12 km", "simulated, summer, windows at 12 km")
USA = ("CMAQ USA, 2016, 108 km", "simulated USA, winter, 108 km")


def draw_statistics(table: dict, path: Path) -> None:
    """Lines are medians of the days, bands reach from 10 to 90 % of them."""
    figure, axes = pyplot.subplots(3, 3, figsize=(13, 11), layout="constrained")
    for axis, names, field, title in (
        (axes[0, 0], CHINA, "variogram_log", "variogram of log PM2.5, China 36 km"),
        (axes[0, 1], CHINA, "variogram_anomalies", "variogram of its day-to-day anomalies"),
        (axes[1, 0], ATLANTA, "variogram_log", "variogram of log PM2.5, 12 km"),
        (axes[1, 1], USA, "variogram_log", "variogram of log PM2.5, USA 108 km"),
    ):
        for name in names:
            _band(axis, table[name]["lags_km"], table[name][field], name)
        axis.set(title=title, xlabel="distance, km", ylabel="share of the variance", xscale="log", ylim=(0, None))
        _ticks(axis, table[names[0]]["lags_km"])
    for axis, names, title in (
        (axes[0, 2], CHINA, "spectrum of log PM2.5, China 36 km"),
        (axes[1, 2], ATLANTA, "spectrum of log PM2.5, 12 km"),
    ):
        for name in names:
            edges = np.array(table[name]["bands_km"], float)
            _band(axis, np.sqrt(edges[:-1] * edges[1:]), table[name]["spectrum_log"], name)
        axis.set(title=title, xlabel="wavelength, km", ylabel="share of the variance per band", xscale="log", yscale="log")
        _ticks(axis, edges)
        axis.invert_xaxis()
    axis = axes[2, 0]
    for name in CHINA:
        axis.plot([1, 2, 3], table[name]["day_correlation"], "o-", color=_colour(name), label=name)
    axis.set(title="correlation of days' anomalies, runs of 8 days", xlabel="days apart", xticks=[1, 2, 3])
    axis.axhline(0, color="#b0b0b0", linewidth=0.7)
    axis = axes[2, 1]
    levels = np.array([1, 5, 25, 50, 75, 95, 99, 99.9])
    for name in CHINA:
        _band(axis, np.arange(len(levels)), table[name]["quantiles"], name)
    axis.set(title="quantiles over land, per median, China 36 km", xlabel="percent of cells", yscale="log")
    axis.set_xticks(np.arange(len(levels)), [f"{level:g}" for level in levels])
    axis = axes[2, 2]
    lines = [(ATLANTA[0], "wind", "-")] + [(name, driver, style) for driver, style in (("wind", "-"), ("rh", "--")) for name in CHINA[1:]]
    for name, driver, style in lines:
        edges = np.array(table[name][f"{driver}_edges"], float)
        middle = (edges[:-1] + edges[1:]) / 2 / (1 if driver == "wind" else 10)
        label = {"wind": "wind", "rh": "RH"}[driver] + ": " + ", ".join(name.split(", ")[:2])
        axis.plot(middle, table[name][f"by_{driver}"][1], style, color=_colour(name), label=label)
    axis.set(title="PM2.5 against wind and humidity, lowland", xlabel="wind speed, m/s, or RH, 10 %", ylabel="per median")
    for axis in axes.flat:
        axis.legend(fontsize=7, frameon=False)
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25)
    _save(figure, path, 72)


def _save(figure, path: Path, dpi: int) -> None:
    """As an indexed PNG, a third of the size."""
    figure.savefig(path, dpi=dpi)
    pyplot.close(figure)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def _ticks(axis, values) -> None:
    axis.set_xticks(values, [f"{value:g}" for value in values], fontsize=8)
    axis.set_xticks([], minor=True)


def _band(axis, x, low_middle_high, name: str) -> None:
    low, middle, high = np.array(low_middle_high, float)
    axis.plot(x, middle, "o-", markersize=3, color=_colour(name), label=name)
    axis.fill_between(x, low, high, color=_colour(name), alpha=0.15, linewidth=0)


def _colour(name: str) -> str:
    return next(colour for word, colour in COLOURS.items() if word in name)


def draw_maps(real: dict, winters: list[dict], summers: list[dict], path: Path) -> None:
    """Four real days, four simulated winters and four summers on one scale."""
    rows = [
        ("CMAQ, January 2020", [(real, day) for day in (2, 7, 12, 17)]),
        ("simulated winters", [(run, 4) for run in winters[:4]]),
        ("simulated summers", [(run, 4) for run in summers[:4]]),
    ]
    figure, axes = pyplot.subplots(3, 4, figsize=(12.5, 8.6), layout="constrained", squeeze=False)
    for line, (title, days) in zip(axes, rows):
        for axis in line:
            axis.set_axis_off()
        for axis, (run, day) in zip(line, days):
            field = np.maximum(run["pm25"][min(day, len(run["pm25"]) - 1)], 1)
            image = axis.imshow(field, norm=LogNorm(2, 300), cmap="turbo", interpolation="nearest")
            axis.contour(run["land"], levels=[0.5], colors="k", linewidths=0.4)
            axis.contour(run["elevation"], levels=[1500, 3000], colors="w", linewidths=0.4)
        line[0].set_title(title, fontsize=10, loc="left")
    figure.colorbar(image, ax=axes, label="PM2.5, ug m-3 (36 km)", shrink=0.5)
    _save(figure, path, 62)
