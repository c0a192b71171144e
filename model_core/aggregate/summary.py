"""What an aggregation says in numbers: the mean over the area, and the share of area and stations above each limit."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import pandas as pd

from model_core.aggregate.limits import Limit
from model_core.aggregate.periods import Period
from model_core.aggregate.plan import Plan
from model_core.aggregate.statistics import Result


def period_summary(period: Period, plan: Plan, result: Result, areas: np.ndarray) -> dict[str, Any]:
    """Days and area of a period: how many days are at hand, the mean and the range over the area.

    Parameters
    ----------
    areas : km2 (rows, columns), 0 where a cell does not count
    """
    known = np.isfinite(result.mean) & (areas > 0)
    found = {
        "period": period.label,
        "start": str(period.start),
        "end": str(period.end - 1),
        "expected_days": period.expected,
        "days": len(period.days),
        "area_km2": float(areas[known].sum()),
        "area_share": round(float(areas[known].sum() / areas.sum()), 9) if areas.sum() else 0.0,
    }
    if not known.any():
        return {**found, "min": None, "mean": None, "max": None}
    values = result.mean[known]
    return {**found, "min": float(values.min()), "mean": float(np.average(values, weights=areas[known])), "max": float(values.max())}


def limit_summary(
    period: Period, plan: Plan, result: Result, areas: np.ndarray, of_stations: Result | None, where: np.ndarray | None = None
) -> list[dict[str, Any]]:
    """A row for each limit that the year is set against: area and stations above it, of those that have enough days.

    Parameters
    ----------
    where : bool (stations,), which stations count; all by default
    """
    rows = []
    for limit, amount in plan.judged:
        above = limit.exceeded(result, amount)
        known = np.isfinite(above) & (areas > 0)
        judged, exceeding = float(areas[known].sum()), float(areas[known & (above == 1)].sum())
        row = {
            "period": period.label,
            **_words(limit),
            "area_km2": judged,
            "area_above_km2": exceeding,
            "area_above_share": exceeding / judged if judged else None,
            "stations": None,
            "stations_above": None,
            "stations_above_share": None,
        }
        if of_stations is not None:
            at_stations = limit.exceeded(of_stations, amount)[0]
            counted = np.isfinite(at_stations) if where is None else np.isfinite(at_stations) & where
            number, over = int(counted.sum()), int((at_stations[counted] == 1).sum())
            row |= {"stations": number, "stations_above": over, "stations_above_share": over / number if number else None}
        rows.append(row)
    return rows


def _words(limit: Limit) -> dict[str, Any]:
    return {
        "set": limit.set,
        "limit": limit.title,
        "averaging": limit.averaging,
        "limit_value": limit.value,
        "limit_unit": limit.unit,
        "rule": limit.rule,
        "name": limit.name,
    }


def as_table(periods: Sequence[dict[str, Any]], limits: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Both as one table: a row for each period and limit, or for each period where there is no limit."""
    of_periods = pd.DataFrame(periods)
    if not limits:
        return of_periods
    return of_periods.drop(columns="area_km2").merge(pd.DataFrame(limits).drop(columns="name"), on="period", how="left")
