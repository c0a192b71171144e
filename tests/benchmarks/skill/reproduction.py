"""Evaluation 1 of the paper: held-out CTM days from some 800 station cells, against the whole fields over land.

    $(make -s engine-python) tests/benchmarks/skill/reproduction.py [--model M] [--days N] [--device D]

The days of ctm_stations.py: the real CMAQ days, and N simulated ones. Cells are drawn evenly over land, as `reproduce` does, or
among those that hold a station of the Chinese network. The simulated days have RH and wind, the CMAQ days have not; one row is without. Kriging
gets the same cells, and is scored on every eighth cell, to save time.
Scores are means over days. The figure shows the mean of the CMAQ days, true and reproduced.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
from command_line import Setting, run  # noqa: E402
from cross_validation import KRIGING_CACHE, OUT  # noqa: E402
from ctm_stations import held_out_days  # noqa: E402
from kriging import krige_field  # noqa: E402

from model_core.evaluation.figures import period_means_figure  # noqa: E402
from model_core.evaluation.period_means import PeriodSums  # noqa: E402
from model_core.evaluation.reproduction import sample  # noqa: E402
from model_core.evaluation.sites import DEFAULT_POINTS, evaluation_mask, random_station_cells, station_cells_of  # noqa: E402
from model_core.grid import PRESETS  # noqa: E402
from model_core.scores import mean_scores, scores  # noqa: E402

COLUMNS = ("source", "stations", "method", "days", "r2_det", "lowest r2_det", "r2_pearson", "rmse", "nme", "nmb")
_KRIGED = 8


def rows_of(setting: Setting, days: int = 12) -> list[dict[str, Any]]:
    """A row for each source and set of stations, and a figure."""
    grid = PRESETS["china12km"]
    predictor = setting.predictor(grid)
    network = station_cells_of(setting.data / "cnemc" / "cnemc_station_coords.csv", grid)
    daily: dict[tuple[str, str, str], list[dict[str, float]]] = {}
    cmaq = PeriodSums(grid.shape)
    for number, (source, store, index) in enumerate(held_out_days(setting, days)):
        mask, _ = evaluation_mask(store.maps, grid)
        true = store.field("pm25", index)
        mask &= np.isfinite(true)
        fields = {name: store.field(name, index) for name in ("pm25", "rh", "wind") if name in store.variables}
        layouts = {
            f"{DEFAULT_POINTS} even cells": random_station_cells(mask, DEFAULT_POINTS, seed=number),
            f"{DEFAULT_POINTS} cells of the network": random_station_cells(mask & network, DEFAULT_POINTS, seed=number),
        }
        runs = {name: (cells, fields) for name, cells in layouts.items()}
        if len(fields) > 1:
            runs |= {f"{name}, PM2.5 only": (cells, {"pm25": true}) for name, cells in layouts.items()}
        predicted = predictor.predict([{key: sample(f, cells) for key, f in given.items()} for cells, given in runs.values()])
        for name, result in zip(runs, predicted):
            daily.setdefault((source, name, "model"), []).append(scores(result.field[mask], true[mask]))
        for name, cells in layouts.items():
            for kind in ("values", "logs"):
                at = np.argwhere(mask)[::_KRIGED]
                said = krige_field(np.argwhere(cells) * 12.0, true[cells], at * 12.0, kind, KRIGING_CACHE)
                daily.setdefault((source, name, f"kriging of {kind}"), []).append(scores(said.mean, true[tuple(at.T)]))
        if source == "CMAQ":
            cmaq.add(store.times[index], predicted[0].field, true)
            shown = mask
    (OUT / "reproduction.png").write_bytes(
        period_means_figure(cmaq.means(), grid, shown, "ug m-3", "PM2.5", f"Held-out CMAQ days from {DEFAULT_POINTS} even cells")
    )
    return [
        {
            "source": source,
            "stations": name,
            "method": method,
            "days": len(several),
            **mean_scores(several),
            "lowest r2_det": min(s["r2_det"] for s in several),
        }
        for (source, name, method), several in sorted(daily.items())
    ]


if __name__ == "__main__":
    run(rows_of, __doc__, "reproduction", COLUMNS, days=12)
