"""The stations of a period are read while its model is made ready."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import Mapping

import numpy as np

from model_core.errors import Cancelled
from model_core.period.step_readings import GriddedSeries
from model_core.progress import Progress


class ReadingAhead:
    """Begins to read the stations while the model is made ready; torch and the warping of maps take seconds too."""

    def __init__(self, series: Mapping[str, GriddedSeries], start: np.datetime64 | None, end: np.datetime64 | None):
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        # In the job's context: the variables of the job are known to its threads too.
        self._thread = threading.Thread(target=copy_context().run, args=(self._run, series, start, end), daemon=True)
        self._thread.start()

    def wait(self, progress: Progress) -> None:
        """Until all is read that must be before the first step; errors are raised here."""
        while self._thread.is_alive():
            progress.step(0.05, "reading stations")
            self._thread.join(0.2)
        if self._error:
            raise self._error

    def stop(self) -> None:
        """End the reading."""
        self._stopped.set()
        self._thread.join()

    def _run(self, series: Mapping[str, GriddedSeries], start: np.datetime64 | None, end: np.datetime64 | None) -> None:
        try:
            for one in series.values():
                one.prepare(start, end, self._check)
        except BaseException as error:  # raised again by `wait`
            self._error = error

    def _check(self) -> None:
        if self._stopped.is_set():
            raise Cancelled("Cancelled.")
