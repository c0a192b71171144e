"""The wind of a CTM over all its times: its rose, its mean vector and the axis along which it blows (for Fig. S3 of the paper)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from model_core.ctm.ctm_file import CTMFile, OpenFiles
from model_core.description.kernel_moments import ROUND, ellipse
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.transformers import transformer
from model_core.variable_table import VariableTable, current_table
from model_core.variables import Variable

SECTORS = 16
SPEED_CLASSES = (0.0, 2.0, 4.0, 6.0, 8.0)  # lower limits in m s-1, the last class is open
_X, _Y = "wind_x", "wind_y"
_OF_THE_EARTH = {"eastward_wind", "northward_wind", "wind_from_direction", "wind_speed"}  # CF's names of what follows meridians


@dataclass(frozen=True)
class WindClimate:
    """The wind in all cells of a mask at all times of some files, in the directions of the grid.

    Attributes
    ----------
    times : number of fields
    first, last : their times as text
    rose : (16, 5) shares of all values, by the direction that the wind comes from (the first sector is about the grid's north, then
        clockwise) and by classes of speed (`SPEED_CLASSES`)
    mean_speed : m s-1
    mean_x, mean_y : mean vector along the grid's x and y axis, m s-1; it points to where the air goes
    steadiness : length of the mean vector over the mean speed, 0 to 1
    axis_ratio, axis_degrees : of the ellipse of the second moments of the vectors about zero; the axis is clockwise from the grid's
        north, 0 to 180, and NaN where the ratio is below 1.02
    notes : what was assumed
    """

    times: int
    first: str
    last: str
    rose: np.ndarray
    mean_speed: float
    mean_x: float
    mean_y: float
    steadiness: float
    axis_ratio: float
    axis_degrees: float
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        toward = float(np.degrees(np.arctan2(self.mean_x, self.mean_y)) % 360)
        return {
            "times": self.times,
            "first": self.first,
            "last": self.last,
            "mean_speed": self.mean_speed,
            "mean_vector": {"speed": float(np.hypot(self.mean_x, self.mean_y)), "towards_degrees": toward},
            "steadiness": self.steadiness,
            "axis_ratio": self.axis_ratio,
            "axis_degrees": self.axis_degrees,
            "rose": {
                "sectors_degrees": [360 / SECTORS * n for n in range(SECTORS)],
                "speed_classes": list(SPEED_CLASSES),
                "share": self.rose,
            },
        }


def wind_climate(paths: Sequence[Path], progress: Progress, mask: np.ndarray | None = None, grid: Grid | None = None) -> WindClimate | None:
    """The wind of the files, from its components at 10 m or from speed and direction; None where no file has either.

    Parameters
    ----------
    mask, grid : cells to look at, bool (rows, columns), and their grid; None, or another grid than that of the files, for all cells

    Raises
    ------
    InputError
        If a file can't be read, or a unit is not understood.
    """
    sums, table = _Sums(), _table()
    notes: dict[str, None] = {}
    with OpenFiles(table) as files:
        for number, path in enumerate(paths):
            file = files.get(path)
            ways = file.yields()
            if _X not in ways or _Y not in ways or file.layout.times is None:
                continue
            for name in (_X, _Y):
                file.check(ways[name])
            turn, note = _turn(file, ways[_X].names)
            notes |= dict.fromkeys(text for text in (ways[_X].remark, note) if text)
            own = file.layout.grid
            use = mask if mask is not None and grid is not None and grid.matches(own) else np.ones(own.shape, bool)
            for step, time in enumerate(file.layout.times):
                progress.step((number + step / len(file.layout.times)) / len(paths), f"wind of {time}")
                x, y = (file.fields(ways[name], [step])[0].astype(float) for name in (_X, _Y))
                x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
                sums.add(x[use], y[use], time)
    return sums.result(list(notes)) if sums.count else None


def turn_to_grid(grid: Grid) -> np.ndarray:
    """Angle in radians, counter-clockwise, from the grid's north to true north in each cell; shape (rows, columns).

    Turned by it, a vector given along meridians and parallels is given along the axes of the grid.
    """
    longitude, latitude = grid.lonlat()
    step = 1e-3
    to_grid = transformer("EPSG:4326", grid.crs)
    x0, y0 = to_grid.transform(longitude, latitude - step)
    x1, y1 = to_grid.transform(longitude, latitude + step)
    return np.arctan2(x0 - x1, y1 - y0)  # where true north points, seen from the y axis


def _turn(file: CTMFile, names: tuple[str, ...]) -> tuple[np.ndarray | float, str]:
    """The turn of the file's vectors into the grid's axes, and what was assumed."""
    grid, attributes = file.layout.grid, [file.dataset.variables[name].attrs for name in names]
    direction = any("DIR" in name.upper() for name in names)
    said = {str(a.get("standard_name", "")) for a in attributes}
    if grid.crs.is_geographic:
        return 0.0, ""
    if direction or said & _OF_THE_EARTH:
        return turn_to_grid(grid), f"'{names[-1]}' is taken to be measured from true north, and turned to the axes of the grid"
    return 0.0, f"'{names[0]}' and its like are taken to follow the axes of the grid, as WRF's do"


def _table() -> VariableTable:
    table = current_table()
    components = {key: Variable(key, f"wind along the grid's {key[-1]} axis", "", "m s-1", (-150, 150), ()) for key in (_X, _Y)}
    return replace(table, variables={**table.variables, **components})


class _Sums:
    """What is kept of the vectors."""

    def __init__(self) -> None:
        self.count, self._speed, self._vector, self._moments = 0, 0.0, np.zeros(2), np.zeros((2, 2))
        self._rose = np.zeros((SECTORS, len(SPEED_CLASSES)))
        self._times: list[np.datetime64] = []

    def add(self, x: np.ndarray, y: np.ndarray, time: np.datetime64) -> None:
        known = np.isfinite(x) & np.isfinite(y)
        if not known.any():
            return
        x, y = x[known], y[known]
        speed = np.hypot(x, y)
        self.count += len(x)
        self._speed += speed.sum()
        self._vector += x.sum(), y.sum()
        self._moments += [[(x * x).sum(), (x * y).sum()], [(x * y).sum(), (y * y).sum()]]
        sector = np.round(np.degrees(np.arctan2(-x, -y)) / (360 / SECTORS)).astype(int) % SECTORS
        np.add.at(self._rose, (sector, np.searchsorted(SPEED_CLASSES, speed, side="right") - 1), 1)
        self._times.append(time)

    def result(self, notes: list[str]) -> WindClimate:
        long, short, direction = ellipse(self._moments / self.count)
        ratio = long / short if short > 0 else float("inf")
        (x, y), speed = self._vector / self.count, self._speed / self.count
        return WindClimate(
            len(self._times),
            str(min(self._times)),
            str(max(self._times)),
            self._rose / self.count,
            float(speed),
            float(x),
            float(y),
            float(np.hypot(x, y) / speed) if speed > 0 else 0.0,
            ratio,
            direction if ratio >= ROUND else float("nan"),
            notes,
        )
