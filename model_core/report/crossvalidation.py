"""The page of a cross-validation: scores, scatter, residuals on a map, errors by distance to the next station that was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import numpy as np

from model_core.report.figures import PageFigure, distance_figure, png_figure
from model_core.report.maps import residual_map
from model_core.report.page import word, write_report
from model_core.report.reanalysis import background_in_words
from model_core.scores import scores
from model_core.validation.cross_validation import CrossValidation
from model_core.variables import get_variable

_LIMITS_KM = (5, 10, 20, 50, 100)
_FEWEST = 5  # readings in a class of distance
_SCORES = ("n", "r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "crps", "coverage_90", "rmse_to_kriging")


def write_crossvalidation_report(
    path: Path,
    result: CrossValidation,
    report: Mapping[str, Any],
    summary: Mapping[str, Mapping[str, Any]],
    scatter: bytes,
    classes: bytes,
    title: str,
) -> None:
    """Write the page.

    Parameters
    ----------
    report, summary : as the job writes and returns them
    scatter, classes : the figures of the scatter and of the scores by class, PNG
    title : of the figures, two lines
    """
    variable = get_variable(result.species)
    keys = [key for key in _SCORES if any(key in line for line in summary.values())]
    days = report["days"]
    when = f", {days['first']}" + (f" to {days['last']}" if days["count"] > 1 else "") if days["first"] else ""
    names = {method: word(method) for method in result.methods}
    header, rows, figure = _by_distance(result, variable.unit, names)
    write_report(
        path,
        "crossvalidation",
        {
            "title": f"Cross-validation of {variable.long_name}{when}",
            "lead": title.split("\n")[-1],
            "unit": variable.unit,
            "score_names": ["", *(word(key) for key in keys)],
            "scores": [[names[method], *(line.get(key) for key in keys)] for method, line in summary.items()],
            "scatter": png_figure(scatter, "Observed against predicted; each reading was predicted without its station", 820),
            "classes": png_figure(classes, "Bias and RMSE by class of readings", 820),
            "residuals": _residuals(result, variable.unit),
            "distance": figure,
            "distance_header": header,
            "distances": rows,
            "days": [
                [str(day["date"]), day["n"], *(day["methods"][result.methods[0]].get(key) for key in ("r2_det", "rmse", "nmb"))]
                for day in report["daily"]
            ],
            "warnings": report["warnings"],
            "record": report["record"],
            "made_with": [
                ("Model", report["model"]["name"]),
                ("Model file, SHA-256", report["model"]["sha256"]),
                ("Scheme", f"{report['scheme']}, {report['folds']} folds, seed {report['seed']}"),
                ("Stations", report["stations"]),
                ("Readings", report["readings"]),
                ("Inputs that were missing", ", ".join(report["missing_inputs"]) or "none"),
                *([("Background", background_in_words(report["background"]))] if "background" in report else []),
                ("Grid", f"{report['grid']['rows']} rows × {report['grid']['columns']} columns, {report['grid']['proj']}"),
            ],
        },
    )


def _residuals(result: CrossValidation, unit: str) -> PageFigure:
    """The mean residual of each station."""
    table = result.table.assign(residual=result.prediction(result.methods[0]) - result.table["observed"].to_numpy())
    mean = table.groupby(["lon", "lat"], sort=False)["residual"].mean().dropna().reset_index()
    return residual_map(
        *(mean[name].to_numpy(float) for name in ("lon", "lat", "residual")),
        unit,
        "Predicted less observed, mean of each station’s days; red where the prediction is too high",
    )


def _by_distance(result: CrossValidation, unit: str, names: Mapping[str, str]) -> tuple[list[str], list[list[Any]], PageFigure]:
    """Header and rows of a table, and the figure, over the classes of distance that hold enough readings."""
    distance, observed = result.table["near_km"].to_numpy(float), result.table["observed"].to_numpy(float)
    member = np.searchsorted(_LIMITS_KM, distance)
    labels, rows, rmse = [], [], {name: [] for name in names.values()}
    for number in range(len(_LIMITS_KM) + 1):
        chosen = (member == number) & np.isfinite(distance)
        if chosen.sum() < _FEWEST:
            continue
        low, high = (0, *_LIMITS_KM)[number], (*_LIMITS_KM, None)[number]
        labels.append(f"> {low}" if high is None else f"{low}–{high}")
        found = {name: scores(result.prediction(method)[chosen], observed[chosen]) for method, name in names.items()}
        for name, one in found.items():
            rmse[name].append(one["rmse"])
        first = found[names[result.methods[0]]]
        rows.append([labels[-1] + " km", int(chosen.sum()), *(found[name]["rmse"] for name in names.values()), first["nmb"]])
    figure = distance_figure(
        labels, rmse, unit, f"RMSE by distance to the next station that was given; classes with at least {_FEWEST} readings"
    )
    return ["Distance", "Readings", *(f"RMSE, {name}" for name in names.values()), f"NMB, {names[result.methods[0]]}"], rows, figure
