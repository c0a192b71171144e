"""How near prediction comes to what the machine can do: seconds a day, and the share of its matrix-product rate.

    $(make -s engine-python) tests/benchmarks/inference.py [--model M] [--device auto|cpu|cuda] [--days N]

For the bundled model and for the full-width network of the paper (untrained: its speed does not depend on that). The work
is what torch counts of the network's matrix products and convolutions, as it stands in the model file; the rate is that
of a large square matrix product on the same processor in the precision that the predictor chose. The prediction of a day
holds all that happens between gridded readings and the field. The bundled model's fields in that precision are set
against those in float32.
"""

from __future__ import annotations

import argparse
import sys

import china
import numpy as np
from machine import in_turns, matrix_product_rate
from rows import Row, record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--days", type=int, default=8)
    options = parser.parse_args()
    from model_core.device import choose_device
    from model_core.model_file import load_model

    device, days = choose_device(options.device), gridded_days(options.days)
    record(*rows_of(f"{options.model} model", load_model(options.model), days, device))
    record(*agreement(load_model(options.model), days, device))
    record(*rows_of("the paper's network", paper_model(), days, device, "value <= 0.30"))
    return 0


def gridded_days(number: int, days: int = china.DAYS, grid=None) -> list[dict]:
    """The first days of the year, as the period job grids them: PM2.5, RH and wind.

    `days` is the length of the table that they are taken from, and `grid` by default that of China.
    """
    import pandas as pd

    from model_core.stations.gridding import grid_observations
    from model_core.stations.observations import from_arrays

    table = pd.read_csv(china.year_of_readings(days), nrows=number * china.STATIONS)
    return [
        {
            key: grid_observations(from_arrays(day.lon, day.lat, day[key], china.LONLAT, key), grid or china.grid())
            for key in ("pm25", "rh", "wind")
        }
        for _, day in table.groupby("date")
    ]


def paper_model():
    """The network of the configuration `paper`, untrained, with maps."""
    import torch

    from model_core.configuration import read_configuration
    from model_core.model_file import Model, StaticMaps
    from model_core.network.reanalysis_network import ReanalysisNetwork

    torch.manual_seed(0)
    network, grid = ReanalysisNetwork(read_configuration("paper")[0]).eval(), china.grid()
    maps = {key: np.ones(grid.shape, np.float32) for key in network.configuration.maps}
    return Model(network, {}, grid, StaticMaps(grid, maps))


def rows_of(name: str, model, days: list[dict], device, target: str = "") -> list[Row]:
    """Seconds a day of many at once and of one alone, and the share of the matrix-product rate."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from model_core.inference.precision import PRECISIONS
    from model_core.prediction import Predictor

    shape = (1, len(model.configuration.station_variables), *china.grid().shape)
    maps = (1, len(model.configuration.maps), *china.grid().shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.network.cpu()(torch.ones(shape), torch.ones(shape), torch.ones(maps), torch.ones(maps))
    work = counter.get_total_flops()
    predictor = Predictor(model, china.grid(), device)
    predictor.predict(days[:2])  # whatever is only done once
    times = in_turns({"many": lambda: predictor.predict(days), "one": lambda: predictor.predict(days[:1])}, 3)
    day, precision = times["many"] / len(days), PRECISIONS[predictor.precision]
    rate = matrix_product_rate(device, precision)
    weights = sum(parameter.numel() for parameter in model.network.parameters())
    short = str(precision).split(".")[-1]
    return [
        Row(
            f"{name}, a day of {len(days)}",
            day,
            "s",
            day / times["one"],
            "a day by itself",
            target,
            f"{weights / 1e6:.2f} million weights, {device.type}, {short}",
        ),
        Row(
            f"{name}, arithmetic",
            work / day / 1e9,
            "GFLOP/s",
            work / day / rate,
            "matrix product",
            note=f"{work / 1e9:.0f} GFLOP a day; {short} matrix product {rate / 1e9:.0f} GFLOP/s",
        ),
    ]


def agreement(model, days: list[dict], device) -> list[Row]:
    """Largest and 99.9th percentile of the difference between the chosen precision and float32."""
    from model_core.prediction import Predictor

    chosen, exact = (Predictor(model, china.grid(), device, precision=precision).predict(days) for precision in ("auto", "fp32"))
    differences = np.abs(np.stack([a.field - b.field for a, b in zip(chosen, exact)]))
    spread = float(np.std(np.stack([b.field for b in exact])))
    return [
        Row(f"precision chosen against float32, {what}", value, "ug m-3", value / spread, "spread of the fields", f"value <= {bound}")
        for what, value, bound in (
            ("largest difference", float(differences.max()), 0.5),
            ("99.9th percentile", float(np.percentile(differences, 99.9)), 0.2),
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
