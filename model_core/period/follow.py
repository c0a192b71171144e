"""Going on as readings arrive: a period is computed again whenever its tables have changed, which costs the changed steps alone."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from model_core.days import parse_day
from model_core.errors import Cancelled, InputError
from model_core.progress import Progress
from model_core.stations.tables import split_layer

EVERY_SECONDS = 60.0
# A table that is being written is left alone until it has not changed for so long.
SETTLED_SECONDS = 2.0
_LISTENING_SECONDS = 0.2  # between two looks at whether the job is cancelled
State = Mapping[str, tuple[int, int]]


def follow(
    once: Callable[[Progress], dict[str, Any]], tables: Sequence[str], every: float, until: datetime | None, progress: Progress
) -> dict[str, Any]:
    """Compute a period, and again each time that its tables have changed, until `until` or a cancel.

    A table that can't be read in a later round is a warning, and tried again when it changes; in the first one it is an error, unless
    there is no file yet.

    Parameters
    ----------
    once : computes what is missing or has changed, and writes it
    tables : what is watched: files, folders, or patterns with ``{date:...}``
    every : seconds between two looks
    until : local time of this machine; None for as long as nobody cancels

    Returns
    -------
    dict
        The result of the last round that computed anything, with `follow`: rounds, steps computed in all, when the last change was.

    Raises
    ------
    Cancelled
        If the progress says so. All that was finished is written, and nothing half.
    InputError
        From the first round; if there never was a file.
    """
    seen: State = {}
    result: dict[str, Any] | None = None
    account = {"rounds": 0, "computed": 0, "last_change": None}
    voice = _Voice(progress)
    try:
        while True:
            state = _settled(tables, progress, account)
            if state and state != seen:
                seen = state
                account["last_change"] = datetime.now().isoformat(" ", "seconds")
                try:
                    result = once(voice)
                except InputError as error:
                    if not account["rounds"]:
                        raise
                    voice.warn(f"not computed, and tried again when the tables change: {error}")
                else:
                    days = result["days"]
                    account["rounds"] += 1
                    account["computed"] += days["computed"]
                    progress.log(
                        f"{datetime.now():%H:%M:%S}: {days['computed']} {result['step']}(s) computed, {days['kept']} as before, up to "
                        f"{result['end']}; following {len(state)} file(s)"
                    )
            if _waited(every, until, account, progress):
                break
    except (Cancelled, KeyboardInterrupt) as error:
        raise Cancelled(f"Cancelled: {_in_words(account)}; what was finished is written. Run it again to go on.") from error
    if result is None:
        raise InputError(f"until {until:%Y-%m-%d %H:%M} there was no file of {', '.join(tables)}")
    return {**result, "follow": account}


def parse_until(text: Any) -> datetime | None:
    """When to stop, in the local time of this machine: ``YYYY-MM-DD`` (the end of that day), ``YYYY-MM-DDTHH:MM``, also with an offset.

    Raises
    ------
    InputError
        If it is none of these, or in the past.
    """
    if text in (None, ""):
        return None
    text = str(text).strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            until = datetime.combine(parse_day(text) + timedelta(days=1), datetime.min.time())
        else:
            until = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, InputError):
        raise InputError(f"until '{text}' is no time; write YYYY-MM-DD or YYYY-MM-DDTHH:MM") from None
    if until.tzinfo is not None:
        until = until.astimezone().replace(tzinfo=None)
    if until <= datetime.now():
        raise InputError(f"until {text} is over already")
    return until


def parse_every(value: Any) -> float:
    """Seconds between two looks; `InputError` if they are no number above zero."""
    try:
        seconds = EVERY_SECONDS if value in (None, "") else float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not seconds > 0:
        raise InputError(f"every '{value}': write a number of seconds above zero")
    return seconds


def files_of(table: str) -> list[Path]:
    """The files that a table's name stands for now: the file, those of a folder, or those that fit a pattern with ``{date:...}``."""
    path = Path(split_layer(table)[0])
    if "{date" not in str(path):
        return sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path] if path.is_file() else []
    pattern = re.sub(r"\{date[^}]*\}", "*", str(path))
    parts = Path(pattern).parts
    first = next(number for number, part in enumerate(parts) if "*" in part)
    return sorted(Path(*parts[:first]).glob(str(Path(*parts[first:]))))


def _state(tables: Sequence[str]) -> State:
    """(bytes, time of the last change) of every file."""
    found = {}
    for table in tables:
        for file in files_of(table):
            try:
                status = file.stat()
            except OSError:  # it was there a moment ago
                continue
            found[str(file)] = status.st_size, status.st_mtime_ns
    return found


def _settled(tables: Sequence[str], progress: Progress, account: Mapping[str, Any]) -> State:
    """The state of the files, once none of them has changed for a moment."""
    state = _state(tables)
    while any(0 <= time.time() - changed / 1e9 < SETTLED_SECONDS for _, changed in state.values()):
        progress.step(0.0, f"a table is being written; {_in_words(account)}")
        time.sleep(_LISTENING_SECONDS)
        state = _state(tables)
    return state


def _waited(every: float, until: datetime | None, account: Mapping[str, Any], progress: Progress) -> bool:
    """Wait for the next look; true if it is time to stop."""
    end = time.monotonic() + every
    while (left := end - time.monotonic()) > 0:
        if until is not None and datetime.now() >= until:
            return True
        last = f", last change {account['last_change']}" if account["last_change"] else ""
        progress.step(0.0, f"waiting for readings: {_in_words(account)}{last}; next look in {left:.0f} s")
        time.sleep(min(left, _LISTENING_SECONDS))
    return until is not None and datetime.now() >= until


def _in_words(account: Mapping[str, Any]) -> str:
    return f"{account['computed']} step(s) computed in {account['rounds']} round(s)"


class _Voice(Progress):
    """The progress of the rounds, which says each thing once: most of it is the same in every round."""

    def __init__(self, progress: Progress):
        super().__init__(progress._is_cancelled)
        self._progress, self._said = progress, set()
        self.warnings = progress.warnings

    def warn(self, message: str) -> None:
        if message not in self._said:
            super().warn(message)

    def on_step(self, fraction: float, message: str) -> None:
        self._progress.step(fraction * 0.99, message)

    def on_log(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._progress.on_log(message)

    def on_warning(self, message: str) -> None:
        self._said.add(message)
        self._progress.on_warning(message)
