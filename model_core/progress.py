"""How a long job tells its caller where it stands, and learns that it should stop."""

from __future__ import annotations

from typing import Callable

from model_core.errors import Cancelled
from model_core.run_log import RunLog


class Progress:
    """Progress of one job, silent by default; the command line and the worker override its methods, and give it a log file.

    Jobs call `step` often: it is also the place where a cancelled job ends.
    """

    def __init__(self, is_cancelled: Callable[[], bool] = lambda: False):
        self._is_cancelled = is_cancelled
        self.log_file: RunLog | None = None
        self.warnings: list[str] = []

    def step(self, fraction: float, message: str = "") -> None:
        """Report the share of the job that is done (0 to 1); raise `Cancelled` if it should stop."""
        if self._is_cancelled():
            raise Cancelled("Cancelled.")
        self.on_step(fraction, message)

    def log(self, message: str) -> None:
        """A line that interests a reader of the log."""
        if self.log_file:
            self.log_file.line(message)
        self.on_log(message)

    def warn(self, message: str) -> None:
        """Something the user should know about the result; also kept in `warnings`."""
        self.warnings.append(message)
        if self.log_file:
            self.log_file.line(f"warning: {message}")
        self.on_warning(message)

    def part(self, start: float, end: float) -> "Progress":
        """A view of this progress whose 0 to 1 is `start` to `end` of the whole."""
        return _Part(self, start, end)

    def on_step(self, fraction: float, message: str) -> None:
        """Receive a step; nothing by default."""

    def on_log(self, message: str) -> None:
        """Receive a log line; nothing by default."""

    def on_warning(self, message: str) -> None:
        """Receive a warning; nothing by default."""


class _Part(Progress):
    def __init__(self, whole: Progress, start: float, end: float):
        super().__init__(whole._is_cancelled)
        self._whole, self._start, self._end = whole, start, end
        self.warnings = whole.warnings

    def on_step(self, fraction: float, message: str) -> None:
        self._whole.step(self._start + (self._end - self._start) * fraction, message)

    def on_log(self, message: str) -> None:
        self._whole.on_log(message)

    def on_warning(self, message: str) -> None:
        self._whole.on_warning(message)
