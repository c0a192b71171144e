"""Runs the steps of a set-up: every line goes to a log, the milestones to the user."""

from __future__ import annotations

import re
import subprocess  # starting installers is what this file is for  # nosec B404
import textwrap
import time
from pathlib import Path
from typing import IO, Callable, Mapping, Sequence

if __package__:
    from . import process, windows_faults
    from .errors import SetUpCancelled, SetUpError
    from .qgis_side import tr
    from .room import megabytes_in
else:
    import process
    import windows_faults
    from errors import SetUpCancelled, SetUpError
    from qgis_side import tr
    from room import megabytes_in

Report = Callable[[float, str], None]


class Installer:
    """One set-up: its log file, its reporter, and how far it is.

    Parameters
    ----------
    folder : what the steps fill; where they are silent for long, the user hears how much is there.
    environ : variables for the steps, beside the cleaned ones of this process.
    expected : MB that the folder holds when all is installed; 0 where nobody knows. The progress bar then goes by what is there.
    """

    # A complete installation prints about this many milestones; it only spaces the progress bar.
    MILESTONES = 70
    SILENCE_SECONDS = 10.0
    PAUSES = (3.0, 15.0)  # seconds before a download is tried again

    def __init__(
        self,
        log: IO[str],
        report: Report,
        is_cancelled: Callable[[], bool],
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
        expected: float = 0.0,
    ):
        self._log, self._report, self._is_cancelled = log, report, is_cancelled
        self._folder, self._environ, self._expected = folder, dict(environ or {}), expected
        self._milestones, self._there, self._heard = 0, 0.0, time.monotonic()

    def run(self, command: list[str], seconds: float | None = None, environ: Mapping[str, str] | None = None) -> str:
        """Output of the command; raises `SetUpError` if it fails or takes too long, `SetUpCancelled` if the user stops it."""
        self._log.write("$ " + " ".join(command) + "\n")
        lines: list[str] = []
        self._heard = time.monotonic()
        until = None if seconds is None else self._heard + seconds
        try:
            child = process.start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env={**process.clean_environment(), **self._environ, **(environ or {})},
            )
        except OSError as error:  # a program that is not there, or that Windows does not let run
            raise self._error([str(error)], command) from error
        try:
            for line in process.lines_of(child, lambda: self._is_cancelled() or _is_over(until), self._still_there):
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
        if _is_over(until) and child.poll() is None:
            process.kill(child)
            raise self._error([*lines[-2:], f"no answer within {seconds:g} s"], command)
        if child.wait():
            raise self._error(lines, command)
        return "\n".join(lines)

    def fetch(self, command: list[str]) -> str:
        """As `run`, for a pip that fetches from a network: a download that broke off is tried again, up to three times in all.

        pip notices a file that ended early only by its hash, and may have kept it: it is then fetched past what pip keeps.
        """
        for attempt, pause in enumerate(self.PAUSES, start=1):
            try:
                return self.run(command)
            except SetUpError as error:
                if "--no-index" in command or not _broke_off(error.lines):
                    raise
                self.say(
                    tr("The download broke off. It is tried again in {pause:g} seconds, try {attempt} of {last}").format(
                        pause=pause, attempt=attempt + 1, last=len(self.PAUSES) + 1
                    )
                )
                if _differs(error.lines) and "--no-cache-dir" not in command:
                    command = [*command, "--no-cache-dir"]
            until = time.monotonic() + pause
            while time.monotonic() < until and not self._is_cancelled():
                time.sleep(0.1)
        return self.run(command)

    def say(self, text: str, fraction: float | None = None) -> None:
        """A line for the log and for the user."""
        self._log.write(text + "\n")
        self._report(self._fraction() if fraction is None else fraction, text)

    def _error(self, lines: list[str], command: Sequence[str]) -> SetUpError:
        reason = _reason_in(lines)
        text = tr("Setting up the engine failed: {reason} {hint} The log is {log}")
        return SetUpError(text.format(reason=reason, hint=_hint(lines, "--no-index" in command), log=self._log.name), reason, tuple(lines))

    def _tell(self, line: str) -> None:
        text = line.strip()
        self._heard = time.monotonic()
        if re.match(r"(Collecting|Downloading|Installing collected|Successfully|Building|ERROR|Looking in)", text):
            self._milestones += 1
            self._report(self._fraction(), textwrap.shorten(text, 200, placeholder=" …"))

    def _still_there(self) -> None:
        """A large download says nothing for minutes: then the user hears that something grows."""
        if self._folder is not None and time.monotonic() - self._heard >= self.SILENCE_SECONDS:
            self._heard = time.monotonic()
            count = megabytes_in(self._folder)
            self._there = max(self._there, count / self._expected) if self._expected else 0.0
            self._report(self._fraction(), tr("… still at it: {count} MB are there by now").format(count=count))

    def _fraction(self) -> float:
        return 0.05 + 0.85 * min(1.0, max(self._milestones / self.MILESTONES, self._there))


