"""Builds the documentation into .build/site: the pages of reference/ from the code, then all pages by MkDocs.

A dead link, an anchor that is not there, a picture or a page that is missing fails the build.

    python3 tools/build_docs.py [--out DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
REFERENCE, SITE, PROFILE = BUILD / "reference", BUILD / "site", BUILD / "docs-profile"
# The Python that the system's QGIS was built for.
QGIS_PYTHON = "/usr/bin/python3"


def environment() -> dict[str, str]:
    """Of QGIS: no window, an empty profile, English; and no notices about the tool itself."""
    shutil.rmtree(PROFILE, ignore_errors=True)
    PROFILE.mkdir(parents=True, mode=0o700)
    folders = {name: str(PROFILE) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")}
    return {
        **os.environ,
        **folders,
        "QT_QPA_PLATFORM": "offscreen",
        "LC_ALL": "C.UTF-8",
        "NO_MKDOCS_2_WARNING": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def run_all(commands: dict[str, list[str]]) -> None:
    """Run commands side by side; where one fails, show what it said and end."""
    env = environment()
    running = {
        name: subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for name, command in commands.items()
    }
    said = {name: process.communicate()[0] for name, process in running.items()}
    for name, process in running.items():
        if process.returncode:
            sys.exit(f"{said[name]}\n{name} failed with status {process.returncode}")


def build(out: Path) -> Path:
    """Write the site into a folder and return its first page."""
    shutil.rmtree(REFERENCE, ignore_errors=True)
    tools = ROOT / "tools" / "reference"
    run_all(
        {
            "the reference of the algorithms": [QGIS_PYTHON, str(tools / "algorithms.py"), str(REFERENCE / "algorithms")],
            "the reference of command line and files": [
                str(BUILD / "engine" / "bin" / "python"),
                str(tools / "engine_pages.py"),
                str(REFERENCE),
            ],
        }
    )
    run_all({"mkdocs": [str(BUILD / "docs" / "bin" / "python"), "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]})
    return out / "index.html"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=SITE, help="folder of the site (default .build/site)")
    print(build(parser.parse_args().out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
