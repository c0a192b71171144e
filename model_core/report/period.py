"""The page of a period: calendar, series, mean field, the highest days."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator, Mapping

import numpy as np

from model_core.evaluation.figures import pretty_unit
from model_core.grid import Grid
from model_core.netcdf_check import check_netcdf
from model_core.progress import Progress
from model_core.report.colours import colours_for
from model_core.report.figures import calendar_figure, series_figure
from model_core.report.maps import field_map
from model_core.report.page import write_report
from model_core.report.reanalysis import account, made_with
from model_core.variables import get_variable

_WORST = 10


def write_period_report(path: Path, result: Mapping[str, Any], grid: Grid, style: str, progress: Progress) -> None:
    """Read the series once, step by step, and write the page.

    Parameters
    ----------
    result : of the job, whose `out` is the series: NetCDF, Zarr or a folder of GeoTIFFs
    style : of `colours.STYLES`
    """
    variable, step = get_variable(result["species"]), result["step"]
    times, means, highest = [], [], []
    total, count = np.zeros(grid.shape), 0
    for number, (moment, field) in enumerate(fields_of_series(Path(result["out"]), variable.key)):
        if number % 10 == 0:
            progress.step(0.99, "reading the series for the report")
        known = np.isfinite(field).any()
        times.append(moment)
        means.append(float(np.nanmean(field, dtype=float)) if known else np.nan)
        highest.append(float(np.nanmax(field)) if known else np.nan)
        if known:
            total += field
            count += 1
    days: dict[Date, list[float]] = {}
    for moment, mean in zip(times, means):
        days.setdefault(moment.date(), []).append(mean)
    daily = [float(np.nanmean(values)) if np.isfinite(values).any() else np.nan for values in days.values()]
    first = next(iter(days))
    colours = colours_for(variable.key, variable.unit, style, first, float(np.nanmax(highest)))
    # Means over a grid vary less than cells do: their continuous ramp ends at the highest of them.
    of_means = colours if colours.classes else colours_for("", variable.unit, highest=float(np.nanmax(daily)))
    order = np.argsort(np.nan_to_num(means, nan=-1.0))[::-1][:_WORST]
    unit, name = pretty_unit(variable.unit), variable.long_name
    write_report(
        path,
        "period",
        {
            "title": f"{name}, {result['start']} to {result['end']}",
            "lead": f"{count} of {len(times)} {step}s have a field; {grid.shape[0]} × {grid.shape[1]} cells of {grid.cell_size_km:.3g} km.",
            "numbers": [
                (f"Mean of the period ({unit})", float(np.nanmean(means))),
                (f"Highest {step}, mean of the field ({unit})", float(np.nanmax(means))),
                (f"Highest cell ({unit})", float(np.nanmax(highest))),
                ("Readings used", result["readings"]["used"]),
            ],
            "calendar": calendar_figure(list(days), daily, of_means, "Mean of the field on each day; days without a field are white"),
            "series": series_figure(
                times, means, highest, variable.unit, f"{name} of each {step}: mean over the grid, and its highest cell"
            ),
            "map": field_map(np.where(count, total / max(count, 1), np.nan), grid, colours, f"Mean of {count} {step}s, {unit}"),
            "steps": f"{step}s",
            "worst_head": [step.capitalize(), f"Mean of the field ({unit})", f"Highest cell ({unit})"],
            "worst": [(_text(times[i], step), means[i], highest[i]) for i in order if np.isfinite(means[i])],
            "missing": result["days"]["missing"],
            "account": account(result["readings"]),
            "warnings": result["warnings"],
            "made_with": made_with(result, grid),
            "record": result["record"],
        },
    )


def fields_of_series(out: Path, key: str) -> Iterator[tuple[datetime, np.ndarray]]:
    """Start and field (rows, columns), NaN where there is none, of each step of a NetCDF, a Zarr store or a folder of GeoTIFFs."""
    if out.is_dir() and out.suffix != ".zarr":
        import rasterio

        for path in sorted(out.glob("*.tif")):
            with rasterio.open(path) as raster:
                tags = raster.tags()
                when = tags.get("time") or tags.get("date")
                if when and tags.get("model_sha256"):
                    yield datetime.fromisoformat(when), raster.read(1)
        return
    import xarray
    from xarray.backends import NetCDF4BackendEntrypoint, ZarrBackendEntrypoint

    # By their classes: by their names, xarray loads every reader that is installed, which takes seconds.
    engine = ZarrBackendEntrypoint if out.suffix == ".zarr" else NetCDF4BackendEntrypoint
    if out.suffix != ".zarr":
        check_netcdf(out)
    with xarray.open_dataset(out, engine=engine) as dataset:
        for number, moment in enumerate(dataset["time"].to_numpy().astype("datetime64[s]")):
            yield moment.astype(datetime), dataset[key][number].to_numpy()


def _text(moment: datetime, step: str) -> str:
    return str(moment.date()) if step == "day" else f"{moment:%Y-%m-%d %H:%M}"
