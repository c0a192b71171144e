"""Signs that a table was understood in another way than it was meant: told as warnings, for the user to judge."""

from __future__ import annotations

from typing import Iterator

import numpy as np

from model_core.stations.reading_report import ReadingReport
from model_core.stations.readings import DAILY_VALUE, FLAGS, NEGATIVE, ZEROED
from model_core.variables import get_variable

# Medians outside this make one ask for the unit; in the variable's own unit.
_USUAL_MEDIANS = {
    "pm25": (0.2, 1000.0),
    "pm10": (0.5, 2000.0),
    "o3": (1.0, 400.0),
    "no2": (0.1, 400.0),
    "so2": (0.02, 1000.0),
    "co": (10.0, 20000.0),
    "rh": (2.0, 101.0),
    "wind": (0.05, 40.0),
}
_FEWEST, _MANY = 4, 20  # readings below which nothing is suspected, or no groups among them


def suspicions(report: ReadingReport, species: str, seen: int | None = None, used: int | None = None) -> Iterator[str]:
    """What is suspicious about the readings of a table, a sentence each.

    Parameters
    ----------
    report : of all rows
    seen, used : stations in the table, and those of which a reading is used in the end
    """
    variable, values = get_variable(species), report.values
    text = report.dropped.get("text", 0)
    if values is not None and values.whole and text and len(values.sample) >= _FEWEST and text >= 0.1 * report.used:
        yield (
            f"{variable.long_name}: all used values are whole numbers, while {text} were dropped as text ({report.first.get('text', '')}); "
            "if those are numbers too, say how they are written, such as --decimal ,"
        )
    if seen and used is not None and used <= 0.5 * seen and seen - used > 1:
        yield f"{variable.long_name}: only {used} of the table's {seen} stations are used; {report}"
    low, high = _USUAL_MEDIANS.get(species, (-np.inf, np.inf))
    if values is not None and len(values.sample) >= _FEWEST and values.highest > 0 and not low <= values.median <= high:
        yield (
            f"{variable.long_name}: half of the values are {'below' if values.median < low else 'above'} {values.median:g} "
            f"{variable.unit}, which is unusual; is their unit right? It is named with --unit, or its column with --unit-column"
        )
    if values is not None and len(values.sample) >= _MANY and ((values.sample > 0) & (values.sample < values.median / 100)).mean() > 0.1:
        yield (
            f"{variable.long_name}: more than a tenth of the values are less than a hundredth of the median, {values.median:g} "
            f"{variable.unit}; are several variables or units mixed? Rows are kept with --where, a column of units is named "
            "with --unit-column"
        )
    daily = report.flags.get(FLAGS[DAILY_VALUE])
    if daily:
        yield f"{variable.long_name}: {daily} readings of stations with one value a day are taken for daily means, beside hourly stations"
    yield from _negative(report, variable.long_name)


def _negative(report: ReadingReport, name: str) -> Iterator[str]:
    count = report.flags.get(FLAGS[NEGATIVE], 0)
    if not count or report.values is None:
        return
    below = report.values.sample[report.values.sample < 0]
    if len(below) >= _FEWEST and len(np.unique(below)) == 1:
        yield (
            f"{name}: {count} readings below zero are all {below[0]:g}, which looks like a mark for no reading; "
            'if it is one, leave them out with --where "COLUMN>=0"'
        )
    elif count > 0.2 * report.used:
        zeroed = report.flags.get(FLAGS[ZEROED], 0)
        yield f"{name}: {count} of {report.used} readings are below zero; they are kept as noise of the instruments" + (
            f", and {zeroed} means below zero are set to zero" if zeroed else ""
        )
