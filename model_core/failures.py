"""What is said of an error: to the user a message, and where it was not foreseen, the rest in the log file that the message names."""

from __future__ import annotations

import sys
import traceback

from model_core.errors import ReanalysisError
from model_core.language import say
from model_core.run_log import RunLog

_LONGEST = 2000  # letters of a message


def explain(error: BaseException, log: RunLog | None = None) -> dict[str, str]:
    """Kind and message of an error for its user; a fault that nobody foresaw also has its traceback, and the log file that holds it.

    Parameters
    ----------
    log : of the run that failed; it is closed with what is said here
    """
    told = _told(error)
    if log is not None:
        log.close(told.get("traceback") or f"{told['kind']}: {told['message']}")
        if "traceback" in told and log.path is not None:
            told["message"] += f". This is a fault of the program; please report it with the log file {log.path}"
            told["log"] = str(log.path)
    told["message"] = say(told["message"])  # the log stays English: it is read by those who mend the program
    return told


def _told(error: BaseException) -> dict[str, str]:
    if isinstance(error, ReanalysisError):
        return {"kind": type(error).__name__, "message": _short(str(error))}
    text = str(error) or type(error).__name__
    if _is_out_of_memory(error):
        return {
            "kind": "OutOfMemory",
            "message": f"There was not enough memory: {_first_line(text)}. Use a smaller grid or model, close other "
            "programs, or choose the other device (CPU or GPU).",
        }
    if isinstance(error, ImportError):
        name = f"'{error.name}'" if error.name else "a library"
        return {
            "kind": "MissingLibrary",
            "message": f"The engine's Python ({sys.executable}) can't load {name}: {text}. Set up the engine again "
            "(algorithm 'Set up engine'), or install resources/engine-requirements.txt into that Python.",
        }
    trace = "".join(traceback.format_exception(error))
    return {"kind": "Internal", "message": f"{type(error).__name__}: {_first_line(text)}", "traceback": trace}


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's classes are known by name, so that explaining an error never imports torch.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # What C code leaves that got no memory and said nothing.
    if isinstance(error, SystemError) and ("without exception set" in str(error) or "without setting an exception" in str(error)):
        return True
    text = str(error).lower()
    phrases = (
        "not enough memory",
        "out of memory",
        "can't allocate memory",
        "cannot allocate memory",
        "bad_alloc",
        "could not create a primitive",  # oneDNN, which computes torch's convolutions
        "can't start new thread",
        "failed to map segment",
        "cannot map zero-fill pages",  # the dynamic linker, of a library that found no room
        "could not get source code",  # inspect, by which torch reads its own files: Python's cache of lines hides that memory lacked
    )
    return isinstance(error, (RuntimeError, OSError, ImportError)) and any(phrase in text for phrase in phrases)


def _short(text: str) -> str:
    """A message without the middle of what is quoted in it, where that is endless: a file can hold a name of any length."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]} [...] {text[-500:]}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].rstrip(".") if text.strip() else "unknown"
