"""What a user's data and a model look like: networks, correlations, kernels and the wind, as pictures with their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np

from model_core import __version__
from model_core.ctm.daily_store import CACHE_FOLDER, DailyStore, open_store
from model_core.days import parse_day
from model_core.description.anisotropy_figure import anisotropy_figure
from model_core.description.correlation_figure import correlation_figure
from model_core.description.correlations import FEWEST, Correlation, correlations
from model_core.description.kernel_moments import kernel_moments
from model_core.description.networks import Network, network_of
from model_core.description.networks_figure import networks_figure
from model_core.description.samples import PAIR_KM, Samples, samples_of_ctm, samples_of_readings
from model_core.description.structure_figure import structure_figure
from model_core.description.tables import correlations_csv, kernels_against_wind, speed_distribution, with_target
from model_core.description.wind import WindClimate, wind_climate
from model_core.errors import InputError
from model_core.evaluation.report import as_json, evaluation_folder, write_files
from model_core.evaluation.sites import evaluation_mask
from model_core.grid import Grid, parse_grid
from model_core.jobs.requests import BUNDLED, as_daily_means, read_source, requested_hours, required, tell_readings
from model_core.jobs.sources import further_inputs, requested_source
from model_core.json_values import finite
from model_core.model_file import Model, load_model
from model_core.progress import Progress
from model_core.provenance.record import record_of
from model_core.provenance.writing import NAME
from model_core.stations.readings import Observations
from model_core.temporary_folder import TemporaryFolder
from model_core.training.record import plot_kernels
from model_core.training.series import find_files
from model_core.variables import get_variable
from model_core.warping import warp

COMMAND = "describe"
REPORT, TABLE = "description.json", "correlations.csv"
NETWORKS, CORRELATIONS, KERNELS = "networks.png", "correlations.png", "kernels.png"
ANISOTROPY, STRUCTURE = "anisotropy.png", "structure.png"
_SHOWN = ("networks", "correlations", "kernels", "wind", "not_made", "model", "warnings")
_WEATHER = ("rh", "wind", "temperature")
_MAPS = ("elevation", "urban", "land")


@dataclass
class _Description:
    """What was found so far: files to write, entries of the report, and why a picture is not made."""

    contents: dict[str, bytes] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    not_made: dict[str, str] = field(default_factory=dict)


def run(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Describe `stations` and `ctm` files, as far as they are given, and `model`; pictures and tables go into the folder `out`.

    Further keys: those of a table of readings, rh, wind, inputs, pair_km, grid, covariates, start, end, lead_day, cache.
    """
    out = Path(required(request, "out"))
    with evaluation_folder(out):
        progress.step(0.01, "loading the model")
        model = load_model(request.get("model") or BUNDLED)
        target, found = model.configuration.target, _Description()
        days, pair_km = _limits(request), float(PAIR_KM if request.get("pair_km") in (None, "") else request["pair_km"])
        if not pair_km >= 0:
            raise InputError(f"readings are paired up to a distance of 0 km or more, got {pair_km:g}")
        grid = parse_grid(request["grid"]) if request.get("grid") else model.grid
        store = _open(request, model, out, progress.part(0.02, 0.3)) if request.get("ctm") else None
        maps = _maps(request, model, store, grid)
        progress.step(0.3, "reading stations")
        readings = _readings(request, target, days, progress) if request.get("stations") else {}
        _describe_networks(found, readings, maps, grid)
        speeds = _describe_correlations(found, readings, store, maps, grid, target, days, pair_km, progress.part(0.35, 0.7))
        wind = _wind(request, store, progress.part(0.7, 0.9))
        progress.step(0.9, "drawing the kernels")
        _describe_kernels(found, model, wind, speeds, store is not None)
        for name, reason in found.not_made.items():
            progress.log(f"{name} is not made: {reason}")
        report = finite(
            {
                "software": f"CTM Reanalysis {__version__}",
                "model": {"name": model.name, "sha256": model.sha256},
                "target": target,
                "grid": grid.describe(),
                **found.report,
                "not_made": found.not_made,
                "warnings": progress.warnings,
                NAME: record_of(COMMAND, request, model=model, grid=grid).to_dict(),
            }
        )
        progress.step(0.97, "writing")
        written = write_files(out, found.contents | {REPORT: as_json(report)})
        progress.on_step(1.0, "done")  # not `step`: what is written is no longer cancelled
    keys = {
        NETWORKS: "networks_png",
        CORRELATIONS: "correlations_png",
        TABLE: "correlations_csv",
        KERNELS: "kernels_png",
        ANISOTROPY: "anisotropy_png",
        STRUCTURE: "structure_png",
        REPORT: "report",
    }
    return {
        "out": str(out),
        **{keys[name]: path for name, path in written.items()},
        **{key: report[key] for key in _SHOWN if key in report},
    }


