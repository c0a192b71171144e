"""The recipes of the models that ship: simulate, regrid, train, fill in the card. Run it with the engine's Python.

    python resources/recipes/make_model.py --data ../shared/data --work .build/model [--model paper] [--iterations N] [--resume]

Every step whose file is there already is skipped, and `--resume` goes on from the last checkpoint, so that an
interrupted run only repeats what it lost. It trains on simulated days over the real terrain of China and on the
real CMAQ days of January 2020, regridded to the 12 km grid; observations play no part, only the positions of the
Chinese national stations serve as one layout of nominal stations.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple, Sequence

HERE, ROOT = Path(__file__).resolve().parent, Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(HERE)]

from after_training import settle  # noqa: E402
from china_terrain import china_terrain  # noqa: E402
from finish_card import finish_card  # noqa: E402
from teach_backgrounds import going_on, teach_backgrounds  # noqa: E402

from model_core.cli import TerminalProgress  # noqa: E402
from model_core.cli import main as command_line  # noqa: E402
from model_core.grid import PRESETS  # noqa: E402
from model_core.model_file import load_model, save_model  # noqa: E402
from model_core.simulation import Terrain, write_simulation  # noqa: E402

GRID = "china12km"
# Short runs from all 48 months of four years, each with its own seed: all seasons, as many different worlds.
RUNS = [
    (date(year, month, 1 + 7 * number % 20), 2000 + number)
    for number, (year, month) in enumerate(
        (year, month) for start in range(6) for year in (2016 + start % 2, 2018 + start % 2) for month in range(1 + start % 3, 13, 3)
    )
]
DAYS_PER_RUN = 8
CMAQ = Path("china_cmaq") / "china36km_cmaq_pm25_20200103-20.nc"
# The real CMAQ days are few; given so often they make up about a third of what is trained on.
CMAQ_REPEATS = 10
LAYOUT = Path("cnemc") / "cnemc_station_coords.csv"


class Recipe(NamedTuple):
    """Of a model: its configuration, what people say of it, the layout of its nominal stations, and to how many bits its kernels are rounded."""

    configuration: str
    words: Path
    layout: Path | None
    kernel_bits: int | None


RECIPES = {
    "bundled": Recipe("improved", HERE / "bundled_card.toml", LAYOUT, None),
    "paper": Recipe(str(HERE / "paper_model.toml"), HERE / "paper_card.toml", None, 6),
}


def file_of(name: str) -> Path:
    """Where the model is that ships."""
    return ROOT / "resources" / "models" / f"{name}.safetensors"


def make_model(name: str, data: Path, work: Path, out: Path, iterations: int | None, resume: bool) -> int:
    """Simulate what is missing in `work`, train there, and write the model to `out` with its card filled in; the exit status of the training."""
    recipe, trained = RECIPES[name], work / f"{name}.safetensors"
    work.mkdir(parents=True, exist_ok=True)
    simulations = simulate_runs(data, work)
    cmaq = [str(data / CMAQ)] * CMAQ_REPEATS
    arguments = [
        "train",
        "--ctm",
        *map(str, simulations),
        *cmaq,
        "--grid",
        GRID,
        "--config",
        recipe.configuration,
        "--seed",
        "0",
        "--out",
        str(trained),
    ]
    arguments += ["--layout", str(data / recipe.layout)] if recipe.layout else []
    arguments += ["--iterations", str(iterations)] if iterations else []
    status = 0 if resume and _finished(trained) else command_line(arguments + going_on(trained, resume))
    if status == 0:
        save_model(out, load_model(str(trained)), recipe.kernel_bits)
        if name == "bundled":
            settle(out)
            status = teach_backgrounds(out, [*map(str, simulations), *cmaq], GRID, data / LAYOUT, work, iterations, resume)
        # Scores come later, from `make benchmark-skill` and finish_card.py.
        finish_card(out, None, series_names(), recipe.configuration, recipe.words)
    return status


def _finished(trained: Path) -> bool:
    """Whether a training has come to its end, so that only what follows it is left."""
    if not trained.is_file() or trained.with_suffix(".checkpoint").exists():
        return False
    return "stopped_at" not in load_model(str(trained)).card["training"]


def series_names() -> list[str]:
    """The CTM files that the recipe trains on, each as often as it is given."""
    return [*(run_name(start, seed) for start, seed in RUNS), *[CMAQ.name] * CMAQ_REPEATS]


def run_name(start: date, seed: int) -> str:
    """The file of a simulated run."""
    return f"simulated_{start:%Y%m}_{seed}.nc"


def simulate_runs(data: Path, work: Path, runs: Sequence[tuple[date, int]] = RUNS) -> list[Path]:
    """The simulated runs, first day and seed of each, made where they are missing."""
    grid = PRESETS[GRID]
    terrain: Terrain | None = None
    files = []
    for start, seed in runs:
        file = work / run_name(start, seed)
        files.append(file)
        if not file.exists():
            terrain = terrain or china_terrain(grid, data)
            print(f"simulating {file.name}", file=sys.stderr)
            write_simulation(file, grid, start, DAYS_PER_RUN, seed, terrain, TerminalProgress())
    return files


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".build" / "model", help="simulations, prepared days and the training are kept here"
    )
    parser.add_argument("--model", choices=tuple(RECIPES), default="bundled")
    parser.add_argument("--out", type=Path, help="default: where the model ships from")
    parser.add_argument("--iterations", type=int, help="default: as in the configuration")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in the work folder")
    options = parser.parse_args()
    target = options.out or file_of(options.model)
    target.parent.mkdir(parents=True, exist_ok=True)
    sys.exit(make_model(options.model, options.data, options.work, target, options.iterations, options.resume))
