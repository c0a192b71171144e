"""The engine environment that the plugin manages: a virtual environment with the engine's libraries.

Used by the algorithm 'Set up engine', and as a plain script by make, CI and server users::

    python3 plugin/engine/environment.py create --folder F [--wheels DIR] [--device cpu|gpu] [--index URL] [--torch-index URL]
    python3 plugin/engine/environment.py repair --folder F [the same]
    python3 plugin/engine/environment.py remove --folder F
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
from typing import Any, Callable

if __package__:
    from . import process, pyvenv
    from .base_python import find_base_python
    from .errors import SetUpCancelled, SetUpError
    from .installer import Installer, Report
    from .locked import UV_LOCK, install_locked, lock_hash, place_torch, torch_hashes
    from .managed_folder import exclusive, remove, remove_old
    from .pyvenv import python_in
    from .qgis_side import tr
    from .room import check_room, path_warning
    from .sources import Sources, check_wheels, expected_size, without_own_index
    from .torch_build import build_to_fetch, fetch_torch
else:  # run as a script: this folder is where Python looks first
    import process
    import pyvenv
    from base_python import find_base_python
    from errors import SetUpCancelled, SetUpError
    from installer import Installer, Report
    from locked import UV_LOCK, install_locked, lock_hash, place_torch, torch_hashes
    from managed_folder import exclusive, remove, remove_old
    from pyvenv import python_in
    from qgis_side import tr
    from room import check_room, path_warning
    from sources import Sources, check_wheels, expected_size, without_own_index
    from torch_build import build_to_fetch, fetch_torch

REQUIREMENTS = Path(__file__).resolve().parents[2] / "resources" / "engine-requirements.txt"
MARKER = "ctm-reanalysis-engine.json"
LOG = "set-up.log"
DEVICES = ("cpu", "gpu")


@dataclass(frozen=True)
class Status:
    """State, the interpreter, and what to tell the user.

    The state is "ready", "missing", "incomplete", "outdated" (of another version of the plugin) or "moved" (the Python that it
    was made from is gone, as after an update of QGIS).
    """

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


def requirement_lines() -> list[str]:
    """The requirements without comments and blank lines."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def libraries() -> list[str]:
    """The libraries that the engine imports; each is imported under the name that it is installed by, with _ for -."""
    return [re.split(r"[^\w.-]", line)[0].replace("-", "_") for line in requirement_lines()]


def requirements_hash() -> str:
    """Of the requirements and their lock: an environment of another one is renewed."""
    return hashlib.sha256("\n".join([*requirement_lines(), lock_hash(REQUIREMENTS)]).encode()).hexdigest()


def status(folder: Path | None = None) -> Status:
    """What state the environment is in; reads two small files."""
    folder = Path(folder or default_folder())
    python, marker = str(python_in(folder)), _read_marker(folder)
    again = tr("Run the algorithm 'Set up engine' again.")
    if not folder.exists():
        return Status("missing", python, tr("There is no engine environment in {folder}.").format(folder=folder), {})
    home = pyvenv.lost_home(folder) if marker.get("state") == "ready" else ""
    if home:
        message = tr(
            "QGIS was updated, or the Python in {home} was removed, from which the engine environment in {folder} was made. "
            "Run the algorithm 'Set up engine': it repairs the environment, without downloading it again where it finds "
            "a Python of the same version."
        )
        return Status("moved", python, message.format(home=home, folder=folder), marker)
    # A system upgrade can put another Python behind the same link: it does not see what was installed for the old one.
    if marker.get("state") != "ready" or not os.path.exists(python) or marker.get("base") != os.path.realpath(python):
        message = tr("The engine environment in {folder} is not complete.").format(folder=folder)
        return Status("incomplete", python, f"{message} {again}", marker)
    if marker.get("requirements") != requirements_hash():
        message = tr("The engine environment in {folder} was made for another version.").format(folder=folder)
        return Status("outdated", python, f"{message} {again}", marker)
    return Status("ready", python, tr("The engine environment in {folder} is ready.").format(folder=folder), marker)


