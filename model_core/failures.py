"""What is said of an error: to the user a message, and where it was not foreseen, the rest in a log file that the message names."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path

from model_core import __version__
from model_core.errors import ReanalysisError

_KEPT = 20  # logs; older ones are removed
_LONGEST = 2000  # letters of a message


def explain(error: BaseException, what: str = "") -> dict[str, str]:
    """Kind and message of an error for its user; a fault that nobody foresaw also has its traceback, and a log file with it.

    Parameters
    ----------
    what : what was being done, for the log
    """
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
    log = write_log(trace, what)
    told = {"kind": "Internal", "message": f"{type(error).__name__}: {_first_line(text)}", "traceback": trace}
    if log is not None:
        told["message"] += f". This is a fault of the program; please report it with the log file {log}"
        told["log"] = str(log)
    return told


def log_folder() -> Path:
    """The user's private folder of logs, as the operating system has it; it need not exist."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ctm_reanalysis" / "logs"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Logs" / "ctm_reanalysis"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "ctm_reanalysis" / "logs"
    return base


def write_log(trace: str, what: str = "") -> Path | None:
    """Write a log that only its user can read; None where no file can be written: the message must reach the user anyway."""
    now = datetime.now()
    path = log_folder() / f"{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.log"))[:-_KEPT]:
            old.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(
                f"CTM Reanalysis {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
                f"{now:%Y-%m-%d %H:%M:%S}\n{what}\n\n{trace}"
            )
    except OSError:
        return None
    return path


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's classes are known by name, so that explaining an error never imports torch.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, SystemError) and "without exception set" in str(error):  # what C code leaves that got no memory and said nothing
        return True
    text = str(error).lower()
    phrases = (
        "not enough memory", "out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc",
        "could not create a primitive",  # oneDNN, which computes torch's convolutions
        "can't start new thread",
    )
    return isinstance(error, (RuntimeError, OSError)) and any(phrase in text for phrase in phrases)


def _short(text: str) -> str:
    """A message without the middle of what is quoted in it, where that is endless: a file can hold a name of any length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST - 500]} [...] {text[-500:]}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0].rstrip(".") if text.strip() else "unknown"
