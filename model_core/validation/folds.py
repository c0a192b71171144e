"""Which stations are left out together: the folds of a cross-validation; and which stay in a thinned network."""

from __future__ import annotations

import numpy as np

from model_core.errors import InputError

THIN = "thin"
SCHEMES = ("stations", "groups", "cells", "blocks", THIN)
# What is dealt to the folds as a whole, for messages.
_UNITS = {"stations": "stations", "groups": "groups", "cells": "grid cells with stations", "blocks": "blocks with stations"}


def deal(units: np.ndarray, folds: int, seed: int, scheme: str = "stations") -> np.ndarray:
    """Fold of every reading, from 0: units are shuffled and dealt out, so that folds differ by one unit at most.

    A unit is never split, and its fold depends on the seed and on the set of all units only: neither on the order of the
    readings nor on how many a unit has. Give all days at once, and the folds are the same on all of them.

    Parameters
    ----------
    units : str or int array (readings,)
        What each reading belongs to: its station, city, cell or block.
    folds : 2 or more
    scheme : one of `SCHEMES`, for messages

    Returns
    -------
    int array (readings,)

    Raises
    ------
    InputError
        If there are fewer units than folds, or fewer than two folds.
    """
    if folds < 2:
        raise InputError(f"{folds} folds: at least 2 are needed, one to leave out and one to predict from")
    distinct, unit = np.unique(units, return_inverse=True)
    if len(distinct) < folds:
        remedy = ", or smaller blocks" if scheme == "blocks" else ", or another scheme"
        raise InputError(f"{folds} folds of {len(distinct)} {_UNITS[scheme]}: take at most {len(distinct)} folds{remedy}")
    fold = np.empty(len(distinct), int)
    fold[np.random.default_rng(seed).permutation(len(distinct))] = np.arange(len(distinct)) % folds
    return fold[unit]


def kept(units: np.ndarray, size: int, draw: int, seed: int) -> np.ndarray:
    """Which readings a thinned network keeps: those of `size` units, drawn at random; bool array (readings,).

    As with folds, the order of the readings does not matter. What a small network of a draw has, a larger one has too: the
    sizes differ by what is added, and not by chance.
    """
    distinct, unit = np.unique(units, return_inverse=True)
    order = np.random.default_rng([seed, draw]).permutation(len(distinct))
    stays = np.zeros(len(distinct), bool)
    stays[order[:size]] = True
    return stays[unit]
