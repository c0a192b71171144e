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

OLDEST, NEWEST = (3, 11), (3, 14)  # PyTorch 2.13 has packages for these
MINORS = tuple(range(NEWEST[1], OLDEST[1] - 1, -1))  # newest first
OLDEST_MACOS = 14  # of PyTorch 2.13, which is for Apple processors only
PROBE_SECONDS = 30.0

# Applications on macOS see a short PATH: these are where the usual installers put Python.
MAC_FOLDERS = ("/opt/homebrew/bin", "/usr/local/bin")

_PROBE = "import platform, sys; print(*sys.version_info[:2], platform.machine(), platform.mac_ver()[0]); import ensurepip, venv"


def find_base_python(given: str = "", version: tuple[int, int] | None = None) -> str:
    """Path of a Python that can make the environment; of this version, if one is asked for.

    Raises
    ------
    SetUpError
        If the given one can't, or if there is none; with what was tried and what to install.
    """
    if given:
        path = shutil.which(os.path.expanduser(given))
        problem = problem_of(path, version) if path else tr("not found")
        if problem:
            raise SetUpError(tr("{python} can't be used: {problem}").format(python=given, problem=problem))
        return path
    tried = []
    for path in candidates():
        problem = problem_of(path, version)
        if not problem:
            return path
        tried.append(f"{path}: {problem}")
    raise SetUpError(
        tr(
            "No Python {oldest} to {newest} that can make virtual environments was found. Install one and try again, or "
            "name it. Tried: {tried}"
        ).format(oldest="{}.{}".format(*OLDEST), newest="{}.{}".format(*NEWEST), tried="; ".join(tried) or tr("nothing found"))
    )


def problem_of(python: str, wanted: tuple[int, int] | None = None) -> str:
    """Why an interpreter can't make the environment, or is not of the version that is wanted; empty if it can."""
    status, text = process.output_of([python, "-c", _PROBE], PROBE_SECONDS)
    first = text.splitlines()[0].split() if text else []
    if len(first) < 2 or not all(part.isdigit() for part in first[:2]):
        return tr("it does not run ({reason})").format(reason=text[-200:] or status)
    version = int(first[0]), int(first[1])
    if not OLDEST <= version <= NEWEST or version != (wanted or version):
        return tr("it is Python {version}").format(version="{}.{}".format(*version))
    if sys.platform == "darwin" and (problem := _problem_on_macos(*first[2:4])):
        return problem
    if status:
        return tr("it lacks the module venv; on Debian and Ubuntu: apt install python3-venv")
    return ""


def _problem_on_macos(machine: str = "", version: str = "") -> str:
    if machine != "arm64":
        return tr(
            "it is for Intel processors ({machine}), and PyTorch is made for Apple processors only; on a Mac with an Apple "
            "processor install a Python for it, and the engine will use that even under a QGIS for Intel"
        ).format(machine=machine)
    if version.split(".")[0].isdigit() and int(version.split(".")[0]) < OLDEST_MACOS:
        return tr("this is macOS {version}, and PyTorch needs macOS {oldest} or newer").format(version=version, oldest=OLDEST_MACOS)
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
        if path and not _is_stub(path):
            yield path
    launcher = shutil.which("py", path=search) if process.WINDOWS else None
    for minor in MINORS if launcher else ():
        status, text = process.output_of([launcher, f"-3.{minor}", "-c", "import sys; print(sys.executable)"], PROBE_SECONDS)
        if not status and text:
            yield text.splitlines()[-1]


def _is_stub(path: str) -> bool:
    """Whether it only looks like Python: Windows' opens its shop, macOS' opens an installer of developer tools."""
    return "WindowsApps" in path or (sys.platform == "darwin" and path == "/usr/bin/python3")
