"""How much of a trained correction to believe: what held-out CTM days, read at stations, support.

A correction that a network has learnt is right on average of what it has seen, and elsewhere partly noise. Its best
share on days that were held out is what new days can expect; readings play no part.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np
import torch

from model_core.configuration import NetworkConfiguration
from model_core.network.reanalysis_network import NetworkOutput
from model_core.training.samples import Sample, TrainingDays

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


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


def errors_by_share(days: TrainingDays, sample: Sample, output: NetworkOutput, network: NetworkConfiguration) -> np.ndarray:
    """RMSE at `station_cells` for each of `SHARES` of the whole correction, over that of none of it; (shares,).

    The network's configuration must apply the whole correction.
    """
    asked = station_cells(days, sample, network)
    field, background = (x[0].float().cpu().numpy().clip(0)[asked] for x in (output.field, output.background))
    truth = sample.truth[asked]
    # Between the two in logs, as the network goes from one to the other.
    rmse = [
        float(np.sqrt((((background + 1) ** (1 - share) * (field + 1) ** share - 1 - truth) ** 2).mean())) for share in SHARES
    ]
    return np.array(rmse) / max(rmse[0], 1e-9)


def best_share(errors: Sequence[np.ndarray]) -> float:
    """The share of least mean error over days; the smaller one where two are alike to a thousandth."""
    mean = np.mean(list(errors), axis=0)
    return SHARES[int(np.argmax(mean <= mean.min() + 1e-3))]
