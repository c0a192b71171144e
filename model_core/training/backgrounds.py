"""Backgrounds in a training: what the readings of a sample confirm of its background, and a network that is grown to see one."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from model_core.background.trust import trust
from model_core.network.background_drift import Background
from model_core.network.kriged_background import StationReadings
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.samples import Sample

# A background of which nothing is believed would leave its sample to the other UNet++: in a training so much is believed at least.
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
    c = network.configuration
    t, rule = c.station_variables.index(c.target), c.transform_of(c.target)
    acting = [number for number, name in enumerate(c.maps) if name in network.trust.drift_of(c)]
    stations = []
    for values, counts, maps, known, field in zip(batch.values[:, t], batch.mask[:, t], batch.maps, batch.maps_known, batch.background):
        readings = StationReadings.in_cells(values, counts)
        if torch.isfinite(field).any():
            with torch.no_grad():
                level, spread, scaled = (x.cpu() for x in network.drift_of(values, counts, maps, known))
            found = trust(readings, field.cpu(), level, spread, scaled[acting], rule, cell_km)
            readings = readings._replace(background=Background(field, max(found.share, LEAST_SHARE)))
        stations.append(readings)
    return stations


def grown(weights: dict[str, Tensor], network: ReanalysisNetwork) -> dict[str, Tensor]:
    """Weights of a network without a UNet++ for days with a background, with one that has what the other has learnt to see, is blind for the
    background as yet, and corrects nothing."""
    own = network.state_dict()
    lacking = {name: like for name, like in own.items() if name.startswith(_OF_BACKGROUND) and name not in weights}
    begun = {}
    for name, like in lacking.items():
        value = weights["unet." + name.removeprefix(_OF_BACKGROUND)]
        if value.shape != like.shape:  # the first convolution, which is given more channels
            value = torch.cat([value, value.new_zeros(len(value), like.shape[1] - value.shape[1], *value.shape[2:])], dim=1)
        begun[name] = torch.zeros_like(value) if name.startswith(_OF_BACKGROUND + "head.") else value
    return {**weights, **begun}


def only_of_background(network: ReanalysisNetwork) -> None:
    """Let nothing be learnt but by the UNet++ of days with a background."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith(_OF_BACKGROUND))


def seeing_backgrounds(network: ReanalysisNetwork) -> ReanalysisNetwork:
    """A network with a UNet++ for days with a background, `grown` from one without."""
    other = ReanalysisNetwork(replace(network.configuration, background=True))
    other.load_state_dict(grown(network.state_dict(), other))
    return other.eval()
