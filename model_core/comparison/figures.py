"""The figures of a comparison: density scatter with regression line, and both maps with their difference, as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from model_core.evaluation.figures import CONCENTRATION_COLOURS, STYLE, as_png, nice_ceiling, pretty_name, pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, map_size
from model_core.grid import Grid

_HEXAGONS = 55
_SHOWN = 0.9995  # quantile of the values at which axes end


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: values (rows, columns), NaN where it has none or is not compared; name and unit."""

    values: np.ndarray
    name: str
    unit: str

    @property
    def label(self) -> str:
        """Name and unit for an axis."""
        return pretty_name(self.name) + (f" ({pretty_unit(self.unit)})" if self.unit not in ("", "1") else "")


def scatter_figure(field: Side, other: Side, found: Mapping[str, float], title: str) -> bytes:
    """Hexagons coloured by the logarithm of their number of cells, the regression line, the 1:1 line where there is one unit, scores."""
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.figure import Figure

    both = np.isfinite(field.values) & np.isfinite(other.values)
    x, y = other.values[both], field.values[both]
    one_unit = "rmse" in found
    ends = [_ends(np.concatenate([x, y]))] * 2 if one_unit else [_ends(x), _ends(y)]
    colours = LinearSegmentedColormap.from_list("density", ("#9cc9e2", "#3f7fb5", *CONCENTRATION_COLOURS[2:]))
    with rc_context(STYLE):
        figure = Figure(figsize=(5.0, 4.3), layout="constrained")
        axes = figure.subplots()
        image = axes.hexbin(x, y, gridsize=_HEXAGONS, extent=(*ends[0], *ends[1]), mincnt=1, cmap=colours, linewidths=0.1)
        counts = image.get_array()
        image.set_norm(LogNorm(1, max(2, int(counts.max()) if counts.size else 2)))
        line = np.array(ends[0])
        axes.plot(line, found["slope"] * line + found["intercept"], color="#1f1f1f", linewidth=1.1, label="regression")
        if one_unit:
            axes.plot(line, line, color="#404040", linewidth=0.8, linestyle=(0, (4, 3)), label="1:1")
        axes.set(xlim=ends[0], ylim=ends[1], xlabel=other.label, ylabel=field.label)
        axes.text(
            0.03,
            0.97,
            _in_words(found, field.unit),
            transform=axes.transAxes,
            va="top",
            fontsize=7.5,
            linespacing=1.35,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )
        axes.legend(frameon=False, loc="lower right")
        axes.grid(color="#ececec", linewidth=0.5, zorder=0)
        axes.set_axisbelow(True)
        bar = figure.colorbar(image, ax=axes, label="Cells in a hexagon", aspect=30, pad=0.02)
        ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if tick <= max(2, counts.max())]
        bar.set_ticks(ticks, labels=[str(tick) for tick in ticks])
        bar.minorticks_off()
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def maps_figure(field: Side, other: Side, difference: Side, grid: Grid, title: str) -> bytes:
    """The two maps side by side, and the difference; both maps share colours where they have one unit."""
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
    from matplotlib.figure import Figure

    window = crop(np.isfinite(field.values) | np.isfinite(other.values))
    one_unit = field.unit == other.unit == difference.unit != ""
    colours = LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS)
    ends = [_ends(side.values[np.isfinite(side.values)], 0.995) for side in (field, other)]
    if one_unit:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * 2
    widest = nice_ceiling(max(float(np.nanpercentile(np.abs(difference.values), 99)), 1e-6))
    width, height = map_size(grid, window, 3.1)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(3 * width + 0.75, height + 1.25), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.03, h_pad=0.05, wspace=0.015, hspace=0.015)
        all_axes = figure.subplots(1, 3)
        options = [{"vmin": low, "vmax": high, "cmap": colours} for low, high in ends]
        options.append({"norm": TwoSlopeNorm(0, -widest, widest), "cmap": "RdBu_r"})
        for number, (axes, side, how) in enumerate(zip(all_axes, (field, other, difference), options)):
            image = draw_field(axes, side.values, grid, window, left=number == 0, bottom=True, **how)
            axes.set_title(pretty_name(side.name), loc="center")
            axes.text(
                0.02,
                0.97,
                f"({'abc'[number]})",
                transform=axes.transAxes,
                va="top",
                fontweight="bold",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.2},
            )
            figure.colorbar(
                image,
                ax=axes,
                label=pretty_unit(side.unit) if side.unit not in ("", "1") else "",
                orientation="horizontal",
                fraction=0.05,
                pad=0.02,
                shrink=0.85,
                aspect=26,
                extend=_extend(side.values, image.norm.vmin, image.norm.vmax),
            )
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _ends(values: np.ndarray, quantile: float = _SHOWN) -> tuple[float, float]:
    """Where an axis begins, at zero unless values lie below, and ends."""
    low, high = float(values.min()), float(np.quantile(values, quantile))
    low = -nice_ceiling(-low) if low < 0 else 0.0
    return low, nice_ceiling(high) if high > 0 else max(low + 1e-6, 0.0) or 1.0


def _extend(values: np.ndarray, low: float, high: float) -> str:
    below, above = bool(np.nanmin(values) < low), bool(np.nanmax(values) > high)
    return "both" if below and above else "min" if below else "max" if above else "neither"


def _in_words(found: Mapping[str, float], unit: str) -> str:
    lines = [
        f"n = {found['n']}",
        f"r² = {found['r2_pearson']:.3f}",
        f"Spearman = {found['spearman']:.3f}",
        f"y = {found['slope']:.3g} x {'+' if found['intercept'] >= 0 else '−'} {abs(found['intercept']):.3g}",
    ]
    if "rmse" in found:
        lines.insert(2, f"1 − SSE/SST = {found['r2_det']:.3f}")
        lines += [
            f"bias = {found['bias']:.3g} {pretty_unit(unit)}",
            f"RMSE = {found['rmse']:.3g} {pretty_unit(unit)}",
            f"NMB = {found['nmb']:.3g}",
        ]
    return "\n".join(lines).replace("-", "−")
