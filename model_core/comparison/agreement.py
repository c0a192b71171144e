"""How far two fields agree, whether their units do or not."""

from __future__ import annotations

import numpy as np

from model_core.errors import InputError
from model_core.scores import scores

FEWEST = 3  # cells that a comparison needs
_ONLY_OF_ONE_UNIT = ("r2_det", "rmse", "mae", "nmb", "nme")


def agreement(field: np.ndarray, other: np.ndarray, one_unit: bool) -> dict[str, float]:
    """Scores over the places where both are finite.

    Returns
    -------
    dict
        ``n``, ``r2_pearson``, ``pearson`` and ``spearman`` (correlations), ``slope`` and ``intercept`` of the least-squares line of the
        field on the other, the means and standard deviations of both. Where they have one unit also ``r2_det`` (1 - SSE/SST, the
        other being the truth), ``bias`` (mean of field - other), ``rmse``, ``mae``, ``nmb`` and ``nme``. NaN where not defined.

    Raises
    ------
    InputError
        If they have fewer than three places in common.
    """
    from scipy.stats import spearmanr

    both = np.isfinite(field) & np.isfinite(other)
    f, o = np.asarray(field, float)[both], np.asarray(other, float)[both]
    if f.size < FEWEST:
        raise InputError(f"the two have values in only {f.size} cells in common; check places, mask and the least valid share")
    common = scores(f, o)
    spread = o.std() > 0 and f.std() > 0
    slope = float(np.cov(f, o, bias=True)[0, 1] / o.var()) if o.std() > 0 else float("nan")
    found = {
        "n": common["n"],
        "r2_pearson": common["r2_pearson"],
        "pearson": float(np.corrcoef(f, o)[0, 1]) if spread else float("nan"),
        "spearman": float(spearmanr(f, o).statistic) if spread else float("nan"),
        "slope": slope,
        "intercept": float(f.mean() - slope * o.mean()),
        "mean_field": float(f.mean()),
        "mean_other": float(o.mean()),
        "sd_field": float(f.std()),
        "sd_other": float(o.std()),
    }
    if one_unit:
        found |= {"bias": float((f - o).mean()), **{key: common[key] for key in _ONLY_OF_ONE_UNIT}}
    return found


def difference(field: np.ndarray, other: np.ndarray, one_unit: bool) -> np.ndarray:
    """float32: field - other, or where the units differ that of both as departures from their means in standard deviations.

    Means and standard deviations are those over the places where both are finite; NaN elsewhere.
    """
    both = np.isfinite(field) & np.isfinite(other)
    f, o = (np.where(both, values, np.nan).astype(float) for values in (field, other))
    return (f - o if one_unit else _standardised(f) - _standardised(o)).astype(np.float32)


def _standardised(values: np.ndarray) -> np.ndarray:
    spread = np.nanstd(values)
    return (values - np.nanmean(values)) / spread if spread > 0 else values * np.nan
