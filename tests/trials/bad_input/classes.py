"""The classes of bad input, with the number of cases of a full run."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np

from trials.bad_input import ctm_files, grids, messages, models, tables, toml_files
from trials.case import Case

Make = Callable[[int, np.random.Generator, Path, Path], Case]

CLASSES: dict[str, tuple[Make, int]] = {
    "tables": (tables.make, 3200),
    "netcdf-bytes": (ctm_files.bytes_changed, 1300),
    "netcdf-contents": (ctm_files.contents_changed, 600),
    "netcdf-sizes": (ctm_files.sizes_claimed, 400),
    "model-contents": (models.contents_changed, 1000),
    "model-bits": (models.bits_turned, 800),
    "toml": (toml_files.make, 1200),
    "messages": (messages.make, 1000),
    "grids": (grids.make, 800),
}


def make_case(name: str, number: int, seed: int, folder: Path, world: Path) -> Case:
    """The case of that number, made in an empty folder; the same numbers give the same case."""
    random = np.random.default_rng([seed, number, *name.encode()])
    case = CLASSES[name][0](number, random, folder, world)
    case.save(folder)
    return case
