"""Cells with readings that are left out together: single ones, which keep near neighbours, and clusters, which do not.

What is asked of a field is both what lies beside a station and what lies far from all. Random cells tell of the first only,
whole clusters of the second (Roberts et al. 2017, doi:10.1111/ecog.02881).
"""

from __future__ import annotations

import numpy as np

from model_core.validation.folds import deal

# Cells in a cluster, about; a network of a few cells has smaller ones.
_IN_CLUSTER, _FEWEST_CLUSTERS = 12, 10


def left_out_together(cells: np.ndarray, folds: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Fold and unit of each cell; cells of one unit are left out together, and each cell once.

    The cells are halved again and again across the longer side of where they lie. Every other of the clusters that come out stays whole, the
    others are taken apart into single cells. Nothing depends on the order of the readings, as cells have their own.

    Parameters
    ----------
    cells : int (cells, 2), row and column, in the order of the grid
    folds : parts of about as many units each

    Returns
    -------
    int (cells,), from 0 to folds - 1; int (cells,), from 0
    """
    size = max(2, min(_IN_CLUSTER, len(cells) // _FEWEST_CLUSTERS))
    cluster, single = np.empty(len(cells), int), np.arange(len(cells))
    for number, members in enumerate(_halved(cells, single, size)):
        cluster[members] = number
    whole = np.random.default_rng(seed).permutation(cluster.max() + 1) % 2 == 0
    unit = np.where(whole[cluster], len(cells) + cluster, single)
    unit = np.unique(unit, return_inverse=True)[1]
    fold = np.empty(len(cells), int)
    for some in (whole[cluster], ~whole[cluster]):  # each by itself, so that every fold has of both
        if some.any():
            kinds = len(np.unique(unit[some]))
            fold[some] = deal(unit[some], min(folds, kinds), seed) if kinds > 1 else 0
    return fold, unit


def _halved(cells: np.ndarray, members: np.ndarray, size: int) -> list[np.ndarray]:
    """Clusters of up to `size` of the members, each as numbers of cells."""
    if len(members) <= size:
        return [members]
    places = cells[members]
    axis = int(np.ptp(places, axis=0).argmax())
    order = np.lexsort((places[:, 1 - axis], places[:, axis]))
    middle = len(members) // 2
    return [part for half in (order[:middle], order[middle:]) for part in _halved(cells, members[half], size)]
