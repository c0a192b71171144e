"""Sets up the Python environments of a checkout, below .build: the engine's, the one that tests run QGIS in, and those of small tools.

    python3 tools/set_up.py engine [--tests] [--benchmarks] [--wheels DIR] [--device cpu|gpu] [--index URL] [--torch-index URL]
                                   [--base-python P]
    python3 tools/set_up.py qgis-tests|docs|lint [--wheels DIR] [--index URL]
    python3 tools/set_up.py all [the options of engine]

`all` is the engine with what tests need, and the others beside it. Nothing is installed twice: each installation leaves a stamp
with the hash of the requirements that it was made from.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
sys.path.insert(0, str(ROOT / "plugin" / "engine"))

import environment  # noqa: E402  found in plugin/engine
from errors import SetUpError  # noqa: E402
from installer import Installer  # noqa: E402
from sources import Sources  # noqa: E402

ENGINE, QGIS_TESTS = BUILD / "engine", BUILD / "qgis-tests"
CORE_TEST_REQUIREMENTS = ROOT / "tests" / "core-requirements.txt"
BENCHMARK_REQUIREMENTS = ROOT / "tests" / "benchmark-requirements.txt"
QGIS_TEST_REQUIREMENTS = ROOT / "tests" / "qgis-requirements.txt"
# Tools that have an environment of their own, and what they need.
TOOLS = {"docs": ROOT / "docs" / "requirements.txt", "lint": ROOT / "tools" / "lint-requirements.txt"}
# The Python that the system's QGIS was built for.
QGIS_PYTHON = "/usr/bin/python3"


def report(fraction: float, line: str) -> None:
    print(f"[{fraction:4.0%}] {line}", flush=True)


def set_up_engine(tests: bool, benchmarks: bool, **options: str) -> None:
    """The engine's environment, with this checkout's model_core on its path, and what tests and benchmarks need if asked for."""
    environment.create(ENGINE, report=report, **options)
    packages = next(ENGINE.glob("lib/python3*/site-packages"))
    (packages / "ctm_reanalysis_checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    if tests:
        install(ENGINE, CORE_TEST_REQUIREMENTS, options["wheels"], options["index"])
    if benchmarks:
        install(ENGINE, BENCHMARK_REQUIREMENTS, options["wheels"], options["index"])


def set_up_qgis_tests(wheels: str, index: str) -> None:
    """An environment that sees the system's QGIS and adds the test tools."""
    if not environment.python_in(QGIS_TESTS).exists():
        shutil.rmtree(QGIS_TESTS, ignore_errors=True)
        QGIS_TESTS.mkdir(parents=True)
        run(QGIS_TESTS, [QGIS_PYTHON, "-m", "venv", "--system-site-packages", str(QGIS_TESTS)])
    install(QGIS_TESTS, QGIS_TEST_REQUIREMENTS, wheels, index)


def set_up_tool(name: str, wheels: str, index: str) -> None:
    """An environment of its own for a tool, .build/NAME."""
    folder = BUILD / name
    if not environment.python_in(folder).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(folder, [sys.executable, "-m", "venv", str(folder)])
    install(folder, TOOLS[name], wheels, index)


def set_up_all(wheels: str, index: str, **options: str) -> None:
    """The engine's environment with what tests need; the small ones in processes beside it, whose lines are told when it is done."""
    options.update(tests=True, wheels=wheels, index=index)
    running = {name: Beside([sys.executable, __file__, name, "--wheels", wheels, "--index", index]) for name in ("qgis-tests", *TOOLS)}
    try:
        set_up_engine(**options)
    finally:
        for name, process in running.items():
            print(f"-- {name}\n{process.told()}", end="", flush=True)
    if failed := [name for name, process in running.items() if process.returncode]:
        raise SetUpError(f"not set up: {', '.join(failed)}")


class Beside(subprocess.Popen):
    """Another Python that runs beside this one; what it says is kept."""

    def __init__(self, command: list[str]):
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        # Into a file a Python writes in the code page of Windows or in the locale's encoding, unless it is told otherwise.
        super().__init__(command, stdout=self._said, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONIOENCODING": "utf-8"})

    def told(self) -> str:
        """Wait for its end; all that it has said."""
        self.wait()
        self._said.seek(0)
        return self._said.read()


def install(folder: Path, requirements: Path, wheels: str, index: str) -> None:
    """pip-install a requirements file into an environment, unless it was."""
    stamp, digest = folder / f"{requirements.stem}.stamp", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    pip = Sources(wheels, index, "", "").pip(str(environment.python_in(folder)))
    run(folder, [*pip, "-r", str(requirements)])
    stamp.write_text(digest)


def run(folder: Path, command: list[str]) -> None:
    with open(folder / environment.LOG, "a", encoding="utf-8") as log:
        Installer(log, report, lambda: False).run(command)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    engine, everything = commands.add_parser("engine"), commands.add_parser("all")
    for command in (engine, everything, *(commands.add_parser(name) for name in ("qgis-tests", *TOOLS))):
        command.add_argument("--wheels", default="")
        command.add_argument("--index", default="")
    engine.add_argument("--tests", action="store_true")
    for command in (engine, everything):
        command.add_argument("--benchmarks", action="store_true")
        for option in ("--device", "--torch-index", "--base-python"):
            command.add_argument(option, default="")
    options = vars(parser.parse_args())
    # Of 12 000 files a run imports a tenth, and Python compiles these itself: pip would take 50 s of a processor for all of them.
    os.environ.setdefault("PIP_COMPILE", "0")
    try:
        makers = {"engine": set_up_engine, "all": set_up_all, "qgis-tests": set_up_qgis_tests}
        makers |= {name: partial(set_up_tool, name) for name in TOOLS}
        makers[options.pop("command")](**options)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
