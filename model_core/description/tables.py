"""The numbers beside the pictures of a description: correlations as CSV, and what the report says of them."""

from __future__ import annotations

import csv
import io
import math
from typing import Any, Sequence

import numpy as np

from model_core.description.correlations import Correlation
from model_core.description.kernel_moments import KernelMoments, angle_between
from model_core.description.wind import WindClimate

_COLUMNS = ("source", "over", "method", "first", "second", "count", "median", "low", "high")


def correlations_csv(found: Sequence[Correlation]) -> bytes:
    """One row for each pair, method and kind; what is not defined is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in found:
        writer.writerow({key: _cell(value) for key, value in one.to_dict().items()})
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.6g}"


def with_target(found: Sequence[Correlation], target: str) -> list[dict[str, Any]]:
    """The correlations of the target with each other variable, a row for each of source, variable, and space or time."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in found:
        if one.first == target:
            row = rows.setdefault(
                (one.source, one.second, one.over), {"source": one.source, "variable": one.second, "over": one.over, "count": one.count}
            )
            row |= {one.method: one.median, f"{one.method}_quartiles": [one.low, one.high]}
    return list(rows.values())


def kernels_against_wind(kernels: Sequence[KernelMoments], wind: WindClimate | None) -> list[dict[str, Any]]:
    """The kernels' figures, with the angle between their long axis and that of the wind where both have one."""
    return [
        kernel.to_dict()
        | {"degrees_to_wind_axis": float("nan") if wind is None else angle_between(kernel.direction_degrees, wind.axis_degrees)}
        for kernel in kernels
    ]


def speed_distribution(speeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(edges in steps of 1 m s-1 from 0, share of the finite values between them)."""
    speeds = speeds[np.isfinite(speeds)]
    edges = np.arange(0.0, np.floor(speeds.max()) + 2)
    return edges, np.histogram(speeds, edges)[0] / len(speeds)
