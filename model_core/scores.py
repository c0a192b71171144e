"""How well a modelled field meets a true one; the definitions are those of the method notes."""

from __future__ import annotations

import numpy as np


def scores(modelled: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Scores over all places where both are finite.

    Parameters
    ----------
    modelled, true : ndarray
        Same shape and unit.

    Returns
    -------
    dict
        ``n``, ``r2_pearson`` (squared correlation), ``r2_det`` (1 - SSE/SST), ``rmse`` and ``mae`` in the unit,
        ``nmb``, ``nme``, ``ioa`` (Willmott 1981), ``mfb`` and ``mfe`` (Boylan and Russell 2006); NaN where undefined.
    """
    both = np.isfinite(modelled) & np.isfinite(true)
    m, o = np.asarray(modelled, float)[both], np.asarray(true, float)[both]
    if not m.size:
        return {"n": 0} | dict.fromkeys(
            ("r2_pearson", "r2_det", "rmse", "mae", "nmb", "nme", "ioa", "mfb", "mfe"), float("nan")
        )
    error, mean = m - o, o.mean()
    squared, total = (error**2).sum(), ((o - mean) ** 2).sum()
    potential = ((np.abs(m - mean) + np.abs(o - mean)) ** 2).sum()
    # Two zeros agree: their fractional error is 0, not 0/0.
    fractional = np.divide(2 * error, m + o, out=np.zeros_like(error), where=(m + o) != 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.corrcoef(m, o)[0, 1] if m.size > 1 else np.nan
        return {
            "n": int(m.size),
            "r2_pearson": float(correlation**2),
            "r2_det": float(1 - squared / total),
            "rmse": float(np.sqrt(squared / m.size)),
            "mae": float(np.abs(error).mean()),
            "nmb": float(error.sum() / o.sum()),
            "nme": float(np.abs(error).sum() / o.sum()),
            "ioa": float(1 - squared / potential),
            "mfb": float(fractional.mean()),
            "mfe": float(np.abs(fractional).mean()),
        }
