"""The scores of a cross-validation: pooled and as means of days, by method and by concentration class."""

from __future__ import annotations

from typing import Any

import numpy as np

from model_core.scores import mean_scores, scores
from model_core.validation.baselines import KRIGING
from model_core.validation.cross_validation import CrossValidation
from model_core.validation.distributions import INTERVAL_SCORES, interval_scores

# Name of each class and the observed concentration (ug m-3) above which a reading belongs to it.
CLASSES = {"above_75": 75.0, "above_150": 150.0}
_SUMMARY = ("n", "r2_det", "r2_pearson", "rmse", "mae", "nme", "nmb", *INTERVAL_SCORES)


def score_tables(result: CrossValidation) -> dict[str, Any]:
    """All scores as plain values, NaN where one is not defined.

    Returns
    -------
    dict
        ``methods``: of each method ``pooled`` (all station-days; with `INTERVAL_SCORES` where it tells its uncertainty),
        ``mean_of_daily``, ``classes`` (pooled scores over the readings above a concentration) and ``rmse_to_kriging`` (its RMSE
        over that of the best kriging, on the readings that all have; only where there is a kriging).
        ``daily``: of each day ``date``, ``n`` and the scores by method.
        A method that lacks some readings, such as those of days without a CTM field, is scored on those that it has.
    """
    daily = [
        {"date": None if rows.time.iloc[0] is None else str(rows.time.iloc[0]), "n": len(rows)}
        | {"methods": {method: _all_scores(result, method, rows.index.to_numpy()) for method in result.methods}}
        for _, rows in result.table.groupby("time", sort=True, dropna=False)
    ]
    return {"methods": {method: _of_method(result, method, daily) for method in result.methods}, "daily": daily}


def summary(tables: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The pooled scores that matter most, one level deep, by method; interval scores only where there are any."""
    lines = {}
    for method, found in tables["methods"].items():
        line = {key: found["pooled"][key] for key in _SUMMARY if key in found["pooled"]}
        line |= {f"nme_{name}": scored["nme"] for name, scored in found["classes"].items() if scored["n"]}
        lines[method] = line | ({"rmse_to_kriging": found["rmse_to_kriging"]} if "rmse_to_kriging" in found else {})
    return lines


def _of_method(result: CrossValidation, method: str, daily: list[dict[str, Any]]) -> dict[str, Any]:
    observed = result.table["observed"].to_numpy()
    days = [day["methods"][method] for day in daily]
    found = {
        "pooled": _all_scores(result, method, np.arange(len(observed))),
        "mean_of_daily": mean_scores(days) | {key: _mean([day[key] for day in days]) for key in INTERVAL_SCORES if key in days[0]},
        "classes": {name: _all_scores(result, method, np.flatnonzero(observed > limit)) for name, limit in CLASSES.items()},
    }
    krigings = [name for name in KRIGING if name in result.methods]
    if krigings:
        found["rmse_to_kriging"] = _to_kriging(result, method, krigings)
    return found


def _all_scores(result: CrossValidation, method: str, rows: np.ndarray) -> dict[str, float]:
    observed, distribution = result.table["observed"].to_numpy()[rows], result.distribution(method)
    found = scores(result.prediction(method)[rows], observed)
    return found if distribution is None else found | interval_scores(distribution.at(rows), observed)


def _to_kriging(result: CrossValidation, method: str, krigings: list[str]) -> float:
    columns = np.stack([result.prediction(name) for name in (method, *krigings)])
    errors = (columns - result.table["observed"].to_numpy())[:, np.isfinite(columns).all(0)]
    if not errors.size:
        return float("nan")
    own, *others = np.sqrt((errors**2).mean(1))
    return float(own / min(others)) if min(others) > 0 else float("nan")


def _mean(values: list[float]) -> float:
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")
