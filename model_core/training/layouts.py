"""Where nominal stations stand: random cells, cells near people, or real networks with cities taken out.

A layout is how many stations each cell holds.
"""

from __future__ import annotations

import numpy as np

from model_core.configuration import TrainingConfiguration


def uniform_layout(eligible: np.ndarray, stations: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The paper's layout: a uniform number of uniformly drawn cells with one station each; int32 (rows, columns).

    Parameters
    ----------
    eligible : bool array (rows, columns)
        Cells that may hold a station.
    stations : (int, int)
        Fewest and most; never more than there are eligible cells.
    """
    cells, number = np.flatnonzero(eligible), rng.integers(stations[0], stations[1] + 1)
    layout = np.zeros(eligible.shape, np.int32)
    layout.ravel()[rng.choice(cells, min(number, len(cells)), replace=False, shuffle=False)] = 1
    return layout


def network_layout(eligible: np.ndarray, networks: list[np.ndarray], stations: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A uniform number of the stations of a real network, where they are; all of them if it has fewer.

    Parameters
    ----------
    networks : list of float arrays (stations, 2)
        Fractional (row, column) positions on this grid; one of them is drawn.
    """
    network = networks[rng.integers(len(networks))]
    cells = np.floor(network[rng.permutation(len(network))[: rng.integers(stations[0], stations[1] + 1)]]).astype(int)
    return _counted(cells, eligible)


def varied_layout(
    eligible: np.ndarray, urban: np.ndarray | None, networks: list[np.ndarray], stations: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """A layout as real ones come: sparse or dense, even or clustered, and often without whole cities.

    Parameters
    ----------
    eligible : bool array (rows, columns)
    urban : array (rows, columns) or None
        Urban fraction, which draws stations; None where it is not known.
    networks : list of float arrays (stations, 2)
        Real networks as fractional (row, column) positions on this grid.
    stations : (int, int)
        The number is log-uniform between these.
    """
    number = int(np.exp(rng.uniform(np.log(stations[0]), np.log(stations[1] + 1))))
    kind = rng.choice(["even", "urban", "network"], p=[0.25, 0.2, 0.55])
    if kind == "network" and networks:
        layout = _jittered(networks[rng.integers(len(networks))], eligible, number, rng)
    elif kind != "even" and urban is not None:
        weight = (np.nan_to_num(urban) + 0.002) ** rng.uniform(0.4, 1.2)
        layout = _place(eligible, weight * eligible, number, rng)
    else:
        layout = _place(eligible, eligible.astype(float), number, rng)
    return remove_cities(layout, rng) if rng.random() < 0.7 else layout


def remove_cities(layout: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The layout without the stations in some discs around stations; one reading at least is left."""
    rows, columns = np.nonzero(layout)
    if len(rows) < 2:
        return layout
    keep = np.ones(len(rows), bool)
    for _ in range(rng.integers(1, 12)):
        centre = rng.integers(len(rows))
        radius = np.exp(rng.uniform(np.log(2), np.log(30)))  # cells; 24 to 360 km at 12 km
        keep &= (rows - rows[centre]) ** 2 + (columns - columns[centre]) ** 2 > radius**2
    if not keep.any():
        return layout
    left = np.zeros_like(layout)
    left[rows[keep], columns[keep]] = layout[rows[keep], columns[keep]]
    return left


def draw_layout(
    training: TrainingConfiguration, eligible: np.ndarray, urban: np.ndarray | None, networks: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """A layout as the configuration asks, for whole fields; smaller grids get proportionally fewer stations."""
    # The numbers of stations are meant for a national grid, as the paper's 372 x 426.
    share = min(1.0, eligible.size / (372 * 426))
    stations = tuple(max(1, round(count * share)) for count in training.stations)
    if training.layouts == "uniform":
        return uniform_layout(eligible, stations, rng)
    if training.layouts == "network":  # its number is its own, whatever the size of the grid
        return network_layout(eligible, networks, training.stations, rng)
    return varied_layout(eligible, urban, networks, stations, rng)


def _place(eligible: np.ndarray, weight: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """`number` distinct cells drawn with the given weights."""
    cells = np.flatnonzero(eligible)
    weight = weight.ravel()[cells]
    # Weighted sampling without replacement by exponential keys (Efraimidis and Spirakis 2006).
    keys = rng.exponential(size=len(cells)) / np.maximum(weight, 1e-12)
    chosen = cells[np.argpartition(keys, number)[:number]] if number < len(cells) else cells
    layout = np.zeros(eligible.shape, np.int32)
    layout.ravel()[chosen] = 1
    return layout


def _counted(cells: np.ndarray, eligible: np.ndarray) -> np.ndarray:
    """How many of the (row, column) pairs, all inside the grid, fall into each eligible cell."""
    layout = np.zeros(eligible.shape, np.int32)
    np.add.at(layout, tuple(cells.T), 1)
    return layout * eligible


def _jittered(network: np.ndarray, eligible: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Up to `number` stations of a real network; half of the time shifted and shaken, so that no layout is learnt by heart."""
    chosen = network[rng.permutation(len(network))[: max(number, len(network) // 4)]]
    if rng.random() < 0.5:
        chosen = chosen + rng.normal(0, 8, 2) + rng.normal(0, rng.uniform(0, 5), chosen.shape)
    cells = np.floor(chosen).astype(int)
    rows, columns = eligible.shape
    inside = (cells >= 0).all(1) & (cells[:, 0] < rows) & (cells[:, 1] < columns)
    layout = _counted(cells[inside], eligible)
    return layout if layout.any() else _place(eligible, eligible.astype(float), number, rng)
