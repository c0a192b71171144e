"""The Python that a virtual environment was made from: it goes away when QGIS is updated into another folder."""

from __future__ import annotations

import os
from pathlib import Path

if __package__:
    from . import process
else:
    import process


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return Path(folder) / ("Scripts/python.exe" if process.WINDOWS else "bin/python")


def settings_of(folder: Path) -> dict[str, str]:
    """The lines of pyvenv.cfg; {} where there is none."""
    try:
        lines = (Path(folder) / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def version_of(folder: Path) -> tuple[int, int] | None:
    """(major, minor) of the environment's Python; None where it is not known."""
    settings = settings_of(folder)
    parts = settings.get("version", settings.get("version_info", "")).split(".")[:2]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdigit() for part in parts) else None


def lost_home(folder: Path) -> str:
    """Folder of the Python that it was made from, where that Python is gone; '' where it is there.

    Windows' environments hold a small program that starts that Python, others a link to it.
    """
    home, python = settings_of(folder).get("home", ""), python_in(folder)
    if not home:
        return ""
    if process.WINDOWS:
        gone = python.exists() and not (Path(home) / "python.exe").exists()
    else:
        gone = python.is_symlink() and not python.exists()
    return home if gone else ""


def repair_command(folder: Path, base: str) -> list[str]:
    """Makes the environment start another Python of the same version; what is installed in it stays.

    Links that lead nowhere are taken away, because venv leaves links alone.
    """
    for path in python_in(folder).parent.glob("python*"):
        if path.is_symlink() and not path.exists():
            os.unlink(path)
    return [base, "-m", "venv", "--upgrade", "--without-pip", str(folder)]
