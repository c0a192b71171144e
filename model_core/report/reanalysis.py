"""The page of a reanalysis of one day: map, numbers, what became of the readings, the stations."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any, Mapping

import numpy as np
import pandas as pd

from model_core.evaluation.figures import pretty_unit
from model_core.grid import Grid
from model_core.report.colours import CONTINUOUS, Colours, colours_for
from model_core.report.maps import LARGE, field_map
from model_core.report.page import write_report
from model_core.stations.readings import Observations
from model_core.transformers import transformer
from model_core.variables import get_variable

_MOST_STATIONS = 60


def write_reanalysis_report(
    path: Path,
    result: Mapping[str, Any],
    field: np.ndarray,
    sd: np.ndarray | None,
    grid: Grid,
    readings: pd.DataFrame,
    observations: Observations,
    style: str = CONTINUOUS,
) -> None:
    """Write the page.

    Parameters
    ----------
    result : of the job
    field, sd : (rows, columns) on the grid; `sd` None where the model was not asked for it
    readings : as the job's `readings_with_field` gives them
    observations : the same readings, whose CRS is that of the places
    style : of `colours.STYLES`
    """
    variable, day = get_variable(result["species"]), result["date"]
    unit = pretty_unit(variable.unit)
    colours = colours_for(variable.key, variable.unit, style, Date.fromisoformat(day) if day else None, float(np.nanmax(field)))
    to_grid = transformer(observations.crs, grid.crs)
    places = to_grid.transform(readings["x"].to_numpy(float), readings["y"].to_numpy(float))
    inside = np.isfinite(readings["field"].to_numpy(float))
    known = readings[inside].sort_values("value", ascending=False)
    hatched = f"; hatched where the standard deviation is more than {100 * LARGE:.0f} % of the field" if sd is not None else ""
    caption = f"{variable.long_name}, {unit}; circles are the readings in the same colours{hatched}"
    figure = field_map(field, grid, colours, caption, tuple(axis[inside] for axis in places), readings["value"].to_numpy(float)[inside], sd)
    write_report(
        path,
        "reanalysis",
        {
            "title": f"{variable.long_name} reanalysis" + (f", {day}" if day else ""),
            "lead": f"A field of {grid.shape[0]} × {grid.shape[1]} cells of {grid.cell_size_km:.3g} km from {result['readings']['used']} readings.",
            "map": figure,
            "style_note": colours.note,
            "unit": variable.unit,
            "numbers": _numbers(result, known, field),
            "classes": _classes(field, colours),
            "classes_title": colours.title,
            "account": account(result["readings"]),
            "further": [(get_variable(key).long_name, one["used"], one["rows"]) for key, one in result["further_readings"].items()],
            "shown": min(len(known), _MOST_STATIONS),
            "total": len(known),
            "stations_head": ["Station", f"Reading ({unit})", f"Field ({unit})", f"Field − reading ({unit})"],
            "stations": [(str(row.station), row.value, row.field, row.difference) for row in known.head(_MOST_STATIONS).itertuples()],
            "warnings": result["warnings"],
            "made_with": made_with(result, grid),
            "record": result["record"],
        },
    )


def account(readings: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What became of the rows of a table, the most frequent reason first."""
    dropped = sorted(readings["dropped"].items(), key=lambda entry: -entry[1])
    return [("in the table", readings["rows"]), ("used", readings["used"]), *dropped]


def made_with(result: Mapping[str, Any], grid: Grid) -> list[tuple[str, Any]]:
    """Model, grid and inputs, for the end of a page."""
    pairs = [
        ("Model", result["model"]["name"]),
        ("Model file, SHA-256", result["model"]["sha256"]),
        ("Grid", str(grid)),
        ("Inputs that were missing", ", ".join(result["missing_inputs"]) or "none"),
        ("Maps from a file", ", ".join(result["covariates"]) if result.get("covariates") else "none; the model’s own"),
        *([("Background", background_in_words(result["background"]))] if result.get("background") else []),
        *([("Analysis step", words)] if (words := (result.get("analysis") or {}).get("words")) else []),
        ("Device", result["device"]),
        ("Result", Path(result["out"]).name),
    ]
    return pairs + ([("Time zone of the days", result["time_zone"])] if result.get("time_zone") else [])


def background_in_words(told: Mapping[str, Any]) -> str:
    """What was taken of a background, of a day (`Trust.summary`), a period or the folds of a cross-validation."""
    if "share" in told:
        return f"{told['share']:.0%} of the difference that it makes" if told["share"] else f"not used: {told['reason']}"
    number, what = (told["folds"], "folds") if "folds" in told else (told["computed_with"], "days computed")
    if not number:
        return f"on none of the {what}"
    taken = told["taken_in"] if "folds" in told else told["taken_on"]
    return f"taken on {taken} of {number} {what}, {told['mean_share']:.0%} of the difference that it makes on average"


def _numbers(result: Mapping[str, Any], known: pd.DataFrame, field: np.ndarray) -> list[tuple[str, Any]]:
    unit, statistics = pretty_unit(result["unit"]), result["statistics"]
    readings = result["readings"]
    return [
        ("Readings used", readings["used"]),
        ("Cells that hold readings", readings["cells"]),
        ("Cells of the grid", int(field.size)),
        (f"Mean of the readings ({unit})", float(known["value"].mean())),
        (f"Highest reading ({unit})", float(known["value"].max())),
        (f"Mean of the field ({unit})", statistics["mean"]),
        (f"Lowest and highest cell ({unit})", f"{statistics['min']:.4g} – {statistics['max']:.4g}"),
        (f"Mean of field − reading at the stations ({unit})", float(known["difference"].mean())),
        (f"Root mean square of field − reading ({unit})", float(np.sqrt((known["difference"] ** 2).mean()))),
        ("Cells below zero that were set to it", result["negative_cells"]),
    ]


def _classes(field: np.ndarray, colours: Colours) -> list[dict[str, Any]]:
    """Cells in each class of the index; [] where colours blend."""
    if not colours.classes:
        return []
    finite = field[np.isfinite(field)]
    member = np.clip(np.searchsorted(np.array(colours.breaks[1:]), finite, side="left"), 0, len(colours.classes) - 1)
    counts, ends = np.bincount(member, minlength=len(colours.classes)), (*colours.breaks[1:], None)
    return [
        {
            "name": name,
            "colour": colour,
            "cells": int(count),
            "share": 100 * count / max(len(finite), 1),
            "span": f"> {low:g}" if high is None else f"{low:g} – {high:g}",
        }
        for name, colour, count, low, high in zip(colours.classes, colours.colours, counts, colours.breaks, ends)
    ]