def _broke_off(lines: Sequence[str]) -> bool:
    """Whether a download ended early or the network was silent, so that another try may succeed."""
    return _differs(lines) or bool(
        re.search(
            r"ReadTimeout|ConnectTimeout|timed out|IncompleteRead|Connection ?[Rr]eset|Connection broken|RemoteDisconnected|"
            r"Connection aborted|ProtocolError|Temporary failure",
            " ".join(lines),
        )
    )


def _differs(lines: Sequence[str]) -> bool:
    """Whether a file had another hash than the list says."""
    return bool(re.search(r"DO NOT MATCH THE HASHES", " ".join(lines)))


def _is_over(until: float | None) -> bool:
    return until is not None and time.monotonic() > until


def _reason_in(lines: list[str]) -> str:
    lines = [line.strip() for line in lines]
    errors = [line for line in lines if line.startswith(("ERROR", "error:", "cause:")) or "Error" in line] or lines[-3:]
    # pip names the package, what was expected and what was found, on lines of their own.
    errors += [line for line in lines if re.match(r"\S+==\S+ .*from |Expected sha|Got  ", line)][:3]
    return " ".join(errors[-4:])[-800:]


def _hint(lines: list[str], from_folder: bool) -> str:
    text = " ".join(lines)
    if remedy := windows_faults.remedy_of(text):
        return remedy
    if re.search(r"THESE PACKAGES DO NOT MATCH THE HASHES|[Hh]ash mismatch", text):
        return tr(
            "A package is not the file that the plugin's list of libraries names: it was changed, or damaged on its way. Nothing of it "
            "was installed. Take another folder of wheels or package index; if it happens again, tell the plugin's makers."
        )
    if re.search(r"ReadTimeout|ConnectTimeout|timed out|no answer within", text):
        return tr(
            "The network is too slow or is blocked. Try again: what was fetched is kept. Behind a proxy, enter it in QGIS's options; "
            "or name a package index that is nearer, or give a folder of wheels."
        )
    if from_folder and re.search(r"No matching distribution|Could not find a version", text):
        return tr(
            "The folder of wheels lacks it, or has it for another system or version of Python. Download all that engine-lock.txt names."
        )
    if re.search(r"No matching distribution|Could not find a version|ConnectionError|ProxyError|SSLError|Max retries", text):
        return tr("Check the network or the proxy (QGIS's options, Network), or give a package index or a folder of wheels.")
    if "No space left" in text or "Errno 28" in text:
        return tr("The disk is full: the environment needs about 2 GB, with GPU libraries about 6 GB, and the download beside it.")
    if re.search(r"Errno 2\b|Errno 22\b|WinError (3|206)\b", text) and process.WINDOWS:
        return tr("A path may be too long for Windows: choose a folder with a shorter name, such as {example}.").format(
            example=r"C:\ctm-engine"
        )
    return ""
