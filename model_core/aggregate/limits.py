"""Named and dated sets of limits, kept as data in limits.toml, and whether a year's statistics are above one of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date as Date
from functools import lru_cache
from pathlib import Path
from typing import Sequence

import numpy as np

from model_core.aggregate.daily_values import DAILY_WORDS, MAX_1H, MAX_8H, MEAN
from model_core.aggregate.statistics import Percentile, Result
from model_core.errors import InputError
from model_core.gases import MOLAR_MASS, Gas
from model_core.units import convert
from model_core.variables import get_variable

_DATA = Path(__file__).with_name("limits.toml")
# What the value of a day must be, for a limit of this averaging time to be set against it.
_OF_A_DAY = {"year": MEAN, "day": MEAN, "8 h": MAX_8H, "1 h": MAX_1H}
_ENTRIES = {"species", "averaging", "value", "unit", "percentile", "rule", "exceedances", "years", "why"}


@dataclass(frozen=True)
class Limit:
    """One limit of a set.

    Attributes
    ----------
    set, title : key and title of the set
    species : key of the variable
    averaging : "year", "day", "8 h" or "1 h"
    value, unit : as published
    percentile : of the days of a year that must not be above the value, or None
    exceedances : days of a year that may be above the value, or None
    years : how many years the rule takes the mean of
    why : why attainment is not judged, "" where it is
    """

    set: str
    title: str
    species: str
    averaging: str
    value: float
    unit: str
    percentile: Percentile | None = None
    exceedances: int | None = None
    years: int = 1
    why: str = ""

    @property
    def name(self) -> str:
        """Of the variable that says where it is exceeded, such as pm25_above_who2021_day."""
        return f"{self.species}_above_{self.set}_{self.averaging}".replace(" ", "").replace("-", "_")

    @property
    def of_a_day(self) -> str:
        """What the values of the days must be, one of `daily_values.DAILY`."""
        return _OF_A_DAY[self.averaging]

    @property
    def rule(self) -> str:
        """What decides, in words."""
        if self.averaging == "year":
            text = "annual mean"
        elif self.percentile is not None:
            text = f"{self.percentile.percent:g}th percentile"
        elif self.exceedances is not None:
            text = f"{self.exceedances} exceedance day{'s' * (self.exceedances != 1)} allowed"
        else:
            return f"not judged: {self.why}"
        return text + (f", mean of {self.years} years" if self.years > 1 else "")

    def amount(self, gas: Gas | None) -> float:
        """The value in the variable's canonical unit; a mixing ratio becomes mass at the state of `gas`."""
        where = f"limit {self.value:g} {self.unit} of {self.set}"
        return float(convert(np.float64(self.value), self.unit, get_variable(self.species).unit, where, gas))

    def why_not(self, daily: str, by: str) -> str:
        """Why attainment can't be judged from days of this value in periods of this kind, or ""."""
        if self.of_a_day != daily:
            return f"it is for {DAILY_WORDS[self.of_a_day]}, and the values of the days are {DAILY_WORDS[daily]}"
        return self.why or ("" if by == "year" else "it is for calendar years (by year)")

    def exceeded(self, result: Result, amount: float) -> np.ndarray:
        """float32, 1 where a year's statistics are above the limit of `amount`, 0 where they are not, NaN where they are not known."""
        if self.averaging == "year":
            value, most = result.mean, amount
        elif self.percentile is not None:
            value, most = result.percentiles[self.percentile], amount
        else:
            value, most = result.above[amount], self.exceedances
        return np.where(np.isfinite(value), value > np.float32(most), np.nan).astype(np.float32)


@dataclass(frozen=True)
class LimitSet:
    """Limits that were published together; `in_force` is in words, "" where nothing is to be said."""

    key: str
    title: str
    source: str
    date: Date
    in_force: str
    limits: tuple[Limit, ...]


@lru_cache(maxsize=1)
def limit_sets() -> dict[str, LimitSet]:
    """The sets by their key, in the order of the data."""
    found = {}
    for key, entries in tomllib.loads(_DATA.read_text(encoding="utf-8")).items():
        limits = tuple(_limit(key, entries["title"], entry) for entry in entries["limits"])
        found[key] = LimitSet(key, entries["title"], entries["source"], entries["date"], entries.get("in_force", ""), limits)
    return found


def chosen_limits(keys: Sequence[str], species: str) -> list[Limit]:
    """The limits for a species of the named sets; "all" stands for all sets.

    Raises
    ------
    InputError
        If there is no set of that name, or none of the named ones has a limit for the species.
    """
    sets = limit_sets()
    unknown = [key for key in keys if key not in sets and key != "all"]
    if unknown:
        raise InputError(f"there is no set of limits '{unknown[0]}'; known are {', '.join(sets)}, or all")
    chosen = [one for key, one in sets.items() if key in keys or "all" in keys]
    found = [limit for one in chosen for limit in one.limits if limit.species == species]
    if chosen and not found:
        raise InputError(f"none of the sets {', '.join(one.key for one in chosen)} has a limit for {species}; leave --limits out")
    return found


def gas_of(species: str, temperature: float, pressure: float) -> Gas | None:
    """What turns a limit in ppb into mass at a temperature (K) and pressure (Pa); None for a species that is no gas."""
    return Gas(MOLAR_MASS[species], temperature, pressure) if species in MOLAR_MASS else None


def _limit(key: str, title: str, entry: dict) -> Limit:
    surplus = set(entry) - _ENTRIES
    if surplus or entry["averaging"] not in _OF_A_DAY:
        raise ValueError(f"limits.toml, [{key}]: {sorted(surplus) or entry['averaging']} is unknown")
    percent = entry.get("percentile")
    return Limit(
        key,
        title,
        entry["species"],
        entry["averaging"],
        float(entry["value"]),
        entry["unit"],
        None if percent is None else Percentile(float(percent), entry.get("rule", "linear")),
        entry.get("exceedances"),
        entry.get("years", 1),
        entry.get("why", ""),
    )


def as_markdown() -> str:
    """All limits as a table for the docs."""
    lines = ["| set | date | species | averaging | limit | rule |", "|---|---|---|---|---|---|"]
    for one in limit_sets().values():
        lines += [
            f"| `{one.key}` | {one.date} | {limit.species} | {limit.averaging} | {limit.value:g} {limit.unit} | {limit.rule} |"
            for limit in one.limits
        ]
    return "\n".join(lines)
