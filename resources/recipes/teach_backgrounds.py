"""Teach the bundled model what to take of a background, its other weights as they are: a second, smaller UNet++ is trained, and joins the file.

    python resources/recipes/teach_backgrounds.py FILE --data ../shared/data --work .build/model [--resume] [--trained FILE]

It is trained on the days that the model was trained on, each with an imperfect version of itself as background, from excellent to useless
(`model_core.background.degrading.imperfect`); how much of it the sample's readings confirm is found as in prediction. On two cores with AVX-512 BF16
its 2400 iterations took 23 minutes beside other work; it writes checkpoints, and goes on with `--resume`. With `--trained` nothing is trained: the second UNet++ of that file joins FILE. Its kernels are
stored with 8 significant bits, to keep the plugin's zip small. Run `make benchmark-skill` and `finish_card.py --docs` after it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Sequence

HERE, ROOT = Path(__file__).resolve().parent, Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from model_core.cli import main as command_line  # noqa: E402
from model_core.errors import InputError  # noqa: E402
from model_core.model_file import Model, load_model, save_model  # noqa: E402
from model_core.network.reanalysis_network import ReanalysisNetwork  # noqa: E402

CONFIGURATION = HERE / "background.toml"
KERNEL_BITS, PART = 8, "unet_of_background"
CARD_KEY = "background_training"
# Near readings no more than this share of what it adds: trainings chose 0.75 or 1 on held-out days over land and at stations; at the places of stations, with
# 100 cities given, 1 made held-out CMAQ days worse than half of it (by up to 3 %, with another day as background; a model of November 27), and over
# land next to nothing was lost.
MOST_NEAR = 0.5


def teach_backgrounds(file: Path, ctm: Sequence[str], grid: str, layout: Path, work: Path, iterations: int | None, resume: bool) -> int:
    """Train in `work`, and give `file` what was learnt; the exit status of the training."""
    trained = work / f"{file.stem}_with_backgrounds.safetensors"
    arguments = ["train", "--ctm", *ctm, "--grid", grid, "--config", str(CONFIGURATION), "--from", str(file), "--layout", str(layout)]
    arguments += ["--iterations", str(iterations)] if iterations else []
    status = command_line([*arguments, "--seed", "0", "--out", str(trained), *going_on(trained, resume)])
    if status == 0:
        join(file, trained)
    return status


def going_on(trained: Path, resume: bool) -> list[str]:
    """The option that goes on with a training, where one has left a checkpoint and that is asked for."""
    return ["--resume"] if resume and trained.with_suffix(".checkpoint").exists() else []


def join(file: Path, trained: Path) -> None:
    """Give a model file the second UNet++ of another one, which was trained on from it; all other weights stay.

    Raises
    ------
    InputError
        If the other one has none.
    """
    base, other = load_model(str(file)), load_model(str(trained))
    if not other.configuration.background_width:
        raise InputError(f"'{trained}' was not taught to see backgrounds")
    near, far = other.configuration.background_share
    c = replace(base.configuration, background_width=other.configuration.background_width, background_share=(min(near, MOST_NEAR), far))
    network = ReanalysisNetwork(c)
    network.load_state_dict(
        {**base.network.state_dict(), **{name: value for name, value in other.network.state_dict().items() if name.startswith(PART)}}
    )
    training = {key: value for key, value in other.card["training"].items() if key != "data"}
    card = {**base.card, CARD_KEY: {**training, "scores": other.card["scores"]}}
    save_model(file, Model(network.eval(), card, base.grid, base.maps), KERNEL_BITS, PART)


if __name__ == "__main__":
    from make_model import CMAQ, CMAQ_REPEATS, GRID, LAYOUT, simulate_runs  # here, as that module ends with this step

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="model file")
    parser.add_argument("--data", type=Path, required=True, help="folder of real data, see its README")
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".build" / "model", help="simulations, prepared days and the training are kept here"
    )
    parser.add_argument("--iterations", type=int, help="default: as in background.toml")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in the work folder")
    parser.add_argument("--trained", type=Path, help="model file that was taught already")
    options = parser.parse_args()
    if options.trained:
        join(options.file, options.trained)
        sys.exit()
    options.work.mkdir(parents=True, exist_ok=True)
    runs = [*map(str, simulate_runs(options.data, options.work)), *[str(options.data / CMAQ)] * CMAQ_REPEATS]
    sys.exit(teach_backgrounds(options.file, runs, GRID, options.data / LAYOUT, options.work, options.iterations, options.resume))
