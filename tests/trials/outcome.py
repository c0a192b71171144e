"""What became of a trial, in one word, and whether that word is a failure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

CLEAN = "clean error"  # a message for the user that names the place
SANE = "sane answer"
TRACEBACK = "traceback"  # an error that nobody foresaw, or one that names nothing
HANG = "hang"
CRASH = "crash"
WRONG = "silent wrong"
KINDS = (CLEAN, SANE, CRASH, HANG, TRACEBACK, WRONG)
FAILURES = (CRASH, HANG, TRACEBACK, WRONG)

_PLACE = re.compile(
    r"'[^']*'|^[\w ]+: |\b[xy]=|unknown command |--[a-z]+|\b(network|training)\.\w+|\[\w+\]|\bextent \S+,\S+|https?:|\.(nc|toml|csv)\b"
)


@dataclass(frozen=True)
class Outcome:
    """What became of one trial.

    Attributes
    ----------
    kind : one of `KINDS`
    told : the message, or what was wrong with the answer
    traceback : of an error that nobody foresaw
    """

    kind: str
    told: str = ""
    traceback: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is one of `FAILURES`."""
        return self.kind in FAILURES

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def of_error(error: BaseException, explanation: dict[str, str], names: tuple[str, ...] = ()) -> Outcome:
    """The outcome of an error, as `model_core.failures.explain` tells it.

    Parameters
    ----------
    names : words of the request, such as file names; a clean message holds one of them, or something in quotes
    """
    kind, message = explanation["kind"], explanation["message"]
    if kind in ("Internal", "OutOfMemory", "MissingLibrary"):
        return Outcome(TRACEBACK, f"{kind}: {message}", explanation.get("traceback", ""))
    if not _PLACE.search(message) and not any(name and name in message for name in names):
        return Outcome(TRACEBACK, f"a message that names no place: {message}")
    if len(message) > 3000:
        return Outcome(TRACEBACK, f"a message of {len(message)} characters: {message[:200]}")
    return Outcome(CLEAN, message)
