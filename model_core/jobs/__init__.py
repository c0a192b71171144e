"""The jobs that the command line and the worker offer: ``JOBS[name](request, progress) -> result``.

Requests and results are plain values for JSON. Each job lives in a module of its own, imported when it first
runs: a job that needs no torch does not wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Callable

from model_core.progress import Progress

Job = Callable[[dict[str, Any], Progress], dict[str, Any]]


def _job(module: str) -> Job:
    def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
        job = import_module(f"model_core.jobs.{module}").run
        if not request.get("variables") and request.get("level") in (None, ""):
            return job(request, progress)
        from model_core.variable_table import in_use

        with in_use(request.get("variables"), request.get("level")):
            return job(request, progress)

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
    "simulate": _job("simulate"),
    "covariates": _job("covariates"),
    "modelcard": _job("modelcard"),
    "animate": _job("animate"),
}
