"""Backgrounds in a training: what the readings of a sample confirm of its background, and a network that is grown to see one."""

from __future__ import annotations

import torch
from torch import Tensor

from model_core.background.trust import trust
from model_core.network.background_drift import Background
from model_core.network.reading_quantities import StationReadings
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.samples import Sample

# A background of which nothing is believed would leave its sample without the second UNet++: in a training so much is believed at least.
LEAST_SHARE = 0.02
_OF_BACKGROUND = "unet_of_background."


def stations_with_backgrounds(network: ReanalysisNetwork, batch: Sample, cell_km: float) -> list[StationReadings] | None:
    """The readings of each sample with its background and the share of it that they confirm, as in prediction; None where no sample has one.

    Parameters
    ----------
    batch : tensors, on any device
    cell_km : side of a cell
    """
    if not torch.isfinite(batch.background).any():
        return None
    t = network.configuration.station_variables.index(network.configuration.target)
    of_samples = zip(batch.values[:, t], batch.mask[:, t], batch.maps, batch.maps_known, batch.background)
    with torch.no_grad(), torch.autocast(batch.values.device.type, enabled=False):  # half precision leaves kriging alone
        return [_of_sample(network, *one, cell_km) for one in of_samples]


def _of_sample(
    network: ReanalysisNetwork, values: Tensor, counts: Tensor, maps: Tensor, known: Tensor, field: Tensor, cell_km: float
) -> StationReadings:
    readings = StationReadings.in_cells(values, counts)
    if not torch.isfinite(field).any():
        return readings
    c = network.configuration
    acting = [number for number, name in enumerate(c.maps) if name in network.trust.drift_of(c)]
    level, spread, scaled = (x.cpu() for x in network.drift_of(values, counts, maps, known))
    found = trust(readings, field.cpu(), level, spread, scaled[acting], c.transform_of(c.target), cell_km)
    return readings._replace(background=Background(field, max(found.share, LEAST_SHARE)))


def grown(weights: dict[str, Tensor], network: ReanalysisNetwork) -> dict[str, Tensor]:
    """Weights of a network without a UNet++ for backgrounds, with that of `network`, which has learnt nothing yet and adds nothing."""
    return {**{name: value for name, value in network.state_dict().items() if name.startswith(_OF_BACKGROUND)}, **weights}


def only_of_background(network: ReanalysisNetwork) -> None:
    """Let nothing be learnt but by the UNet++ for backgrounds."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith(_OF_BACKGROUND))
