"""What every part of the skill benchmark does when it is run by itself: options in, a table to the screen and to files."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from cross_validation import OUT, ROOT
from tables import markdown, write_rows

from model_core.analysis import CHOICES, analyse
from model_core.device import choose_device
from model_core.grid import Grid
from model_core.model_file import Model, load_model
from model_core.network.trust import KRIGING_ALONE
from model_core.prediction import Predictor, Reanalysis
from model_core.stations.gridding import GriddedReadings

DATA = ROOT.parent / "shared" / "data"
COLUMNS = ("day", "scheme", "method", "n", "rmse", "ratio", "r2_det", "nme", "coverage_90", "width_90", "crps", "crps_ratio")


class Analysed:
    """A predictor with the analysis step after each prediction; in use like the predictor itself."""

    def __init__(self, predictor: Predictor, choice: str):
        self._predictor, self._choice, self.model, self.grid, self.maps = predictor, choice, predictor.model, predictor.grid, predictor.maps
        self.trust, self.corrects_kriging = KRIGING_ALONE, False  # the choice says what is corrected

    def predict(self, days: Sequence[Mapping[str, GriddedReadings]]) -> list[Reanalysis]:
        """As `Predictor.predict`."""
        return [analyse(self._predictor, day, self._choice).reanalysis for day in days]


class Setting:
    """The model to be judged, where it runs, the choice of the analysis step, and where the real data are."""

    def __init__(self, model: Model, device: str = "auto", data: Path = DATA, analysis: str = "off"):
        self.model, self.device, self.data, self.analysis = model, choose_device(device), data, analysis

    def predictor(self, grid: Grid, **options: Any) -> Predictor | Analysed:
        """The model ready for a grid; options as for `Predictor`, and another `model`."""
        plain = Predictor(options.pop("model", self.model), grid, self.device, **options)
        return plain if self.analysis == "off" else Analysed(plain, self.analysis)


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
    """--model, --device, --data, --analysis."""
    parser.add_argument("--model", default="bundled", help="name or file (default: %(default)s)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of real data")
    parser.add_argument("--analysis", choices=CHOICES, default="off", help="the analysis step after each prediction")


def setting_of(options: argparse.Namespace) -> Setting:
    """From parsed options."""
    return Setting(load_model(options.model), options.device, options.data, options.analysis)
