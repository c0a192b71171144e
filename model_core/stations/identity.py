"""Which station a reading is of: its id, and its place where the id stands at several places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyproj import CRS

# Places of one id that lie within a kilometre are one station, as a sensor's GPS or two lists of stations write it.
SAME_STATION_KM = 1.0
# Beyond that a station is an id at a place, told apart by squares of a hundred metres.
_SQUARE_KM = 0.1
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True)
class Stations:
    """The station of each reading.

    Attributes
    ----------
    number : int64, shape (readings,), from 0
    count : how many there are
    scattered : bool, shape (readings,), whether the reading's id stands at places more than a kilometre apart
    """

    number: np.ndarray
    count: int
    scattered: np.ndarray


def stations_of(x: np.ndarray, y: np.ndarray, id: np.ndarray | None, crs: CRS) -> Stations:
    """Stations by id; by id and place where the places of an id lie more than a kilometre apart; by place where there is no id.

    Parameters
    ----------
    x, y : float64 in `crs`, shape (readings,)
    id : texts with "" for none, or whole numbers with -1 for none
    """
    scattered = np.zeros(len(x), bool)
    if id is None:
        number = _places(x, y)
        return Stations(number, _count(number), scattered)
    codes, distinct = pd.factorize(id)
    named = id >= 0 if np.issubdtype(np.asarray(id).dtype, np.number) else id != ""
    east, north = kilometres(x, y, crs)
    scattered = named & (_spread(codes, len(distinct), east, north) > SAME_STATION_KM)[codes]
    number = codes.astype(np.int64)
    if scattered.any():
        squares = {"id": codes[scattered], "x": np.round(east[scattered] / _SQUARE_KM), "y": np.round(north[scattered] / _SQUARE_KM)}
        number[scattered] = len(distinct) + pd.DataFrame(squares).groupby(list(squares), sort=False, dropna=False).ngroup().to_numpy()
    if not named.all():
        number[~named] = number.max(initial=-1) + 1 + _places(x[~named], y[~named])
    number = pd.factorize(number)[0].astype(np.int64)
    return Stations(number, _count(number), scattered)


def moves(stations: Stations, id: np.ndarray, time: np.ndarray | None) -> bool:
    """Whether the ids at several places are those of sensors that move: at no time at two places.

    Without times, or where an id has readings at several places at once, the id is one of several stations.
    """
    if time is None:
        return False
    at = stations.scattered
    frame = pd.DataFrame({"id": pd.factorize(id[at])[0], "time": time[at].astype(np.int64), "station": stations.number[at]})
    return not frame.drop_duplicates().duplicated(["id", "time"]).any()


def kilometres(x: np.ndarray, y: np.ndarray, crs: CRS) -> tuple[np.ndarray, np.ndarray]:
    """Eastings and northings in km that tell neighbouring places apart; not for maps."""
    if not crs.is_geographic:
        factor = crs.axis_info[0].unit_conversion_factor / 1000 if crs.axis_info else 0.001
        return x * factor, y * factor
    with np.errstate(invalid="ignore"):
        return x * _KM_PER_DEGREE * np.cos(np.radians(np.clip(np.round(y), -89, 89))), y * _KM_PER_DEGREE


def _places(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return pd.DataFrame({"x": x, "y": y}).groupby(["x", "y"], sort=False, dropna=False).ngroup().to_numpy()


def _count(number: np.ndarray) -> int:
    return int(number.max(initial=-1)) + 1


def _spread(codes: np.ndarray, count: int, east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Diagonal in km of the box that each id's places fill; 0 where no place is known."""
    spans = []
    for axis in (east, north):
        known = np.isfinite(axis)
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, codes[known], axis[known])
        np.maximum.at(high, codes[known], axis[known])
        spans.append(np.where(high >= low, high - low, 0.0))
    return np.hypot(*spans)
