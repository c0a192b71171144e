"""A population raster: people by pixel, whether the file holds counts or a density."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from model_core.errors import InputError
from model_core.exposure.pixel_area import pixel_areas
from model_core.progress import Progress
from model_core.rasters import GriddedFile, Window, open_gridded

COUNTS, DENSITY = "counts", "density"
_PERSONS = r"(?:persons?|people|inhabitants?|inhab\.?|inh\.?|residents?|habitants?|population|pop\.?|capita|counts?|number)"
_M2 = {"m": 1.0, "km": 1e6, "ha": 1e4, "mi": 2_589_988.110336}
_AREA = re.compile(
    r"(?:/|per|\b)\s*(?P<square>sq(?:uare|\.)?)?\s*"
    r"(?:(?P<km>kilomet(?:er|re)s?|km)|(?P<ha>hectares?|ha)|(?P<mi>miles?|mi)|(?P<m>met(?:er|re)s?|m))"
    r"\s*(?P<power>(?:\^|\*\*)?\s*[-−]?\s*[12²])?\s*"
)
# Names of published files that state no unit: WorldPop, GPW, GHS-POP, LandScan.
_FORMS = (
    (re.compile(r"population[-_]density|popdens|_pd_\d{4}", re.IGNORECASE), DENSITY),
    (re.compile(r"population[-_]count|GHS_POP_|_ppp(_|\.|$)|_pop_\d{4}|landscan", re.IGNORECASE), COUNTS),
)


@dataclass(frozen=True)
class Population:
    """An open population raster; a context manager.

    Attributes
    ----------
    file : GriddedFile
    step : the field that is read
    square_metres : area that a density counts people by; None where the file holds counts
    """

    file: GriddedFile
    step: int
    square_metres: float | None

    def __enter__(self) -> "Population":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def people(self, window: Window) -> np.ndarray:
        """People in each pixel, float64 (rows, columns); 0 where the raster has no data, or less than no one."""
        values = self.file.read(self.step, window).astype(float)
        values = np.where(values > 0, values, 0.0)  # NaN is not above zero; negative values are marks of no data
        if self.square_metres is None:
            return values
        return values * pixel_areas(self.file.crs, self.file.transform, window) / self.square_metres


def open_population(source: str, variable: str | None, kind: str | None, step: str | None, crs: Any, progress: Progress) -> Population:
    """Open a population raster; what its values are goes to the log, and is a warning where only its name says so.

    Parameters
    ----------
    source : as `rasters.open_gridded` takes it
    kind : "counts" or "density"; None leaves it to the file
    step : of a raster with several years its year, or the number of the field; None where there is one
    crs : overrules the file's

    Raises
    ------
    InputError
        If it can't be read, or it is not clear what its values are, or which of several is meant.
    """
    file = open_gridded(source, variable, crs)
    try:
        for note in file.notes:
            progress.log(note)
        number = _chosen_step(file, step)
        square_metres = _area_of_density(file, kind, progress)
        what = "counts of people" if square_metres is None else f"people per {_area_in_words(square_metres)}"
        which = f", {file.steps[number].label}" if len(file.steps) > 1 else ""
        progress.log(f"population: {file.path.name}{which}, {what}, {file.shape[0]} rows x {file.shape[1]} columns")
        return Population(file, number, square_metres)
    except BaseException:
        file.close()
        raise


def kind_by_unit(unit: str) -> tuple[str, float | None] | None:
    """(counts or density, area in m² that a density is by) from a unit such as ``persons/km**2``; None where it does not tell."""
    text = re.sub(r"\s+", " ", unit.strip().lower())
    if re.fullmatch(rf"{_PERSONS}(?:(?: of)? {_PERSONS})?(?:\s*(?:/|per)\s*(?:grid ?)?(?:cell|pixel))?", text):
        return COUNTS, None
    rest = re.sub(rf"^(?:{_PERSONS}|1)\s*", "", text).strip()
    found = _AREA.fullmatch(rest)
    if found is None or not (found["square"] or found["ha"] or (found["power"] and re.search("[2²]", found["power"]))):
        return None
    return DENSITY, next(area for name, area in _M2.items() if found[name])


def _area_of_density(file: GriddedFile, asked: str | None, progress: Progress) -> float | None:
    """Area in m² that the density is by; None for counts."""
    by_unit, name = kind_by_unit(file.unit), file.path.name
    told = by_unit[0] if by_unit else _by_words(file.description)
    if asked and told and asked != told:
        progress.warn(f"{name} says that it holds {told} (unit '{file.unit}', '{file.description}'), and is taken as {asked}, as asked")
    kind = asked or told
    if kind is None:
        kind = next((known for pattern, known in _FORMS if pattern.search(name)), None)
        if kind is None:
            raise InputError(
                f"'{file.path}' does not say whether it holds counts of people or a density (its unit is '{file.unit}'); "
                "say so with --population-is counts or --population-is density"
            )
        progress.warn(f"{name} states no unit; by its name it is taken to hold {kind}. If that is wrong, use --population-is")
    if kind == COUNTS:
        return None
    if by_unit and by_unit[1]:
        return by_unit[1]
    progress.warn(f"{name} does not say what area its density is by; people per km² is taken")
    return _M2["km"]


def _by_words(text: str) -> str | None:
    words = text.lower()
    if "density" in words:
        return DENSITY
    return COUNTS if re.search(r"\bcounts?\b|number of (people|persons|inhabitants)", words) else None


def _area_in_words(square_metres: float) -> str:
    return {1.0: "m²", 1e4: "hectare", 1e6: "km²"}.get(square_metres, "square mile")


def _chosen_step(file: GriddedFile, asked: str | None) -> int:
    """By number from 1, or by year."""
    labels = [step.label for step in file.steps]
    if asked in (None, ""):
        if len(labels) == 1:
            return 0
        listed = ", ".join(labels[:12])
        raise InputError(f"'{file.path}' holds {len(labels)} fields ({listed}); choose one with --population-step, by year or number")
    years = [number for number, label in enumerate(labels) if label[:4] == str(asked)]
    if len(years) == 1:
        return years[0]
    if str(asked).isdigit() and 1 <= int(asked) <= len(labels):
        return int(asked) - 1
    raise InputError(f"'{file.path}' has no field '{asked}'; it has {', '.join(labels[:12])}")
