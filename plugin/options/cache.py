"""The folder of prepared CTM days: how large it is, and emptying it."""

from __future__ import annotations

from pathlib import Path

PATTERN = "*.daily.nc"  # the engine's name for them; nothing else in the folder is touched


def prepared_days(folder: str) -> list[Path]:
    """The files of prepared days in the folder; [] where there is none."""
    return sorted(Path(folder).glob(PATTERN)) if folder else []


def megabytes(folder: str) -> float:
    """What they take on the disk, in MB (1e6 bytes)."""
    return sum(path.stat().st_size for path in prepared_days(folder)) / 1e6


def clear(folder: str) -> list[Path]:
    """Delete them; the files that another program holds stay, and are returned."""
    kept = []
    for path in prepared_days(folder):
        try:
            path.unlink()
        except OSError:
            kept.append(path)
    return kept
