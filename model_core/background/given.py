"""Readings with the background that their prediction is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from model_core.background.trust import BackgroundTrust, trust
from model_core.inference.station_readings import station_readings
from model_core.prediction import Predictor
from model_core.stations.gridding import BackgroundField, GriddedReadings


def with_background(readings: GriddedReadings, field: np.ndarray, predictor: Predictor) -> tuple[GriddedReadings, BackgroundTrust]:
    """The target's readings of a day with a background, of which they confirm the share that is told.

    Readings that are left out must be taken away before, so that they play no part in it.

    Parameters
    ----------
    field : float (rows, columns) on the predictor's grid, in the target's unit, NaN where unknown
    """
    c = predictor.model.configuration
    field = np.ascontiguousarray(field, np.float32)
    maps = torch.from_numpy(np.stack([predictor.maps[name] for name in c.maps])) if c.maps else torch.zeros(0, *field.shape)
    with torch.inference_mode():
        level, spread, scaled = predictor.model.network.drift_of(
            torch.from_numpy(readings.values), torch.from_numpy(readings.counts), torch.nan_to_num(maps), torch.isfinite(maps)
        )
        acting = predictor.trust.drift_of(c)
        scaled = scaled[[number for number, name in enumerate(c.maps) if name in acting]]
        found = trust(
            station_readings([readings], torch.device("cpu"))[0],
            torch.from_numpy(field),
            level,
            spread,
            scaled,
            c.transform_of(c.target),
            predictor.grid.cell_size_km,
        )
    return replace(readings, background=BackgroundField(field, found.share)), found
