"""A field, or the mean of a period, against satellite AOD or any other raster."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Mapping

import numpy as np
import shapely

from model_core import __version__
from model_core.comparison.agreement import agreement, difference
from model_core.comparison.figures import Side, maps_figure, scatter_figure
from model_core.comparison.regridding import onto_grid
from model_core.errors import InputError
from model_core.evaluation.report import as_json, evaluation_folder, write_files
from model_core.grid import Grid
from model_core.jobs.requests import requested_report, required
from model_core.json_values import finite
from model_core.output import write_geotiff
from model_core.polygons import read_polygons
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.rasters.series import FieldSeries, open_series
from model_core.units import convert

COMMAND = "compareraster"
JSON, CSV, SCATTER, MAPS, DIFFERENCE = "scores.json", "scores.csv", "scatter.png", "maps.png", "difference.tif"
MIN_VALID = 0.5
_DIFFERENCE, _STANDARDISED = "Difference (a) − (b)", "Difference of the standardised fields"
_STANDARD_DEVIATIONS = "standard deviations"


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare the mean of `fields` (`variable`, `field_unit`) with that of the `other` rasters (`other_variable`, `other_unit`,
    `other_name`, `other_crs`), and write scores, figures and the difference into the folder `out`.

    Further keys: start, end (of both, where they have times), mask (polygons), mask_crs, min_valid, report (.html).
    """
    out, least = Path(required(request, "out")), _share(request.get("min_valid"))
    page = requested_report(request)
    with evaluation_folder(out):
        return finite(_compare(request, out, page, least, progress))


def _compare(request: dict[str, Any], out: Path, page: Path | None, least: float, progress: Progress) -> dict[str, Any]:
    series = _series(request, "fields", "variable", None, progress.part(0.0, 0.05))
    others = _series(request, "other", "other_variable", request.get("other_crs") or None, progress.part(0.05, 0.1))
    field, other_mean = (one.mean(progress.part(start, start + 0.2))[0] for one, start in ((series, 0.1), (others, 0.3)))
    progress.log(f"the field is {series}; its grid is {series.grid}")
    regridded = onto_grid(other_mean, others.grid, series.grid, others.file, progress.part(0.5, 0.8))
    progress.log(f"other: {others}, brought onto the field's grid: {regridded.method}")
    mask, where = _mask(request, series.grid, progress)
    seen = mask & (regridded.share >= least)
    sparse = int((mask & np.isfinite(field) & np.isfinite(regridded.values) & ~seen).sum())
    if sparse:
        progress.log(f"{sparse} cells are left out, because the other raster has values in less than {least:.0%} of each")

    values, unit, other_unit, one_unit = _in_one_unit(request, series, others, regridded.values, progress)
    name, other_name = series.name, str(request.get("other_name") or "").strip() or others.name
    sides = Side(np.where(mask, field, np.nan), name, unit), Side(np.where(seen, values, np.nan), other_name, other_unit)
    found = agreement(sides[0].values, sides[1].values, one_unit)
    progress.log(f"{found['n']} cells of {where} are compared")
    about, apart_unit = (_DIFFERENCE, unit) if one_unit else (_STANDARDISED, _STANDARD_DEVIATIONS)
    apart = Side(difference(sides[0].values, sides[1].values, one_unit), about, apart_unit)
    if not np.isfinite(apart.values).any():
        raise InputError(
            "one of the two is constant over all cells that are compared, so that fields of different units can't be set against each other"
        )

    progress.step(0.85, "drawing the figures")
    title = [": ".join(filter(None, part)) for part in ((name, series.period), (f"against {other_name}", others.period))]
    record = record_of(COMMAND, request)
    report = {
        "scores": found,
        "one_unit": one_unit,
        "field": _described(series, unit, name),
        "other": _described(others, other_unit, other_name) | {"regridding": regridded.method},
        "mask": {"description": where, "cells": int(mask.sum())},
        "min_valid": least,
        "difference": apart.name,
        "difference_unit": apart.unit,
        "grid": series.grid.describe(),
        "warnings": progress.warnings,
        NAME: record.to_dict(),
    }
    contents = {
        JSON: as_json(report),
        CSV: _as_csv(found),
        SCATTER: scatter_figure(*sides, found, "\n".join(title)),
        MAPS: maps_figure(*sides, apart, series.grid, "\n".join(title)),
    }
    progress.step(0.97, "writing")
    written = write_files(out, contents)
    write_geotiff(
        out / DIFFERENCE,
        series.grid,
        [(apart.name, apart.values, apart.unit), (name, sides[0].values, unit), (other_name, sides[1].values, other_unit)],
        {"title": f"{apart.name}: {', '.join(title)}", "source": f"CTM Reanalysis {__version__}", **record.attributes()},
    )
    if page:
        from model_core.report.comparison import write_comparison_report

        write_comparison_report(page, finite(report), contents[SCATTER], contents[MAPS])
    progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return {
        "out": str(out),
        "report": str(page) if page else None,
        "scores_json": written[JSON],
        "scores_csv": written[CSV],
        "scatter_png": written[SCATTER],
        "maps_png": written[MAPS],
        "difference_tif": str(out / DIFFERENCE),
        **{key: value for key, value in report.items() if key != NAME},
        "inputs": list(record.inputs),
    }


