"""What RH, wind and the maps are worth: held-out simulated days at real stations, with and without them; PM2.5 is always there.

    $(make -s engine-python) tests/benchmarks/skill/missing_inputs.py [--model M] [--days N] [--device D]

Days, stations and folds as in ctm_stations.py; RH and wind are read at all stations, also those whose PM2.5 is left out. The real
days have no RH and no wind. In the table, means over days; `ratio` is to kriging, as there.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from command_line import COLUMNS, Setting, run  # noqa: E402
from cross_validation import compare, on_grid  # noqa: E402
from ctm_stations import means, pseudo_stations, simulated_files, store_of  # noqa: E402
from real_stations import stations_of  # noqa: E402

from model_core.grid import PRESETS  # noqa: E402
from model_core.stations.gridding import grid_observations  # noqa: E402
from model_core.stations.observations import from_arrays  # noqa: E402
from model_core.validation.places import at_stations  # noqa: E402


def rows_of(setting: Setting, days: int = 4) -> list[dict[str, Any]]:
    """Means over the days for each set of inputs."""
    grid = PRESETS["china12km"]
    stations = on_grid(stations_of("2018-02-20", setting.data), grid)
    predictors = {"maps": setting.predictor(grid), "no maps": setting.predictor(grid, model=replace(setting.model, maps=None))}
    rows = []
    for number, file in enumerate(simulated_files(setting.model, days)):
        store = store_of(file)
        readings = pseudo_stations(store.field("pm25", len(store) - 1), stations, grid, seed=number)
        weather = {}
        for name in ("rh", "wind"):
            value = at_stations(store.field(name, len(store) - 1), readings, grid)
            weather[name] = grid_observations(from_arrays(readings.x, readings.y, value, readings.crs, name), grid)
        for maps, predictor in predictors.items():
            for words, others in (("RH, wind", weather), ("no RH, no wind", {})):
                rows += [
                    {"source": f"{words}, {maps}", **row}
                    for row in compare(predictor, readings, str(store.times[-1]), others=others)
                    if row["method"] == "model"
                ]
    return [row for row in means(rows) if row["source"] != "all"]


if __name__ == "__main__":
    run(rows_of, __doc__, "missing_inputs", ("source", "scheme", "days", *COLUMNS[4:], "worst"), days=4)
