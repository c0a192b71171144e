"""What a model was made for, held against what it is used for: units, cell size, region, values, species."""

from __future__ import annotations

import re
from typing import Mapping

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.stations.gridding import GriddedReadings
from model_core.transformers import transformer
from model_core.units import convert
from model_core.variables import Variable, get_variable, recognise

# Kernels reach a number of cells: on cells of another size than trained for they reach another distance.
SPACING_TOLERANCE = 1.5
# Share of the grid that may lie outside the training grid without a word, and without being another region.
_OUTSIDE, _ANOTHER_REGION = 0.05, 0.5
_SAMPLE = 60  # rows and columns of the grid that are looked up in the training grid
# Share of a range that a value may lie beyond it: calm air and a cell that is all town are nothing new to a model that saw nearly that.
_SLACK = 0.1


def require_units(model: Model) -> None:
    """Raise `InputError` if a variable is in another unit here than where the model was trained.

    Units can differ where a table of variables (``--variables``) gives one another unit, there or here.
    """
    for name, unit in (model.card.get("inputs") or {}).items():
        try:
            here = get_variable(name).unit
        except InputError as error:
            raise InputError(
                f"model '{model.name}' was trained with {name}, which is no variable here: name the table of variables that it was trained "
                "with (--variables)"
            ) from error
        if unit != here and not _same(str(unit), here, f"model '{model.name}', {name}"):
            raise InputError(
                f"model '{model.name}' was trained with {name} in {unit}, and here {name} is in {here}: use the table of variables "
                "that the model was trained with (--variables), or another model"
            )


def used_elsewhere(model: Model, grid: Grid) -> list[str]:
    """Sentences on a grid that is unlike the one that the model was trained on: its cell size, its region."""
    return [*_spacing(model.grid, grid), *_region(model.grid, grid)]


def outside_training(model: Model, readings: Mapping[str, GriddedReadings], maps: Mapping[str, np.ndarray] | None = None) -> list[str]:
    """Sentences on readings and maps whose values the model's training never had.

    Parameters
    ----------
    readings : of a day, by variable
    maps : of the user's own, by variable; the model's own are what it was trained on
    """
    values = {name: one.values[one.mask] for name, one in readings.items()}
    values |= {name: field[np.isfinite(field)] for name, field in (maps or {}).items()}
    return [note for name, found in values.items() if (note := beyond(model, name, found))]


def beyond(model: Model, name: str, values: np.ndarray) -> str:
    """A sentence if values of a variable, in its canonical unit, lie outside what the model was trained with; "" if none does or nothing is known."""
    limits = trained_range(model, name)
    if limits is None or not len(values):
        return ""
    low, high = limits
    slack, variable = _SLACK * (high - low), get_variable(name)
    lowest, highest = float(values.min()), float(values.max())
    if low - slack <= lowest and highest <= high + slack:
        return ""
    return (
        f"{variable.long_name}: there are values of {lowest:g} to {highest:g} {variable.unit}, and the model saw only {low:g} to {high:g} in its "
        "training; what it makes of the others is not known"
    )


def trained_range(model: Model, name: str) -> tuple[float, float] | None:
    """Lowest and highest value of a variable in the training: of the card, for a map else of the model's own; None where neither says it."""
    stated = (model.card.get("ranges") or {}).get(name)
    if stated is not None:
        return float(stated[0]), float(stated[1])
    if model.maps and name in model.maps.fields and np.isfinite(model.maps.fields[name]).any():
        return float(np.nanmin(model.maps.fields[name])), float(np.nanmax(model.maps.fields[name]))
    return None


def other_species(column: str | None, target: str) -> str:
    """A sentence if a column of readings is named like another variable than the model's target; else ""."""
    found = _named_like(column, target) if column else None
    if found is None or found.key == target:
        return ""
    return (
        f"column '{column}' is named like {found.long_name}, and the model was trained on {get_variable(target).long_name}: "
        "its skill for another species is not known"
    )


def _named_like(column: str, target: str) -> Variable | None:
    """The variable behind a column's name, or the species that it begins with, as in pm10_24h."""
    known = recognise(column)
    if known is not None:
        return known
    parts = re.split(r"[^0-9a-zA-Z]+", column.strip())
    begun = [recognise("_".join(parts[:count])) for count in (2, 1)]
    species = [one for one in begun if one is not None and one.unit == get_variable(target).unit]
    return species[0] if species else None


def _same(one: str, other: str, where: str) -> bool:
    """Whether two units are one, written differently."""
    try:
        zero, unit = convert(np.array([0.0, 1.0]), one, other, where)
    except InputError:
        return False
    return bool(np.isclose(zero, 0.0) and np.isclose(unit, 1.0))


def _spacing(trained: Grid, used: Grid) -> list[str]:
    ratio = used.cell_size_km / trained.cell_size_km
    if 1 / SPACING_TOLERANCE <= ratio <= SPACING_TOLERANCE:
        return []
    return [
        f"the model was trained on cells of {trained.cell_size_km:.0f} km and is used on cells of {used.cell_size_km:.1f} km: "
        "its skill there is not known; train a model for this grid, or choose one nearer to its own"
    ]


def in_another_region(model: Model, grid: Grid) -> bool:
    """Whether more than half of a grid lies outside the region that the model was trained on."""
    return _share_outside(model.grid, grid) > _ANOTHER_REGION


def _share_outside(trained: Grid, used: Grid) -> float:
    rows, columns = (np.unique(np.linspace(0, size - 1, min(size, _SAMPLE)).astype(int)) for size in used.shape)
    x, y = np.meshgrid(used.x[columns], used.y[rows])
    row, column = trained.locate(x, y, used.crs)
    inside = np.isfinite(row) & np.isfinite(column) & (row >= 0) & (column >= 0) & (row < trained.shape[0]) & (column < trained.shape[1])
    return float(1 - inside.mean())


def _region(trained: Grid, used: Grid) -> list[str]:
    share = _share_outside(trained, used)
    if share <= _OUTSIDE:
        return []
    return [
        f"{share:.0%} of the grid lies outside the region that the model was trained on ({region_in_words(trained)}): "
        "its skill there is known only as far as its card says"
    ]


def region_in_words(grid: Grid) -> str:
    """The grid's corners in degrees, such as 73°E to 147°E, 13°N to 54°N."""
    west, south, east, north = transformer(grid.crs, 4326).transform_bounds(*grid.bounds)
    return f"{_degrees(west, 'EW')} to {_degrees(east, 'EW')}, {_degrees(south, 'NS')} to {_degrees(north, 'NS')}"


def _degrees(value: float, suffixes: str) -> str:
    rounded = int(np.rint(value))
    return f"{abs(rounded)}°{suffixes[0] if rounded >= 0 else suffixes[1]}"
