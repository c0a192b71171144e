"""What a gridded file gives, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS

from model_core.grid import Grid

Window = tuple[slice, slice]  # rows and columns, both with start and stop


@dataclass(frozen=True)
class Step:
    """One of several fields of a variable.

    Attributes
    ----------
    label : what it is called: a day, an hour, a month, or the name of a band
    start : datetime64[s] at which it begins, or None where that is not known
    """

    label: str
    start: np.datetime64 | None = None


class GriddedFile(ABC):
    """One variable of an open file; a context manager.

    Attributes
    ----------
    path : Path
    name : of the variable or band, "" where it has none
    unit : as the file states it, "" where it states none
    description : what else the file says of the values, for people
    crs, transform, shape : where the pixels are; row 0 in the north, column 0 in the west
    steps : its fields, at least one
    notes : what was assumed
    """

    path: Path
    name: str
    unit: str
    description: str
    crs: CRS
    transform: Affine
    shape: tuple[int, int]
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @abstractmethod
    def read(self, step: int = 0, window: Window | None = None) -> np.ndarray:
        """A field as float32 (rows, columns), scaled as the file says, NaN where it has no data.

        Raises
        ------
        InputError
            If the file is damaged there.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @property
    def grid(self) -> Grid:
        """The pixels as a grid; `InputError` if they are too many for one field in memory."""
        return Grid(self.crs, self.transform, self.shape)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """xmin, ymin, xmax, ymax in CRS units."""
        t, (rows, columns) = self.transform, self.shape
        return t.c, t.f + rows * t.e, t.c + columns * t.a, t.f

    def __enter__(self) -> "GriddedFile":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def within(values: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """The values, NaN beyond the limits that the file calls valid; None sets no limits."""
    if limits is None:
        return values
    return np.where((values >= limits[0]) & (values <= limits[1]), values, np.float32(np.nan))
