"""Size, shape and direction of PointConv's kernels by their second moments (Fig. S3 of the paper)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.kernels import kernels_of, second_moments

ROUND = 1.02  # below this ratio of its axes a kernel has no direction worth telling


@dataclass(frozen=True)
class KernelMoments:
    """The ellipse of a kernel.

    With weights w at offsets (x, y) from the middle, x to the right of the grid and y up, the second moments are
    mxx = sum(w x x) / sum(w), and mxy, myy likewise. Their eigenvalues are the squares of the standard deviations along the two
    axes, and the long axis stands at atan2(2 mxy, mxx - myy) / 2 from x (Hu 1962, IRE Trans. Inf. Theory 8, 179-187; Teague 1980,
    J. Opt. Soc. Am. 70, 920-930). The effective radius is the root mean square distance of the weights, sqrt(mxx + myy).

    Attributes
    ----------
    variable, stage : as in `KernelShape`
    radius_km : effective radius
    long_km, short_km : standard deviations along the axes
    ratio : long over short axis, 1 if round
    direction_degrees : of the long axis, clockwise from the grid's north (its y axis), 0 to 180; NaN where the ratio is below 1.02
    """

    variable: str
    stage: int
    radius_km: float
    long_km: float
    short_km: float
    ratio: float
    direction_degrees: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def kernel_moments(network: ReanalysisNetwork, cell_km: float) -> list[KernelMoments]:
    """Of both kernels of each variable, on cells of `cell_km`."""
    return [moments_of(weights, variable, stage, cell_km) for variable, stage, weights in kernels_of(network)]


def moments_of(weights: np.ndarray, variable: str, stage: int, cell_km: float) -> KernelMoments:
    """Of positive weights (cells, cells), row 0 in the north."""
    long, short, direction = ellipse(second_moments(weights))
    ratio = long / short if short > 0 else 1.0
    return KernelMoments(
        variable,
        stage,
        float(np.hypot(long, short)) * cell_km,
        long * cell_km,
        short * cell_km,
        ratio,
        direction if ratio >= ROUND else float("nan"),
    )


def ellipse(moments: np.ndarray) -> tuple[float, float, float]:
    """(long axis, short axis, direction of the long one in degrees clockwise from north, 0 to 180) of second moments.

    Parameters
    ----------
    moments : [[xx, xy], [xy, yy]], x to the east and y to the north; the axes are standard deviations
    """
    (short, long), axes = np.linalg.eigh(moments)
    direction = float(np.degrees(np.arctan2(axes[0, 1], axes[1, 1])) % 180)
    return float(np.sqrt(max(long, 0.0))), float(np.sqrt(max(short, 0.0))), direction


def angle_between(first: float, second: float) -> float:
    """Of two axes, which have no front and no back: 0 to 90 degrees."""
    apart = abs(first - second) % 180
    return min(apart, 180 - apart)
