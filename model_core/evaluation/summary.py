"""A reproduction in words, numbers and pictures: what goes into the files of an evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_core import __version__
from model_core.ctm.daily_store import DailyStore
from model_core.evaluation.day_choice import DayChoice
from model_core.evaluation.figures import daily_scores_figure, period_means_figure
from model_core.evaluation.maps_used import MapsUsed
from model_core.evaluation.period_means import PeriodMean
from model_core.evaluation.report import CLASS_COLUMNS, CLASSES_CSV, CSV, DAILY_PNG, JSON, PERIODS_PNG, as_csv, as_json
from model_core.evaluation.reproduction import Reproduction
from model_core.model_file import Model
from model_core.scores import scores
from model_core.variables import get_variable

_KEPT_ATTRIBUTES = ("files", "title", "source", "license", "time_zone", "lead_day")


def summarise(
    model: Model, days: DailyStore, choice: DayChoice, result: Reproduction, maps: MapsUsed, mask: np.ndarray, warnings: list[str]
) -> dict[str, Any]:
    """Everything but the fields, as plain values; scores that are not defined are NaN here."""
    target = get_variable(model.configuration.target)
    return {
        "software": f"CTM Reanalysis {__version__}",
        "model": {"name": model.name, "sha256": model.sha256},
        "species": target.key,
        "unit": target.unit,
        "ctm": {key: days.attributes[key] for key in _KEPT_ATTRIBUTES if key in days.attributes},
        "days": {
            "count": len(result.daily),
            "first": result.daily[0]["date"],
            "last": result.daily[-1]["date"],
            "kind": choice.kind,
            "description": choice.explanation,
        },
        "pooled": result.pooled,
        "mean_of_daily": result.mean_of_daily,
        "periods": [_period(period, mask) for period in result.periods],
        "daily": result.daily,
        "maps": maps.origin,
        "missing_inputs": result.missing_inputs,
        "negative_cells": result.negative_cells,
        "grid": days.grid.describe(),
        "warnings": warnings,
    }


def files_of(summary: dict[str, Any], result: Reproduction, days: DailyStore, mask: np.ndarray) -> dict[str, bytes]:
    """The contents of all files of the evaluation, by name."""
    target = get_variable(summary["species"])
    count, model, cells = summary["days"]["count"], summary["model"]["name"], summary["stations"]["cells"]
    span = summary["days"]["first"] if count == 1 else f"{summary['days']['first']} to {summary['days']['last']}"
    where = "all cells" if mask.all() else "land" if summary["mask"]["description"].startswith("land") else "the mask"
    title = (
        f"{target.long_name} of {count} CTM day{'s' * (count > 1)}, {span}, reproduced from {cells} station cells\n"
        f"Model “{model}”, scores and means over {where}"
    )
    return {
        JSON: as_json(summary),
        CSV: as_csv(result.daily),
        CLASSES_CSV: as_csv(summary["by_class"], CLASS_COLUMNS),
        DAILY_PNG: daily_scores_figure(result.daily, result.mean_of_daily, target.unit, title),
        PERIODS_PNG: period_means_figure(result.periods, days.grid, mask, target.unit, target.long_name, title),
    }


def _period(period: PeriodMean, mask: np.ndarray) -> dict[str, Any]:
    """The means of a period, and the scores of its mean field."""
    evaluated = mask & np.isfinite(period.true)
    return {
        "name": period.name,
        "days": period.days,
        "first": str(period.first),
        "last": str(period.last),
        "mean_true": float(period.true[evaluated].mean(dtype=float)),
        "mean_reproduced": float(period.reproduced[evaluated].mean(dtype=float)),
        "scores_of_means": scores(period.reproduced[evaluated], period.true[evaluated]),
    }
