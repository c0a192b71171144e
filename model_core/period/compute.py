"""The fields of some steps: the one part of the period job that another process or machine can do.

`compute_days` is all that a cluster's worker runs. It needs the package, the model file by its path and the store's folder
by its path (both on a disk that all see), and nothing of what other workers do: each step is its own region of the store.
A step that is computed twice gives the same bytes, so a task of a lost worker can simply be done again elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterator, Mapping, Sequence

import numpy as np

from model_core.analysis import analyse
from model_core.device import choose_device
from model_core.errors import ModelFileError
from model_core.grid import Grid
from model_core.period.step_readings import StepReadings
from model_core.period.stores import GeotiffDays, ZarrDays
from model_core.prediction import Predictor
from model_core.ready import ready_model, ready_predictor
from model_core.reanalysis_fields import fields_of
from model_core.stations.gridding import GriddedReadings

if TYPE_CHECKING:
    from model_core.background.reading import BackgroundDays
from model_core.trust_choice import Choice


@dataclass(frozen=True)
class Task:
    """What is the same for all steps of a run; it can be pickled.

    Attributes
    ----------
    model : name or file, readable where the task runs
    sha256 : of the model file, which is compared
    grid : of the fields
    device, precision, memory : as for `Predictor`
    covariates : maps that overrule the model's own, by key
    target : variable whose field comes out
    uncertainty : "none", "sd" or "quantiles"
    analysis : of `analysis_choices.CHOICES`, the analysis step of each step by itself
    choice : what the readings of the period chose for all steps, with "auto" and a network that corrects kriging
    background : the days of a CTM that the fields are given as background; None for none
    basis : stands for all of this in the fingerprints
    store : where the fields go
    """

    model: str
    sha256: str
    grid: Grid
    target: str
    basis: str
    store: ZarrDays | GeotiffDays
    device: str = "auto"
    precision: str = "auto"
    memory: int | None = None
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)
    uncertainty: str = "none"
    analysis: str = "off"
    choice: Choice | None = None
    background: BackgroundDays | None = None


@dataclass(frozen=True)
class StepDone:
    """What there is to say about a step beside its fields; `spread` is the share of its residuals that was, None without analysis;
    `background` the share of the background that was taken, None on a step without one."""

    number: int
    readings: int
    negative_cells: int
    missing_inputs: tuple[str, ...]
    notes: tuple[str, ...]
    spread: float | None = None
    background: float | None = None


def compute_days(task: Task, steps: Sequence[tuple[int, StepReadings]]) -> list[StepDone]:
    """Predict some steps, in any order, and write them into their regions of the task's store.

    Parameters
    ----------
    task : Task
    steps : of each step its number on the time axis, and its readings

    Raises
    ------
    InputError, ModelFileError, OutputError
        See `predict_days` and the store's `write`.
    """
    done = []
    for number, readings, fields, about in predict_days(task, steps):
        task.store.write(number, fields, readings.fingerprint(task.basis), about.readings)
        done.append(about)
    return done


def predict_days(
    task: Task, steps: Sequence[tuple[int, StepReadings]], predictor: Predictor | None = None
) -> Iterator[tuple[int, StepReadings, dict[str, np.ndarray], StepDone]]:
    """The fields of some steps, written nowhere.

    Raises
    ------
    InputError
        If uncertainty is asked for and the model does not tell it.
    ModelFileError
        If the model file is not the one that the task was made with.
    """
    predictor = predictor or task_predictor(task)
    days = [_with_background(task, readings, predictor) for _, readings in steps]
    if task.analysis == "off" or task.choice:
        believed = predictor.trusting(task.choice.trust) if task.choice else predictor
        results = ((result, None) for result in believed.predict(days))
    else:
        analyses = (analyse(predictor, day, task.analysis) for day in days)
        results = ((analysis.reanalysis, analysis.strength) for analysis in analyses)
    for (number, readings), day, (result, spread) in zip(steps, days, results):
        background = day[task.target].background
        used = int(readings.readings[task.target].counts.sum())
        about = StepDone(
            number, used, result.negative_cells, tuple(result.missing_inputs), tuple(result.notes), spread, background and background.share
        )
        yield number, readings, fields_of(result, task.target, task.uncertainty, predictor.model.name), about


def _with_background(task: Task, readings: StepReadings, predictor: Predictor) -> dict[str, GriddedReadings]:
    """The readings of a step as `Predictor.predict` takes them, with the background of its day where there is one."""
    day = readings.on_grid(task.grid)
    if task.background is None or not readings.background:
        return day
    field = task.background.field(readings.step.astype("datetime64[D]").item())
    if field is None:
        return day
    from model_core.background.given import with_background

    return {**day, task.target: with_background(day[task.target], field, predictor)[0]}


def task_predictor(task: Task) -> Predictor:
    """The task's predictor, which a process makes once; `ModelFileError` if the model file is another one here."""
    model = ready_model(task.model)
    if model.sha256 != task.sha256:
        raise ModelFileError(f"model '{task.model}' is another file here than where the run began; copy the same one")
    return ready_predictor(
        model, task.grid, choose_device(task.device), covariates=task.covariates, precision=task.precision, memory=task.memory
    )
