"""Fields of one variable on one grid, one after the other, out of one or many files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from model_core.ctm.formats.opening import is_zarr
from model_core.days import parse_day
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.rasters.gridded_file import GriddedFile, Step
from model_core.rasters.opening import open_gridded
from model_core.units import convert
from model_core.variable_table import current_table

_SUFFIXES = (".tif", ".tiff", ".nc", ".nc4")


@dataclass
class FieldSeries:
    """Steps of fields.

    Attributes
    ----------
    grid : Grid, the same for all of them
    species : key of a known variable, else the name in the file, or ""
    unit : of what `read` gives: the canonical unit of a known variable, else that of the file, or ""
    steps : in the order of the files
    places : (source, number of the step in it) of each step
    variable, crs : as `open_series` was given them
    """

    grid: Grid
    species: str
    unit: str
    steps: list[Step]
    places: list[tuple[str, int]]
    variable: str | None
    crs: Any = None

    @property
    def name(self) -> str:
        """For people: the long name of a known variable, else its name in the file, or that of the file."""
        known = current_table().variables.get(self.species)
        return known.long_name if known else self.species or self.file

    @property
    def file(self) -> str:
        """Name of the first file."""
        return Path(self.places[0][0].rstrip('"')).name

    @property
    def period(self) -> str:
        """For people: the day of one field, first and last of several; "" where a single field has no day."""
        first, last = self.steps[0], self.steps[-1]
        if len(self.steps) > 1:
            return f"mean of {len(self.steps)} fields from {first.label} to {last.label}"
        return first.label if first.start is not None else ""

    def __str__(self) -> str:
        return ": ".join(filter(None, [f"{self.name} ({self.unit or 'without unit'})", self.period]))

    def fields(self) -> Iterator[tuple[Step, np.ndarray]]:
        """(step, float32 (rows, columns)) one after the other; no more than one is held."""
        file, source = None, ""
        try:
            for step, (place, number) in zip(self.steps, self.places):
                if place != source:
                    if file is not None:
                        file.close()
                    file, source = open_gridded(place, self.variable, self.crs), place
                values = file.read(number)
                if self.unit and file.unit and self.unit != file.unit:
                    values = convert(values, file.unit, self.unit, f"'{place}'")
                yield step, values
        finally:
            if file is not None:
                file.close()

    def mean(self, progress: Progress) -> tuple[np.ndarray, int]:
        """(mean over the steps at which a cell has a value, number of cells that lack some of the steps but not all).

        float32 (rows, columns), NaN where no step has a value; every step counts alike.
        """
        mean = Mean(self.grid.shape)
        for number, (step, values) in enumerate(self.fields()):
            progress.step(number / len(self.steps), f"reading {step.label}")
            mean.add(values)
        return mean.result(), mean.gaps()

    def between(self, start: str | None, end: str | None) -> "FieldSeries":
        """The steps of some days; `InputError` if steps have no time, or none is left."""
        if not start and not end:
            return self
        if any(step.start is None for step in self.steps):
            raise InputError("first and last day can't be chosen, because the files do not say of which days their fields are")
        first, last = (np.datetime64(parse_day(day), "D") if day else None for day in (start, end))
        kept = [
            number
            for number, day in enumerate(step.start.astype("datetime64[D]") for step in self.steps)
            if (first is None or day >= first) and (last is None or day <= last)
        ]
        if not kept:
            there = f"{self.steps[0].label} to {self.steps[-1].label}"
            raise InputError(f"no field lies between {start or 'the start'} and {end or 'the end'}; there are {there}")
        steps, places = ([items[number] for number in kept] for items in (self.steps, self.places))
        return FieldSeries(self.grid, self.species, self.unit, steps, places, self.variable, self.crs)


class Mean:
    """The mean of fields that are added one after the other, by cell over those that have a value there."""

    def __init__(self, shape: tuple[int, int]):
        self._sum, self._count, self._steps = np.zeros(shape), np.zeros(shape, np.int32), 0

    def add(self, values: np.ndarray) -> None:
        """Add a field."""
        known = np.isfinite(values)
        self._sum[known] += values[known]
        self._count += known
        self._steps += 1

    def result(self) -> np.ndarray:
        """float32 (rows, columns), NaN where no field had a value."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self._sum / self._count).astype(np.float32)

    def gaps(self) -> int:
        """Number of cells that had a value in some of the fields only."""
        return int(((self._count > 0) & (self._count < self._steps)).sum())


def open_series(sources: Sequence[str], variable: str | None, progress: Progress, crs: Any = None) -> FieldSeries:
    """Look into all files and list their steps.

    Parameters
    ----------
    sources : files as `open_gridded` takes them, or folders of GeoTIFF or NetCDF files
    variable, crs : as `open_gridded` takes them

    Raises
    ------
    InputError
        If one can't be read, there is none, or they differ in grid, unit or variable.
    """
    places = list(dict.fromkeys(place for source in sources for place in _files(str(source))))
    series: FieldSeries | None = None
    told: set[str] = set()
    for number, place in enumerate(places):
        progress.step(number / len(places), f"looking into {Path(place).name}")
        with open_gridded(place, variable, crs) as file:
            species, unit = species_and_unit(file)
            if series is None:
                series = FieldSeries(file.grid, species, unit, [], [], variable, crs)
            elif not series.grid.matches(file.grid):
                raise InputError(f"'{place}' is on another grid than '{places[0]}':\n  {file.grid}\n  {series.grid}\nleave one out")
            elif (species, unit) != (series.species, series.unit):
                raise InputError(
                    f"'{place}' holds {species or 'a nameless field'} in '{unit}', '{places[0]}' {series.species or 'a nameless one'} "
                    f"in '{series.unit}'; give files of one variable"
                )
            if not told and file.notes:  # of a thousand alike files, the first speaks for all
                told.update(file.notes)
                for note in file.notes:
                    progress.log(note)
            series.steps += file.steps
            series.places += [(place, step) for step in range(len(file.steps))]
    if series is None:
        raise InputError("there is no field; name GeoTIFF or NetCDF files, or a folder of them")
    return series


def species_and_unit(file: GriddedFile) -> tuple[str, str]:
    """Key and canonical unit of a known variable, else what the file says."""
    known = current_table().recognise(file.name)
    if known is None:  # bands are named as people call the variable
        known = next((variable for variable in current_table().variables.values() if variable.long_name == file.name), None)
    if known is None or not file.unit:
        return file.name if known is None else known.key, file.unit
    try:
        convert(np.zeros(1), file.unit, known.unit, f"'{file.path}'")
    except InputError:  # such as a mixing ratio: it keeps its unit
        return known.key, file.unit
    return known.key, known.unit


def _files(source: str) -> list[str]:
    folder = Path(source)
    if not folder.is_dir() or is_zarr(folder):
        return [source]
    found = sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and not path.name.startswith("."))
    if not found:
        raise InputError(f"folder '{source}' holds no GeoTIFF or NetCDF file")
    return found
