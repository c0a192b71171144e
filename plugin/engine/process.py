"""Child processes that owe nothing to QGIS: their environment, how they start, and how they end."""

from __future__ import annotations

import contextlib
import functools
import locale
import os
import queue
import signal
import subprocess  # starting the engine is what this file is for  # nosec B404
import sys
import threading
from typing import IO, Callable, Iterator

WINDOWS = sys.platform == "win32"

# QGIS points these at its own Python, GDAL, PROJ and Qt; the engine's wheels bring theirs and would load the wrong data.
FOREIGN_PREFIXES = ("PYTHON", "PROJ_", "GDAL_", "OGR_", "CPL_", "QT_", "OSGEO4W_", "O4W_", "QGIS_")
FOREIGN_NAMES = {"VIRTUAL_ENV", "HDF5_PLUGIN_PATH", "GEOTIFF_CSV", "__PYVENV_LAUNCHER__"}
# A user's habits with pip that would install somewhere else than into the engine's environment; indexes and proxies stay.
PIP_PLACES = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_REQUIRE_VIRTUALENV"}
PATH_LISTS = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
TASKKILL_SECONDS = 10.0
# A QGIS that a distribution installed shares these folders with everybody: they stay.
SHARED_ROOTS = {"", "/", "/usr", "/usr/local"}


def clean_environment(environ: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for a child: as given (default: this process's), without what belongs to QGIS."""
    environ = dict(os.environ if environ is None else environ)
    roots = [environ.get(name, "") for name in ("QGIS_PREFIX_PATH", "OSGEO4W_ROOT")]
    roots = [_normal(root) for root in roots if root.rstrip("/\\") not in SHARED_ROOTS]
    cleaned = {}
    for name, value in environ.items():
        if name.upper().startswith(FOREIGN_PREFIXES) or name.upper() in FOREIGN_NAMES | PIP_PLACES:
            continue
        if name.upper() in PATH_LISTS:
            value = os.pathsep.join(part for part in value.split(os.pathsep) if part and not _is_of_qgis(part, roots))
            if not value:
                continue
        cleaned[name] = value
    cleaned["PYTHONUTF8"] = "1"  # file names and messages in any language, on Windows too
    return cleaned


def _normal(path: str) -> str:
    return os.path.normcase(os.path.normpath(path))


def _is_of_qgis(folder: str, roots: list[str]) -> bool:
    folder = _normal(folder)
    if any(folder == root or folder.startswith(root + os.sep) for root in roots):
        return True
    return "qgis" in folder.lower() or "osgeo4w" in folder.lower()


def start(command: list[str], **options) -> subprocess.Popen:
    """Start a child in the cleaned environment, in a process group of its own and, on Windows, without a console."""
    options.setdefault("env", clean_environment())
    if WINDOWS:
        options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    if is_translated():
        command = ["/usr/bin/arch", "-arm64", *command]  # an engine for Intel does not exist
    # A list, never a shell's line; the program is an interpreter that the user or this plugin chose.
    return subprocess.Popen(command, **options)  # nosec B603


@functools.lru_cache(maxsize=None)
def is_translated() -> bool:
    """Whether this process is one for Intel that Rosetta runs on an Apple processor, as a QGIS for Intel is."""
    if sys.platform != "darwin":
        return False
    command = ["/usr/sbin/sysctl", "-n", "sysctl.proc_translated"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10)  # fixed words, full path  # nosec B603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "1"


def output_of(command: list[str], timeout: float) -> tuple[int, str]:
    """Exit status and combined output of a short command; 127 and the reason if it can't be started or takes too long."""
    try:
        child = start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return 127, str(error)
    try:
        text, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill(child)
        return 127, f"no answer within {timeout:g} s"
    return child.returncode, text_of(text).strip()


def text_of(said: bytes, encoding: str | None = None) -> str:
    """What a child printed, as text.

    The engine prints UTF-8. Windows' own messages, such as those of a library that does not load, are in the system's encoding, which
    is the default of `encoding`.
    """
    try:
        return said.decode("utf-8")
    except UnicodeDecodeError:
        return said.decode(encoding or locale.getpreferredencoding(False), "replace")


def lines_of(child: subprocess.Popen, is_cancelled: Callable[[], bool], when_silent: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The lines that a child prints, until it ends or the caller's user cancels, which is noticed while it is silent.

    `when_silent` is called several times a second as long as it says nothing.
    """
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=_read_lines, args=(child.stdout, lines), daemon=True).start()
    while not is_cancelled():
        try:
            line = lines.get(timeout=0.1)
        except queue.Empty:
            when_silent()
            continue
        if line is None:
            return
        yield line.rstrip("\n")


def _read_lines(stream: IO, lines: queue.Queue) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def kill(child: subprocess.Popen) -> None:
    """End a child and everything that it started, now, and wait until it is gone."""
    if WINDOWS:
        if child.poll() is None:
            _end_tree(child.pid)
            child.kill()  # where that was not allowed; a starter of a virtual environment takes the Python behind it along
    else:
        try:  # the group outlives its leader: grandchildren of a crashed child end here as well
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    child.wait()


def _end_tree(pid: int) -> None:
    """End a process and its descendants with Windows' own program; one that is missing or barred ends none."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(  # full path, and a number  # nosec B603
            [taskkill(), "/F", "/T", "/PID", str(pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
            timeout=TASKKILL_SECONDS,
        )


def taskkill() -> str:
    """Full path of Windows' program that ends a tree of processes: a bare name would be looked for in the working folder too."""
    return os.path.join(os.environ.get("SystemRoot", r"C:\Windows"), "System32", "taskkill.exe")
