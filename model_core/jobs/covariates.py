"""Static maps for a grid, from rasters and MCIP files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import numpy as np

from model_core import __version__
from model_core.atomic_file import check_target
from model_core.covariates import class_fractions, elevation_maps, mcip_maps, open_source
from model_core.errors import InputError
from model_core.grid import Grid
from model_core.jobs.requests import requested_grid, required
from model_core.output import NetcdfWriter, write_geotiff
from model_core.progress import Progress
from model_core.provenance.record import Record, record_of
from model_core.variables import get_variable

COMMAND = "covariates"
KEYS = ("elevation", "elevation_spread", "urban", "land")
_CELL_METHODS = {"elevation": "area: mean", "elevation_spread": "area: standard_deviation"}


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Elevation and its spread from `dem`, urban and land fraction from `landcover`, what is missing then from `mcip`.

    Also `dem_unit`, `dem_crs`, `sea_floor`, `landcover_crs`, `urban_classes`, `water_classes`, `grid`, and `out` (.nc or .tif).
    """
    out = Path(required(request, "out"))
    if out.suffix.lower() not in (".tif", ".tiff", ".nc"):
        raise InputError(f"output '{out.name}': the name must end in .tif or .nc")
    check_target(out)
    _check(request)
    grid = requested_grid(request)
    maps: dict[str, np.ndarray] = {}
    sources: dict[str, str] = {}
    _add(maps, sources, _from_dem(request, grid, progress.part(0.0, 0.45)), request.get("dem"), progress)
    _add(maps, sources, _from_land_cover(request, grid, progress.part(0.45, 0.9)), request.get("landcover"), progress)
    _add(maps, sources, _from_mcip(request, grid, maps, progress.part(0.9, 0.95)), request.get("mcip"), progress)
    maps = {key: maps[key] for key in KEYS if key in maps}
    progress.step(0.95, "writing")
    record = record_of(COMMAND, request, grid=grid)
    _write(out, grid, maps, sources, record)
    progress.step(1.0, "done")
    return {
        "out": str(out),
        "maps": {key: _describe(key, values, sources[key]) for key, values in maps.items()},
        "grid": grid.describe(),
        "inputs": list(record.inputs),
        "warnings": progress.warnings,
    }


def _check(request: Mapping[str, Any]) -> None:
    """What can be told to be wrong before any file is opened."""
    if not any(request.get(key) for key in ("dem", "landcover", "mcip")):
        raise InputError("there is nothing to make covariates from; name a DEM, a land-cover raster or an MCIP file")
    classes = any(request.get(key) for key in ("urban_classes", "water_classes"))
    if request.get("landcover") and not classes:
        raise InputError("'urban_classes' and 'water_classes': name the classes of the land-cover raster that are urban, or water, or both")
    if classes and not request.get("landcover"):
        raise InputError("urban and water classes need a land-cover raster")


def _from_dem(request: Mapping[str, Any], grid: Grid, progress: Progress) -> dict[str, np.ndarray]:
    if not request.get("dem"):
        return {}
    with open_source(request["dem"], request.get("dem_crs") or None) as source:
        return elevation_maps(source, grid, request.get("dem_unit") or None, bool(request.get("sea_floor")), progress)


def _from_land_cover(request: Mapping[str, Any], grid: Grid, progress: Progress) -> dict[str, np.ndarray]:
    if not request.get("landcover"):
        return {}
    groups = {
        name: tuple(int(value) for value in request[f"{name}_classes"]) for name in ("urban", "water") if request.get(f"{name}_classes")
    }
    classes = tuple(value for members in groups.values() for value in members)
    with open_source(request["landcover"], request.get("landcover_crs") or None, classes) as source:
        shares = class_fractions(source, grid, groups, progress)
    if "water" in shares:
        shares["land"] = 1 - shares.pop("water")
    return shares


def _from_mcip(request: Mapping[str, Any], grid: Grid, made: Mapping[str, Any], progress: Progress) -> dict[str, np.ndarray]:
    missing = [key for key in KEYS if key not in made]
    if not request.get("mcip") or not missing:
        return {}
    return mcip_maps(request["mcip"], grid, missing, progress)


def _add(maps: dict[str, np.ndarray], sources: dict[str, str], new: Mapping[str, np.ndarray], source: Any, progress: Progress) -> None:
    """Take new maps in; a map that does not reach all cells is pointed out, one that reaches none is an error."""
    name = Path(str(source)).name
    reach: dict[float, list[str]] = {}
    for key, values in new.items():
        reach.setdefault(float(np.isfinite(values).mean()), []).append(key)
        maps[key], sources[key] = values, name
    for known, keys in reach.items():
        if known == 0:
            raise InputError(f"{', '.join(keys)}: '{source}' has no value anywhere on the grid")
        if known < 1:
            progress.warn(f"{', '.join(keys)}: {name} has values for {known:.1%} of the grid's cells; the others hold no data")


def _describe(key: str, values: np.ndarray, source: str) -> dict[str, Any]:
    return {
        "min": float(np.nanmin(values)),
        "mean": float(np.nanmean(values, dtype=float)),
        "max": float(np.nanmax(values)),
        "unit": get_variable(key).unit,
        "known": float(np.isfinite(values).mean()),
        "source": source,
    }


def _write(out: Path, grid: Grid, maps: Mapping[str, np.ndarray], sources: Mapping[str, str], record: Record) -> None:
    about = {
        "title": "Static maps for a model grid",
        "source": f"CTM Reanalysis {__version__}; " + "; ".join(f"{key} from {sources[key]}" for key in maps),
        **record.attributes(),
    }
    if out.suffix.lower() != ".nc":
        write_geotiff(out, grid, [(key, values, get_variable(key).unit) for key, values in maps.items()], about)
        return
    with NetcdfWriter(out, grid, None, about) as writer:
        for key, values in maps.items():
            methods = {"cell_methods": _CELL_METHODS[key]} if key in _CELL_METHODS else {}
            writer.define(key, get_variable(key).unit, daily=False, source=sources[key], **methods)
            writer.write(key, values)
