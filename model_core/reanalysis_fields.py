"""What is written of a reanalysis: the mean, and beside it what uncertainty was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_core.errors import InputError

if TYPE_CHECKING:
    from model_core.prediction import Reanalysis

UNCERTAINTIES = ("none", "sd", "quantiles")
_QUANTILES = (0.05, 0.5, 0.95)


def field_names(target: str, uncertainty: str) -> list[tuple[str, str]]:
    """(name, long name or "") of what is written: the mean, then the standard deviation or the quantiles."""
    if uncertainty not in UNCERTAINTIES:
        raise InputError(f"unknown uncertainty '{uncertainty}'; choose {', '.join(UNCERTAINTIES)}")
    names = [(target, "")]
    if uncertainty == "sd":
        names.append((f"{target}_sd", "standard deviation of a station's reading in the cell"))
    if uncertainty == "quantiles":
        names += [(f"{target}_q{100 * p:02.0f}", f"{100 * p:.0f} % quantile of a station's reading in the cell") for p in _QUANTILES]
    return names


def fields_of(result: Reanalysis, target: str, uncertainty: str, model: str) -> dict[str, np.ndarray]:
    """The arrays (rows, columns) that `field_names` names; `InputError` if the model does not tell its uncertainty."""
    if uncertainty == "none":
        return {target: result.field}
    if result.sd is None:
        raise InputError(f"model '{model}' does not tell its uncertainty; choose uncertainty none, or a model trained with it")
    if uncertainty == "sd":
        arrays = [result.sd]
    else:
        from model_core.uncertainty import quantiles  # scipy is only loaded where it is needed

        arrays = list(quantiles(result.field, result.sd, _QUANTILES))
    return {name: array for (name, _), array in zip(field_names(target, uncertainty), [result.field, *arrays])}
