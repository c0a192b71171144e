"""Models and predictors kept ready between the runs of one process.

A batch of days asks for the same model on the same grid again and again. Reading and checking the file, warping its maps
and preparing the network for the processor take longer than a day's prediction; a warm worker does them once.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any, Callable, Hashable, Mapping

import numpy as np
import torch

from model_core.grid import Grid
from model_core.model_file import Model, find_model, load_model
from model_core.prediction import Predictor
from model_core.variable_table import make_known

# A second one, so that two models or grids in turn stay warm; more would only hold memory.
KEPT = 2

_models: OrderedDict[Hashable, Model] = OrderedDict()
_predictors: OrderedDict[Hashable, Predictor] = OrderedDict()
_lock = threading.RLock()


def ready_model(name_or_file: str) -> Model:
    """`load_model`, but a file that has not changed since it was last read (place, time, size) is not read again.

    Raises
    ------
    ModelFileError
        As `load_model`.
    """
    path = find_model(name_or_file).resolve()
    status = path.stat()
    key = (str(path), status.st_mtime_ns, status.st_size, status.st_ino)
    model = _kept(_models, key, lambda: load_model(str(path)))
    make_known(model.variables, f"model '{name_or_file}'")
    return model


def ready_predictor(
    model: Model,
    grid: Grid,
    device: torch.device,
    *,
    covariates: Mapping[str, np.ndarray] | None = None,
    precision: str = "auto",
    memory: int | None = None,
) -> Predictor:
    """A `Predictor` as its own class makes it; the same arguments as in one of the last runs give the same one again."""
    maps = covariates or {}
    key = (
        id(model),
        model.sha256,
        grid.shape,
        tuple(grid.transform),
        grid.crs.to_wkt(),
        str(device),
        precision,
        memory,
        torch.get_num_threads(),
        tuple((name, _digest(maps[name])) for name in sorted(maps)),
    )
    # Each holds its model, so that an id in a key can't come to mean another one.
    return _kept(_predictors, key, lambda: Predictor(model, grid, device, covariates=covariates, precision=precision, memory=memory))


def forget() -> None:
    """Let go of all that is kept; the next run starts anew."""
    with _lock:
        _models.clear()
        _predictors.clear()


def _kept(kept: OrderedDict[Hashable, Any], key: Hashable, make: Callable[[], Any]) -> Any:
    with _lock:
        if key not in kept:
            while len(kept) >= KEPT:  # before the new one is made: two big ones need not fit at once
                kept.popitem(last=False)
            kept[key] = make()
        kept.move_to_end(key)
        return kept[key]


def _digest(field: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(field, np.float32).tobytes()).hexdigest()
