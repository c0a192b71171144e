"""A day on a grid larger than the memory: window by window, with what the whole day knows."""

from __future__ import annotations

import math
from typing import Mapping, Sequence

import numpy as np
import torch

from model_core.configuration import NetworkConfiguration
from model_core.errors import InputError
from model_core.inference.folded_unet import Place
from model_core.inference.memory import MB, bytes_of_a_day, bytes_per_cell, bytes_per_cell_of_whole
from model_core.inference.station_readings import station_readings
from model_core.inference.windows import windows
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.stations.gridding import GriddedReadings


def window_alignment(configuration: NetworkConfiguration) -> int:
    """Windows begin at multiples of this, so that blocks and levels of the pyramid are those of the whole grid."""
    pyramid = configuration.unet_factor * 2 ** (configuration.levels - 1)
    return math.lcm(pyramid, *configuration.coarse_factors)


def window_halo(configuration: NetworkConfiguration) -> int:
    """Cells at a window's rim whose result is not used: as far as UNet++ and PointConv look, up to whole blocks.

    Down the pyramid each level looks two of its cells further, and up again four: the two convolutions and the refinement.
    """
    levels = configuration.levels
    reach = sum(2 * 2**level for level in range(levels)) + sum(2 * 2**level + 2 ** (level + 1) for level in range(levels - 1))
    align = window_alignment(configuration)
    near = (reach + 1) * configuration.unet_factor + sum(size // 2 for size in configuration.kernels)
    return -(-near // align) * align


def window_length(
    configuration: NetworkConfiguration, inputs: int, shape: tuple[int, int], dtype: torch.dtype, memory_mb: float
) -> int | None:
    """Side in cells of the windows that fit into the memory; None where the whole grid does.

    Raises
    ------
    InputError
        If not even the smallest window fits.
    """
    if bytes_of_a_day(configuration, inputs, shape, dtype) <= memory_mb * MB:
        return None
    cells, per_cell = shape[0] * shape[1], bytes_per_cell(configuration, inputs, dtype)
    kriging, kept = (cells * each for each in bytes_per_cell_of_whole(configuration))
    align, halo = window_alignment(configuration), window_halo(configuration)
    side = int(math.sqrt(max(0, memory_mb * MB - kept) / per_cell)) // align * align
    smallest = 2 * halo + align
    if side < smallest or kriging > memory_mb * MB:
        needed = math.ceil(max(kriging, kept + min(smallest**2, cells) * per_cell) / MB)
        raise InputError(
            f"{memory_mb} MB of memory are too little for a grid of {shape[0]} x {shape[1]} cells with this model; "
            f"give at least {needed} MB, or choose a coarser or smaller grid"
        )
    return side


def predict_in_windows(
    network: ReanalysisNetwork,
    day: Mapping[str, GriddedReadings],
    maps: np.ndarray,
    device: torch.device,
    length: int,
    halo: int | None = None,
    parts: Sequence[str] = ("field", "sd"),
) -> list[np.ndarray | None]:
    """Field and standard deviation of a day, or other parts, each float32 (rows, columns), from windows of `length` cells.

    Parameters
    ----------
    network : from `fast_network`
    maps : float32 (covariates, rows, columns), NaN where unknown
    halo : cells at a window's rim that are not used; `window_halo` by default
    parts : names of fields of `NetworkOutput`; None comes back for one that the network does not tell
    """
    c = network.configuration
    shape = maps.shape[-2:]
    halo = window_halo(c) if halo is None else halo
    results: list[np.ndarray | None] = []
    with torch.inference_mode():
        survey = network.survey(
            *_of_target(c, day, shape, device), *_maps(maps, slice(None), slice(None), device), station_readings([day[c.target]], device)
        )
        for rows, columns in windows(shape, length, halo, window_alignment(c)):
            place = Place(*((span.start // c.unet_factor, -(-size // c.unet_factor)) for span, size in zip((rows, columns), shape)))
            for unet in network.unets:
                unet.whole = place
            output = network(
                *_readings(c, day, rows.cells, columns.cells, device),
                *_maps(maps, rows.cells, columns.cells, device),
                survey.window(rows.cells, columns.cells),
            )
            found = [getattr(output, name) for name in parts]
            results = results or [None if field is None else np.zeros(shape, np.float32) for field in found]
            share = rows.weights[:, None] * columns.weights
            for result, field in zip(results, found):
                if field is not None:
                    result[rows.cells, columns.cells] += share * field[0].float().cpu().numpy()
    for unet in network.unets:
        unet.whole = None
    return results


def _of_target(
    c: NetworkConfiguration, day: Mapping[str, GriddedReadings], shape: tuple[int, int], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The target's values and counts in the place of every variable: a survey asks for no other."""
    readings = day[c.target]
    return tuple(
        torch.from_numpy(array).to(device).expand(1, len(c.station_variables), *shape) for array in (readings.values, readings.counts)
    )


def _readings(
    c: NetworkConfiguration, day: Mapping[str, GriddedReadings], rows: slice, columns: slice, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and counts of all variables in a window, (1, variables, rows, columns); zeros where there are none."""
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    values, counts = (torch.zeros(1, len(c.station_variables), *shape) for _ in range(2))
    for i, name in enumerate(c.station_variables):
        if name in day:
            values[0, i] = torch.from_numpy(day[name].values[rows, columns])
            counts[0, i] = torch.from_numpy(day[name].counts[rows, columns])
    return values.to(device), counts.to(device)


def _maps(maps: np.ndarray, rows: slice, columns: slice, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps and where they are known in a window, (1, covariates, rows, columns)."""
    here = torch.from_numpy(maps[None, :, rows, columns]).to(device)
    return torch.nan_to_num(here), torch.isfinite(here).float()
