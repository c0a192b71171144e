"""A series of fields as a GIF, an MP4 or a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from model_core.animation.films import check_film, write_gif, write_mp4
from model_core.animation.frames import draw_frames
from model_core.atomic_file import check_target
from model_core.errors import InputError
from model_core.grid_from_file import read_grid
from model_core.jobs.requests import required
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import as_text
from model_core.report.colours import CONTINUOUS, check_style, colours_for
from model_core.report.period import fields_of_series
from model_core.temporary_folder import TemporaryFolder
from model_core.variables import get_variable

COMMAND = "animate"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Draw each step of `series`, a result of reanalyse-period, and write `out`.

    Further keys: species (pm25), style, seconds (each step is shown, 0.5), width (pixels, 900).
    """
    series, out = Path(required(request, "series")), Path(required(request, "out"))
    if not series.exists():
        raise InputError(f"series '{series}' does not exist; choose a NetCDF, a Zarr store or a folder that reanalyse-period has written")
    check_film(out)
    film = bool(out.suffix)
    if film:
        check_target(out)
    variable, style = get_variable(request.get("species") or "pm25"), check_style(request.get("style") or CONTINUOUS)
    seconds, width = float(request.get("seconds") or 0.5), int(request.get("width") or 900)
    if not (0.02 <= seconds <= 60 and 300 <= width <= 4000):
        raise InputError(f"'seconds' can be 0.02 to 60, and 'width' 300 to 4000 pixels; got {seconds:g} and {width}")
    folder_of_files = series.is_dir() and series.suffix != ".zarr"
    grid = read_grid(next(iter(sorted(series.glob("*.tif"))), series) if folder_of_files else series)
    progress.step(0.02, "reading the series")
    times, highest = [], 0.0
    for when, field in fields_of_series(series, variable.key):
        progress.step(0.05, "reading the series")
        times.append(when)
        highest = max(highest, float(np.nanmax(field)) if np.isfinite(field).any() else 0.0)
    colours = colours_for(variable.key, variable.unit, style, times[0].date() if times else None, highest)
    if colours.note:
        progress.warn(colours.note)
    record = record_of(COMMAND, request)
    hourly = len({when.date() for when in times}) < len(times)
    with TemporaryFolder() as temporary:
        folder = temporary if film else out
        folder.mkdir(parents=True, exist_ok=True)
        frames = []
        steps = fields_of_series(series, variable.key)
        for path in draw_frames(steps, grid, colours, variable.long_name, hourly, width, folder, record):
            frames.append(path)
            progress.step(0.1 + 0.8 * len(frames) / len(times), f"{len(frames)} of {len(times)} pictures")
        progress.step(0.92, "putting them together")
        if film:
            (write_mp4 if out.suffix.lower() == ".mp4" else write_gif)(frames, out, seconds, as_text(record))
    progress.step(1.0, "done")
    return {
        "out": str(out),
        "frames": len(frames),
        "start": str(times[0]),
        "end": str(times[-1]),
        "species": variable.key,
        "style": style,
        "inputs": list(record.inputs),
        "warnings": progress.warnings,
    }
