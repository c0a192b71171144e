"""Is the mean over land right where no station is: held-out CTM days read at the places of the Chinese network, compared over all land.

    $(make -s engine-python) tests/benchmarks/skill/land_bias.py [--model M] [--device D] [--days N]

The CTM's field is the truth, so that cells far from every station can be asked. For the model as it is, for the kriging that its network corrects, without the correction,
and for the kriging inside it where that is taken alone, which may be another one, by the distance of a land cell to the nearest station: `nmb`, the bias over the mean, with its
standard error (squares of 300 km as clusters, all days together), and the RMSE. Simulated days take part where `make model` has left them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
from command_line import Setting, run  # noqa: E402
from cross_validation import on_grid  # noqa: E402
from ctm_stations import held_out_days, pseudo_stations  # noqa: E402
from real_stations import stations_of  # noqa: E402
from scipy.spatial import cKDTree  # noqa: E402

from model_core.grid import PRESETS, Grid  # noqa: E402
from model_core.network.trust import KRIGING_ALONE, Trust  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import Observations  # noqa: E402
from model_core.validation.class_scores import bias_with_error  # noqa: E402
from model_core.validation.places import plane_km  # noqa: E402

COLUMNS = ("source", "distance", "method", "days", "cells", "mean", "nmb", "nmb_se", "rmse")
EDGES_KM = (0, 25, 50, 130, 300, np.inf)
_BLOCK_KM = 300.0


def rows_of(setting: Setting, days: int = 12) -> list[dict[str, Any]]:
    """A row for each source of days, distance and method, and for all land."""
    grid = PRESETS["china12km"]
    predictor, stations = setting.predictor(grid), on_grid(stations_of("2018-02-20", setting.data), grid)
    methods = {
        "model": predictor,
        "without the correction": predictor.trusting(Trust(shares=(0.0, 0.0))),
        "kriging inside": predictor.trusting(KRIGING_ALONE),
    }
    found: dict[str, list[tuple[np.ndarray, dict[str, np.ndarray]]]] = {}
    for source, store, index in held_out_days(setting, days):
        truth = store.field("pm25", index)
        known = np.isfinite(truth) & (store.maps["land"] > 0.5)
        day = {"pm25": grid_observations(pseudo_stations(truth, stations, grid, seed=index), grid)}
        said = {name: one.predict([day])[0].field for name, one in methods.items()}
        found.setdefault(source, []).append((np.where(known, truth, np.nan), said))
    near, block = _nearest_km(stations, grid), _blocks(grid)
    rows = []
    for source, of_source in found.items():
        for low, high in (*zip(EDGES_KM, EDGES_KM[1:]), (0, np.inf)):
            where = (near >= low) & (near < high)
            distance = "all land" if (low, high) == (0, np.inf) else f"{low}-{high} km" if np.isfinite(high) else f">={low} km"
            for method in methods:
                cells = [
                    (truth[where & np.isfinite(truth)], said[method][where & np.isfinite(truth)], block[where & np.isfinite(truth)])
                    for truth, said in of_source
                ]
                truth, value, cluster = (np.concatenate(column).astype(float) for column in zip(*cells))
                bias, error = bias_with_error(value - truth, cluster.astype(int))
                rows.append(
                    {
                        "source": source,
                        "distance": distance,
                        "method": method,
                        "days": len(of_source),
                        "cells": len(truth) // len(of_source),
                        "mean": truth.mean(),
                        "nmb": bias / truth.mean(),
                        "nmb_se": error / truth.mean(),
                        "rmse": float(np.sqrt(((value - truth) ** 2).mean())),
                    }
                )
    return rows


def _nearest_km(stations: Observations, grid: Grid) -> np.ndarray:
    """Of each cell to the nearest station, (rows, columns)."""
    x, y = np.meshgrid(grid.x, grid.y)
    return cKDTree(plane_km(stations, grid)).query(np.stack([x, y], axis=-1) / 1000)[0]


def _blocks(grid: Grid) -> np.ndarray:
    x, y = np.meshgrid(grid.x // (1000 * _BLOCK_KM), grid.y // (1000 * _BLOCK_KM))
    return (y * 10_000 + x).astype(int)


if __name__ == "__main__":
    run(rows_of, __doc__, "land_bias", COLUMNS, days=12)
