"""What people are exposed to: fields and a population raster, by polygon."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

import numpy as np

from model_core.atomic_file import atomic_file, check_target
from model_core.errors import InputError
from model_core.exposure.allocation import Allocation, allocate
from model_core.exposure.chart import people_chart, polygon_chart
from model_core.exposure.measures import Exposure, exposures
from model_core.exposure.population import COUNTS, DENSITY, open_population
from model_core.exposure.table import MEAN, SUFFIXES, rows_of, write_table
from model_core.jobs.requests import requested_report, required
from model_core.json_values import finite
from model_core.labels_font import font_family
from model_core.polygons import read_polygons
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME, png_with
from model_core.rasters.series import FieldSeries, Mean, open_series

COMMAND = "exposure"
PERCENTAGES = (5.0, 25.0, 50.0, 75.0, 95.0)
_FEW = 1e-3  # share of people left out that is not worth a warning
_TOO_MANY = 1.2e10  # people on Earth, with room


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Exposure to the `fields` (`variable`, `start`, `end`), by people of `population` (`population_variable`, `population_is`,
    `population_step`, `population_crs`) in `polygons` (`name_field`, `polygons_crs`).

    Further keys: limit and percentile (lists of numbers), out (.gpkg, .csv or .parquet), chart (.png), report (.html).
    """
    out, chart = Path(required(request, "out")), request.get("chart")
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"output '{out.name}': the name must end in {', '.join(SUFFIXES)}")
    if chart and Path(chart).suffix.lower() != ".png":
        raise InputError(f"chart '{Path(chart).name}': the name must end in .png")
    for path in filter(None, (out, chart)):
        check_target(Path(path))
    page = requested_report(request)
    limits = _numbers(request, "limit", (), -np.inf, np.inf)
    percentages = _numbers(request, "percentile", PERCENTAGES, 0, 100)
    kind = request.get("population_is") or None
    if kind not in (None, COUNTS, DENSITY):
        raise InputError(f"a population raster holds {COUNTS} or {DENSITY}, not '{kind}'")
    series = open_series(_listed(required(request, "fields")), request.get("variable") or None, progress.part(0.0, 0.05))
    series = series.between(request.get("start"), request.get("end"))
    progress.log(f"the field is {series}; its grid is {series.grid}")
    polygons = None
    if request.get("polygons"):
        polygons = read_polygons(str(request["polygons"]), request.get("name_field") or None, request.get("polygons_crs") or None, progress)
        progress.log(f"{len(polygons)} polygons")
    with open_population(
        str(required(request, "population")),
        request.get("population_variable") or None,
        kind,
        request.get("population_step") or None,
        request.get("population_crs") or None,
        progress,
    ) as population:
        allocation = allocate(population, series.grid, polygons, progress.part(0.05, 0.6))
        about_people = {"file": population.file.path.name, "is": COUNTS if population.square_metres is None else DENSITY}
    names = polygons.names if polygons is not None else []
    mean, found, steps = _measured(series, allocation, names, limits, percentages, progress.part(0.6, 0.9))
    _tell(found[0], about_people["file"], polygons is not None, progress)

    progress.step(0.92, "writing")
    rows = rows_of(found, names, MEAN if len(series.steps) > 1 else series.steps[0].label, series.unit, limits, percentages)
    picture = _drawn(series, mean, allocation, found, names, limits, progress) if chart or page else None
    record = record_of(COMMAND, request)
    write_table(out, rows, steps, polygons, record)
    if chart:
        with atomic_file(chart) as partial:
            partial.write_bytes(png_with(picture, record))
    result = finite(
        {
            "out": str(out),
            "chart": str(chart) if chart else None,
            "report": str(page) if page else None,
            "species": series.species,
            "unit": series.unit,
            "steps": {"count": len(series.steps), "first": series.steps[0].label, "last": series.steps[-1].label},
            "population": about_people,
            "limits": list(limits),
            "percentiles": list(percentages),
            "whole": rows[0],
            "polygons": rows[1:],
            "series": [row for row in steps if row["id"] == 0],
            "grid": series.grid.describe(),
            "inputs": list(record.inputs),
            "warnings": progress.warnings,
        }
    )
    if page:
        from model_core.report.exposure import write_exposure_report

        write_exposure_report(page, {**result, NAME: record.to_dict()}, series.name, series.period, picture)
    progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    return result


def _measured(
    series: FieldSeries,
    allocation: Allocation,
    names: Sequence[str],
    limits: Sequence[float],
    percentages: Sequence[float],
    progress: Progress,
) -> tuple[np.ndarray, list[Exposure], list[dict[str, Any]]]:
    """(mean field, exposures to it, rows of each step); one field is held at a time."""
    mean, steps = Mean(series.grid.shape), []
    for number, (step, field) in enumerate(series.fields()):
        progress.step(number / len(series.steps), step.label)
        mean.add(field)
        if len(series.steps) > 1:
            steps += rows_of(exposures(allocation, field, limits, percentages), names, step.label, series.unit, limits, percentages)
    if mean.gaps():
        progress.log(f"{mean.gaps()} cells lack some of the {len(series.steps)} fields; their mean is over those that they have")
    field = mean.result()
    if not np.isfinite(field).any():
        raise InputError(f"'{series.places[0][0]}' holds no value")
    return field, exposures(allocation, field, limits, percentages), steps


def _tell(whole: Exposure, name: str, in_polygons: bool, progress: Progress) -> None:
    """How many people there are, and how many of them are not counted."""
    where = "in the polygons" if in_polygons else f"of {name}"
    progress.log(f"{whole.people:.6g} people {where}, {whole.counted:.6g} of them on cells with a value")
    for number, place in ((whole.outside, "outside the field"), (whole.no_value, "on cells of the field without a value")):
        if number > 0:
            say = progress.warn if number > _FEW * whole.people else progress.log
            say(f"{number:.6g} of the {whole.people:.6g} people {where} ({number / whole.people:.1%}) live {place} and are not counted")
    if whole.people > _TOO_MANY:
        progress.warn(f"{whole.people:.3g} people are more than live on Earth: is '{name}' a density, or counts? See --population-is")
    if not whole.counted > 0:
        raise InputError("no one lives on a cell of the field that has a value; do the field and the population belong together?")


def _drawn(
    series: FieldSeries,
    mean: np.ndarray,
    allocation: Allocation,
    found: list[Exposure],
    names: list[str],
    limits: Sequence[float],
    progress: Progress,
) -> bytes:
    title = f"Exposure to {series.name}" + (f": {series.period}" if series.period else "")
    if names:
        if font_family(names) is None:
            progress.warn("no font of this machine has all letters of the polygons' names; the chart numbers the polygons instead")
        return polygon_chart(names, found[1:], found[0], limits, series.unit, series.name, title)
    people = allocation.people
    exposed, numbers = mean.ravel()[people.indices], people.data
    known = np.isfinite(exposed)
    return people_chart(exposed[known], numbers[known], found[0], limits, series.unit, series.name, title)


def _listed(value: Any) -> list[str]:
    return [str(value)] if isinstance(value, (str, Path)) else [str(item) for item in value]


def _numbers(request: Mapping[str, Any], key: str, default: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """Distinct numbers, in order."""
    numbers = tuple(sorted(set(request.get(key) or default)))
    for number in numbers:
        if not low <= number <= high:
            raise InputError(f"{key} {number:g} must lie between {low:g} and {high:g}")
    return numbers