def _series(request: Mapping[str, Any], key: str, variable: str, crs: Any, progress: Progress) -> FieldSeries:
    sources = required(request, key)
    sources = [str(sources)] if isinstance(sources, (str, Path)) else [str(source) for source in sources]
    series = open_series(sources, request.get(variable) or None, progress, crs)
    timed = all(step.start is not None for step in series.steps)
    if key == "other" and not timed and (request.get("start") or request.get("end")):
        progress.warn("the other raster does not say of which days it is; first and last day choose among the fields only")
        return series
    return series.between(request.get("start"), request.get("end"))


def _in_one_unit(
    request: Mapping[str, Any], series: FieldSeries, others: FieldSeries, values: np.ndarray, progress: Progress
) -> tuple[np.ndarray, str, str, bool]:
    """(values of the other, unit of the field, unit of the other, whether they agree), converted to the field's unit where that can be."""
    unit = str(request.get("field_unit") or "").strip() or series.unit
    other_unit = str(request.get("other_unit") or "").strip() or others.unit
    if not unit or not other_unit:
        missing = " and ".join(name for name, text in (("the field", unit), ("the other raster", other_unit)) if not text)
        progress.log(f"the unit of {missing} is not known: only what needs no common unit is told (see --field-unit, --other-unit)")
        return values, unit, other_unit, False
    if unit == other_unit:
        return values, unit, unit, True
    try:
        converted = convert(values, other_unit, unit, "the other raster")
    except InputError:
        progress.log(
            f"the units differ ('{unit}' and '{other_unit}'): scores that need a common unit are left out, and the difference is "
            "that of the standardised fields"
        )
        return values, unit, other_unit, False
    progress.log(f"the other raster is converted from {other_unit} to {unit}")
    return converted, unit, unit, True


def _mask(request: Mapping[str, Any], grid: Grid, progress: Progress) -> tuple[np.ndarray, str]:
    """Bool (rows, columns): cells that are compared, and in words which they are."""
    if not request.get("mask"):
        return np.ones(grid.shape, bool), "all cells"
    source = str(request["mask"])
    polygons = read_polygons(source, None, request.get("mask_crs") or None, progress, named=False)
    shapes = [shape for shape in polygons.shapes_in(grid.crs) if shape is not None]
    x, y = np.meshgrid(grid.x, grid.y)
    mask = np.zeros(grid.shape, bool)
    for shape in shapes:
        shapely.prepare(shape)
        mask |= shapely.contains_xy(shape, x, y)
    if not mask.any():
        raise InputError(f"no cell of the field has its centre in the mask '{source}'; do they belong together?")
    return mask, f"the cells whose centre lies in {Path(source.partition('|')[0]).name}"


def _share(given: Any) -> float:
    share = MIN_VALID if given in (None, "") else given
    if not 0 <= share <= 1:
        raise InputError(f"the least valid share is {share:g}; it must lie between 0 and 1")
    return share


def _described(series: FieldSeries, unit: str, name: str) -> dict[str, Any]:
    return {
        "file": series.file,
        "name": name,
        "unit": unit,
        "fields": len(series.steps),
        "first": series.steps[0].label,
        "last": series.steps[-1].label,
    }


def _as_csv(found: Mapping[str, float]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("score", "value"), *((key, f"{value:.7g}" if np.isfinite(value) else "") for key, value in found.items())])
    return text.getvalue().encode()
