"""What the readings of a period choose, once for all of its steps, and the file that keeps it beside the output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Sequence

from model_core.atomic_file import atomic_file
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.period.step_readings import StepReadings
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.trust_choice import FEWEST_CELLS, Choice, choose_trust, sample_of


def kept_file(out: Path) -> Path:
    """Where the choice of an output is kept, such as ``pm25.nc.analysis.json``."""
    return out.with_name(out.name + ".analysis.json")


def choice_of_period(
    out: Path, basis: str, predictor: Predictor, grid: Grid, steps: Sequence[tuple[int, StepReadings | None]], progress: Progress
) -> Choice:
    """The choice that is kept beside the output, so that a series that grows is all of one kind; else a new one, which is then kept.

    Parameters
    ----------
    basis : stands for model, grid and options; a choice that was made with others is not taken
    steps : all of the period; up to `trust_choice.MOST_DAYS` of those with enough readings, spread evenly, choose

    Raises
    ------
    InputError
        If there is a file in the place of the kept choice that is none.
    """
    kept = _read(kept_file(out), basis)
    if kept:
        progress.log(f"the choice in '{kept_file(out).name}' is kept; take the file away for a new one")
        return kept
    target = predictor.model.configuration.target
    enough = [number for number, (_, one) in enumerate(steps) if one is not None and len(one.readings[target].cells) >= FEWEST_CELLS]
    progress.step(0.0, "choosing by readings left out")
    choice = choose_trust(predictor, [steps[number][1].on_grid(grid) for number in sample_of(enough)])
    with atomic_file(kept_file(out)) as partial:
        partial.write_text(json.dumps({"basis": basis, **choice.to_dict()}, indent=1), encoding="utf-8")
    return choice


def _read(file: Path, basis: str) -> Choice | None:
    """The choice in a file; None where there is no file, or it is of another model, grid or options."""
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Choice.from_dict(found) if found.pop("basis") == basis else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"'{file}' keeps no choice of the analysis step ({error}); take it away, and a new choice is made") from error
