"""What the engine is and has: versions, device, models."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import Any

from model_core import __version__
from model_core.device import choose_device, describe_device
from model_core.diagnostics import diagnostics
from model_core.grid import PRESETS
from model_core.inference.speed import measure_speed
from model_core.jobs.requests import BUNDLED
from model_core.model_file import list_models
from model_core.progress import Progress
from model_core.ready import ready_model

LIBRARIES = ("torch", "numpy", "rasterio", "xarray", "netCDF4", "geopandas", "pyproj")


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Versions, device, grid presets and the models found; with `diagnostics` also a text to send to a person who helps.

    That names no path, user or computer unless the request says `personal`; `more` are lines to put before it. With `speed` also how
    many days a minute the bundled model predicts here, which is measured (`measure_speed`).
    """
    device = choose_device("auto")
    facts = {
        "version": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "device": device.type,
        "device_name": describe_device(device),
        "grids": {name: str(grid) for name, grid in PRESETS.items()},
        "models": [
            {
                "name": model.name,
                "path": str(model.path),
                "target": model.card.get("target"),
                "created": model.card.get("created"),
                "scores": model.card.get("scores"),
            }
            for model in list_models()
        ],
    }
    if request.get("speed"):
        progress.step(0.5, "measuring the speed")
        facts["speed"] = measure_speed(ready_model(BUNDLED), device).in_words()
    if not request.get("diagnostics"):
        return facts
    return {"diagnostics": diagnostics(facts, request.get("more") or (), bool(request.get("personal")))}