def _limits(request: dict[str, Any]) -> tuple[Date | None, Date | None]:
    start, end = (parse_day(request[key]) if request.get(key) else None for key in ("start", "end"))
    if start and end and start > end:
        raise InputError(f"the first day, {start}, is after the last, {end}")
    return start, end


def _open(request: dict[str, Any], model: Model, out: Path, progress: Progress) -> DailyStore:
    """The CTM's days with all that is described, on their own grid unless another is named."""
    configuration = model.configuration
    wanted = {configuration.target, *configuration.station_variables, *configuration.maps, *_WEATHER, *_MAPS}
    grid, lead_day = parse_grid(request["grid"]) if request.get("grid") else None, request.get("lead_day")
    cache = Path(request.get("cache") or out / CACHE_FOLDER)
    with evaluation_folder(cache):
        return open_store(
            list(dict.fromkeys(find_files(request["ctm"]))),
            sorted(wanted),
            grid,
            cache,
            progress,
            time_zone=request.get("time_zone") or "UTC",
            lead_day=None if lead_day in (None, "") else int(lead_day),
        )


def _maps(request: dict[str, Any], model: Model, store: DailyStore | None, grid: Grid) -> dict[str, np.ndarray]:
    """Elevation and urban fraction on the grid: of the file of covariates, else of the CTM, else of the model, each where it knows them."""
    maps: dict[str, np.ndarray] = {}
    of_model = ((model.maps.fields, model.maps.grid),) if model.maps else ()
    for fields, of in (*of_model, *(((store.maps, store.grid),) if store else ())):
        for key, values in fields.items():
            values = warp(values, of, grid)
            maps[key] = np.where(np.isfinite(values), values, maps.get(key, np.nan))
    if request.get("covariates"):
        from model_core.covariates import read_covariates

        for key, values in read_covariates(Path(request["covariates"]), grid).items():
            maps[key] = np.where(np.isfinite(values), values, maps.get(key, np.nan))
    return {key: values for key, values in maps.items() if key in _MAPS and np.isfinite(values).any()}


def _readings(request: dict[str, Any], target: str, days: tuple[Date | None, Date | None], progress: Progress) -> dict[str, Observations]:
    """Daily readings of the target and of every further variable that is named, within the days."""
    sources = {target: requested_source(request, target)}
    sources |= {key: requested_source(request, key, f"{key}_") for key, _ in further_inputs(request) if key != target}
    readings = {}
    for key, source in sources.items():
        observations = as_daily_means(read_source(source, None, progress), requested_hours(request), progress)
        tell_readings(observations.report, key, progress, observations.seen, observations.stations)
        readings[key] = _within(observations, days)
    if readings[target].time is None and any(len(other.dates) > 1 for other in readings.values()):
        raise InputError(f"the readings of {target} have no day, and those of another variable are of several; name the time column")
    return readings


def _within(observations: Observations, days: tuple[Date | None, Date | None]) -> Observations:
    start, end = days
    if observations.time is None or not (start or end):
        return observations
    day = observations.time.astype("datetime64[D]")
    keep = (day >= np.datetime64(start or Date.min)) & (day <= np.datetime64(end or Date.max))
    if not keep.any():
        raise InputError(
            f"no reading of {observations.species} lies within {start or 'the beginning'} to {end or 'the end'}; there are readings from "
            f"{observations.dates[0]} to {observations.dates[-1]}"
        )
    return observations.select(keep, observations.report.without(observations.rows_in(~keep), "other day"))


def _describe_networks(found: _Description, readings: dict[str, Observations], maps: dict[str, np.ndarray], grid: Grid) -> None:
    if not readings:
        found.not_made[NETWORKS] = "no stations are given"
        return
    networks: list[Network] = [network_of(observations, grid) for observations in readings.values()]
    found.report["networks"] = {network.variable: network.to_dict() for network in networks}
    days = sorted({day for observations in readings.values() for day in observations.dates})
    when = "" if not days else f", {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "")
    found.contents[NETWORKS] = networks_figure(networks, grid, maps.get("elevation"), f"Station networks{when}")


