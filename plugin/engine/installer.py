"""Runs the steps of a set-up: every line goes to a log, the milestones to the user."""

from __future__ import annotations

import re
import subprocess
from typing import IO, Callable

if __package__:
    from . import process
    from .errors import SetUpCancelled, SetUpError
    from .qgis_side import tr
else:
    import process
    from errors import SetUpCancelled, SetUpError
    from qgis_side import tr

Report = Callable[[float, str], None]


class Installer:
    """One set-up: its log file, its reporter, and how far it is."""

    # A complete installation prints about this many milestones; it only spaces the progress bar.
    MILESTONES = 70

    def __init__(self, log: IO[str], report: Report, is_cancelled: Callable[[], bool]):
        self._log, self._report, self._is_cancelled = log, report, is_cancelled
        self._milestones = 0

    def run(self, command: list[str]) -> str:
        """Output of the command; raises `SetUpError` if it fails, `SetUpCancelled` if the user stops it."""
        self._log.write("$ " + " ".join(command) + "\n")
        lines: list[str] = []
        child = process.start(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )
        try:
            for line in process.lines_of(child, self._is_cancelled):
                self._log.write(line + "\n")
                lines.append(line)
                self._tell(line)
        except BaseException:
            process.kill(child)
            raise
        finally:
            self._log.flush()
        if self._is_cancelled():
            process.kill(child)
            raise SetUpCancelled(tr("Cancelled. What was made so far is not used; run 'Set up engine' again to complete it."))
        if child.wait():
            raise SetUpError(_reason(lines, self._log.name))
        return "\n".join(lines)

    def _tell(self, line: str) -> None:
        text = line.strip()
        if re.match(r"(Collecting|Downloading|Installing collected|Successfully|Building|ERROR|Looking in)", text):
            self._milestones += 1
            self._report(0.05 + 0.85 * min(1.0, self._milestones / self.MILESTONES), text[:200])


def _reason(lines: list[str], log: str) -> str:
    errors = [line for line in lines if line.startswith("ERROR") or "Error" in line] or lines[-3:]
    text = " ".join(errors[-3:])[-800:]
    hint = ""
    if re.search(r"No matching distribution|Could not find a version|ConnectionError|Max retries", " ".join(lines)):
        hint = tr("Check the network or the proxy, or give a folder of wheels.")
    elif "No space left" in text or "Errno 28" in text:
        hint = tr("The disk is full: the environment needs about 2 GB, with GPU libraries about 8 GB.")
    return tr("Setting up the engine failed: {reason} {hint} The log is {log}").format(reason=text, hint=hint, log=log)
