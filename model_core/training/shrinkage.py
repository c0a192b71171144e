"""How much of the trained corrections to believe: what held-out CTM days support, at stations and over land.

A correction that a network has learnt is right on average of what it has seen, and elsewhere partly noise. Its best
share on days that were held out is what new days can expect; readings play no part.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np
import torch

from model_core.configuration import NetworkConfiguration
from model_core.network.network_output import NetworkOutput
from model_core.network.transforms import inverse, transform
from model_core.network.trust import share_at
from model_core.training.objective import unlikelihood
from model_core.training.samples import Sample, TrainingDays

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_ALIKE = 1e-3


def station_cells(days: TrainingDays, sample: Sample, network: NetworkConfiguration) -> np.ndarray:
    """Land cells of a known field where real stations stand and none was given; without a layout, all without a reading.

    Returns
    -------
    bool array (rows, columns)
    """
    asked = days.land & (sample.valid > 0) & (sample.mask[network.station_variables.index(network.target)] == 0)
    if not days.networks:
        return asked
    stand = np.zeros_like(asked)
    stand[tuple(np.floor(np.concatenate(days.networks)).astype(int).T)] = True
    return asked & stand if (asked & stand).any() else asked


def errors_by_share(
    days: TrainingDays, sample: Sample, output: NetworkOutput, network: NetworkConfiguration, reach: float = 1.0
) -> np.ndarray:
    """Error for each pair of `SHARES` of the whole correction, next to readings and far from them; (shares, shares).

    The mean of the RMSE at `station_cells` and of that of all land without a reading, each over that of none of the
    correction. The network's configuration must apply the whole correction; for `reach` see `share_at`.
    """
    rule = network.transform_of(network.target)
    field, background = (transform(x[0].float().cpu(), rule) for x in (output.field, output.background))
    doubt = torch.zeros_like(field) if output.doubt is None else output.doubt[0].float().cpu()
    unread = days.land & (sample.valid > 0) & (sample.mask[network.station_variables.index(network.target)] == 0)
    errors = 0
    for asked in (station_cells(days, sample, network), unread):
        there = torch.from_numpy(asked)
        truth, full, none, far = torch.from_numpy(sample.truth)[there], field[there], background[there], doubt[there]
        rmse = np.array(
            [
                [
                    float(((inverse(none + share_at(far, (a, b), reach) * (full - none), rule).clamp_min(0) - truth) ** 2).mean().sqrt())
                    for b in SHARES
                ]
                for a in SHARES
            ]
        )
        errors = errors + rmse / max(rmse[0, 0], 1e-9) / 2
    return errors


def best_shares(errors: Sequence[np.ndarray]) -> tuple[float, float]:
    """The pair of shares of least mean error over days; the smaller ones where some are alike to a thousandth."""
    mean = np.mean(list(errors), axis=0)
    alike = np.argwhere(mean <= mean.min() + _ALIKE)
    near, far = alike[alike.sum(1).argmin()]
    return SHARES[near], SHARES[far]


def unlikelihood_by_share(days: TrainingDays, sample: Sample, output: NetworkOutput, network: NetworkConfiguration) -> np.ndarray:
    """How unlikely readings at `station_cells` are for each of `SHARES` of the correction to kriging's standard deviation; (shares,)."""
    asked = torch.from_numpy(station_cells(days, sample, network))
    mean, sd, kriged, before = (x[0].float().cpu()[asked] for x in (output.field, output.sd, output.background_sd, output.background))
    truth, noise = torch.from_numpy(sample.truth)[asked], torch.as_tensor(sample.noise)
    # Both relative to their means, so that only the corrections to the standard deviations differ.
    kriged = kriged * (mean.clamp_min(0.5) / before.clamp_min(0.5))
    return np.array([float(unlikelihood(mean, kriged ** (1 - share) * sd**share, truth, noise).mean()) for share in SHARES])


def best_share(scores: Sequence[np.ndarray]) -> float:
    """The share of least mean score over days; the smaller one where two are alike to a thousandth."""
    mean = np.mean(list(scores), axis=0)
    return SHARES[int(np.argmax(mean <= mean.min() + _ALIKE))]
