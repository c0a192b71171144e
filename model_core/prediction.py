"""A day's gridded readings to a complete field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np
import torch

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.stations.gridding import GriddedReadings
from model_core.warping import warp

# Kernels reach a number of cells: on cells of another size than trained for they reach another distance.
SPACING_TOLERANCE = 1.5


@dataclass(frozen=True)
class Reanalysis:
    """The field of one day.

    Attributes
    ----------
    field : float32 (rows, columns), in the target's canonical unit, nowhere negative
    missing_inputs : inputs that the model knows and that were not there
    negative_cells : cells that had to be raised to zero
    notes : what a user should know about this use of the model
    """

    field: np.ndarray
    missing_inputs: list[str]
    negative_cells: int
    notes: list[str]


def predict(
    model: Model, readings: Mapping[str, GriddedReadings], grid: Grid, device: torch.device,
    covariates: Mapping[str, np.ndarray] | None = None,
) -> Reanalysis:
    """Predict the target's field on a grid.

    Parameters
    ----------
    readings : by variable; the target's must be there, others that the model knows may be
    covariates : maps (rows, columns) on the grid in canonical units, by key; where they are known they overrule the model's own

    Raises
    ------
    InputError
        If the target has no readings.
    """
    configuration = model.configuration
    if configuration.target not in readings:
        raise InputError(f"the model predicts {configuration.target}, and there are no readings of it")
    values = np.zeros((1, len(configuration.station_variables), *grid.shape), np.float32)
    mask = np.zeros_like(values)
    missing = []
    for i, name in enumerate(configuration.station_variables):
        if name in readings:
            values[0, i], mask[0, i] = readings[name].values, readings[name].mask
        else:
            missing.append(name)

    maps = np.full((1, len(configuration.covariates), *grid.shape), np.nan, np.float32)
    for i, name in enumerate(configuration.covariates):
        if model.maps and name in model.maps.fields:
            maps[0, i] = warp(model.maps.fields[name], model.maps.grid, grid)
        if covariates and name in covariates:
            maps[0, i] = np.where(np.isfinite(covariates[name]), covariates[name], maps[0, i])
        if not np.isfinite(maps[0, i]).any():
            missing.append(name)
    known = np.isfinite(maps).astype(np.float32)

    inputs = (torch.from_numpy(a).to(device) for a in (values, mask, np.nan_to_num(maps), known))
    network = model.network.to(device, memory_format=torch.channels_last)
    with torch.inference_mode():
        field = network(*inputs).field[0].float().cpu().numpy()
    negative = int((field < 0).sum())
    return Reanalysis(np.maximum(field, 0), missing, negative, _notes(model, grid))


def _notes(model: Model, grid: Grid) -> list[str]:
    trained, used = model.grid.cell_size_km, grid.cell_size_km
    if 1 / SPACING_TOLERANCE <= used / trained <= SPACING_TOLERANCE:
        return []
    return [
        f"the model was trained on cells of {trained:.0f} km and is used on cells of {used:.1f} km: "
        "its skill there is not known; train a model for this grid, or choose one nearer to its own"
    ]
