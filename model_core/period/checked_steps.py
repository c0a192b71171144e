"""Steps on their way to the prediction, each looked at as it passes."""

from __future__ import annotations

from typing import Iterator

from model_core import __version__
from model_core.errors import InputError
from model_core.missing_inputs import require_inputs
from model_core.model_file import Model
from model_core.period.axis import step_text
from model_core.period.frame import Frame
from model_core.period.previous import fingerprints_of
from model_core.period.step_readings import StepReadings
from model_core.provenance.repeat import Repetition


def complete_steps(steps: Iterator[tuple[int, StepReadings | None]], model: Model, step: str) -> Iterator[tuple[int, StepReadings | None]]:
    """The steps; `InputError` at the first that lacks what the model can't do without."""
    for number, one in steps:
        if one is not None:
            given = [name for name, cells in one.readings.items() if len(cells.cells)]
            missing = [name for name in model.configuration.station_variables if name not in given]
            require_inputs(model, missing, f"on {step_text(one.step, step)}")
        yield number, one


def unchanged_steps(
    steps: Iterator[tuple[int, StepReadings | None]], repetition: Repetition, frame: Frame, basis: str, step: str
) -> Iterator[tuple[int, StepReadings | None]]:
    """The steps; `InputError` at the first whose readings are not those of the output that is repeated."""
    before = fingerprints_of(repetition.file, frame) if repetition.record.engine_version == __version__ else {}
    for number, one in steps:
        then = before.get(frame.times.starts[number])
        if before and then != (one and one.fingerprint(basis)):
            raise InputError(
                f"can't repeat '{repetition.file.name}': its readings on {step_text(frame.times.starts[number], step)} have changed; "
                "give the table or layer that they were read from"
            )
        yield number, one
