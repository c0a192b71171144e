"""What became of the readings: outputs of an algorithm, and a table in its log."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputNumber

from ..translate import tr
from .base import EngineAlgorithm

COUNT_USED, COUNT_DROPPED, CELLS = "COUNT_USED", "COUNT_DROPPED", "CELLS_WITH_READINGS"
MIN, MEAN, MAX = "MIN", "MEAN", "MAX"
# Reasons for which rows are left out on purpose.
_NOT_BAD = ("other day", "outside the period", "filtered")


def add_reading_outputs(algorithm: EngineAlgorithm) -> None:
    """Counts of readings and the statistics of the result."""
    add_counts(algorithm)
    for name, label in ((CELLS, tr("Cells with readings")), (MIN, tr("Minimum")), (MEAN, tr("Mean")), (MAX, tr("Maximum"))):
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


def add_counts(algorithm: EngineAlgorithm) -> None:
    """Counts of readings."""
    for name, label in ((COUNT_USED, tr("Readings used")), (COUNT_DROPPED, tr("Readings dropped"))):
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


def counts(readings: dict, feedback) -> dict:
    """Log what became of each row; return the outputs of `add_counts`."""
    dropped = sorted(readings["dropped"].items(), key=lambda entry: -entry[1])
    for what, count in [(tr("readings"), readings["rows"]), (tr("used"), readings["used"]), *dropped]:
        feedback.pushInfo(f"{count:>8}  {tr(what)}")
    return {COUNT_USED: readings["used"], COUNT_DROPPED: sum(count for reason, count in dropped if reason not in _NOT_BAD)}


def reading_results(result: dict, feedback) -> dict:
    """As `counts`, for the outputs of `add_reading_outputs`."""
    statistics = result["statistics"]
    return {
        **counts(result["readings"], feedback),
        CELLS: result["readings"]["cells"],
        MIN: statistics["min"],
        MEAN: statistics["mean"],
        MAX: statistics["max"],
    }
