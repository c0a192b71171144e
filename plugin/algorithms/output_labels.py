"""What the files and numbers are called that algorithms give beside their main output."""

from __future__ import annotations

from ..translate import tr

_FILES = {
    "SCORES": tr("Scores"),
    "DAILY_SCORES": tr("Daily scores"),
    "CLASSES": tr("Scores by class"),
    "PREDICTIONS": tr("Predictions"),
    "PAIRS": tr("Pairs"),
    "SCATTER": tr("Scatter picture"),
    "MAP": tr("Map"),
    "MAPS": tr("Maps"),
    "PERIOD_MEANS": tr("Means of periods"),
    "NETWORKS": tr("Station networks"),
    "CORRELATIONS": tr("Correlations"),
    "KERNELS": tr("Kernels"),
    "ANISOTROPY": tr("Anisotropy"),
    "STRUCTURE": tr("Structure of the network"),
    "REPORT": tr("Report"),
}
_NUMBERS = {
    "n": tr("Number of cells"),
    "bias": tr("Bias"),
    "spearman": tr("Spearman's correlation"),
    "people": tr("People"),
    "counted": tr("People counted"),
    "outside": tr("People outside the field"),
    "no_value": tr("People on cells without a value"),
    "mean": tr("Mean"),
}


def file_label(name: str) -> str:
    """The label of an output file by its name, such as ``SCORES_JSON``."""
    if name in _FILES:
        return _FILES[name]
    what, _, kind = name.rpartition("_")
    return tr("{what} ({kind})").format(what=_FILES[what], kind=kind)


def number_label(key: str) -> str:
    """The label of a number by the engine's name for it; a score that is known by its letters keeps them."""
    return _NUMBERS.get(key, key.upper())
