"""Give a model that ships the lowest and highest value of each input of its training, which a model trained today gets by itself.

    python resources/recipes/ranges_of_training.py --data ../shared/data --work .build/model [--model bundled|paper] [--runs N]

The simulated runs of the recipe are made in the work folder where they are missing there, and brought onto the training grid with the real CMAQ
days, as `make_model.py` does it; `trained_ranges` then looks at them as a training does. With `--runs` only so many of the 48 runs are made,
spread over seasons and years, and the card says so. Weights and maps stay as they are. Run `finish_card.py --docs` after it.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from make_model import CMAQ, GRID, RECIPES, RUNS, file_of, simulate_runs  # noqa: E402

from model_core.cli import TerminalProgress  # noqa: E402
from model_core.model_file import Model, load_model, replace_card  # noqa: E402
from model_core.progress import Progress  # noqa: E402
from model_core.training.preparation import prepare  # noqa: E402
from model_core.training.ranges import ranges_for_card, trained_ranges  # noqa: E402

HOW = "These days are of a part of its simulated runs, made anew after the training, and of CMAQ."
_STRIDE = 7  # through the 48 runs: any first few of them are of different months and years


def spread_runs(count: int) -> list[tuple[date, int]]:
    """So many of the recipe's runs, spread over months and years."""
    return [RUNS[_STRIDE * number % len(RUNS)] for number in range(count)]


def give_ranges(file: Path, ctm: Sequence[Path], cache: Path, progress: Progress, how: str = "") -> Model:
    """Write the ranges of the days of CTM files into the card of a model; what is returned is the model as it now is in the file.

    Parameters
    ----------
    cache : folder of the prepared days
    how : a sentence that the card shall say beside the number of days
    """
    model = load_model(str(file))
    prepared = prepare([str(path) for path in ctm], model.configuration, model.grid, None, cache, progress, spare_maps=model.maps)
    rescale = float(model.card.get("training", {}).get("rescale", 0.0))
    found = trained_ranges(prepared.data, model.configuration.target, rescale)
    had = model.card.get("inputs", found.values)  # maps that it was given after its training are no part of that
    found = found._replace(values={name: limits for name, limits in found.values.items() if name in had})
    replace_card(file, {**model.card, **ranges_for_card(found, how)})
    return load_model(str(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    parser.add_argument("--work", type=Path, default=ROOT / ".build" / "model", help="simulations and prepared days are kept here")
    parser.add_argument("--model", choices=tuple(RECIPES), default="bundled", help="(default: %(default)s)")
    parser.add_argument("--runs", type=int, default=len(RUNS), help="how many simulated runs (default: all %(default)s)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    runs = simulate_runs(options.data, options.work, spread_runs(options.runs))
    model = give_ranges(
        file_of(options.model),
        [*runs, options.data / CMAQ],
        options.work / f"{GRID}.days",
        TerminalProgress(),
        HOW if len(runs) < len(RUNS) else "",
    )
    for name, (low, high) in model.card["ranges"].items():
        print(f"{name:20} {low:10g} {high:10g}")
    print(f"{' '.join(model.card['ranges_from'])}\n  file     {model.sha256}\n  weights  {model.weights_sha256}")


if __name__ == "__main__":
    main()
