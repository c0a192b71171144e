"""What every part of the skill benchmark does when it is run by itself: options in, a table to the screen and to files."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Callable

from cross_validation import OUT, ROOT
from tables import markdown, write_rows

from model_core.device import choose_device
from model_core.grid import Grid
from model_core.model_file import Model, load_model
from model_core.prediction import Predictor

DATA = ROOT.parent / "shared" / "data"
COLUMNS = ("day", "scheme", "method", "n", "rmse", "ratio", "r2_det", "nme", "coverage_90", "width_90", "crps", "crps_ratio")


class Setting:
    """The model to be judged, where it runs, and where the real data are."""

    def __init__(self, model: Model, device: str = "auto", data: Path = DATA):
        self.model, self.device, self.data = model, choose_device(device), data

    def predictor(self, grid: Grid, **options: Any) -> Predictor:
        """The model ready for a grid."""
        return Predictor(options.pop("model", self.model), grid, self.device, **options)


def run(rows_of: Callable[..., list[dict[str, Any]]], doc: str, stem: str, columns: tuple[str, ...] = COLUMNS, **numbers: int) -> None:
    """Parse the command line, make the rows, print and write them; `numbers` are further options with their defaults."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    begin = time.perf_counter()
    rows = rows_of(setting_of(options), **{name: getattr(options, name) for name in numbers})
    write_rows(rows, OUT / stem, columns)
    print(markdown(rows, columns))
    print(f"{time.perf_counter() - begin:.0f} s")


def add_options(parser: argparse.ArgumentParser) -> None:
    """--model, --device, --data."""
    parser.add_argument("--model", default="bundled", help="name or file (default: %(default)s)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of real data")


def setting_of(options: argparse.Namespace) -> Setting:
    """From parsed options."""
    return Setting(load_model(options.model), options.device, options.data)
