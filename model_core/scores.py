"""How well a modelled field meets a true one; the definitions are those of the method notes."""

from __future__ import annotations

from typing import Iterable, Mapping

import numpy as np

# In the order in which they are shown.
SCORES = ("r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", "ioa", "mfb", "mfe")


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
    sums = ScoreSums(o.mean() if o.size else 0.0)
    sums.add(m, o)
    return sums.scores()


def mean_scores(several: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each score over several (of days, say) where it is defined; NaN where it never is."""
    several = list(several)
    defined = {key: [s[key] for s in several if np.isfinite(s[key])] for key in SCORES}
    return {key: float(np.mean(values)) if values else float("nan") for key, values in defined.items()}


class ScoreSums:
    """Sums from which the scores over any number of pairs follow, so that the pairs need not be kept.

    Parameters
    ----------
    mean_true : float
        Mean of all true values that will be added. The index of agreement needs it beforehand; and sums of
        departures from it keep their digits where sums of squares of large values lose them.
    """

    def __init__(self, mean_true: float):
        self._mean = float(mean_true)
        self._n = 0
        self._sums = dict.fromkeys(("m", "o", "mm", "oo", "mo", "product", "squared", "absolute", "mfb", "mfe"), 0.0)

    def add(self, modelled: np.ndarray, true: np.ndarray) -> None:
        """Add pairs: two arrays of one shape, all finite."""
        m, o = np.asarray(modelled, float), np.asarray(true, float)
        error, dm, do = m - o, m - self._mean, o - self._mean
        # Two zeros agree: their fractional error is 0, not 0/0.
        fractional = np.divide(2 * error, m + o, out=np.zeros_like(error), where=(m + o) != 0)
        self._n += m.size
        for key, terms in {
            "m": dm,
            "o": do,
            "mm": dm**2,
            "oo": do**2,
            "mo": dm * do,
            "product": np.abs(dm * do),
            "squared": error**2,
            "absolute": np.abs(error),
            "mfb": fractional,
            "mfe": np.abs(fractional),
        }.items():
            self._sums[key] += float(terms.sum())

    def scores(self) -> dict[str, float]:
        """Scores of all pairs added, as `scores` gives them."""
        n, s = self._n, self._sums
        if not n:
            return {"n": 0} | dict.fromkeys(SCORES, float("nan"))
        true_sum = s["o"] + n * self._mean
        spread_m, spread_o = s["mm"] - s["m"] ** 2 / n, s["oo"] - s["o"] ** 2 / n
        # What is left of a constant after rounding is no spread.
        floor = 1e-14 * n * self._mean**2
        varied = spread_m > max(floor, 1e-12 * s["mm"]) and spread_o > max(floor, 1e-12 * s["oo"])
        covariance = s["mo"] - s["m"] * s["o"] / n
        pearson = min(covariance**2 / (spread_m * spread_o), 1.0) if varied else float("nan")
        values = {
            "r2_det": 1 - _ratio(s["squared"], spread_o if spread_o > floor else 0.0),
            "r2_pearson": pearson,
            "rmse": (s["squared"] / n) ** 0.5,
            "mae": s["absolute"] / n,
            "nme": _ratio(s["absolute"], true_sum),
            "nmb": _ratio(s["m"] - s["o"], true_sum),
            "ioa": 1 - _ratio(s["squared"], s["mm"] + s["oo"] + 2 * s["product"]),
            "mfb": s["mfb"] / n,
            "mfe": s["mfe"] / n,
        }
        return {"n": n} | values


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")
