"""Days of gridded readings to complete fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

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
    sd : float32 (rows, columns), standard deviation of a station's reading in the cell, in the same unit; None where the
        model does not tell it
    """

    field: np.ndarray
    missing_inputs: list[str]
    negative_cells: int
    notes: list[str]
    sd: np.ndarray | None = None


class Predictor:
    """A model made ready for the days of one grid: what does not change from day to day is done once.

    Parameters
    ----------
    model : Model
    grid : Grid
    device : torch.device
    covariates : maps (rows, columns) on the grid in canonical units, by key; where they are known they overrule the model's own
    precision : "auto", "fp32", "bf16" or "fp16"
    memory : MB of memory that prediction may take, or None for no limit
    """

    def __init__(
        self, model: Model, grid: Grid, device: torch.device, *, covariates: Mapping[str, np.ndarray] | None = None,
        precision: str = "auto", memory: int | None = None,
    ):
        self.model, self.grid, self.device, self.precision, self.memory = model, grid, device, precision, memory
        self.network = model.network.to(device, memory_format=torch.channels_last)
        maps = _maps(model, grid, covariates or {})
        self.notes = _notes(model, grid)
        self.missing_maps = [name for name, field in zip(model.configuration.covariates, maps[0]) if not np.isfinite(field).any()]
        self._known = torch.from_numpy(np.isfinite(maps).astype(np.float32)).to(device)
        self._maps = torch.from_numpy(np.nan_to_num(maps)).to(device)

    def predict(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[Reanalysis]:
        """The target's field on each day; a day's result never depends on the others.

        Parameters
        ----------
        days : of each day its readings by variable; the target's must be there, others that the model knows may be

        Raises
        ------
        InputError
            If the target has no readings on a day.
        """
        # Day by day: the processor's kernels may sum in another order in another batch.
        return [self._predict_day(readings) for readings in days]

    def _predict_day(self, readings: Mapping[str, GriddedReadings]) -> Reanalysis:
        configuration = self.model.configuration
        if configuration.target not in readings:
            raise InputError(f"the model predicts {configuration.target}, and there are no readings of it")
        values = np.zeros((1, len(configuration.station_variables), *self.grid.shape), np.float32)
        mask = np.zeros_like(values)
        missing = []
        for i, name in enumerate(configuration.station_variables):
            if name in readings:
                values[0, i], mask[0, i] = readings[name].values, readings[name].mask
            else:
                missing.append(name)
        with torch.inference_mode():
            output = self.network(
                torch.from_numpy(values).to(self.device), torch.from_numpy(mask).to(self.device), self._maps, self._known
            )
        field = output.field[0].float().cpu().numpy()
        sd = getattr(output, "sd", None)
        return Reanalysis(
            np.maximum(field, 0), missing + self.missing_maps, int((field < 0).sum()), list(self.notes),
            None if sd is None else sd[0].float().cpu().numpy(),
        )


def predict(
    model: Model, readings: Mapping[str, GriddedReadings], grid: Grid, device: torch.device,
    covariates: Mapping[str, np.ndarray] | None = None,
) -> Reanalysis:
    """Predict the target's field of one day; see `Predictor`, which is the way to predict many."""
    return Predictor(model, grid, device, covariates=covariates).predict([readings])[0]


def _maps(model: Model, grid: Grid, covariates: Mapping[str, np.ndarray]) -> np.ndarray:
    """The covariates that the network knows on the grid, NaN where unknown; float32 (1, covariates, rows, columns)."""
    maps = np.full((1, len(model.configuration.covariates), *grid.shape), np.nan, np.float32)
    for i, name in enumerate(model.configuration.covariates):
        if model.maps and name in model.maps.fields:
            maps[0, i] = warp(model.maps.fields[name], model.maps.grid, grid)
        if name in covariates:
            maps[0, i] = np.where(np.isfinite(covariates[name]), covariates[name], maps[0, i])
    return maps


def _notes(model: Model, grid: Grid) -> list[str]:
    trained, used = model.grid.cell_size_km, grid.cell_size_km
    if 1 / SPACING_TOLERANCE <= used / trained <= SPACING_TOLERANCE:
        return []
    return [
        f"the model was trained on cells of {trained:.0f} km and is used on cells of {used:.1f} km: "
        "its skill there is not known; train a model for this grid, or choose one nearer to its own"
    ]
