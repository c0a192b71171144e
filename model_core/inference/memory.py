"""How much memory the prediction of a field takes, and so how many days or cells fit at once."""

from __future__ import annotations

import torch

from model_core.configuration import NetworkConfiguration

MB = 1_000_000
# What a run may take where nobody says otherwise: any laptop has it, and a 12 km national grid needs a tenth.
DEFAULT_MEMORY_MB = 4000
# Beyond this many days the card is busy anyway.
MOST_DAYS_AT_ONCE = 16


def bytes_per_cell(configuration: NetworkConfiguration, inputs: int, dtype: torch.dtype) -> int:
    """Bytes that the prediction of one day takes at its peak, per cell of the grid, as an estimate from the shapes.

    Parameters
    ----------
    inputs : channels into the UNet++, the larger one where there are two
    """
    c = configuration
    # Kriging transforms a quarter-filled float32 grid for each quantity; PointConv float64 fields with their spectra.
    # They follow each other, and hand over the channels (a list, joined, then pooled).
    kriging = 4 * 4 * 3 * (2 + len(c.maps)) if c.kriging else 0
    pointconv = 8 * 8 * len(c.station_variables)
    channels = 2 * 4 * inputs
    # Nodes that are kept, the dense skips side by side, and what a convolution reads and writes: width x levels each. Those on the grid's own
    # cells, five parts in eight, are float32 (`FoldedUNet`).
    unet = c.width * c.levels * (10 + 3 * dtype.itemsize // 2) + 4 * 4 * c.width + 2 * 4 * inputs
    return channels + max(kriging, pointconv, unet // c.unet_factor**2) + 64


def bytes_of_a_day(configuration: NetworkConfiguration, inputs: int, shape: tuple[int, int], dtype: torch.dtype) -> int:
    """Bytes that the prediction of a day takes where the grid is predicted as a whole."""
    kept = bytes_per_cell_of_whole(configuration)[1]
    return shape[0] * shape[1] * (bytes_per_cell(configuration, inputs, dtype) + kept)


def days_at_once(device: torch.device, bytes_of_one: int, memory_mb: int) -> int:
    """How many days are predicted together, as many as fit: of a processor one for each of its cores, of a card some.

    On a processor what comes before the UNet++ is done for these days side by side. A day comes out the same to the last
    bit whatever days are asked for with it.
    """
    most, free = torch.get_num_threads(), memory_mb * MB
    if device.type == "cuda":
        most, free = MOST_DAYS_AT_ONCE, min(torch.cuda.mem_get_info(device)[0] * 0.8, free)
    return max(1, min(most, int(free // bytes_of_one)))


def bytes_per_cell_of_whole(configuration: NetworkConfiguration) -> tuple[int, int]:
    """Bytes per cell of the whole grid that are taken however small the windows are: while kriging, and from then on."""
    c = configuration
    kept = 2 * len(c.station_variables) + len(c.maps) + 2 + (7 + 3 * bool(c.background_width) + len(c.maps)) * c.kriging
    # Measured on 1900 x 1900 cells: fields are spread while the variance is computed; slopes that vary take some more.
    kriging = 17 + 6 * len(c.maps) + 5 * bool(c.local_slopes) if c.kriging else 2
    return 4 * (kept + kriging), 4 * kept
