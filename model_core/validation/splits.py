"""Which readings are given and which are asked for: folds of a cross-validation, or draws of a thinned network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.stations.readings import Observations
from model_core.validation.folds import SCHEMES, THIN, deal, kept
from model_core.validation.places import block_names, cell_numbers, plane_km, station_names

BLOCK_KM = 200.0
GIVEN, DRAWS = (15, 40, 100), 5


@dataclass(frozen=True)
class Scheme:
    """How the readings are split.

    Attributes
    ----------
    name : of `folds.SCHEMES`: "stations"; "groups" (the readings' group, such as the city); "cells" (of the grid); "blocks"
        (squares of `block_km`); each is left out once, in one of `folds`. "thin": a few groups are given and all others asked
        for (stations where the readings have no groups), `draws` times for each number in `given`.
    seed : the same seed gives the same splits
    """

    name: str = SCHEMES[0]
    folds: int = 10
    seed: int = 0
    block_km: float = BLOCK_KM
    given: tuple[int, ...] = GIVEN
    draws: int = DRAWS

    def __post_init__(self) -> None:
        if self.name not in SCHEMES:
            raise InputError(f"unknown scheme '{self.name}'; known are {', '.join(SCHEMES)}")
        if self.name == "blocks" and self.block_km <= 0:
            raise InputError(f"blocks of {self.block_km:g} km: give a positive side")
        if self.name == THIN and (not self.given or min(self.given) < 1 or self.draws < 1):
            raise InputError(f"{self.draws} draws of {', '.join(map(str, self.given)) or 'no'} given: at least 1 of each is needed")


@dataclass(frozen=True)
class Split:
    """Readings that are given and readings that are asked for.

    Attributes
    ----------
    number : from 0: the fold that is left out, or the draw
    given : how many units (groups or stations) a thinned network has; None of a fold
    asked : of each day a bool array (readings,); the others are given
    """

    number: int
    given: int | None
    asked: list[np.ndarray]


def split(days: Sequence[Observations], grid: Grid, scheme: Scheme) -> tuple[list[Split], list[str]]:
    """The splits, the same on all days, and what a user should know of them.

    Raises
    ------
    InputError
        If groups are missing, there are fewer units than folds, or no number of given units is below that of all.
    """
    units = [_units(observations, grid, scheme) for observations in days]
    every, ends = np.concatenate(units), np.cumsum([len(unit) for unit in units])[:-1]
    if scheme.name != THIN:
        fold = np.split(deal(every, scheme.folds, scheme.seed, scheme.name), ends)
        return [Split(number, None, [of_day == number for of_day in fold]) for number in range(scheme.folds)], []
    possible = [size for size in sorted(set(scheme.given)) if size < len(np.unique(every))]
    what = "groups" if days[0].group is not None else "stations"
    if not possible:
        raise InputError(f"there are {len(np.unique(every))} {what}; a thinned network must have fewer, not {min(scheme.given)}")
    too_many = sorted(set(scheme.given) - set(possible))
    notes = [f"there are {len(np.unique(every))} {what}: networks of {', '.join(map(str, too_many))} are left out"] if too_many else []
    splits = []
    for size in possible:
        for draw in range(scheme.draws):
            asked = np.split(~kept(every, size, draw, scheme.seed), ends)
            splits.append(Split(len(splits), size, asked))
    return splits, notes


def ungrouped(observations: Observations) -> np.ndarray:
    """Names of the stations without a group."""
    return station_names(observations)[observations.group == ""]


def _units(observations: Observations, grid: Grid, scheme: Scheme) -> np.ndarray:
    """What each reading is left out with, or given with."""
    if scheme.name == "stations" or (scheme.name == THIN and observations.group is None):
        return station_names(observations)
    if scheme.name == "cells":
        return cell_numbers(observations, grid)
    if scheme.name == "blocks":
        return block_names(plane_km(observations, grid), scheme.block_km)
    if observations.group is None:
        raise InputError("scheme 'groups' leaves out whole groups; name the column that says the group, such as the city")
    # A station without a group is one of its own; the prefix keeps it from meeting a group of that name.
    own = np.char.add("station without group ", station_names(observations))
    return np.where(observations.group == "", own, observations.group)
