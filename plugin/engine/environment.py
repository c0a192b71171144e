"""The engine environment that the plugin manages: a virtual environment with the engine's libraries.

Used by the algorithm 'Set up engine', and as a plain script by make, CI and server users::

    python3 plugin/engine/environment.py create --folder F [--wheels DIR] [--device cpu|gpu] [--torch-index URL]
    python3 plugin/engine/environment.py status --folder F

It needs nothing but the standard library. A marker file says what state the environment is in; it says "ready" only
after every library was imported, so that an environment whose making was interrupted is recognised and built again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator

if __package__:
    from . import process
    from .base_python import find_base_python
    from .errors import SetUpError
    from .installer import Installer, Report
    from .qgis_side import tr
else:  # run as a script: this folder is where Python looks first
    import process
    from base_python import find_base_python
    from errors import SetUpError
    from installer import Installer, Report
    from qgis_side import tr

REQUIREMENTS = Path(__file__).resolve().parents[2] / "resources" / "engine-requirements.txt"
MARKER = "ctm-reanalysis-engine.json"
LOG = "set-up.log"
DEVICES = ("cpu", "gpu")


@dataclass(frozen=True)
class Status:
    """State ("ready", "missing", "incomplete" or "outdated"), the interpreter, and what to tell the user."""

    state: str
    python: str
    message: str
    details: dict[str, Any]


def default_folder() -> Path:
    """The managed environment's folder in the user's data folder."""
    if process.WINDOWS:
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "ctm-reanalysis" / "engine"


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return Path(folder) / ("Scripts/python.exe" if process.WINDOWS else "bin/python")


def requirement_lines() -> list[str]:
    """The requirements without comments and blank lines."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def libraries() -> list[str]:
    """The libraries that the engine imports; each is imported under the name that it is installed by."""
    return [re.split(r"[^\w.-]", line)[0] for line in requirement_lines()]


def requirements_hash() -> str:
    return hashlib.sha256("\n".join(requirement_lines()).encode()).hexdigest()


def status(folder: Path | None = None) -> Status:
    """What state the environment is in; reads one small file."""
    folder = Path(folder or default_folder())
    python, marker = str(python_in(folder)), _read_marker(folder)
    again = tr("Run the algorithm 'Set up engine' again.")
    if not folder.exists():
        return Status("missing", python, tr("There is no engine environment in {folder}.").format(folder=folder), {})
    # A system upgrade can put another Python behind the same link: it does not see what was installed for the old one.
    if marker.get("state") != "ready" or not os.path.exists(python) or marker.get("base") != os.path.realpath(python):
        message = tr("The engine environment in {folder} is not complete.").format(folder=folder)
        return Status("incomplete", python, f"{message} {again}", marker)
    if marker.get("requirements") != requirements_hash():
        message = tr("The engine environment in {folder} was made for another version.").format(folder=folder)
        return Status("outdated", python, f"{message} {again}", marker)
    return Status("ready", python, tr("The engine environment in {folder} is ready.").format(folder=folder), marker)


def create(
    folder: Path | None = None, *, wheels: str = "", device: str = "", torch_index: str = "", base_python: str = "",
    rebuild: bool = False, report: Report = lambda fraction, message: None, is_cancelled: Callable[[], bool] = lambda: False,
) -> Status:
    """Make the environment, or complete or renew it; does nothing where it is ready as asked.

    Parameters
    ----------
    folder : the managed folder if not given.
    wheels : folder of wheel files; nothing is then fetched from a package index.
    device : "cpu" or "gpu"; if not given, as it is or "cpu". With "gpu" torch must see one, or a warning says so.
    torch_index : address of the package index that has torch for that device; if not given, as it was or pip's own.
    base_python : interpreter to make it from; searched for if not given.
    rebuild : make it anew even if it is ready.
    report : receives (fraction, line).
    is_cancelled : asked several times a second.

    Raises
    ------
    SetUpError
        With the reason, the remedy and the log file.
    SetUpCancelled
        What was made so far is recognised as incomplete.
    """
    folder = Path(folder or default_folder()).expanduser().absolute()
    if device not in ("", *DEVICES):
        raise SetUpError(tr("unknown device '{device}': choose cpu or gpu").format(device=device))
    before = status(folder)
    was = {"device": before.details.get("device", "cpu"), "torch_index": before.details.get("torch_index", "")}
    origin = {"device": device or was["device"], "torch_index": torch_index or was["torch_index"]}
    if before.state == "ready" and origin == was and not rebuild and _has_libraries(before.python):
        report(1.0, before.message)
        return before
    if wheels and not Path(wheels).is_dir():
        raise SetUpError(tr("the wheel folder {folder} does not exist").format(folder=wheels))
    with _exclusive(folder):
        renew = before.state == "outdated" and origin == was and not rebuild
        _build(folder, renew, origin, wheels, base_python, report, is_cancelled)
    return status(folder)


