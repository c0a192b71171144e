"""What is said of the error of readings (`--error`, `--network`), and which are too uncertain to say where they are.

An error is the standard deviation of a reading about the truth at its place, as a certificate or a comparison beside a reference
monitor gives it. Errors of different stations are taken as independent; those of a station's hours as wholly alike, as a bias of its
sensor is, so that a daily mean is as uncertain as its hours are in the mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Sequence

import numpy as np
import pandas as pd

from model_core.errors import InputError
from model_core.stations.distinct import numbers

# Readings of one cell differ by about this share of the mean reading though both are right: the place in the cell differs.
IN_CELL = 0.15
# A day whose readings hardly differ still tells apart what is uncertain by more than this share.
LEAST_SPREAD = 0.5
_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d*)?|\.\d+)\s*(%?)\s*")
_NAMED = 5  # networks that a message names


@dataclass(frozen=True)
class ErrorRule:
    """How the error of a reading is found.

    Attributes
    ----------
    column : with the error of each reading; None where there is none
    share : whether the column is in per cent of the reading, else it is in the reading's unit
    everywhere : (number, whether it is a share) for all readings; None where it is said by column or network
    network : column that says the network of a reading
    networks : name of a network -> (number, whether it is a share)
    """

    column: str | None = None
    share: bool = False
    everywhere: tuple[float, bool] | None = None
    network: str | None = None
    networks: tuple[tuple[str, tuple[float, bool]], ...] = ()

    @property
    def columns(self) -> list[str]:
        """What must be read of the table."""
        return [name for name in (self.column, self.network) if name]

    def of(self, raw: pd.DataFrame, decimal: str | None, where: str) -> tuple[pd.DataFrame, str]:
        """Columns `error` (in the reading's unit) and `error_share` (of the reading) of rows, 0 where nothing is said; what is to be told.

        Raises
        ------
        InputError
            If an error is text or below zero.
        """
        errors, told = np.zeros((len(raw), 2)), ""
        if self.everywhere:
            errors[:, int(self.everywhere[1])] = self.everywhere[0]
        elif self.column:
            values, empty = numbers(raw[self.column], decimal)
            wrong = (np.isnan(values) & ~empty) | (values < 0)
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise InputError(
                    f"{where}: the error in column '{self.column}' must be a number of 0 or more in every row "
                    f"(first: row {raw.index[row] + 1}, '{raw[self.column].iloc[row]}')"
                )
            if empty.any():
                told = f"the error of {int(empty.sum())} rows is empty (column '{self.column}'): nothing is taken to be said of them"
            errors[:, int(self.share)] = np.where(empty, 0, values) / (100 if self.share else 1)
        else:
            names, known = raw[self.network].astype(str).str.strip(), dict(self.networks)
            for name, (number, share) in known.items():
                errors[(names == name).to_numpy(), int(share)] = number
            others = sorted(set(names) - set(known))
            if others:
                told = (
                    f"no error is told for the network {', '.join(others[:_NAMED])}{' ...' if len(others) > _NAMED else ''} "
                    f"(column '{self.network}'): its readings count as readings without an error of their own"
                )
        return pd.DataFrame(errors, raw.index, ["error", "error_share"]), told


def error_rule(texts: Sequence[str], network: str | None = None) -> ErrorRule | None:
    """The rule of ``--error`` and ``--network``; None where nothing is said.

    Parameters
    ----------
    texts : ``COL`` (a column in the reading's unit), ``COL%`` (in per cent of the reading), ``3`` or ``20%`` (all readings), or, with a
        column of the network, ``NAME=3`` or ``NAME=20%`` for each of them
    network : column that says the network of a reading

    Raises
    ------
    InputError
        If they contradict each other, or a number is below zero.
    """
    texts = [text.strip() for text in texts if text.strip()]
    if not texts:
        if network:
            raise InputError(f"the network column '{network}' serves the errors: name them too, such as --error sensor=30%")
        return None
    named = [text.rpartition("=") for text in texts]
    if all(equals and _NUMBER.fullmatch(value) for _, equals, value in named):
        if not network:
            raise InputError(f"error '{texts[0]}' is that of a network: name the column that says the network of a reading (--network)")
        return ErrorRule(network=network, networks=tuple((name.strip(), _number(value)) for name, _, value in named))
    if len(texts) > 1:
        raise InputError(f"errors {', '.join(texts)}: give one column or number, or NAME=NUMBER for each network")
    if network:
        raise InputError(f"error '{texts[0]}' holds for all readings; with a network column write NAME=NUMBER, such as sensor=30%")
    if _NUMBER.fullmatch(texts[0]):
        return ErrorRule(everywhere=_number(texts[0]))
    return ErrorRule(column=texts[0].rstrip("%").strip(), share=texts[0].endswith("%"))


def relative(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Errors as standard deviations of the logarithms, (readings,): those of a share are then the same for high and low readings.

    Where high readings had the larger errors, they would get less weight than low ones, and every mean would be too low.
    """
    return np.log1p(errors / (np.maximum(values, 0) + _offset(values)))


def certain_enough(values: np.ndarray, errors: np.ndarray | None) -> np.ndarray:
    """Which readings of a day or hour say more than that the day is as it is, a bool array: their error is below its spread.

    The spread is the standard deviation of the logarithms of the half of the readings with the smallest errors, and at least
    `LEAST_SPREAD`. A reading beyond it would have less weight than the mean of the others, and is left out.
    """
    if errors is None or len(values) < 4:
        return np.ones(len(values), bool)
    in_logs = relative(values, errors)
    best = np.argsort(in_logs, kind="stable")[: max(len(values) // 2, 3)]
    logarithms = np.log(np.maximum(values[best], 0) + _offset(values[best]))
    return in_logs <= max(float(logarithms.std()), LEAST_SPREAD)


def weights(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Inverse variances by which the readings of a cell are averaged: of their errors and of what differs within a cell (`IN_CELL`)."""
    return 1 / (IN_CELL**2 + relative(values, errors) ** 2)


def _offset(values: np.ndarray) -> float:
    """Added before logarithms are taken, so that a reading of zero has one: a twentieth of the mean reading."""
    return 0.05 * float(np.abs(values).mean()) + 1e-6


def _number(text: str) -> tuple[float, bool]:
    number, share = _NUMBER.fullmatch(text).groups()
    if float(number) < 0:
        raise InputError(f"an error can't be below zero, got '{text}'")
    return float(number) / (100 if share else 1), bool(share)
