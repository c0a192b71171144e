"""Which static maps a model is given when CTM days are reproduced: whose elevation, whose urban fraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from model_core.grid import Grid
from model_core.model_file import Model
from model_core.warping import warp

FILE, CTM, MODEL = "file", "ctm", "model"
_IN_WORDS = {FILE: "the covariates file", CTM: "the CTM files", MODEL: "the model file"}


@dataclass(frozen=True)
class MapsUsed:
    """The maps of a reproduction.

    Attributes
    ----------
    fields : covariate -> float32 array (rows, columns), NaN where unknown; they go before the model's own maps
    origin : covariate -> "file", "ctm" or "model"; a covariate that nobody knows here is not in it
    """

    fields: dict[str, np.ndarray]
    origin: dict[str, str]

    def in_words(self) -> str:
        """One line for the log."""
        return "; ".join(f"{name} from {_IN_WORDS[origin]}" for name, origin in self.origin.items()) or "none"


def choose_maps(model: Model, of_ctm: Mapping[str, np.ndarray], grid: Grid, of_file: Mapping[str, np.ndarray] | None = None) -> MapsUsed:
    """A user's file goes before the CTM, and the CTM before the model, each wherever it knows a value.

    The fields to be reproduced were made over the CTM's own terrain and cities: another elevation than theirs would be
    counted as the model's fault.

    Parameters
    ----------
    of_ctm, of_file : covariate -> array (rows, columns) on the grid, NaN where unknown
    """
    of_model = model.maps.fields if model.maps else {}
    fields, origins = {}, {}
    for name in model.configuration.maps:
        known = {
            origin: maps[name] for origin, maps in ((FILE, of_file or {}), (CTM, of_ctm)) if name in maps and np.isfinite(maps[name]).any()
        }
        if known:
            first, *others = known.values()
            for other in others:
                first = np.where(np.isfinite(first), first, other)
            fields[name], origins[name] = np.asarray(first, np.float32), next(iter(known))
        elif name in of_model and np.isfinite(warp(of_model[name], model.maps.grid, grid)).any():
            origins[name] = MODEL
    return MapsUsed(fields, origins)
