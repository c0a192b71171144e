"""What shape PointConv's kernels have learnt: how far they reach, and whether they prefer a direction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model_core.network.reanalysis_network import ReanalysisNetwork


@dataclass(frozen=True)
class KernelShape:
    """One kernel in figures.

    Attributes
    ----------
    variable : whose readings it weighs
    stage : 1 for the kernel over the readings, 2 for the one over the first field
    cells : its odd width
    half_weight_km : where the mean weight at a distance falls to half of the largest; infinite if it never does
    reach_km : from its middle to the middle of the farthest cell along a row
    anisotropy : ratio of its long to its short axis (roots of the eigenvalues of its second moments), 1 if round
    direction_degrees : of the long axis, clockwise from north, 0 to 180
    """

    variable: str
    stage: int
    cells: int
    half_weight_km: float
    reach_km: float
    anisotropy: float
    direction_degrees: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def kernels_of(network: ReanalysisNetwork) -> list[tuple[str, int, np.ndarray]]:
    """(variable, stage, weights of shape (cells, cells), row 0 in the north) of both kernels of each variable."""
    return [
        (variable, stage, convolution.kernel[index, 0].detach().cpu().double().numpy())
        for index, variable in enumerate(network.configuration.station_variables)
        for stage, convolution in ((1, network.pointconv.first), (2, network.pointconv.second))
    ]


def kernel_shapes(network: ReanalysisNetwork, cell_km: float) -> list[KernelShape]:
    """The shapes of all kernels on cells of `cell_km`."""
    return [kernel_shape(weights, variable, stage, cell_km) for variable, stage, weights in kernels_of(network)]


def kernel_shape(weights: np.ndarray, variable: str, stage: int, cell_km: float) -> KernelShape:
    """The shape of positive weights (cells, cells)."""
    half = len(weights) // 2
    distance, mean = radial_profile(weights)
    lengths, axes = np.linalg.eigh(second_moments(weights))
    if half == 0:
        return KernelShape(variable, stage, 1, 0.0, 0.0, 1.0, 0.0)
    ratio = float(np.sqrt(lengths[1] / lengths[0]))
    direction = float(np.degrees(np.arctan2(axes[0, 1], axes[1, 1])) % 180) if ratio > 1 + 1e-6 else 0.0
    return KernelShape(variable, stage, len(weights), _half_weight(distance, mean) * cell_km, half * cell_km, ratio, direction)


def second_moments(weights: np.ndarray) -> np.ndarray:
    """Mean [[east², east north], [east north, north²]] of the weights' offsets from the middle, in cells²; row 0 is in the north."""
    half = len(weights) // 2
    north, east = np.mgrid[half : -half - 1 : -1, -half : half + 1]
    share = weights / weights.sum()
    return np.array(
        [[(share * east * east).sum(), (share * east * north).sum()], [(share * east * north).sum(), (share * north * north).sum()]]
    )


def radial_profile(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(distances in cells, mean weight there), within the largest disc that the window holds."""
    half = len(weights) // 2
    offset = np.arange(-half, half + 1)
    distance = np.hypot(offset[:, None], offset[None, :])
    ring = np.round(distance).astype(int)
    rings = np.arange(half + 1)
    counts = np.bincount(ring.ravel())[: half + 1]
    return (
        np.bincount(ring.ravel(), distance.ravel())[: half + 1] / counts if half else rings.astype(float),
        np.bincount(ring.ravel(), weights.ravel())[: half + 1] / counts,
    )


def _half_weight(distance: np.ndarray, mean: np.ndarray) -> float:
    """The first distance at which the profile, drawn as straight lines, is at half of its largest value."""
    peak = int(mean.argmax())
    for i in range(peak + 1, len(mean)):
        if mean[i] <= mean[peak] / 2:
            share = (mean[i - 1] - mean[peak] / 2) / (mean[i - 1] - mean[i])
            return float(distance[i - 1] + share * (distance[i] - distance[i - 1]))
    return float("inf")
