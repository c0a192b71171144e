"""What the cells around a station must hold for a field to be right where it is read, bilinearly, between their centres.

An exponential covariance has a cusp at the station, narrower than a cell. Values at the centres miss it, or cut it off.
The cells take instead the values whose bilinear interpolation is nearest, in the mean square over the plane, to the kernel:
its projection on hat functions (de Boor 2001, A Practical Guide to Splines, ch. II). Away from the cusp both are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Cells on each side of the station's that are changed, places in a cell that are tabulated along a side, and points of quadrature.
_REACH, _PLACES, _POINTS = 3, 8, 5


def with_tips(field: Tensor, weights: Tensor, places: Tensor, decay: float) -> Tensor:
    """A sum of kernels, each shared out by `cubic_shares` among the centres round its station, with the kernels' tips put right.

    Parameters
    ----------
    field : (quantities, rows, columns), changed in place
    weights : (stations, quantities)
    places : (stations, 2), rows south and columns east of the centre of the first cell
    decay : of exp(-decay * distance in cells)
    """
    quantities, rows, columns = field.shape
    table = _changes(decay, field.device)
    first = torch.floor(places)
    at = (places - first) * _PLACES
    node = at.long().clamp_max(_PLACES - 1)
    part = (at - node)[:, :, None, None]
    change = sum(
        (part[:, 0] if i else 1 - part[:, 0]) * (part[:, 1] if j else 1 - part[:, 1]) * table[node[:, 0] + i, node[:, 1] + j]
        for i in (0, 1)
        for j in (0, 1)
    )
    near = torch.arange(-_REACH, _REACH + 2, device=field.device)
    row, column = (first[:, axis, None].long() + near for axis in (0, 1))
    inside = ((row >= 0) & (row < rows))[:, :, None] & ((column >= 0) & (column < columns))[:, None]
    cell = row.clamp(0, rows - 1)[:, :, None] * columns + column.clamp(0, columns - 1)[:, None]
    change = (change * inside).reshape(1, -1)
    each = weights.T[:, :, None].expand(-1, -1, inside[0].numel()).reshape(quantities, -1)
    field.view(quantities, -1).index_add_(1, cell.reshape(-1), each * change)
    return field


def _changes(decay: float, device: torch.device) -> Tensor:
    """Projection less shared-out kernel for places in a cell, (places, places, near rows, near columns)."""
    near = torch.arange(-_REACH, _REACH + 2, device=device, dtype=torch.float64)
    offsets = torch.arange(_PLACES + 1, device=device, dtype=torch.float64) / _PLACES
    at_cells = _kernel(near, offsets, decay)
    # Integrals against the hats by the midpoint rule; and what the hats' mass matrix makes of the values at the centres.
    points = (torch.arange((2 * _REACH + 4) * _POINTS, device=device, dtype=torch.float64) + 0.5) / _POINTS - _REACH - 1.5
    hats = (1 - (points[None] - near[:, None]).abs()).clamp_min(0) / _POINTS
    integrals = hats @ _kernel(points, offsets, decay) @ hats.T
    wide = torch.arange(-_REACH - 1, _REACH + 3, device=device, dtype=torch.float64)
    mass = torch.where(wide[None] == near[:, None], 2 / 3, torch.where((wide[None] - near[:, None]).abs() == 1, 1 / 6, 0.0)).double()
    excess = integrals - mass @ _kernel(wide, offsets, decay) @ mass.T
    inverse = torch.linalg.inv(mass[:, 1:-1])
    projected = at_cells + inverse @ excess @ inverse.T

    steps = torch.arange(-1, 3, device=device, dtype=torch.float64)
    shares = cubic_shares(offsets)
    shared = torch.einsum("ai,bj,ijrc->abrc", shares, shares, _kernel(near, steps, decay))
    return (projected - shared).float()


def cubic_shares(part: Tensor) -> Tensor:
    """Cubic Lagrange weights of the nodes -1, 0, 1, 2 for places from 0 to 1, (places, 4)."""
    x = part[:, None]
    return torch.cat(
        [-x * (x - 1) * (x - 2) / 6, (x + 1) * (x - 1) * (x - 2) / 2, -(x + 1) * x * (x - 2) / 2, (x + 1) * x * (x - 1) / 6], dim=1
    )


def _kernel(axis: Tensor, offsets: Tensor, decay: float) -> Tensor:
    """At points of both axes for stations at (offset, offset), (offsets, offsets, axis, axis)."""
    square = (axis[None] - offsets[:, None]) ** 2
    return torch.exp(-decay * torch.sqrt(square[:, None, :, None] + square[None, :, None, :]))
