"""Sum of an exponential kernel about many stations on a grid too large to be transformed as a whole.

As in Ewald's summation, exp(-d / range) is split into a smooth part, which a coarse grid tells to the fifth digit, and
what is left near each station, which is transformed window by window.
"""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len
from torch import Tensor

# In cells: where the smooth part takes over, and the step of its grid.
_NEAR, _STEP = 96, 8
_WINDOW = 1024
_PAIRS = 4_000_000


def spread_by_parts(weights: Tensor, at: Tensor, shape: tuple[int, int], decay: float) -> Tensor:
    """Sum over stations of weight times exp(-decay * distance in cells) at every cell.

    Parameters
    ----------
    weights : float32 (stations, quantities)
    at : integer (stations, 2), rows and columns of the stations
    shape : rows, columns

    Returns
    -------
    Tensor
        float32 (quantities, rows, columns).
    """
    nodes = [torch.arange(-_STEP, size + 2 * _STEP, _STEP, dtype=torch.float32, device=at.device) for size in shape]
    coarse = torch.empty(weights.shape[1], len(nodes[0]), len(nodes[1]), device=at.device)
    places = at.float()
    across = (nodes[1][:, None] - places[None, :, 1]) ** 2
    some = max(1, _PAIRS // across.numel())
    for first in range(0, len(nodes[0]), some):
        down = (nodes[0][first : first + some, None] - places[None, :, 0]) ** 2
        coarse[:, first : first + some] = (_smooth(down[:, None] + across[None], decay) @ weights).permute(2, 0, 1)

    square = torch.arange(-_NEAR, _NEAR + 1, dtype=torch.float32, device=at.device) ** 2
    square = square[:, None] + square[None]
    near = torch.exp(-decay * torch.sqrt(square)) - _smooth(square, decay)
    field = torch.empty(weights.shape[1], *shape, device=at.device)
    to_rows, to_columns = (_cubic(size, len(node), at.device) for size, node in zip(shape, nodes))
    for top in range(0, shape[0], _WINDOW):
        for left in range(0, shape[1], _WINDOW):
            rows, columns = min(_WINDOW, shape[0] - top), min(_WINDOW, shape[1] - left)
            smooth = to_rows[top : top + rows] @ coarse @ to_columns[left : left + columns].T
            field[:, top : top + rows, left : left + columns] = smooth + _near_field(
                weights, at - torch.tensor([top, left], device=at.device), (rows, columns), near
            )
    return field


def _near_field(weights: Tensor, at: Tensor, shape: tuple[int, int], near: Tensor) -> Tensor:
    """The sum with the kernel `near`, of finite reach, about stations in and around a window."""
    placed = at + _NEAR
    size = torch.tensor(shape, device=at.device) + 2 * _NEAR
    inside = ((placed >= 0) & (placed < size)).all(1)
    if not inside.any():
        return torch.zeros(weights.shape[1], *shape, device=at.device)
    weights, placed = weights[inside], placed[inside]
    sources = torch.zeros(weights.shape[1], *size.tolist(), device=at.device)
    quantity = torch.arange(weights.shape[1], device=at.device)[:, None]
    sources.index_put_((quantity, placed[None, :, 0], placed[None, :, 1]), weights.T.contiguous(), accumulate=True)
    # Circular: what wraps around falls on the first 2 x _NEAR rows and columns, which are cut off.
    lengths = [next_fast_len(side, real=True) for side in size.tolist()]
    transformed = torch.fft.rfft2(sources, lengths) * torch.fft.rfft2(near, lengths)
    return torch.fft.irfft2(transformed, lengths)[:, 2 * _NEAR : 2 * _NEAR + shape[0], 2 * _NEAR : 2 * _NEAR + shape[1]]


def _smooth(square: Tensor, decay: float) -> Tensor:
    """exp(-decay * d) of the squared distance from _NEAR on; within, its third-order Taylor series in the squared distance."""
    edge, excess = float(_NEAR), square - float(_NEAR) ** 2
    z = decay * edge
    value = torch.exp(torch.tensor(-z)).item()
    first = -z / (2 * edge**2) * value
    second = (z**2 + z) / (4 * edge**4) * value
    third = -(z**3 + 3 * z**2 + 3 * z) / (8 * edge**6) * value
    inner = value + excess * (first + excess * (second / 2 + excess * (third / 6)))
    return torch.where(excess < 0, inner, torch.exp(-decay * torch.sqrt(square)))


def _cubic(size: int, nodes: int, device: torch.device) -> Tensor:
    """Matrix of cubic interpolation from nodes at -_STEP, 0, _STEP ... to `size` cells; float32 (size, nodes)."""
    cell = torch.arange(size, device=device)
    before, t = cell // _STEP + 1, (cell % _STEP).float() / _STEP
    matrix = torch.zeros(size, nodes, device=device)
    for shift, share in (
        (-1, -t * (t - 1) * (t - 2) / 6),
        (0, (t + 1) * (t - 1) * (t - 2) / 2),
        (1, -(t + 1) * t * (t - 2) / 2),
        (2, (t + 1) * t * (t - 1) / 6),
    ):
        matrix[cell, before + shift] = share
    return matrix
