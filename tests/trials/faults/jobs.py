"""The jobs that faults befall, and what each gives where nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from trials.faults.contents import contents
from trials.faults.forked import run
from trials.world import FIRST, GRID

STATIONS = {"value": "pm25", "time": "day", "id": "station"}


def requests(world: Path, out: Path) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name of a job -> (command, request) that writes into the folder `out`."""
    day = {**STATIONS, "stations": str(world / "stations.csv"), "grid": GRID, "model": str(world / "tiny.safetensors"), "device": "cpu"}
    period = [str(world / "period.nc")]
    ctm = {"ctm": [str(world / "tiny.nc")], "device": "cpu"}
    train = {**ctm, "config": str(world / "tiny.toml"), "out": str(out / "model.safetensors")}
    return {
        "reanalyse": ("reanalyse", {**day, "date": str(FIRST), "out": str(out / "field.tif")}),
        "reanalyse to NetCDF": ("reanalyse", {**day, "date": str(FIRST), "out": str(out / "field.nc")}),
        "reanalyse-period": ("reanalyse-period", {**day, "out": str(out / "period.nc")}),
        "reanalyse-period to a folder": ("reanalyse-period", {**day, "out": str(out / "days")}),
        "train": ("train", {**train}),
        "train, resumed": ("train", {**train, "resume": True}),
        "crossvalidate": ("crossvalidate", {**day, "folds": 3, "baselines": "idw", "out": str(out / "scores")}),
        "reproduce": (
            "reproduce",
            {
                **ctm,
                "model": str(world / "tiny.safetensors"),
                "start": str(FIRST),
                "end": str(FIRST + timedelta(2)),
                "points": 60,
                "out": str(out / "reproduced"),
            },
        ),
        "simulate": ("simulate", {"grid": GRID, "start": str(FIRST), "days": 4, "seed": 2, "out": str(out / "simulated.nc")}),
        "covariates": ("covariates", {"grid": GRID, "mcip": str(world / "tiny.nc"), "out": str(out / "maps.nc")}),
        "grid-stations": ("grid-stations", {**day, "date": str(FIRST), "out": str(out / "means.tif")}),
        "aggregate": (
            "aggregate",
            {
                "fields": period,
                "by": "period",
                "panel": str(out / "panel.png"),
                "table": str(out / "months.csv"),
                "out": str(out / "months.nc"),
            },
        ),
        "exposure": (
            "exposure",
            {
                "fields": period,
                "population": str(world / "people.tif"),
                "population_is": "counts",
                "polygons": str(world / "areas.geojson"),
                "out": str(out / "exposure.gpkg"),
            },
        ),
        "animate": ("animate", {"series": period[0], "width": 300, "out": str(out / "film.gif")}),
        "compareraster": (
            "compareraster",
            {"fields": period, "other": [str(world / "tiny.nc")], "other_variable": "PM25_TOT", "out": str(out / "compared")},
        ),
        "describe": ("describe", {"model": str(world / "tiny.safetensors"), "out": str(out / "described")}),
        "evaluate-ctm": ("evaluate-ctm", {**ctm, **STATIONS, "stations": str(world / "stations.csv"), "out": str(out / "evaluated")}),
        "modelcard": ("modelcard", {"model": str(world / "tiny.safetensors"), "out": str(out / "card.html")}),
        "read-stations": ("read-stations", {**STATIONS, "stations": str(world / "stations.csv"), "out": str(out / "clean.gpkg")}),
    }


_OFTEN = ("reanalyse", "reanalyse to NetCDF", "reanalyse-period", "reanalyse-period to a folder", "simulate", "covariates", "read-stations")
# In the order in which trials take them: those that write fields and take no seconds come twice as often as the others.
NAMES = (*_OFTEN, *requests(Path("w"), Path("o")))


@dataclass(frozen=True)
class Sound:
    """A job where nothing went wrong.

    Attributes
    ----------
    contents : digest by path of what it wrote
    seconds : that it took
    events : number of times that it opened a file to write, renamed or removed one
    """

    contents: dict[str, str]
    seconds: float
    events: int


_known: dict[tuple[str, Path], Sound] = {}


def sound(name: str, world: Path, folder: Path) -> Sound:
    """What a job gives; found out once in a process."""
    if (name, world) not in _known:
        from trials.faults.events import count_events

        out, counted = folder / "sound", folder / "events"
        out.mkdir()
        ended = run(*requests(world, out)[name], folder / "sound.tmp", lambda: count_events(counted))
        if not ended.worked:
            raise RuntimeError(f"{name} does not even work where nothing goes wrong: {ended}")
        _known[name, world] = Sound(contents(out), ended.seconds, counted.stat().st_size)
    return _known[name, world]
