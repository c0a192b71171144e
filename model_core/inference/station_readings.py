"""From a day's readings to the tensors that kriging reads them from."""

from __future__ import annotations

from typing import Sequence

import torch

from model_core.network.background_drift import Background
from model_core.network.reading_quantities import StationReadings
from model_core.stations.gridding import GriddedReadings


def station_readings(days: Sequence[GriddedReadings], device: torch.device) -> list[StationReadings]:
    """Of each day the readings one by one, or, where they are not known, the means of their cells."""
    return [_of_day(day, device) for day in days]


def _of_day(day: GriddedReadings, device: torch.device) -> StationReadings:
    found = day.background
    background = None if found is None else Background(torch.from_numpy(found.field).to(device), found.share)
    if day.placed is None:
        cells = StationReadings.in_cells(*(torch.from_numpy(array).to(device) for array in (day.values, day.counts)))
        return cells._replace(background=background)
    places, values = (torch.from_numpy(array).to(device) for array in (day.placed.places, day.placed.values))
    errors = None if day.placed.errors is None else torch.from_numpy(day.placed.errors).to(device)
    return StationReadings(places, values, torch.ones_like(values), errors, background)
