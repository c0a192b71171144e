"""Observed against predicted as a density scatter, a panel for each method (Fig. 6 of the paper), as PNG."""

from __future__ import annotations

import numpy as np

from model_core.evaluation.figures import CONCENTRATION_COLOURS, STYLE, as_png, nice_ceiling, pretty_name, pretty_unit
from model_core.scores import scores
from model_core.validation.cross_validation import MODEL, CrossValidation
from model_core.validation.distributions import interval_scores
from model_core.variables import get_variable

_PANEL = 2.65  # inches
_HEXAGONS = 55  # across a panel
# Beyond this quantile of all values axes end: one stray prediction must not press all others into a corner.
_SHOWN = 0.9995
NAMES = {
    MODEL: "Model",
    "idw": "Inverse distance",
    "ok": "Ordinary kriging",
    "oklog": "Kriging of logs",
    "vna": "VNA",
    "avna": "aVNA",
    "evna": "eVNA",
    "ked": "Kriging with drift",
    "kedlog": "Kriging of logs with drift",
    "ctm": "CTM",
    "rk": "Regression kriging",
    "rklog": "Regression kriging of logs",
}


def scatter_figure(result: CrossValidation, title: str) -> bytes:
    """Hexagons coloured by the logarithm of their number of readings, the 1:1 line, and the scores in the picture.

    All panels share axes and colours. Values beyond the axes, less than one in a thousand, are counted in the corner.
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap, LogNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    variable = get_variable(result.species)
    observed = result.table["observed"].to_numpy()
    predictions = {method: result.prediction(method) for method in result.methods}
    top = nice_ceiling(np.nanquantile(np.concatenate([observed, *predictions.values()]), _SHOWN))
    columns = min(len(predictions), 4) if len(predictions) != 5 else 3
    rows = -(-len(predictions) // columns)
    # From blue on: the palest colour of the fields would be lost on white.
    colours = LinearSegmentedColormap.from_list("density", ("#9cc9e2", "#3f7fb5", *CONCENTRATION_COLOURS[2:]))
    with rc_context(STYLE | {"axes.titlelocation": "center"}):
        figure = Figure(figsize=(columns * _PANEL + 0.9, rows * (_PANEL + 0.25) + 0.7), layout="constrained")
        all_axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        drawn = []
        for axes, letter, (method, predicted) in zip(all_axes.flat, "abcdefghijkl", predictions.items()):
            both = np.isfinite(predicted)
            image = axes.hexbin(
                observed[both], predicted[both], gridsize=_HEXAGONS, extent=(0, top, 0, top), mincnt=1, cmap=colours, linewidths=0.1
            )
            drawn.append(image)
            axes.plot([0, top], [0, top], color="#404040", linewidth=0.8, linestyle=(0, (4, 3)))
            beyond = int(((observed > top) | (predicted > top))[both].sum())
            box = {"fontsize": 7.5, "linespacing": 1.35, "bbox": {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}}
            axes.text(0.04, 0.965, _errors(result, method, variable.unit), transform=axes.transAxes, va="top", **box)
            axes.text(0.965, 0.04, _further(result, method, variable.unit, beyond), transform=axes.transAxes, ha="right", **box)
            axes.set_title(f"({letter}) {NAMES.get(method, method)}", fontweight="bold" if method == MODEL else "normal")
            axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.grid(color="#ececec", linewidth=0.5, zorder=0)
            axes.set_axisbelow(True)
        for axes in all_axes.flat[len(drawn) :]:
            axes.set_visible(False)
        for axes in all_axes.flat[max(len(drawn) - columns, 0) : len(drawn)]:
            axes.xaxis.set_tick_params(labelbottom=True)
        most = max(2, max((int(image.get_array().max()) for image in drawn if image.get_array().size), default=2))
        for image in drawn:
            image.set_norm(LogNorm(1, most))
        species, unit = pretty_name(variable.long_name), pretty_unit(variable.unit)
        figure.supxlabel(f"Observed {species} ({unit})", fontsize=9)
        figure.supylabel(f"Predicted {species} ({unit})", fontsize=9)
        bar = figure.colorbar(drawn[0], ax=all_axes, label="Readings in a hexagon", aspect=30, pad=0.015, shrink=0.9)
        ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if tick <= most]
        bar.set_ticks(ticks, labels=[str(tick) for tick in ticks])
        bar.minorticks_off()
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _errors(result: CrossValidation, method: str, unit: str) -> str:
    found = scores(result.prediction(method), result.table["observed"].to_numpy())
    return (
        f"n = {found['n']}\n1 − SSE/SST = {found['r2_det']:.3f}\nr² = {found['r2_pearson']:.3f}\n"
        f"RMSE = {found['rmse']:#.3g} {pretty_unit(unit)}\nNME = {found['nme']:#.3g}"
    )


def _further(result: CrossValidation, method: str, unit: str, beyond: int) -> str:
    """What only some methods and pictures have."""
    lines, distribution = [], result.distribution(method)
    if distribution is not None:
        found = interval_scores(distribution, result.table["observed"].to_numpy())
        lines += [f"CRPS = {found['crps']:#.3g} {pretty_unit(unit)}", f"{100 * found['coverage_90']:.0f} % within the 90 % interval"]
    return "\n".join(lines + ([f"{beyond} beyond the axes"] if beyond else []))
