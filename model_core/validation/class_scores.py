"""Scores of each method in each class of readings, with the bias and how surely it is known."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.scores import scores
from model_core.validation.classes import Grouping
from model_core.validation.cross_validation import CrossValidation
from model_core.validation.distributions import interval_scores

COLUMNS = (
    "by",
    "class",
    "method",
    "n",
    "clusters",
    "mean_observed",
    "bias",
    "bias_se",
    "nmb",
    "nmb_se",
    "rmse",
    "mae",
    "nme",
    "r2_det",
    "r2_pearson",
    "crps",
    "coverage_90",
    "width_90",
)


def class_scores(result: CrossValidation, groupings: Sequence[Grouping]) -> list[dict[str, Any]]:
    """A row for each grouping, class and method; classes without a reading are left out.

    Returns
    -------
    list of dict
        ``by``, ``class``, ``method``; ``n`` and ``clusters`` (readings, and cities or stations that they are of);
        ``mean_observed``; ``bias`` and ``bias_se`` (`bias_with_error`), both also over the mean observed (``nmb``, ``nmb_se``);
        ``rmse``, ``mae``, ``nme``, ``r2_det``, ``r2_pearson``; ``crps``, ``coverage_90``, ``width_90`` of methods that tell
        their uncertainty.
    """
    observed, cluster, rows = result.table["observed"].to_numpy(float), _clusters(result), []
    for grouping in groupings:
        members = {method: grouping.of(method) for method in result.methods}
        for number, name in enumerate(grouping.classes):
            for method in result.methods:
                predicted = result.prediction(method)
                those = np.flatnonzero(members[method][number] & np.isfinite(predicted))
                if len(those):
                    labels = {"by": grouping.name, "class": name, "method": method}
                    rows.append(labels | _of(predicted[those], observed[those], cluster[those], result.distribution(method), those))
    return rows


def in_report(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows as they stand in scores.json, ``by_class``: grouping -> class -> method -> scores; of groups, which may be
    hundreds of cities, the table alone holds them."""
    found: dict[str, Any] = {}
    for row in rows:
        if row["by"] != "group":
            values = {key: value for key, value in row.items() if key not in ("by", "class", "method")}
            found.setdefault(row["by"], {}).setdefault(row["class"], {})[row["method"]] = values
    return {"by_class": found}


def bias_with_error(error: np.ndarray, cluster: np.ndarray) -> tuple[float, float]:
    """The mean of errors, and its standard error, which allows errors of one cluster to be alike.

    Stations of a city err together, and so does a station that is asked for several times: they tell less than as many
    independent ones. With e the errors, m their mean and S_g the sum of e - m over cluster g of G, the standard error is
    sqrt(G / (G - 1) sum_g S_g^2) / n (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13; Cameron and Miller 2015,
    doi:10.3368/jhr.50.2.317, eq. 11). NaN with one cluster.
    """
    mean, (_, number) = error.mean(), np.unique(cluster, return_inverse=True)
    sums = np.bincount(number, error - mean)
    if len(sums) < 2:
        return float(mean), float("nan")
    return float(mean), float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / len(error))


def _clusters(result: CrossValidation) -> np.ndarray:
    """The city or other group of each reading, or its station where it has none."""
    table = result.table
    return np.where(table["group"] != "", "group " + table["group"].astype(str), "station " + table["id"].astype(str)).astype(str)


def _of(predicted: np.ndarray, observed: np.ndarray, cluster: np.ndarray, distribution: Any, rows: np.ndarray) -> dict[str, Any]:
    found = scores(predicted, observed)
    if distribution is not None:
        found |= interval_scores(distribution.at(rows), observed)
    mean = float(observed.mean())
    found["bias"], found["bias_se"] = bias_with_error(predicted - observed, cluster)
    found |= {"clusters": len(np.unique(cluster)), "mean_observed": mean, "nmb_se": found["bias_se"] / mean if mean else float("nan")}
    return {key: found[key] for key in COLUMNS if key in found}
