"""Which stations of a table report hours, and which one value a day."""

from __future__ import annotations

import re
from typing import Sequence

import numpy as np
import pandas as pd

# Columns that say what time a reading is the mean of, in lower case without blanks and signs.
AVERAGING_NAMES = ("averagingtime", "aggtype", "sampleduration", "averagingperiod", "aggregation")
# What a reading is the mean of; a running mean over 24 hours stands for the day whose last one it is.
UNSAID, HOUR, DAY, RUNNING_DAY = 0, 1, 2, 3
_OF_FORMS = {"hour": HOUR, "day": DAY, "running day": RUNNING_DAY}
_OF_A_DAY = re.compile(r"\s*(day|daily|p1d|24[\s-]*(h|hr|hrs|hour|hours)\b.*)\s*", re.IGNORECASE)


def averaging_column(columns: list[str]) -> str | None:
    """The column that says what time each reading is the mean of, where one is called so."""
    return next((name for name in columns if re.sub(r"[\W_]", "", name).lower() in AVERAGING_NAMES), None)


def averaging_of(cells: pd.Series, days: Sequence[str] | None = None) -> np.ndarray:
    """What each cell says, int8: `DAY` or, where a form says that the others are hours, `HOUR`, else `UNSAID`.

    Parameters
    ----------
    days : the texts of daily means, where a form knows them
    """
    codes, distinct = pd.factorize(cells.astype(object))
    others = UNSAID if days is None else HOUR
    said = [DAY if _OF_A_DAY.fullmatch(str(text)) or str(text).strip() in (days or ()) else others for text in distinct]
    return np.append(np.array(said, np.int8), np.int8(UNSAID))[codes]


def averaging_of_form(said: str, count: int) -> np.ndarray:
    """What a form says of all readings of a table (``hour``, ``day``, ``running day``), int8 of shape (count,)."""
    return np.full(count, _OF_FORMS.get(said, UNSAID), np.int8)


class HoursSeen:
    """Learns, part by part, which stations have several hours on a day; it looks at all rows, also at those that are not used.

    A station is its id, or its place without one. It reports daily values where it never has two hours on one day and its times
    stand at midnight, or on two days and more at one and the same hour; a station with a single odd hour is an hourly one that was
    silent otherwise. A station whose form says that it reports hours is hourly.
    """

    def __init__(self) -> None:
        self._number: dict[object, int] = {}
        self._hourly = np.zeros(0, bool)
        self._hours_of_day = np.zeros(0, np.int64)  # a bit for each
        self._last = np.zeros(0, np.int64)  # last hour of the part before
        self._days = np.zeros(0, np.int64)

    @property
    def hourly(self) -> bool:
        """Whether any station has several hours on a day, or a form says that it reports hours."""
        return bool(self._hourly.any())

    @property
    def stations(self) -> int:
        """How many stations there are."""
        return len(self._number)

    def add(self, time: np.ndarray, x: np.ndarray, y: np.ndarray, id: np.ndarray | None, said: np.ndarray | None = None) -> None:
        """Look at rows: times (datetime64, NaT counts for nothing), places, ids with "" for none, and what `averaging_of` says."""
        station = self.numbers(x, y, id)
        if said is not None:
            self._hourly[station[(said == HOUR) & (station >= 0)]] = True
        known = ~np.isnat(time) & (station >= 0)
        if not known.any():
            return
        station = station[known]
        hour = time[known].astype("datetime64[h]").astype(np.int64)
        order = np.lexsort((hour, station))
        station, hour = station[order], hour[order]
        new = np.append(True, (np.diff(station) != 0) | (np.diff(hour) != 0))
        station, hour = station[new], hour[new]
        same_day = (np.diff(station) == 0) & (np.diff(hour // 24) == 0)
        self._hourly[station[1:][same_day]] = True
        over = (hour // 24 == self._last[station] // 24) & (hour != self._last[station])
        self._hourly[station[over]] = True
        np.bitwise_or.at(self._hours_of_day, station, np.left_shift(1, hour % 24))
        np.add.at(self._days, station, 1)
        self._last[station] = hour  # of a repeated index the last is kept, which is the latest hour

    def daily(self, x: np.ndarray, y: np.ndarray, id: np.ndarray | None) -> np.ndarray:
        """Which readings are of stations that report daily values, a bool array."""
        station = self.numbers(x, y, id)
        at_midnight = self._hours_of_day == 1
        one_hour = (self._hours_of_day & (self._hours_of_day - 1)) == 0
        return np.append(~self._hourly & (at_midnight | (one_hour & (self._days > 1))), False)[station]

    def numbers(self, x: np.ndarray, y: np.ndarray, id: np.ndarray | None) -> np.ndarray:
        """A number for each row's station, the same in every part; -1 where neither an id nor a place is known."""
        number = np.empty(len(x), np.int64)
        named = np.zeros(len(x), bool) if id is None else id != ""
        for keys, rows in ((id, named), (np.asarray(x, float) + 1j * np.asarray(y, float), ~named)):
            if not rows.any():
                continue
            codes, distinct = pd.factorize(keys[rows])
            found = np.array([self._number.setdefault(str(key), len(self._number)) for key in distinct], np.int64)
            number[rows] = np.append(found, -1)[codes]
        grown = len(self._number) - len(self._hourly)
        if grown:
            self._hourly = np.append(self._hourly, np.zeros(grown, bool))
            self._hours_of_day = np.append(self._hours_of_day, np.zeros(grown, np.int64))
            self._last = np.append(self._last, np.full(grown, -(10**9), np.int64))
            self._days = np.append(self._days, np.zeros(grown, np.int64))
        return number
