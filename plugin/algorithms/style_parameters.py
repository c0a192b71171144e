"""The parameters that say how results look, the same in every algorithm that shows some."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterBoolean

from ..styling.ramps import ramp_for
from ..translate import tr
from .base import EngineAlgorithm
from .choices import Choice, chosen_word

STYLE, HATCH = "STYLE", "HATCH"
STYLE_WORDS = (
    f"continuous: {tr('one ramp; safe for colour-blind eyes')}",
    f"china: {tr('classes of China; HJ 633 of the date')}",
    f"us: {tr('classes of the US EPA 2024')}",
    f"eu: {tr('classes of the European Air Quality Index')}",
)


def add_style_parameter(algorithm: EngineAlgorithm) -> None:
    """The colours of concentrations."""
    algorithm.add(
        Choice(STYLE, tr("Colours"), STYLE_WORDS),
        tr(
            "Colours of concentrations, in layers and pictures; 'Restyle' changes them afterwards. The classes of an index are those that are "
            "valid on the day of the data."
        ),
    )


def add_hatch_parameter(algorithm: EngineAlgorithm) -> None:
    """Hatching where the model knows little."""
    algorithm.add(
        QgsProcessingParameterBoolean(HATCH, tr("Hatch where the model knows little"), defaultValue=False),
        tr(
            "Hatches, in the layers and in the map picture, where the standard deviation is more than half of the field. Needs the "
            "uncertainty 'sd'."
        ),
    )


def style_of(algorithm: EngineAlgorithm, parameters: dict, context) -> str:
    """The word of the style."""
    return chosen_word(algorithm, parameters, STYLE, context)


def tell_style(look: str, variable: str, day, feedback) -> None:
    """Warn of what the user should know of a style for a variable on a day."""
    note = ramp_for(variable, look, day)[1]
    if note:
        feedback.pushWarning(note)
