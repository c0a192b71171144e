"""Which Python runs the engine: the provider setting, an environment variable, the managed environment, QGIS's own."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import environment, process, pyvenv
from .base_python import own_interpreters
from .errors import EngineMissing, EngineNotSetUp
from .qgis_side import engine_setting, tr

VARIABLE = "CTM_REANALYSIS_ENGINE_PYTHON"
PROBE_SECONDS = 120.0  # the first start of a set of libraries on a busy machine, with a virus scanner


@dataclass(frozen=True)
class EnginePython:
    """An interpreter for the engine, and where it was found: "setting", "variable", "managed" or "qgis"."""

    path: str
    source: str


def find_engine(
    setting: str | None = None, environ: Mapping[str, str] | None = None, folder: Path | None = None, probe: bool = True
) -> EnginePython:
    """The first interpreter of the order above; cheap enough to ask before every run.

    A choice that the user made and that can't be used is an error, never passed over for the next one. Without `probe` no process is
    started, and QGIS's own interpreter is not asked.

    Raises
    ------
    EngineMissing
        If there is none.
    """
    setting = engine_setting() if setting is None else setting
    if setting:
        return EnginePython(_chosen(setting, tr("the option 'Engine Python'")), "setting")
    variable = (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if variable:
        return EnginePython(_chosen(variable, tr("the environment variable {name}").format(name=VARIABLE)), "variable")
    managed = environment.status(folder)
    if managed.state == "ready":
        return EnginePython(managed.python, "managed")
    if managed.state != "missing":
        raise EngineMissing(managed.message)
    own = _own_engine(tuple(own_interpreters())) if probe else None
    if own:
        return EnginePython(own, "qgis")
    raise EngineNotSetUp(
        tr(
            "The engine is not set up yet. Run the algorithm 'Set up engine' once, or name a Python that has the "
            "engine's libraries in Settings > Options > CTM Reanalysis."
        )
    )


def engine_state() -> tuple[str, str]:
    """("ready", "missing" or "wrong", what to tell of it), from settings and small files: no process is started for it."""
    try:
        python = find_engine(probe=False)
    except EngineNotSetUp as error:
        return "missing", str(error)
    except EngineMissing as error:
        return "wrong", str(error)
    return "ready", python.path


def forget() -> None:
    """Look at QGIS's own interpreter afresh next time, after something was installed."""
    _own_engine.cache_clear()


def missing_libraries(python: str) -> list[str]:
    """The engine's libraries that an interpreter can't import; asks that interpreter in a process of its own.

    Raises
    ------
    EngineMissing
        If it can't be run at all.
    """
    status, text = process.output_of([python, "-c", _FIND, *environment.libraries()], PROBE_SECONDS)
    if status:
        raise EngineMissing(tr("{python} does not run: {reason}").format(python=python, reason=text[-500:]))
    return json.loads(text.splitlines()[-1])


# Looking for a library takes milliseconds where importing torch takes seconds, so absent ones are found first.
_FIND = """
import importlib, importlib.util, json, sys
if sys.version_info < (3, 11):
    missing = ["Python 3.11 (this is %d.%d)" % sys.version_info[:2]]
else:
    missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
for name in [] if missing else sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        missing.append(name)
print(json.dumps(missing))
"""


@functools.lru_cache(maxsize=None)
def _own_engine(candidates: tuple[str, ...]) -> str | None:
    for python in candidates:
        try:
            if not missing_libraries(python):
                return python
        except EngineMissing:
            continue  # one of several places to look; the caller says what to do if all fail
    return None


def _chosen(path: str, where: str) -> str:
    path = os.path.abspath(os.path.expanduser(path))
    home = pyvenv.lost_home(Path(path).parent.parent)
    if home:
        raise EngineMissing(
            tr(
                "QGIS was updated, or the Python in {home} was removed, which {path}, named by {where}, needs. Run the algorithm 'Set up "
                "engine' for that folder again, or name another Python."
            ).format(home=home, path=path, where=where)
        )
    if not os.path.isfile(path) or not os.access(path, os.X_OK):
        raise EngineMissing(
            tr("{path}, named by {where}, is not a Python interpreter. Correct or clear it.").format(path=path, where=where)
        )
    return path
