"""The panel of periods: a map each with one colour bar, stations as circles in the field's colours (Figs 5 and 7 of the paper)."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np

from model_core.aggregate.periods import SEASON_NAMES, Period
from model_core.errors import InputError
from model_core.evaluation.figures import CONCENTRATION_COLOURS, STYLE, as_png, nice_ceiling, pretty_name, pretty_unit
from model_core.evaluation.map_axes import crop, draw_field, map_size
from model_core.grid import Grid
from model_core.stations.readings import Observations
from model_core.transformers import transformer
from model_core.variables import Variable

MOST_MAPS = 12


class PanelMap(NamedTuple):
    """A map of the panel: its period, the mean field (rows, columns), and the stations' means (stations,) or None."""

    period: Period
    mean: np.ndarray
    stations: np.ndarray | None


def check_panel(periods: Sequence[Period]) -> None:
    """Raise `InputError` if there are more periods than a panel can show."""
    if len(periods) > MOST_MAPS:
        raise InputError(
            f"a panel shows up to {MOST_MAPS} maps, and there are {len(periods)} periods; choose other periods, such as "
            "--by seasonal-climatology, or fewer days"
        )


def panel_figure(
    maps: Sequence[PanelMap],
    grid: Grid,
    variable: Variable,
    title: str,
    mask: np.ndarray | None = None,
    outline: Any = None,
    stations: Observations | None = None,
) -> bytes:
    """The panel as PNG.

    Parameters
    ----------
    maps : in the order in which they are shown; a mean may be NaN everywhere
    mask : bool (rows, columns), cells that are shown; all by default
    outline : geopandas.GeoDataFrame in the grid's CRS that is drawn over the maps, such as provinces
    stations : whose means the maps hold

    Raises
    ------
    InputError
        If no map has a value.
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    shown = [np.where(mask, one.mean, np.nan) if mask is not None else one.mean for one in maps]
    known = np.any([np.isfinite(field) for field in shown], axis=0)
    if not known.any():
        raise InputError("no period has a mean to draw; ask for a smaller share of valid days (--minimum-share)")
    window = crop(known)
    everything = np.concatenate([field[np.isfinite(field)] for field in shown])
    top = nice_ceiling(float(np.percentile(everything, 99.5)))
    columns = 1 if len(maps) == 1 else 2 if len(maps) <= 4 else 3 if len(maps) <= 9 else 4
    rows = -(-len(maps) // columns)
    width, height = map_size(grid, window, 3.6)
    colours = {"cmap": LinearSegmentedColormap.from_list("concentration", CONCENTRATION_COLOURS), "vmin": 0, "vmax": top}
    places = None if stations is None else transformer(stations.crs, grid.crs).transform(stations.x, stations.y)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(columns * width + 1.55, rows * (height + 0.28) + 0.55), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.03, h_pad=0.04, wspace=0.02, hspace=0.02)
        axes_of = figure.subplots(rows, columns, squeeze=False)
        for number, axes in enumerate(axes_of.flat):
            if number >= len(maps):
                axes.set_axis_off()
                continue
            bottom = number + columns >= len(maps)
            image = draw_field(axes, shown[number], grid, window, left=number % columns == 0, bottom=bottom, **colours)
            limits = axes.get_xlim(), axes.get_ylim()
            if outline is not None:
                lines = outline.boundary if _has_area(outline) else outline.geometry
                lines.plot(ax=axes, aspect=None, color="#404040", linewidth=0.35, zorder=3)
            if maps[number].stations is not None:
                _draw_stations(axes, places, maps[number].stations, len(maps), colours)
            axes.set(xlim=limits[0], ylim=limits[1], xlabel="", ylabel="")
            axes.set_title(_caption(maps[number].period, shown[number], "abcdefghijkl"[number]), loc="left")
        beyond = everything.max() > top
        figure.colorbar(
            image,
            ax=axes_of,
            label=f"{pretty_name(variable.long_name)} ({pretty_unit(variable.unit)})",
            shrink=0.8,
            aspect=32,
            pad=0.015,
            extend="max" if beyond else "neither",
        )
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _draw_stations(axes: Any, places: tuple[np.ndarray, np.ndarray], values: np.ndarray, maps: int, colours: Mapping[str, Any]) -> None:
    """Circles, the smaller the more stations and maps; the highest on top."""
    known = np.isfinite(values)
    order = np.flatnonzero(known)[np.argsort(values[known], kind="stable")]
    size = np.clip(4000 / max(len(order), 1), 4, 36) * (1.0 if maps <= 4 else 0.6)
    axes.scatter(*(axis[order] for axis in places), c=values[order], s=size, edgecolors="#202020", linewidths=0.25, zorder=5, **colours)


def _caption(period: Period, field: np.ndarray, letter: str) -> str:
    label = period.label
    for season, months in SEASON_NAMES.items():
        label = label.replace(season, months)
    if not np.isfinite(field).any():
        return f"({letter}) {label}: too few days"
    return f"({letter}) {label}, {len(period.days)} days"


def _has_area(layer: Any) -> bool:
    return bool(layer.geom_type.isin(("Polygon", "MultiPolygon")).all())