def _describe_correlations(
    found: _Description,
    readings: dict[str, Observations],
    store: DailyStore | None,
    maps: dict[str, np.ndarray],
    grid: Grid,
    target: str,
    days: tuple[Date | None, Date | None],
    pair_km: float,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Correlations of CTM days and of readings; returns the spread of the wind's speed where either has it."""
    table: list[Correlation] = []
    speeds: np.ndarray | None = None
    maps = {key: values for key, values in maps.items() if key != "land"}  # land is where it is looked at
    without = store is not None and target not in store.variables
    if store is not None and not without:
        sampled = _ctm_samples(store, target, days, progress)
        table += correlations(sampled, target)
        speeds = sampled.daily.get("wind")
    if readings:
        found.report["pair_km"] = pair_km
        table += correlations(samples_of_readings(readings, target, maps, grid, pair_km), target)
        speeds = readings["wind"].value if speeds is None and "wind" in readings else speeds
    if any(one.count for one in table):
        names = {"ctm": "CTM", "stations": "stations"}
        source = " and ".join(names[source] for source in dict.fromkeys(one.source for one in table))
        title = f"How {get_variable(target).long_name} goes with other variables: {source}"
        found.contents[CORRELATIONS] = correlation_figure(table, title)
        found.contents[TABLE] = correlations_csv(table)
        found.report["correlations"] = with_target(table, target)
    else:
        found.not_made[CORRELATIONS] = (
            "no stations and no CTM files are given"
            if store is None and not readings
            else f"the CTM files have no daily {target}, which the model predicts (of what is described they have "
            f"{', '.join((*store.variables, *store.maps))}), and no stations are given"
            if without and not readings
            else f"there are no {FEWEST} cells or days with {target} and another variable that varies"
        )
    return None if speeds is None or not np.isfinite(speeds).any() else speed_distribution(speeds)


def _ctm_samples(store: DailyStore, target: str, days: tuple[Date | None, Date | None], progress: Progress) -> Samples:
    start, end = days
    indices = [i for i, day in enumerate(store.times) if (not start or day >= start) and (not end or day <= end)]
    if not indices:
        raise InputError(
            f"no day lies within {start or 'the beginning'} to {end or 'the end'}; the CTM files hold {store.times[0]} to {store.times[-1]}"
        )
    mask, where = evaluation_mask(store.maps, store.grid)
    progress.log(f"correlations over {where} ({mask.sum()} cells), {len(indices)} days")
    variables = [target, *(name for name in store.variables if name != target)]
    maps = {key: values for key, values in store.maps.items() if key in ("elevation", "urban")}
    return samples_of_ctm(store, indices, variables, maps, mask, progress)


def _wind(request: dict[str, Any], store: DailyStore | None, progress: Progress) -> WindClimate | None:
    if store is None:
        return None
    mask = evaluation_mask(store.maps, store.grid)[0]
    wind = wind_climate(list(dict.fromkeys(find_files(request["ctm"]))), progress, mask, store.grid)
    for note in wind.notes if wind else ():
        progress.log(note)
    return wind


def _describe_kernels(
    found: _Description, model: Model, wind: WindClimate | None, speeds: tuple[np.ndarray, np.ndarray] | None, with_ctm: bool
) -> None:
    cell_km = model.grid.cell_size_km
    kernels = kernel_moments(model.network, cell_km)
    with TemporaryFolder() as folder:
        plot_kernels(folder / KERNELS, model.network, cell_km)
        found.contents[KERNELS] = (folder / KERNELS).read_bytes()
    found.contents[ANISOTROPY] = anisotropy_figure(kernels, wind, speeds, f"PointConv’s kernels of model “{model.name}”")
    found.contents[STRUCTURE] = structure_figure(model.network, f"Network of model “{model.name}”")
    found.report["kernels"] = kernels_against_wind(kernels, wind)
    if wind is not None:
        found.report["wind"] = wind.to_dict()
        return
    found.not_made["wind rose"] = (
        "the CTM files have neither components of the wind nor its direction"
        if with_ctm
        else "no CTM files with components of the wind, or with its direction, are given"
    )
    if speeds is not None:
        found.report["wind_speed"] = {"edges": speeds[0], "share": speeds[1]}
