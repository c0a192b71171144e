"""The structure of a model's network as a picture (Fig. 2 of the paper), drawn from the network itself."""

from __future__ import annotations

from typing import Any

from model_core.evaluation.figures import STYLE, as_png, pretty_name
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.variables import get_variable

_INPUT, _POINTCONV, _JOINED, _NODE, _OUTPUT = "#e7efe2", "#dbe7f0", "#f3e3c8", "#f1d9d2", "#e4dcee"
_LINE = "#606060"
_WIDE, _HIGH = 1.5, 0.62  # of a box, which is higher where it has more than two lines
_LINE_HIGH, _MOST_MAPS = 0.23, 4


def structure_figure(network: ReanalysisNetwork, title: str) -> bytes:
    """PNG: inputs, PointConv with the widths of its kernels, what is joined, and the nodes of the UNet++ with their channels."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    c, unet = network.configuration, network.unet
    rows = len(c.station_variables) + bool(c.covariates) + bool(c.coarse_factors or c.kriging)
    height = max(1.05 * rows, 1.05 * unet.levels)
    width = 7.2 + 1.9 * unet.levels
    with rc_context(STYLE):
        figure = Figure(figsize=(0.62 * width, 0.62 * height + 0.75), layout="constrained")
        axes = figure.subplots()
        axes.set_xlim(-0.9, width - 1.0)
        axes.set_ylim(-height + 0.4, 0.75)
        axes.set_axis_off()
        axes.set_aspect("equal")
        joined = (4.7, -0.5 * 1.05 * (rows - 1))
        for row, (name, middle) in enumerate(_branches(network)):
            y = -1.05 * row
            _box(axes, (0 if middle else 2.3, y), name, _INPUT)
            if middle:
                _box(axes, (2.3, y), middle, _POINTCONV)
                _arrow(axes, (0, y), (2.3, y))
            _arrow(axes, (2.3, y), joined)
        inputs = _channels_in(unet.nodes["0_0"])
        _box(axes, joined, f"joined,\n{inputs} fields", _JOINED)
        _draw_unet(axes, unet, joined)
        weights = sum(parameter.numel() for parameter in network.parameters())
        of_background = 0 if network.unet_of_background is None else sum(one.numel() for one in network.unet_of_background.parameters())
        more = f", {of_background:,} of them of a second UNet++ for backgrounds" if of_background else ""
        figure.suptitle(f"{pretty_name(title)}; {weights:,} weights{more}", x=0.01, ha="left", fontsize=9)
        return as_png(figure)


def _branches(network: ReanalysisNetwork) -> list[tuple[str, str]]:
    """(input, what is done with it before all are joined) of each row on the left."""
    c = network.configuration
    first, second = c.kernels
    rows = [(pretty_name(get_variable(name).long_name), f"PointConv\n{first}×{first}, {second}×{second}") for name in c.station_variables]
    target = pretty_name(get_variable(c.target).long_name)
    if c.coarse_factors or c.kriging:
        rows.append((f"{target}, all\nstations", "kriging," * c.kriging + "\nfar-reaching means" * bool(c.coarse_factors)))
    if c.covariates:
        names = [name.replace("_", " ") for name in c.covariates]
        if len(names) > _MOST_MAPS:
            names = [*names[: _MOST_MAPS - 1], f"{len(names) - _MOST_MAPS + 1} more"]
        rows.append(("maps: " + ",\n".join(names), ""))
    return rows


def _draw_unet(axes: Any, unet: Any, joined: tuple[float, float]) -> None:
    """The nodes X(i, j): down on the left, across along the dense skips, up to each from the level below."""
    left, top = joined[0] + 2.4, 0.0

    def at(level: int, step: int) -> tuple[float, float]:
        return left + 1.9 * (step + 0.5 * level), top - 1.05 * level

    for level in range(unet.levels):
        for step in range(unet.levels - level):
            if step:
                _arrow(axes, at(level, step - 1), at(level, step), dashed=True)
                _arrow(axes, at(level + 1, step - 1), at(level, step))
            elif level:
                _arrow(axes, at(level - 1, 0), at(level, 0))
    _arrow(axes, joined, at(0, 0))
    for level in range(unet.levels):
        for step in range(unet.levels - level):
            channels = _channels_out(unet.nodes[f"{level}_{step}"])
            _box(axes, at(level, step), f"$X_{{{level},{step}}}$: {channels}", _NODE)
    last = at(0, unet.levels - 1)
    end = (last[0], top - 1.05 * (unet.levels - 1))
    _arrow(axes, last, end)
    outputs = unet.head.out_channels
    _box(axes, end, "field" if outputs == 1 else "field and\nits sd", _OUTPUT)


def _convolutions(node: Any) -> list[Any]:
    from torch import nn

    return [part for part in node.modules() if isinstance(part, nn.Conv2d)]


def _channels_in(node: Any) -> int:
    return _convolutions(node)[0].in_channels


def _channels_out(node: Any) -> int:
    return _convolutions(node)[-1].out_channels


def _box(axes: Any, centre: tuple[float, float], text: str, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    high = max(_HIGH, _LINE_HIGH * (text.count("\n") + 1) + 0.08)
    axes.add_patch(
        FancyBboxPatch(
            (x - _WIDE / 2, y - high / 2),
            _WIDE,
            high,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=colour,
            edgecolor=_LINE,
            linewidth=0.7,
            zorder=3,
        )
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=6.5, zorder=4)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], dashed: bool = False) -> None:
    """From the edge of a box to the edge of another."""
    from matplotlib.patches import FancyArrowPatch, Rectangle

    boxes = [Rectangle((x - _WIDE / 2, y - _HIGH / 2), _WIDE, _HIGH, transform=axes.transData) for x, y in (start, end)]
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            patchA=boxes[0],
            patchB=boxes[1],
            arrowstyle="-|>",
            mutation_scale=7,
            linewidth=0.7,
            color=_LINE,
            linestyle="--" if dashed else "-",
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )
