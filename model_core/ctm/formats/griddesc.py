"""GRIDDESC, the text file in which CMAQ's tools keep named grids. Source: the IOAPI manual, "GRIDDESC files"."""

from __future__ import annotations

import re
from pathlib import Path

from model_core.ctm.formats import ioapi
from model_core.errors import InputError
from model_core.grid import Grid

_PROJECTION = ("P_ALP", "P_BET", "P_GAM", "XCENT", "YCENT")
_LONGEST = 1_000_000  # bytes; such files have a few lines


def is_griddesc(path: Path) -> bool:
    """Whether the file begins as such files do: with a quoted line, and then a name in quotes of its own."""
    try:
        if not path.is_file() or path.stat().st_size > _LONGEST:
            return False
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return len(lines) > 3 and all(line.strip().startswith("'") for line in lines[:2])


def read_griddesc(path: Path) -> dict[str, Grid]:
    """Name -> grid, in the order of the file; grids of a kind that is not supported are left out.

    Raises
    ------
    InputError
        If the file does not follow the form.
    """
    lines = [line.split("!")[0].strip() for line in path.read_text("ascii").splitlines()]
    lines = [line for line in lines if line]
    try:
        end = next(number for number in range(1, len(lines), 2) if not _name(lines[number]))
        projections = {
            _name(lines[n]): {"GDTYP": int(float(values[0])), **dict(zip(_PROJECTION, map(float, values[1:])))}
            for n in range(1, end, 2)
            if (values := _numbers(lines[n + 1]))
        }
        grids: dict[str, Grid] = {}
        for n in range(end + 1, len(lines) - 1, 2):
            name, projection = _name(lines[n]), _name(lines[n + 1])
            if not name:
                break
            x, y, dx, dy, columns, rows = _numbers(lines[n + 1][lines[n + 1].rindex("'") + 1 :])[:6]
            try:
                crs = ioapi.crs(projections[projection], path)
            except InputError:
                continue
            grids[name] = Grid.from_lower_left(crs, x, y, (dx, dy), (int(rows), int(columns)))
    except (StopIteration, IndexError, KeyError, ValueError, OverflowError) as error:
        raise InputError(f"'{path}' does not follow the form of GRIDDESC files ({type(error).__name__}: {error})") from error
    if not grids:
        raise InputError(f"'{path}' describes no grid that is supported")
    return grids


def grid_of(path: Path, name: str) -> Grid:
    """The grid of this name, or the only one where none is named; `InputError` that lists them otherwise."""
    grids = read_griddesc(path)
    if not name and len(grids) == 1:
        return next(iter(grids.values()))
    if name not in grids:
        what = f"no grid '{name}'" if name else "several grids"
        raise InputError(f"'{path}' has {what}; write {path}:NAME with one of {', '.join(grids)}")
    return grids[name]


def _name(line: str) -> str:
    """The text in quotes that a line begins with."""
    match = re.match(r"'([^']*)'", line)
    return match.group(1).strip() if match else ""


def _numbers(text: str) -> list[float]:
    return [float(part.replace("D", "E").replace("d", "e")) for part in re.split(r"[\s,]+", text.strip()) if part]
