"""A picture for each step of a series, all of one size, in colours that stay."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Iterator

import numpy as np

from model_core.atomic_file import atomic_file
from model_core.errors import InputError
from model_core.evaluation.figures import STYLE, pretty_name
from model_core.evaluation.map_axes import draw_field, map_size
from model_core.grid import Grid
from model_core.language.labels import say_labels
from model_core.provenance.record import Record
from model_core.provenance.writing import NAME, as_text
from model_core.report.colours import Colours

_DPI = 100


def draw_frames(
    steps: Iterator[tuple[datetime, np.ndarray]],
    grid: Grid,
    colours: Colours,
    name: str,
    hourly: bool,
    width: int,
    folder: Path,
    record: Record,
) -> Iterator[Path]:
    """Draw each step as PNG into the folder, and give its path; names are those of the steps, so that they sort.

    Parameters
    ----------
    steps : start and field (rows, columns), NaN where there is none
    name : of the variable, for the title
    hourly : whether titles tell the hour
    width : of a picture in pixels, about
    record : how they were made, for the text of each picture

    Raises
    ------
    OutputError
        If a picture can't be written (disk full).
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    everything = slice(0, grid.shape[0]), slice(0, grid.shape[1])
    wide, high = map_size(grid, everything, width / _DPI - 1.2)
    # Films need even numbers of pixels.
    size = [2 * round(length * _DPI / 2) / _DPI for length in (wide + 1.2, high + 0.6)]
    with rc_context(STYLE | {"axes.spines.top": True, "axes.spines.right": True}):
        figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
        axes = figure.subplots()
        image, seen = None, False
        for when, field in steps:
            if image is None:
                image = draw_field(axes, np.asarray(field, float), grid, everything, True, True, cmap=colours.cmap(), norm=colours.norm())
                colours.draw_bar(figure, axes)
            else:
                image.set_data(field)
            seen = True
            axes.set_title(f"{pretty_name(name)}, {when:{'%Y-%m-%d %H:%M' if hourly else '%Y-%m-%d'}}", fontsize=11)
            path = folder / f"{when:%Y-%m-%dT%H%M}.png"
            say_labels(figure)
            with atomic_file(path) as partial:
                figure.savefig(partial, format="png", facecolor="white", metadata={NAME: as_text(record)})
            yield path
    if not seen:
        raise InputError("the series holds no step; choose a NetCDF, a Zarr store or a folder that reanalyse-period has written")
