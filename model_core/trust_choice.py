"""How far a model is believed on a day or in a period: chosen by readings that were left out, for maps, correction and uncertainty.

Some cells with readings are left out, alone and in clusters, and the field is predicted without them. Their readings say which maps the
kriging should use, what share of the network's correction to it helps, near readings and far from them, and how wide the intervals must be.
The model's own choice stands where they say little.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import torch

from model_core.configuration import Transform
from model_core.left_out_cells import left_out_together
from model_core.network.transforms import inverse, transform
from model_core.network.trust import KRIGING_ALONE, Trust, share_at
from model_core.prediction import Predictor
from model_core.stations.errors import weights
from model_core.stations.gridding import GriddedReadings
from model_core.uncertainty import standard_errors, width_factor

FOLDS = 5
# With fewer cells than this the left-out readings of a day are too few to choose by.
FEWEST_CELLS = 20
# Days of a period that are looked at.
MOST_DAYS = 12
# How far the best share of a day lies from what held-out days chose in training: a standard deviation.
_SCATTER = 0.3
# Other maps must be better by so many standard errors: of three that are tried one is better by one in every second or third case.
_SURE = 2.0
_SHARES = np.linspace(0, 1, 21)

Day = Mapping[str, GriddedReadings]


@dataclass(frozen=True)
class Choice:
    """What left-out readings say.

    Attributes
    ----------
    trust : what to predict with
    own : the model's own shares of the correction, and the maps of its kriging
    days, cells : how many were looked at
    rmse : of the left-out readings in the target's unit, by what was tried: "model" as it is, "kriging" alone, "chosen"; empty where nothing was
    asked : "kriging" or "network" where the user asked for it, and nothing was chosen
    """

    trust: Trust
    own: Trust
    days: int = 0
    cells: int = 0
    rmse: dict[str, float] = field(default_factory=dict)
    asked: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, all of them."""
        return {
            "trust": self.trust.to_dict(),
            "own": self.own.to_dict(),
            "days": self.days,
            "cells": self.cells,
            "rmse": self.rmse,
            "asked": self.asked,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Choice":
        """From what `to_dict` gives."""
        return cls(**{**values, "trust": Trust.from_dict(values["trust"]), "own": Trust.from_dict(values["own"])})

    def summary(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "words": self.in_words(),
            **self.trust.to_dict(),
            "own_shares": list(self.own.shares),
            "own_drift": list(self.own.drift),
            "days": self.days,
            "cells": self.cells,
            "left_out_rmse": {name: round(error, 3) for name, error in self.rmse.items()},
        }

    def in_words(self) -> str:
        """One line for the log."""
        if self.asked:
            return {"kriging": "the model's own kriging alone, as asked", "network": "the network as trained, as asked"}[self.asked]
        if not self.rmse:
            return f"the model as it is: fewer than {FEWEST_CELLS} cells have readings"
        (near, far), (near_own, far_own) = self.trust.shares, self.own.shares
        maps = ", ".join(self.trust.drift) or "no map"
        told = (
            "the network is switched off, its kriging alone"
            if not near + far
            else (
                f"of the network's correction {near:.0%} near readings and {far:.0%} far from them (the model's own {near_own:.0%} and {far_own:.0%})"
            )
        )
        chosen, own, kriging = (f"{self.rmse[name]:.3g}" for name in ("chosen", "model", "kriging"))
        errors = f"chosen {chosen}, model {own}, kriging {kriging}"
        widths = "interval width x {:.2f} near, x {:.2f} far".format(*self.trust.widths)
        return (
            f"{told}; kriging with {maps}; {widths} (left-out RMSE {errors}; {self.cells} cells of {self.days} day{'s' * (self.days > 1)})"
        )


class _Part(NamedTuple):
    """A day without the readings of some cells.

    Attributes
    ----------
    given : the day's readings without them, by variable
    own : the target's readings with them
    at : rows and columns of the cells
    unit : int (cells,), which of them were left out together
    """

    given: Day
    own: GriddedReadings
    at: tuple[np.ndarray, ...]
    unit: np.ndarray


class _LeftOut(NamedTuple):
    """Left-out readings and what was said of them, each float (cells,).

    `weight` is what each counts in a mean of squares, `full` kriging with the whole correction, `sd` NaN where the model does not tell it, and
    `unit` an int that those share which were left out together.
    """

    observed: np.ndarray
    weight: np.ndarray
    error: np.ndarray
    background: np.ndarray
    full: np.ndarray
    doubt: np.ndarray
    sd: np.ndarray
    unit: np.ndarray


def choose_trust(predictor: Predictor, days: Sequence[Day], folds: int = FOLDS, seed: int = 0) -> Choice:
    """What left-out readings of some days support; nothing is learnt from days with fewer than `FEWEST_CELLS` cells with readings.

    The cost is `folds` predictions of each day, and twice as many krigings.

    Parameters
    ----------
    predictor : of a network that corrects kriging (`Predictor.corrects_kriging`); where its trust says nothing else, the choice is drawn to that
    days : of each day its readings by variable, one day or the sample of a period (`sample_of`)
    """
    c, target = predictor.model.configuration, predictor.model.configuration.target
    rule, reach, own = c.transform_of(target), c.correction_reach, own_trust(predictor)
    days = [day for day in days if int((day[target].counts > 0).sum()) >= FEWEST_CELLS]
    if not days:
        return Choice(predictor.trust, own)
    parts = [part for day in days for part in _parts(day, target, folds, seed)]
    found = _left_out(predictor.trusting(replace(own, shares=(1.0, 1.0))), parts)
    trust = replace(own, shares=_best_shares(found, own.shares, rule, reach))
    tried = {"chosen": trust.shares, "model": own.shares, "kriging": (0, 0)}
    values = {name: mixed(found, shares, rule, reach) for name, shares in tried.items()}
    if drift := _better_drift(predictor, parts, found, values["chosen"], own.drift):
        trust = replace(KRIGING_ALONE, drift=drift)
        found = _left_out(predictor.trusting(trust), parts)
        values["chosen"] = mixed(found, (0, 0), rule)
    widths = _widths(found, values["chosen"], rule) if c.uncertainty else (1.0, 1.0)
    rmse = {name: _rmse(found, value) for name, value in values.items()}
    return Choice(replace(trust, widths=widths), own, len(days), len(found.observed), rmse)


def own_trust(predictor: Predictor) -> Trust:
    """What the predictor goes by as it is, with the shares and the maps named."""
    shares = predictor.trust.shares or predictor.model.configuration.correction_share
    acting, known = predictor.trust.drift_of(predictor.model.configuration), _known(predictor)
    return replace(predictor.trust, shares=shares, drift=tuple(name for name in acting if name in known))


def as_asked(predictor: Predictor, choice: str) -> Choice:
    """That of a user who asks for the model's "kriging" alone, or for its "network" wherever it is used; whatever the evidence."""
    return Choice({"kriging": KRIGING_ALONE, "network": Trust()}[choice], own_trust(predictor), asked=choice)


def sample_of(numbers: Sequence[int], most: int = MOST_DAYS) -> list[int]:
    """Up to so many of the numbers, spread evenly."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[int(place)] for place in (np.arange(most) + 0.5) * len(numbers) / most]


def _parts(day: Day, target: str, folds: int, seed: int) -> list[_Part]:
    """A day's parts, each without the readings of one fold."""
    own = day[target]
    cells = np.argwhere(own.mask)
    fold, unit = left_out_together(cells, folds, seed)
    return [
        _Part({**day, target: without(own, cells[fold == number])}, own, tuple(cells[fold == number].T), unit[fold == number])
        for number in np.unique(fold)
    ]


def _left_out(predictor: Predictor, parts: Sequence[_Part]) -> _LeftOut:
    """What the whole correction makes of the parts at the cells that they lack."""
    columns: list[list[np.ndarray]] = []
    for part, made in zip(parts, predictor.parts([part.given for part in parts])):
        own, at = part.own, part.at
        error = np.zeros(len(at[0])) if own.errors is None else own.errors[at]
        weight = np.ones(len(at[0])) if own.errors is None else weights(own.values[at], own.errors[at])
        sd = np.full(len(at[0]), np.nan) if made.sd is None else made.sd[at]
        columns.append([own.values[at], weight, error, made.background[at], made.field[at], made.doubt[at], sd])
    joined = [np.concatenate(column).astype(float) for column in zip(*columns)]
    return _LeftOut._make([*joined, _units(parts)])


def _units(parts: Sequence[_Part]) -> np.ndarray:
    """Units numbered over all days, in the order of the parts' cells."""
    days = {id(part.own): number for number, part in enumerate(parts)}
    return np.unique(np.concatenate([part.unit + 10**7 * days[id(part.own)] for part in parts]), return_inverse=True)[1]


def _better_drift(
    predictor: Predictor, parts: Sequence[_Part], found: _LeftOut, chosen: np.ndarray, own: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Maps whose kriging alone meets the left-out readings better than what was `chosen`, by `_SURE` standard errors; None without any.

    The correction was trained on the model's own kriging: on that of other maps it would correct what these have told already.
    """
    c, known = predictor.model.configuration, _known(predictor)
    others = dict.fromkeys(tuple(name for name in names if name in known) for names in (c.maps, c.covariates, c.drift, ()))
    best, gained = None, 0.0
    for names in others:
        if names == own:
            continue
        fields = predictor.trusting(Trust(drift=names)).kriged([part.given for part in parts])
        kriged = np.maximum(np.concatenate([field[part.at] for field, part in zip(fields, parts)]), 0)
        gain = found.weight * ((chosen - found.observed) ** 2 - (kriged - found.observed) ** 2)
        of_units = np.bincount(found.unit, gain)
        # The sum over units that are independent has the variance of the sum of their squares.
        if of_units.sum() > max(gained, _SURE * float(np.sqrt((of_units**2).sum()))):
            best, gained = names, float(of_units.sum())
    return best


def _best_shares(found: _LeftOut, own: tuple[float, float], rule: Transform, reach: float = 1.0) -> tuple[float, float]:
    """The most likely shares near and far, between what meets the left-out readings best and the model's own.

    With the errors e of the shares of least squares and x, by how much the whole correction changes a value, these tell a share with the
    variance V / sum(x^2), V = sum over units of (sum of x e in the unit)^2 / sum(x^2): the sandwich estimate for clusters (Liang and Zeger
    1986, doi:10.1093/biomet/73.1.13). Before, it lies within `_SCATTER` of the model's own.
    """
    near, far = np.meshgrid(_SHARES, _SHARES, indexing="ij")
    tried = torch.from_numpy(np.stack([near.ravel(), far.ravel()], axis=1))
    before, full = (transform(torch.from_numpy(column), rule) for column in (found.background, found.full))
    doubt, weight, observed = (torch.from_numpy(column) for column in (found.doubt, found.weight, found.observed))
    away = share_at(doubt, (0.0, 1.0), reach)
    squares = np.concatenate(
        [  # a row of the table at a time: memory stays small
            (
                weight
                * (inverse(before + (one[:, :1] + (one[:, 1:] - one[:, :1]) * away) * (full - before), rule).clamp_min(0) - observed) ** 2
            )
            .sum(1)
            .numpy()
            for one in tried.split(len(_SHARES))
        ]
    )
    least = int(squares.argmin())
    x = found.weight * (mixed(found, (1.0, 1.0), rule) - mixed(found, (0.0, 0.0), rule))
    products = np.bincount(found.unit, x * (mixed(found, (near.flat[least], far.flat[least]), rule, reach) - found.observed))
    noise = float((products**2).sum() / max((x**2).sum(), 1e-12))
    unlike = ((near - own[0]) ** 2 + (far - own[1]) ** 2).ravel() / _SCATTER**2
    best = int((squares + noise * unlike).argmin())
    return float(near.flat[best]), float(far.flat[best])


def mixed(found: _LeftOut, shares: tuple[float, float], rule: Transform, reach: float = 1.0) -> np.ndarray:
    """Values with shares of the correction near and far, as the network applies them."""
    before, full = (transform(torch.from_numpy(x), rule).numpy() for x in (found.background, found.full))
    share = share_at(found.doubt, shares, reach)
    return np.maximum(inverse(torch.from_numpy(before + share * (full - before)), rule).numpy(), 0)


def _widths(found: _LeftOut, mean: np.ndarray, rule: Transform) -> tuple[float, float]:
    """What the standard deviation must be multiplied by near and far, for nine in ten left-out readings to lie in the 90 % interval."""
    # As in the network: of logs the width goes with the mean. A reading that is left out differs from the field by its own error too.
    wider = (mean + rule.offset) / (np.maximum(found.full, 0) + rule.offset) if rule.kind == "log" else 1.0
    sd = np.hypot(found.sd * wider, found.error)
    errors = np.abs(standard_errors(mean, sd, found.observed))
    order = np.argsort(errors)
    alike = (found.unit.max() + 1) / len(errors)  # cells of a cluster say about the same
    widths = []
    for weight in (1 - found.doubt, found.doubt):
        summed = np.cumsum(weight[order])
        widths.append(width_factor(errors[order][np.searchsorted(summed, 0.9 * summed[-1])], summed[-1] * alike))
    return widths[0], widths[1]


def _rmse(found: _LeftOut, values: np.ndarray) -> float:
    return float(np.sqrt((found.weight * (values - found.observed) ** 2).sum() / found.weight.sum()))


def _known(predictor: Predictor) -> tuple[str, ...]:
    return tuple(name for name, field in predictor.maps.items() if np.isfinite(field).any())


def without(readings: GriddedReadings, cells: np.ndarray) -> GriddedReadings:
    """The readings without those of some cells, int (cells, 2)."""
    counts = readings.counts.copy()
    counts[tuple(cells.T)] = 0
    placed = readings.placed and readings.placed.outside((readings.counts > 0) & (counts == 0))
    return replace(readings, values=np.where(counts > 0, readings.values, 0).astype(np.float32), counts=counts, placed=placed)
