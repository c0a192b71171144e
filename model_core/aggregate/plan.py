"""What is asked of each period, and the variables that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Sequence

import numpy as np

from model_core.aggregate.daily_values import DAILY_WORDS, MAX_8H, MEAN
from model_core.aggregate.limits import Limit, chosen_limits
from model_core.aggregate.statistics import Percentile, Result
from model_core.errors import InputError
from model_core.gases import Gas
from model_core.progress import Progress
from model_core.variables import Variable


class Output(NamedTuple):
    """A variable of the output: its name, unit, and CF attributes."""

    name: str
    unit: str
    attributes: dict


@dataclass(frozen=True)
class Plan:
    """What is computed of each period.

    Attributes
    ----------
    variable : what the fields are of
    daily : value of a day that is put together, one of `daily_values.DAILY`
    by : kind of the periods, one of `periods.BY`
    minimum_share, station_share : of a period's days that must be valid in a cell and at a station, 0 to 1
    thresholds : whose exceedance days are counted, in the variable's unit, in rising order
    percentiles : of the days
    judged : limits, each with its value in the variable's unit, that a year is set against
    with_sd : whether the bound of the standard deviation is written
    """

    variable: Variable
    daily: str
    by: str
    minimum_share: float
    station_share: float
    thresholds: tuple[float, ...]
    percentiles: tuple[Percentile, ...]
    judged: tuple[tuple[Limit, float], ...]
    with_sd: bool

    def outputs(self) -> list[Output]:
        """The variables that are written, the mean first."""
        key, unit, what = self.variable.key, self.variable.unit, DAILY_WORDS[self.daily]
        within = "time: mean within days" if self.daily == MEAN else "time: maximum within days"
        within += " (of 8-hour means)" if self.daily == MAX_8H else ""
        over = "years" if self.by.endswith("climatology") else "days"
        methods = f"{within} time: {{}} over days" + (" time: mean over years" if over == "years" else "")
        long_name = self.variable.long_name
        found = [
            Output(key, unit, {"long_name": f"{long_name}, mean of {what}", "cell_methods": self._mean_methods()}),
            Output(f"{key}_days", "1", {"long_name": "number of valid days", "cell_methods": methods.format("sum")}),
            Output(f"{key}_share", "1", {"long_name": "share of the period's days that are valid", "cell_methods": methods.format("mean")}),
        ]
        if self.with_sd:
            found.append(
                Output(
                    f"{key}_sd_bound",
                    unit,
                    {
                        "long_name": "upper bound of the standard deviation of the mean: mean of the daily standard deviations",
                        "cell_methods": methods.format("mean"),
                    },
                )
            )
        found += [
            Output(
                f"{key}_{one.name}",
                unit,
                {
                    "long_name": f"{long_name}, {one.percent:g}th percentile of {what}"
                    + (" (40 CFR 50, appendix N)" if one.rule == "epa" else ""),
                    "cell_methods": within,
                },
            )
            for one in self.percentiles
        ]
        found += [
            Output(
                f"{key}_days_above_{_in_name(threshold)}",
                "1",
                {
                    "long_name": f"number of days with {long_name} above {threshold:.6g} {unit} ({what})",
                    "cell_methods": methods.format("sum"),
                },
            )
            for threshold in self.thresholds
        ]
        found += [
            Output(
                limit.name,
                "1",
                {
                    "long_name": f"above {limit.title}: {limit.value:g} {limit.unit}, {limit.averaging}, {limit.rule}",
                    "flag_values": np.array([0, 1], np.float32),
                    "flag_meanings": "not_above above",
                    "cell_methods": within,
                },
            )
            for limit, _ in self.judged
        ]
        return found

    def values(self, result: Result) -> dict[str, np.ndarray]:
        """The arrays of `outputs`, float32 of one shape, by name."""
        key = self.variable.key
        found = {key: result.mean, f"{key}_days": result.days, f"{key}_share": result.share}
        if result.sd_bound is not None:
            found[f"{key}_sd_bound"] = result.sd_bound
        found |= {f"{key}_{one.name}": result.percentiles[one] for one in self.percentiles}
        found |= {f"{key}_days_above_{_in_name(threshold)}": result.above[threshold] for threshold in self.thresholds}
        return found | {limit.name: limit.exceeded(result, amount) for limit, amount in self.judged}

    def _mean_methods(self) -> str:
        """CF's words; of daily means over a period it is one mean over time."""
        if self.by.endswith("climatology"):
            return "time: mean within years time: mean over years"
        return "time: mean" if self.daily == MEAN else "time: maximum within days time: mean over days"


def make_plan(
    variable: Variable,
    daily: str,
    by: str,
    minimum_share: float,
    station_share: float,
    above: Sequence[float],
    percentiles: Sequence[float],
    sets: Sequence[str],
    gas: Gas | None,
    with_sd: bool,
    progress: Progress,
) -> Plan:
    """The plan of a request; what can't be judged, and what a single year can't say, goes to the log.

    Parameters
    ----------
    above : thresholds in the variable's unit
    percentiles : from 0 to 100
    sets : keys of sets of limits
    gas : state of the air at which limits in ppb become mass, where the species is a gas

    Raises
    ------
    InputError
        If a number is out of range, or a set is unknown or has no limit for the species.
    """
    for name, share in (("minimum_share", minimum_share), ("station_share", station_share)):
        if not 0 <= share <= 1:
            raise InputError(f"'{name}', a share of valid days, is from 0 to 1, not {share:g}; 0.75 is three quarters")
    if any(not 0 <= percent <= 100 for percent in percentiles):
        raise InputError(f"percentiles are from 0 to 100, not {', '.join(f'{percent:g}' for percent in percentiles)}")
    limits = [(limit, limit.amount(gas)) for limit in chosen_limits(sets, variable.key)] if sets else []
    judged = _judged(limits, daily, by, variable, gas, progress)
    counted = [amount for limit, amount in limits if limit.averaging != "year" and limit.of_a_day == daily]
    wanted = [Percentile(float(percent)) for percent in percentiles] + [one.percentile for one, _ in judged if one.percentile is not None]
    return Plan(
        variable,
        daily,
        by,
        float(minimum_share),
        float(station_share),
        tuple(sorted({*map(float, above), *counted})),
        tuple(dict.fromkeys(wanted)),
        tuple(judged),
        with_sd,
    )


def _judged(
    limits: Sequence[tuple[Limit, float]], daily: str, by: str, variable: Variable, gas: Gas | None, progress: Progress
) -> list[tuple[Limit, float]]:
    """The limits that a year can be set against; the log says which, and why others can't."""
    if limits and by != "year":
        progress.log("limits are for calendar years: days above the daily ones are counted, and attainment is judged with --by year")
    judged = []
    for limit, amount in limits:
        reason = limit.why_not(daily, by)
        if not reason:
            judged.append((limit, amount))
        if by != "year" and limit.of_a_day == daily:
            continue
        converted = ""
        if gas is not None and limit.unit.startswith("pp"):
            converted = f" ({amount:.4g} {variable.unit} at {gas.temperature_k:g} K and {gas.pressure_pa / 100:g} hPa)"
        verdict = f"not judged: {reason}" if reason else limit.rule + ("; each year is judged by itself" if limit.years > 1 else "")
        progress.log(f"{limit.title}, {limit.averaging}: {limit.value:g} {limit.unit}{converted}, {verdict}")
    return judged


def _in_name(number: float) -> str:
    return f"{number:.4g}".replace(".", "_").replace("-", "minus")
