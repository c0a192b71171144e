"""The kernels' ellipses beside the wind (Fig. S3 of the paper): its rose, or where no direction is known the spread of its speed."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.description.kernel_moments import KernelMoments
from model_core.description.wind import SECTORS, SPEED_CLASSES, WindClimate
from model_core.evaluation.figures import STYLE, as_png, pretty_name
from model_core.variables import get_variable

_COLOURS = {1: "#1f5a94", 2: "#d9762b"}
_SPEED_COLOURS = ("#d6e4ef", "#9ec3dc", "#5a97c0", "#2a6599", "#143a5e")
_ARROW = "#202020"


def anisotropy_figure(
    kernels: Sequence[KernelMoments], wind: WindClimate | None, speeds: tuple[np.ndarray, np.ndarray] | None, title: str
) -> bytes:
    """PNG: a panel with both kernels' ellipses for each variable, and one of the wind where anything is known of it.

    Parameters
    ----------
    speeds : (edges in m s-1, share of the values between them) of the wind speed, shown where `wind` is None
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    variables = list(dict.fromkeys(kernel.variable for kernel in kernels))
    panels = len(variables) + (wind is not None or speeds is not None)
    columns = min(panels, 4)
    rows = -(-panels // columns)
    reach = 1.5 * max(kernel.long_km for kernel in kernels)
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=(2.9 * columns, 4.0 * rows + 0.3), layout="constrained")
        for place, variable in enumerate(variables):
            axis = figure.add_subplot(rows, columns, place + 1)
            _draw_ellipses(axis, [kernel for kernel in kernels if kernel.variable == variable], wind, reach, place % columns == 0)
            name = get_variable(variable).long_name
            axis.set_title(f"({'abcdefghijklmnop'[place]}) {pretty_name(name[0].upper() + name[1:])}")
        letter = "abcdefghijklmnop"[len(variables)]
        if wind is not None:
            axis = figure.add_subplot(rows, columns, panels, projection="polar")
            _draw_rose(axis, wind)
            axis.set_title(
                f"({letter}) Where the wind comes from,\n{wind.times} times, mean {wind.mean_speed:.3g} m s⁻¹;\n"
                f"arrow: mean vector, steadiness {wind.steadiness:.2f}"
            )
        elif speeds is not None:
            axis = figure.add_subplot(rows, columns, panels)
            axis.bar(speeds[0][:-1], 100 * speeds[1], np.diff(speeds[0]), align="edge", color=_SPEED_COLOURS[2], edgecolor="white")
            axis.set_xlabel("wind speed (m s⁻¹)")
            axis.set_ylabel("share of the values (%)")
            axis.set_title(f"({letter}) Wind speed; no direction is known")
        figure.suptitle(pretty_name(title), x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _draw_ellipses(axis: Any, kernels: Sequence[KernelMoments], wind: WindClimate | None, reach: float, left: bool) -> None:
    from matplotlib.patches import Ellipse

    for kernel in kernels:
        known = np.isfinite(kernel.direction_degrees)
        angle = 90 - kernel.direction_degrees if known else 0.0  # from x, counter-clockwise
        axis.add_patch(
            Ellipse((0, 0), 2 * kernel.long_km, 2 * kernel.short_km, angle=angle, fill=False, linewidth=1.4, color=_COLOURS[kernel.stage])
        )
        words = f"kernel {kernel.stage}: {kernel.radius_km:.0f} km, axis ratio {kernel.ratio:.2f}"
        words += f" at {kernel.direction_degrees:.0f}°" if known else ""
        axis.plot([], [], color=_COLOURS[kernel.stage], label=words)
        if known:
            x, y = (kernel.long_km * f(np.radians(angle)) for f in (np.cos, np.sin))
            axis.plot([-x, x], [-y, y], color=_COLOURS[kernel.stage], linewidth=0.8, linestyle=":")
    if wind is not None and np.hypot(wind.mean_x, wind.mean_y) > 0:
        scale = 0.8 * reach * wind.steadiness / np.hypot(wind.mean_x, wind.mean_y)
        axis.annotate(
            "", (wind.mean_x * scale, wind.mean_y * scale), (0, 0), arrowprops={"arrowstyle": "-|>", "color": _ARROW, "linewidth": 1.1}
        )
    axis.axhline(0, color="#dddddd", linewidth=0.6, zorder=0)
    axis.axvline(0, color="#dddddd", linewidth=0.6, zorder=0)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    axis.set_aspect("equal")
    axis.set_xlabel("km along x")
    if left:
        axis.set_ylabel("km along y")
    axis.legend(frameon=False, fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, -0.17), handlelength=1.4, borderaxespad=0)


def _draw_rose(axis: Any, wind: WindClimate) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_theta_zero_location("N")
    axis.set_theta_direction(-1)
    angles, below = np.radians(np.arange(SECTORS) * 360 / SECTORS), np.zeros(SECTORS)
    for number, colour in enumerate(_SPEED_COLOURS):
        share = 100 * wind.rose[:, number]
        low, last = SPEED_CLASSES[number], number == len(SPEED_CLASSES) - 1
        label = f"over {low:g}" if last else f"{low:g}–{SPEED_CLASSES[number + 1]:g}"
        axis.bar(angles, share, 0.9 * 2 * np.pi / SECTORS, below, color=colour, edgecolor="white", linewidth=0.3, label=label)
        below = below + share
    axis.set_xticks(np.radians([0, 90, 180, 270]), ["N", "E", "S", "W"])
    axis.set_rlabel_position(360 / SECTORS * float(np.argmin(wind.rose.sum(1))))  # where no bar is in the way
    axis.yaxis.set_major_locator(MaxNLocator(3))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axis.tick_params(labelsize=7)
    axis.grid(color="#dddddd", linewidth=0.6)
    axis.legend(title="m s⁻¹", title_fontsize=6.5, frameon=False, fontsize=6.5, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
