"""The log file of each run: what was asked, what was said, how it ended. It stays on this computer, and only its user can read it.

The oldest are removed when a new one begins (`KEPT`), and one that grows without end is cut off (`MOST_BYTES`).
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Mapping

from model_core import __version__

KEPT, MOST_BYTES = 50, 1_000_000


def log_folder() -> Path:
    """The user's private folder of logs, as the operating system has it; it need not exist."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ctm_reanalysis" / "logs"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Logs" / "ctm_reanalysis"
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "ctm_reanalysis" / "logs"


def logs() -> list[Path]:
    """The log files that there are, the oldest first."""
    return sorted(log_folder().glob("*.log"))


def _remove_oldest() -> None:
    for old in logs()[: 1 - KEPT]:
        with suppress(OSError):  # Windows removes none that a long run still writes
            old.unlink()


class RunLog:
    """The log of one run. Where no file can be written it is silent: a run never fails for its log.

    Attributes
    ----------
    path : of the file, or None where there is none
    """

    def __init__(self, command: str, request: Mapping[str, Any]):
        self.path: Path | None = None
        self._file: IO[str] | None = None
        self._left, self._lock = MOST_BYTES, threading.Lock()
        now = datetime.now()
        path = log_folder() / f"{now:%Y%m%d-%H%M%S-%f}-{os.getpid()}-{_file_name(command)}.log"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _remove_oldest()
            self._file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", errors="backslashreplace")
        except OSError:
            return
        self.path = path
        self.line(f"CTM Reanalysis {__version__}, Python {platform.python_version()}, {platform.platform()}")
        self.line(f"{now:%Y-%m-%d} {command} {json.dumps(request, ensure_ascii=False, default=str)}")

    def line(self, text: str) -> None:
        """A line with the time; nothing where the file is full, closed or can't be written."""
        with self._lock:
            if self._file is None or self._left <= 0:
                return
            said = f"{datetime.now():%H:%M:%S} {text}\n"
            self._left -= len(said)
            try:
                self._file.write(said if self._left > 0 else "... cut off here: the log is full\n")
                self._file.flush()
            except (OSError, ValueError):
                self._file = None

    def close(self, end: str) -> None:
        """The last line says how it ended."""
        self._left = max(self._left, len(end) + 100)  # even of a full log
        self.line(end)
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                try:
                    file.close()
                except OSError:
                    return


def _file_name(command: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in command)[:40]
