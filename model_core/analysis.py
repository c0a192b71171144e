"""The analysis step: what a day's own readings, each left out in turn, say about its field.

Some readings are left out, the field is predicted without them, and the errors there say what to change. Where the model corrects kriging of
the readings they say how far the correction is believed (`trust_choice`). Where it doesn't: would spreading the residuals that the field leaves
at its stations (by simple kriging) have met the left-out readings better, and by how much were the intervals too narrow or too wide.
Only what the left-out readings support is applied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

import numpy as np
import torch

from model_core.analysis_choices import CHOICES
from model_core.network.kriging import krige
from model_core.network.reading_quantities import StationReadings
from model_core.prediction import Predictor, Reanalysis
from model_core.stations.errors import weights
from model_core.stations.gridding import GriddedReadings
from model_core.trust_choice import FEWEST_CELLS, FOLDS, Choice, as_asked, choose_trust, without
from model_core.uncertainty import standard_errors, width_factor

# Shares of the kriged residual that are tried.
STRENGTHS = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Analysis:
    """A day's field after the analysis step.

    Attributes
    ----------
    reanalysis : with the field and sd changed as the evidence says
    strength : share of the kriged residual that was added, from 0 (off) to 1
    rmse : of the left-out readings for each strength tried, in the target's unit, weighed by their errors where those are told; empty where
        nothing was tried
    sd_factor : what the standard deviation was multiplied by
    trust : how far the network was believed, and why; None where the whole of it is applied as it is
    """

    reanalysis: Reanalysis
    strength: float
    rmse: dict[float, float]
    sd_factor: float
    trust: Choice | None = None

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        if self.trust:
            return self.trust.summary()
        return {
            "strength": self.strength,
            "sd_factor": round(self.sd_factor, 3),
            "left_out_rmse": {f"{strength:g}": round(error, 3) for strength, error in self.rmse.items()},
        }

    def in_words(self) -> str:
        """One line for the log."""
        if self.trust:
            return self.trust.in_words()
        what = {0.0: "residuals not spread", 0.5: "half of the residuals spread", 1.0: "the whole residuals spread"}[self.strength]
        if not self.rmse:
            return f"{what}, as asked" if self.strength else f"not done: fewer than {FEWEST_CELLS} cells have readings"
        without, half, whole = (f"{self.rmse[strength]:.3g}" for strength in STRENGTHS)
        told = f"{what} (left-out RMSE {without}, with half {half}, whole {whole})"
        return told if self.reanalysis.sd is None else f"{told}; interval width x {self.sd_factor:.2f}"


def analyse(
    predictor: Predictor,
    readings: Mapping[str, GriddedReadings],
    choice: str = "auto",
    folds: int = FOLDS,
    seed: int = 0,
    trust: Choice | None = None,
) -> Analysis:
    """Predict a day and apply what its own left-out readings support.

    Parameters
    ----------
    choice : "off" (the plain prediction), "auto"; whatever the evidence "network" (its correction wherever it is used), "kriging" (the model's own
        kriging alone), or "on" (the whole residual is added)
    folds : parts of the cells with readings that are left out in turn, each a further prediction
    trust : with "auto", what was already chosen, for a period; by default the day chooses

    Raises
    ------
    InputError
        If its network or its kriging is asked for, and it has no kriging that a network corrects.
    """
    if choice not in CHOICES:
        raise ValueError(f"choice must be one of {CHOICES}, got {choice!r}")
    if choice in ("network", "kriging") or (choice == "auto" and predictor.corrects_kriging):
        trust = trust or (choose_trust(predictor, [readings], folds, seed) if choice == "auto" else as_asked(predictor, choice))
        return Analysis(predictor.trusting(trust.trust).predict([readings])[0], 0.0, {}, 1.0, trust)
    target = predictor.model.configuration.target
    own = readings[target]
    cells = np.argwhere(own.mask)
    if choice == "off" or (choice == "auto" and len(cells) < FEWEST_CELLS):
        return Analysis(predictor.predict([readings])[0], 0.0, {}, 1.0)
    if choice == "on":
        plain = predictor.predict([readings])[0]
        return Analysis(replace(plain, field=spread_residuals(plain.field, own, 1.0)), 1.0, {}, 1.0)

    fold = np.random.default_rng(seed).permutation(np.arange(len(cells)) % folds)
    parts = [without(own, cells[fold == number]) for number in range(folds)]
    plain, *inner = predictor.predict([readings, *({**readings, target: part} for part in parts)])

    squares, weight = dict.fromkeys(STRENGTHS, 0.0), _weights(own)
    standardised = []
    for number, (part, predicted) in enumerate(zip(parts, inner)):
        left_out = tuple(cells[fold == number].T)
        observed = own.values[left_out]
        change = _kriged_residual(predicted.field, part)
        for strength in STRENGTHS:
            errors = _added(predicted.field, part, strength * change)[left_out] - observed
            squares[strength] += float((errors**2 if weight is None else errors**2 * weight[left_out]).sum())
        if predicted.sd is not None:
            # A reading that is left out differs from the field by its own error too.
            sd = predicted.sd[left_out] if own.errors is None else np.hypot(predicted.sd[left_out], own.errors[left_out])
            standardised.append(standard_errors(predicted.field[left_out], sd, observed))
    whole = len(cells) if weight is None else float(weight[own.mask].sum())
    rmse = {strength: (total / whole) ** 0.5 for strength, total in squares.items()}
    # A residual is only spread where that clearly helps: a hundredth of the error is chance.
    best = min(STRENGTHS, key=lambda strength: rmse[strength] * (1.0 if strength == 0 else 1.01))
    errors = np.abs(np.concatenate(standardised)) if standardised else np.empty(0)
    factor = width_factor(np.quantile(errors, 0.9), len(errors)) if len(errors) else 1.0
    field = spread_residuals(plain.field, own, best) if best else plain.field
    sd = None if plain.sd is None else (plain.sd * factor).astype(np.float32)
    return Analysis(replace(plain, field=field, sd=sd), best, rmse, factor)


def spread_residuals(field: np.ndarray, readings: GriddedReadings, strength: float) -> np.ndarray:
    """The field with a share of the kriged residuals (in logs) of its own stations added; float32, 0 or more."""
    return _added(field, readings, strength * _kriged_residual(field, readings))


def _offset(readings: GriddedReadings) -> float:
    """Added before logs are taken, so that a reading of zero has one: a twentieth of the mean reading."""
    return 0.05 * float(readings.values[readings.mask].mean()) + 1e-6


def _kriged_residual(field: np.ndarray, readings: GriddedReadings) -> np.ndarray:
    offset, mask = _offset(readings), np.asarray(readings.mask, bool)
    residual = np.where(mask, np.log(np.where(mask, readings.values, 0) + offset) - np.log(field + offset), 0.0)
    scale = max(float(np.sqrt((residual[mask] ** 2).mean())), 1e-6)
    own = StationReadings.in_cells(torch.from_numpy(residual / scale), torch.from_numpy(readings.counts))
    noise = None
    if readings.errors is not None:
        in_logs = np.log1p(readings.errors / (np.where(mask, readings.values, 0) + offset)) / scale
        noise = torch.from_numpy(in_logs[mask] ** 2)
    kriged = krige(own.places, own.values[:, None], field.shape, counts=own.counts, zero_mean=True, noise=noise)
    return kriged.fields[0].numpy() * scale


def _weights(readings: GriddedReadings) -> np.ndarray | None:
    """What each cell's reading counts in a mean of squares by its error, (rows, columns); None where nothing is said of errors."""
    if readings.errors is None:
        return None
    weight = np.zeros(readings.values.shape)
    weight[readings.mask] = weights(readings.values[readings.mask], readings.errors[readings.mask])
    return weight / weight.max()


def _added(field: np.ndarray, readings: GriddedReadings, change: np.ndarray) -> np.ndarray:
    offset = _offset(readings)
    return np.maximum((field + offset) * np.exp(change) - offset, 0).astype(np.float32)
