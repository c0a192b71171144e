"""A Python to make the engine environment from: one given, QGIS's own, or one on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Iterator

if __package__:
    from . import process
    from .errors import SetUpError
    from .qgis_side import tr
else:
    import process
    from errors import SetUpError
    from qgis_side import tr

OLDEST = (3, 11)
# Newest first; torch's wheels end there.
MINORS = (13, 12, 11)
PROBE_SECONDS = 30.0

# Applications on macOS see a short PATH: these are where the usual installers put Python.
MAC_FOLDERS = ("/opt/homebrew/bin", "/usr/local/bin")

_PROBE = "import sys; print(*sys.version_info[:2]); import ensurepip, venv"


def find_base_python(given: str = "") -> str:
    """Path of a Python that can make the environment.

    Raises
    ------
    SetUpError
        If the given one can't, or if there is none; with what was tried and what to install.
    """
    if given:
        path = shutil.which(os.path.expanduser(given))
        problem = problem_of(path) if path else tr("not found")
        if problem:
            raise SetUpError(tr("{python} can't be used: {problem}").format(python=given, problem=problem))
        return path
    tried = []
    for path in candidates():
        problem = problem_of(path)
        if not problem:
            return path
        tried.append(f"{path}: {problem}")
    raise SetUpError(
        tr("No Python {version} or newer that can make virtual environments was found. Install one and try again, or "
           "name it. Tried: {tried}").format(version="{}.{}".format(*OLDEST), tried="; ".join(tried) or tr("nothing found"))
    )


def problem_of(python: str) -> str:
    """Why an interpreter can't make the environment; empty if it can."""
    status, text = process.output_of([python, "-c", _PROBE], PROBE_SECONDS)
    first = text.splitlines()[0].split() if text else []
    if len(first) != 2 or not all(part.isdigit() for part in first):
        return tr("it does not run ({reason})").format(reason=text[-200:] or status)
    version = tuple(int(part) for part in first)
    if version < OLDEST:
        return tr("it is Python {version}").format(version="{}.{}".format(*version))
    if status:
        return tr("it lacks the module venv; on Debian and Ubuntu: apt install python3-venv")
    return ""


def candidates() -> Iterator[str]:
    """Interpreters to try: QGIS's own, then those on the PATH, newest first."""
    seen = set()
    for path in (*own_interpreters(), *_on_this_machine()):
        real = os.path.normcase(os.path.realpath(path))
        if real not in seen:
            seen.add(real)
            yield path


def own_interpreters() -> list[str]:
    """The interpreters that belong to this process's Python, best first; never `sys.executable` on Windows or macOS.

    There `sys.executable` is QGIS itself: running it opens a second QGIS.
    """
    if process.WINDOWS:
        places = [(prefix, "python.exe") for prefix in (sys.prefix, sys.exec_prefix, sys.base_exec_prefix)]
    else:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        prefixes = [sys.prefix, sys.exec_prefix]
        if sys.platform == "darwin":  # QGIS.app/Contents/MacOS/QGIS has its Python in MacOS/bin
            prefixes += [os.path.dirname(sys.executable or "")]
        places = [(os.path.join(prefix, "bin"), name) for prefix in prefixes for name in ("python3", version)]
    found = [os.path.join(folder, name) for folder, name in places]
    return [path for path in dict.fromkeys(found) if os.path.isfile(path)]


def _on_this_machine() -> Iterator[str]:
    search = process.clean_environment().get("PATH", os.defpath)
    if sys.platform == "darwin":
        frameworks = [f"/Library/Frameworks/Python.framework/Versions/3.{minor}/bin" for minor in MINORS]
        search = os.pathsep.join([search, *MAC_FOLDERS, *frameworks])
    for name in [*(f"python3.{minor}" for minor in MINORS), "python3", "python"]:
        path = shutil.which(name, path=search)
        # Windows ships a stub of that name that opens its shop.
        if path and "WindowsApps" not in path:
            yield path
    launcher = shutil.which("py", path=search) if process.WINDOWS else None
    for minor in MINORS if launcher else ():
        status, text = process.output_of([launcher, f"-3.{minor}", "-c", "import sys; print(sys.executable)"], PROBE_SECONDS)
        if not status and text:
            yield text.splitlines()[-1]
