"""Several readings of one station at one time: the same one twice, several monitors, or a sign that something is amiss.

The rule
--------
* Readings of one station (and monitor) and time with the same value are one: the first stays, the others are duplicates.
* Rows of several monitors of one site (a column such as AQS's POC says so) are averaged, each monitor counting alike.
* Values that differ by no more than rounding does (0.1, or one in a hundred) are averaged as well.
* Other values that differ are no duplicates. Where they are few (up to one in twenty of the stations' times, as when clocks are
  put back) they are averaged, and counted; where they are many, readings of different kinds were mixed, and the table is refused.
* Without a time and without an id, readings at one place are of stations that share it, and all are kept, up to twelve of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Share of the stations' times that may have several different values before the table is refused.
FEW = 0.05
# More different readings than this at one place without a time are no stations that share it.
MOST_AT_A_PLACE = 12
_ROUNDING, _RELATIVE_ROUNDING = 0.1, 0.01


@dataclass(frozen=True)
class Repeats:
    """What became of readings that share station and time; arrays are of shape (readings,).

    Attributes
    ----------
    keep : bool, the first of each station and time
    duplicate : bool, those that repeat a reading
    value : float64, the mean where several were averaged
    rows : int64, rows that each kept reading stands for
    averaged : bool, kept readings that are means of several monitors, or of values that differ
    clashing : bool, readings of a station and time with different values that no monitor or rounding explains
    times : how many stations and times there are
    clashes : how many of them have such values
    """

    keep: np.ndarray
    duplicate: np.ndarray
    value: np.ndarray
    rows: np.ndarray
    averaged: np.ndarray
    clashing: np.ndarray
    times: int
    clashes: int

    @property
    def are_many(self) -> bool:
        """Whether the clashes are too many to be average."""
        return self.clashes > FEW * self.times


def settle(
    station: np.ndarray,
    time: np.ndarray | None,
    value: np.ndarray,
    usable: np.ndarray,
    monitor: np.ndarray | None = None,
    apart: np.ndarray | None = None,
) -> Repeats:
    """Apply the rule to the usable readings.

    Parameters
    ----------
    station : whole numbers from 0
    time : datetime64[s], or None where no time is known
    value : in the variable's unit
    usable : bool, which readings count at all
    monitor : text that tells the monitors of a station apart, "" where it is not said
    apart : bool, readings of which only those with the same value are repeats: all others are kept (no id, no time)
    """
    count = len(value)
    number = np.zeros(count, np.int64) if time is None else time.astype("datetime64[s]").astype(np.int64)
    keep, duplicate, averaged, clashing = usable.copy(), *(np.zeros(count, bool) for _ in range(3))
    value, rows = value.copy(), np.ones(count, np.int64)
    at = np.flatnonzero(usable)
    key = pd.factorize(station[at] * (np.ptp(number[at]) + 1) + (number[at] - number[at].min()))[0] if len(at) else np.zeros(0, int)
    times = int(key.max(initial=-1)) + 1
    if apart is not None and apart.any():
        key[apart[at]] = times + pd.DataFrame({"key": key[apart[at]], "value": value[at][apart[at]]}).groupby(["key", "value"]).ngroup()
    size = np.bincount(key) if len(key) else np.zeros(0, int)
    many = size[key] > 1
    if not many.any():
        return Repeats(keep, duplicate, value, rows, averaged, clashing, times, 0)
    at, key = at[many], key[many]
    frame = pd.DataFrame({"key": key, "monitor": "" if monitor is None else monitor[at], "value": value[at], "at": at})
    same = frame.duplicated(["key", "monitor", "value"])
    duplicate[frame["at"][same]] = True
    frame = frame[~same].sort_values(["key", "monitor", "value"])  # so that sums don't depend on the order of the rows
    groups = frame.groupby(["key", "monitor"])["value"]
    low, high, mean = groups.transform("min"), groups.transform("max"), groups.mean()
    clash = (high - low) > np.maximum(_ROUNDING, _RELATIVE_ROUNDING * high.abs())
    clashing[frame["at"][clash]] = True
    by_key = frame.groupby("key")
    first, members = by_key["at"].min(), by_key["at"].size()
    several = members > 1
    value[first[several].to_numpy()] = mean.groupby("key").mean()[several].to_numpy()
    averaged[first[several].to_numpy()] = True
    rows[first.to_numpy()] = members.to_numpy()
    keep[at] = False
    keep[first.to_numpy()] = True
    return Repeats(keep, duplicate, value, rows, averaged, clashing, times, int(frame["key"][clash].nunique()))
