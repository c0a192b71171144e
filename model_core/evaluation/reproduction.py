"""CTM days sampled at station cells, predicted from the samples, and held against the whole field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Mapping, Sequence

import numpy as np
import torch

from model_core.applicability import beyond
from model_core.ctm.daily_store import DailyStore
from model_core.errors import InputError, ModelFileError
from model_core.evaluation.class_sums import ClassSums
from model_core.evaluation.period_means import PeriodMean, PeriodSums
from model_core.model_file import Model
from model_core.prediction import predict
from model_core.progress import Progress
from model_core.scores import ScoreSums, mean_scores, scores
from model_core.stations.gridding import GriddedReadings
from model_core.stations.reading_report import ReadingReport


@dataclass(frozen=True)
class Survey:
    """What the true fields hold of some days, read once beforehand.

    Attributes
    ----------
    indices : days that can be evaluated: a station cell and a cell of the mask hold a value
    skipped : the other days
    mean_true : mean over all cells of the mask and all days of `indices`
    """

    indices: list[int]
    skipped: list[Date]
    mean_true: float


@dataclass(frozen=True)
class Reproduction:
    """How well a model gave the days back.

    Attributes
    ----------
    daily : one entry a day: date, stations (cells that were read), the scores, mean_true and mean_reproduced
    pooled : scores over all cells of all days together
    mean_of_daily : the mean of the days' scores
    periods : mean fields by season, and last over the whole period
    missing_inputs : inputs that the model knows and that were not there
    negative_cells : how often a cell had to be raised to zero
    notes : what a user should know about this use of the model, values beyond those of its training among it
    """

    daily: list[dict[str, Any]]
    pooled: dict[str, float]
    mean_of_daily: dict[str, float]
    periods: list[PeriodMean]
    missing_inputs: list[str]
    negative_cells: int
    notes: list[str]


def survey(
    days: DailyStore,
    target: str,
    indices: Sequence[int],
    stations: np.ndarray,
    mask: np.ndarray,
    progress: Progress,
    classes: ClassSums | None = None,
) -> Survey:
    """Find the days that can be evaluated, and the mean that pooled scores need beforehand.

    Parameters
    ----------
    stations, mask : bool arrays (rows, columns)
    classes : told of each day that can be evaluated

    Raises
    ------
    InputError
        If no day can be evaluated.
    """
    usable, skipped, total, count = [], [], 0.0, 0
    for number, index in enumerate(indices):
        progress.step(number / len(indices), f"looking at {days.times[index]}")
        known = np.isfinite(true := days.field(target, index))
        if not (known & stations).any() or not (known & mask).any():
            skipped.append(days.times[index])
            continue
        usable.append(index)
        total += true[known & mask].sum(dtype=float)
        count += int((known & mask).sum())
        if classes is not None:
            classes.survey(days.times[index], true)
    if not usable:
        raise InputError(
            f"on none of the {len(indices)} days does {target} have values both at a station cell and in the evaluation mask; "
            "check the grid and the stations"
        )
    return Survey(usable, skipped, total / count)


def reproduce(
    model: Model,
    days: DailyStore,
    maps: Mapping[str, np.ndarray],
    surveyed: Survey,
    stations: np.ndarray,
    mask: np.ndarray,
    device: torch.device,
    progress: Progress,
    classes: ClassSums | None = None,
    others: Mapping[str, np.ndarray] | None = None,
) -> Reproduction:
    """Predict each day from the values at the station cells and compare it with the day itself.

    Relative humidity and wind are sampled where the model and the CTM know them: at cells of their own, else at the same ones.
    Memory does not grow with the number of days.

    Parameters
    ----------
    maps : covariate -> array (rows, columns), which go before the model's own; see `maps_used.choose_maps`
    stations, mask : bool arrays (rows, columns)
    classes : takes every day up; of the days of `surveyed`
    others : variable -> bool (rows, columns), the station cells of variables that are not read at those of the target

    Raises
    ------
    ModelFileError
        If the model gives something that is no number.
    """
    target = model.configuration.target
    inputs = [name for name in model.configuration.station_variables if name in days.variables]
    pooled, periods, daily = ScoreSums(surveyed.mean_true), PeriodSums(days.grid.shape), []
    missing: set[str] = set()
    extremes = {name: np.array([]) for name in inputs}  # lowest and highest reading of the days so far
    notes: list[str] = []
    negative = 0
    for number, index in enumerate(surveyed.indices):
        day = days.times[index]
        progress.step(number / len(surveyed.indices), f"{day}, day {number + 1} of {len(surveyed.indices)}")
        fields = {name: days.field(name, index) for name in inputs}
        readings = {name: sample(field, (others or {}).get(name, stations)) for name, field in fields.items()}
        for name, one in readings.items():
            read = np.append(extremes[name], one.values[one.mask])
            extremes[name] = np.array([read.min(), read.max()]) if len(read) else read
        predicted = predict(model, {name: r for name, r in readings.items() if r.cells}, days.grid, device, maps)
        evaluated = mask & np.isfinite(fields[target])
        reproduced, true = predicted.field[evaluated], fields[target][evaluated]
        if not np.isfinite(reproduced).all():
            raise ModelFileError(f"the model gives no numbers on {day}, in {np.sum(~np.isfinite(reproduced))} cells; train it again")
        pooled.add(reproduced, true)
        periods.add(day, predicted.field, fields[target])
        if classes is not None:
            classes.add(day, predicted.field, fields[target])
        daily.append(
            {
                "date": str(day),
                "stations": readings[target].cells,
                **scores(reproduced, true),
                "mean_true": float(true.mean(dtype=float)),
                "mean_reproduced": float(reproduced.mean(dtype=float)),
            }
        )
        missing.update(predicted.missing_inputs)
        negative += predicted.negative_cells
        notes = predicted.notes
    seen = extremes | {name: field[np.isfinite(field)] for name, field in maps.items()}
    notes = [*notes, *(note for name, values in seen.items() if (note := beyond(model, name, values)))]
    return Reproduction(daily, pooled.scores(), mean_scores(daily), periods.means(), sorted(missing), negative, notes)


def sample(field: np.ndarray, stations: np.ndarray) -> GriddedReadings:
    """What stations in these cells would have read of a field; cells where it is unknown read nothing."""
    read = stations & np.isfinite(field)
    count = int(read.sum())
    return GriddedReadings(np.where(read, field, 0).astype(np.float32), read.astype(np.int32), ReadingReport(count, count))
