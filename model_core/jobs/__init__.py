"""The jobs that the command line and the worker offer: ``JOBS[name](request, progress) -> result``.

Requests and results are plain values for JSON. Each job lives in a module of its own, imported when it first
runs: a job that needs no torch does not wait for it.
"""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any, Callable

from model_core.confinement import confine
from model_core.errors import InputError
from model_core.gases import STANDARD, State
from model_core.hdf5_locks import leave_out_locks
from model_core.jobs.options import checked
from model_core.progress import Progress

Job = Callable[[dict[str, Any], Progress], dict[str, Any]]


def _air(request: dict[str, Any]) -> State | None:
    """Temperature (K) and pressure (hPa) at which gases convert where the files know none; None where the request says nothing."""
    given = [request.get(key) for key in ("gas_temperature", "gas_pressure")]
    if given == [None, None]:
        return None
    temperature, pressure = (None if value in (None, "") else float(value) for value in given)  # `checked` has seen that they are numbers
    if any(value is not None and value <= 0 for value in (temperature, pressure)):
        raise InputError(f"'gas_temperature' (K) and 'gas_pressure' (hPa) must be above zero, got {given[0]} and {given[1]}")
    return State(
        STANDARD.temperature_k if temperature is None else temperature, STANDARD.pressure_pa if pressure is None else 100 * pressure
    )


def _job(module: str) -> Job:
    def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        confine()
        leave_out_locks()
        job = import_module(f"model_core.jobs.{module}").run
        request = checked(request)
        try:
            from model_core.variable_table import in_use

            with in_use(request.get("variables"), request.get("level"), _air(request)):
                return job(request, progress)
        except OSError as error:
            if error.filename is None or error.errno == errno.ENOMEM:
                raise
            raise InputError(
                f"'{error.filename}': {error.strerror or error}; check its name, your rights there and the room on the disk"
            ) from error

    return run


JOBS: dict[str, Job] = {
    "info": _job("info"),
    "inspect": _job("inspect"),
    "read-stations": _job("read_stations"),
    "grid-stations": _job("grid_stations"),
    "reanalyse": _job("reanalyse"),
    "reanalyse-period": _job("reanalyse_period"),
    "train": _job("train"),
    "reproduce": _job("reproduce"),
    "crossvalidate": _job("crossvalidate"),
    "describe": _job("describe"),
    "evaluate-ctm": _job("evaluate_ctm"),
    "simulate": _job("simulate"),
    "covariates": _job("covariates"),
    "aggregate": _job("aggregate"),
    "modelcard": _job("modelcard"),
    "animate": _job("animate"),
    "exposure": _job("exposure"),
    "compareraster": _job("compareraster"),
}