def create(
    folder: Path | None = None,
    *,
    wheels: str = "",
    device: str = "",
    torch_index: str = "",
    index: str = "",
    base_python: str = "",
    proxy: str = "",
    rebuild: bool = False,
    report: Report = lambda fraction, message: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Status:
    """Make the environment, or complete, renew or repair it; does nothing where it is ready as asked.

    Parameters
    ----------
    folder : the managed folder if not given.
    wheels : folder of wheel files; nothing is then fetched from a package index.
    device : "cpu" or "gpu"; if not given, as it is or "cpu". With "gpu" torch must see one, or a warning says so.
    torch_index : address of the package index that has torch for that device; if not given, as it was, or the one that
        `torch_build` chooses.
    index : address of the package index for all else; if not given, as it was or pip's own.
    proxy : address of the proxy to go through; if not given, what the system says.
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
    if wheels:
        check_wheels(Path(wheels))
    sources = Sources(wheels, index or before.details.get("index", ""), origin["torch_index"], proxy)
    with exclusive(folder):
        remove_old(folder)
        if before.state == "moved" and origin == was and not rebuild and _repair(folder, base_python, report, is_cancelled):
            before = status(folder)
            if before.state == "ready" and _has_libraries(before.python):
                report(1.0, before.message)
                return before
        renew = before.state == "outdated" and origin == was and not rebuild
        _build(folder, renew, origin, sources, base_python, report, is_cancelled)
    return status(folder)


def _build(folder: Path, renew: bool, origin: dict, sources: Sources, base_python: str, report: Report, is_cancelled) -> None:
    # pip renews a complete environment of another version in place; anything else is safer made anew.
    base = ""
    if not renew:
        report(0.0, tr("Looking for a Python to start from"))
        base = find_base_python(base_python)
    torch = next((line for line in requirement_lines() if line.startswith("torch")), "")
    fetched = build_to_fetch(origin["device"], sources.torch_index, sources.wheels) if torch else ""
    size = expected_size(torch, origin["device"], sources)
    if renew:
        said = tr("Only libraries of another version than wanted are fetched")
    else:
        said = check_room(folder, size, there=folder)
        remove(folder, (MARKER, LOG))
        folder.mkdir(parents=True)
    _write_marker(folder, {"state": "building", "index": sources.index, **origin})
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with open(folder / LOG, "a", encoding="utf-8") as log, contextlib.ExitStack() as at_the_end:
        at_the_end.callback(shutil.rmtree, temporary, ignore_errors=True)

        expected = 0.0 if renew else 1000 * size.disk
        installer = Installer(log, report, is_cancelled, folder, sources.environ(temporary), expected)
        python = str(python_in(folder))
        if base:
            installer.say(tr("Making a virtual environment from {python}").format(python=base), 0.02)
            installer.run([base, "-m", "venv", str(folder)])
        if warning := path_warning(folder):
            installer.say(warning)
        installer.say(said)
        placed = bool(torch) and place_torch(installer, python, REQUIREMENTS, torch, origin["device"], sources)
        if fetched and not placed:
            installer.say(tr("Asking PyTorch's own package index for the build that this computer needs"))
            hashes = torch_hashes(python, REQUIREMENTS) if fetched == "cpu" else []
            reason = fetch_torch(installer, python, torch, fetched, sources.pip(python), REQUIREMENTS.with_name(UV_LOCK), hashes)
            if reason:
                installer.say(without_own_index(folder, origin["device"], reason))
        install_locked(installer, python, REQUIREMENTS, sources.pip(python))
        installer.say(tr("Importing every library once"), 0.9)
        versions = import_all(installer, python)
    if origin["device"] == "gpu" and not versions.get("gpu"):
        report(0.99, tr("WARNING: torch sees no GPU here. Check the driver, or name the index of its GPU builds (torch index)."))
    _write_marker(
        folder,
        {
            "state": "ready",
            "requirements": requirements_hash(),
            "base": os.path.realpath(python),
            "versions": versions,
            "index": sources.index,
            **origin,
        },
    )
    report(1.0, tr("The engine environment in {folder} is ready.").format(folder=folder))


def _repair(folder: Path, base_python: str, report: Report, is_cancelled) -> bool:
    """Have the environment start another Python of its version; False, and said why, where there is none or it does not do."""
    report(0.0, tr("Repairing the environment: looking for a Python of the same version"))
    marker = _read_marker(folder)
    try:
        base = find_base_python(base_python, pyvenv.version_of(folder))
        with open(folder / LOG, "a", encoding="utf-8") as log:
            installer = Installer(log, report, is_cancelled, folder)
            installer.run(pyvenv.repair_command(folder, base))
            versions = import_all(installer, str(python_in(folder)))
    except SetUpCancelled:
        raise
    except SetUpError as error:
        report(0.0, tr("It can't be repaired and is made anew: {reason}").format(reason=error))
        return False
    _write_marker(folder, {**marker, "base": os.path.realpath(python_in(folder)), "versions": versions})
    return True


def import_all(installer: Installer, python: str) -> dict[str, Any]:
    """Versions of the libraries, each imported once."""
    return json.loads(installer.run([python, "-c", _CHECK, *libraries()]).splitlines()[-1])


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


def main(arguments: list[str] | None = None) -> int:
    """The script: 0 if the environment is ready, 1 if not, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="environment.py", description="Set up the engine's Python environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("create", "make, complete or renew the environment"),
        ("repair", "try every library, and mend what is broken"),
        ("remove", "take the environment away"),
        ("status", "say what state it is in"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--folder", help=f"folder of the environment (default: {default_folder()})")
    for making in (commands.choices["create"], commands.choices["repair"]):
        making.add_argument("--wheels", default="", help="install from the wheels in this folder, without a network")
        making.add_argument("--device", choices=("", *DEVICES), default="", help="what torch shall compute on")
        making.add_argument("--index", default="", help="package index for all libraries, in place of pip's own")
        making.add_argument("--torch-index", default="", help="package index that has torch for that device")
        making.add_argument("--proxy", default="", help="proxy to go through, in place of the system's")
        making.add_argument("--base-python", default="", help="Python 3.11 or newer to start from")
    commands.choices["create"].add_argument("--rebuild", action="store_true", help="make it anew even if it is ready")
    options = vars(parser.parse_args(arguments))
    if __package__:
        from . import upkeep
    else:
        import upkeep
    command, folder = options.pop("command"), options.pop("folder")
    if command == "status":
        found = status(folder)
        print(f"{found.state}: {found.message}")
        return 0 if found.state == "ready" else 1
    try:
        if command == "remove":
            print(f"{upkeep.remove_environment(folder)} MB were taken away")
        else:
            make = create if command == "create" else upkeep.repair
            make(folder, **options, report=lambda fraction, line: print(f"[{fraction:4.0%}] {line}", flush=True))
    except (SetUpError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
