"""The classes that readings fall into when scores are told apart: by distance, by what the maps say, by concentration, by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np
import pandas as pd

from model_core.evaluation.day_groups import NamedPeriod, day_groups
from model_core.evaluation.polygons import Regions
from model_core.validation.cross_validation import CrossValidation

# Kilometres to the nearest given station, share of urban land, metres.
DISTANCES, URBAN, ELEVATIONS = (10.0, 25.0, 50.0, 130.0), (0.05, 0.2, 0.5), (200.0, 500.0, 1000.0, 2000.0)
_OF_MAPS = {"urban": (URBAN, 100, "%"), "elevation": (ELEVATIONS, 1, "m")}
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Grouping:
    """A way to tell readings apart.

    Attributes
    ----------
    name : such as "distance"
    classes : in the order in which they are shown
    of : method -> bool array (classes, rows of the table): which readings belong to each; a reading may belong to several or none
    """

    name: str
    classes: tuple[str, ...]
    of: Callable[[str], np.ndarray]


def groupings(result: CrossValidation, periods: Sequence[NamedPeriod] = (), regions: Regions | None = None) -> list[Grouping]:
    """All groupings that the table knows.

    `distance` : to the nearest given station, where any is given. `urban`, `elevation` : of the maps, where they are known.
    `predicted` : by what the method itself says; `observed` : by the reading. The limits of both are the fifths of all readings.
    `given` : of thinned networks, how many groups they have. `month`, `season` : where there are several days with a date;
    `period` : of `periods`. `region` : of `regions`. `group` : such as the city, where the readings have one.

    Classes by observation flatter no one and mislead: among the highest readings any unbiased prediction is too low on
    average, among the lowest too high. Classes by prediction have no such slope.
    """
    table, found = result.table, []
    if "near_km" in table:
        found.append(_between("distance", table["near_km"].to_numpy(float), DISTANCES, 1, "km"))
    for name, (limits, factor, unit) in _OF_MAPS.items():
        if name in result.maps:
            found.append(_between(name, table[name].to_numpy(float), limits, factor, unit))
    observed = table["observed"].to_numpy(float)
    limits = tuple(dict.fromkeys(float(f"{limit:.2g}") for limit in np.quantile(observed, _FIFTHS)))
    names = _names(limits, 1, "")
    found.append(Grouping("predicted", names, lambda method: _members(result.prediction(method), limits)))
    found.append(Grouping("observed", names, lambda method: _members(observed, limits)))
    if "given" in table:
        found.append(_by_label("given", table["given"].to_numpy(int), [f"{size} given" for size in np.unique(table["given"])]))
    if table["time"].notna().all():
        found += _by_day(table["time"], periods)
    if regions is not None:
        found.append(_by_label("region", regions.of_places(table["lon"], table["lat"])))
    if (table["group"] != "").any():
        found.append(_by_label("group", table["group"].to_numpy(object)))
    return found


def _by_day(days: pd.Series, periods: Sequence[NamedPeriod]) -> list[Grouping]:
    """Of all days together one class tells nothing: groupings with a single one are left out, but for named periods."""
    distinct, of_reading = np.unique(days.to_numpy(), return_inverse=True)
    of_day = [day_groups(day, periods) for day in distinct]
    found = []
    for name in of_day[0]:
        classes = list(dict.fromkeys(one for groups in of_day for one in groups[name]))
        if len(classes) > 1 or name == "period":
            member = np.array([[one in groups[name] for groups in of_day] for one in classes])[:, of_reading]
            found.append(Grouping(name, tuple(classes), _always(member)))
    return found


def _between(name: str, value: np.ndarray, limits: tuple[float, ...], factor: float, unit: str) -> Grouping:
    return Grouping(name, _names(limits, factor, unit), _always(_members(value, limits)))


def _names(limits: tuple[float, ...], factor: float, unit: str) -> tuple[str, ...]:
    """Such as "<10 km", "10-25 km", ">=25 km"."""
    text, behind = [f"{limit * factor:g}" for limit in limits], f" {unit}".rstrip()
    return (f"<{text[0]}{behind}", *(f"{low}-{high}{behind}" for low, high in zip(text, text[1:])), f">={text[-1]}{behind}")


def _members(value: np.ndarray, limits: tuple[float, ...]) -> np.ndarray:
    """Bool (classes, values); an unknown value belongs to none."""
    number = np.where(np.isfinite(value), np.searchsorted(limits, value, side="right"), -1)
    return number == np.arange(len(limits) + 1)[:, None]


def _by_label(name: str, label: np.ndarray, names: Sequence[str] | None = None) -> Grouping:
    """A class for each label but ""."""
    distinct = [one for one in np.unique(label) if one != ""]
    return Grouping(name, tuple(names or map(str, distinct)), _always(np.array([label == one for one in distinct])))


def _always(member: np.ndarray) -> Callable[[str], np.ndarray]:
    return lambda method: member