def _build(folder: Path, renew: bool, origin: dict, wheels: str, base_python: str, report: Report, is_cancelled) -> None:
    # pip renews a complete environment of another version in place; anything else is safer made anew.
    if not renew:
        report(0.0, tr("Looking for a Python to start from"))
        base = find_base_python(base_python)
        _remove(folder)
        folder.mkdir(parents=True)
    _write_marker(folder, {"state": "building", **origin})
    with open(folder / LOG, "a", encoding="utf-8") as log:
        installer = Installer(log, report, is_cancelled)
        python = str(python_in(folder))
        if not renew:
            report(0.02, tr("Making a virtual environment from {python}").format(python=base))
            installer.run([base, "-m", "venv", str(folder)])
        command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        command += ["--no-index", "--find-links", wheels] if wheels else []
        command += ["--extra-index-url", origin["torch_index"]] if origin["torch_index"] else []
        report(0.05, tr("Installing the engine's libraries; the first time this fetches a few hundred megabytes or more"))
        installer.run([*command, "-r", str(REQUIREMENTS)])
        report(0.9, tr("Importing every library once"))
        check = installer.run([python, "-c", _CHECK, *libraries()])
    versions = json.loads(check.splitlines()[-1])
    if origin["device"] == "gpu" and not versions.get("gpu"):
        report(0.99, tr("WARNING: torch sees no GPU here. Check the driver, or name the index of its GPU builds (torch index)."))
    base = os.path.realpath(python)
    _write_marker(folder, {"state": "ready", "requirements": requirements_hash(), "base": base, "versions": versions, **origin})
    report(1.0, tr("The engine environment in {folder} is ready.").format(folder=folder))


def _has_libraries(python: str) -> bool:
    """Whether the libraries are still there; without importing them, which takes seconds."""
    code = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))"
    return process.output_of([python, "-c", code, *libraries()], 30.0)[0] == 0


_CHECK = """
import importlib, json, sys
found = {"python": sys.version.split()[0]}
for name in sys.argv[1:]:
    found[name] = str(getattr(importlib.import_module(name), "__version__", ""))
if "torch" in found:
    import torch
    found["gpu"] = torch.cuda.is_available() or torch.backends.mps.is_available()
print(json.dumps(found))
"""


def _read_marker(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write_marker(folder: Path, content: dict[str, Any]) -> None:
    temporary = folder / (MARKER + ".partial")
    temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(temporary, folder / MARKER)


def _remove(folder: Path) -> None:
    """Delete what an earlier set-up left, and nothing else."""
    if not folder.exists() or not any(folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
        return
    if not (folder / MARKER).exists():
        raise SetUpError(
            tr("{folder} is not empty and was not made by this set-up. Choose another folder, or empty it.").format(folder=folder)
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise SetUpError(
            tr("{folder} can't be renewed ({reason}). Close every QGIS that uses it and try again.").format(
                folder=folder, reason=error)
        ) from error


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder for one set-up; the operating system lets go of it even if this process is killed."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = open(folder.parent / f".{folder.name}.lock", "w")
    except OSError as error:
        raise SetUpError(tr("{folder} can't be written: {reason}").format(folder=folder.parent, reason=error)) from error
    with handle:
        try:
            if process.WINDOWS:
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SetUpError(tr("another set-up of {folder} is running; wait for it to end").format(folder=folder)) from error
        yield


def main(arguments: list[str] | None = None) -> int:
    """The script: 0 if the environment is ready, 1 if not, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="environment.py", description="Set up the engine's Python environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("create", "make, complete or renew the environment"), ("status", "say what state it is in")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--folder", help=f"folder of the environment (default: {default_folder()})")
    create_command = commands.choices["create"]
    create_command.add_argument("--wheels", default="", help="install from the wheels in this folder, without a network")
    create_command.add_argument("--device", choices=("", *DEVICES), default="", help="what torch shall compute on")
    create_command.add_argument("--torch-index", default="", help="package index that has torch for that device")
    create_command.add_argument("--base-python", default="", help="Python 3.11 or newer to start from")
    create_command.add_argument("--rebuild", action="store_true", help="make it anew even if it is ready")
    options = vars(parser.parse_args(arguments))
    if options.pop("command") == "status":
        found = status(options["folder"])
        print(f"{found.state}: {found.message}")
        return 0 if found.state == "ready" else 1
    try:
        create(options.pop("folder"), **options, report=lambda fraction, line: print(f"[{fraction:4.0%}] {line}", flush=True))
    except (SetUpError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
