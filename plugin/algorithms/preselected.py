"""A layer that is chosen when the dialog opens."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterDefinition


def preselect(parameter: QgsProcessingParameterDefinition, instead: str = "") -> None:
    """Have the dialog choose a layer, though QGIS itself leaves this parameter empty; other ways of running leave it as it is.

    `instead` names a parameter that takes the layer's place: as long as it says something, no layer is chosen.
    """
    # By its name, so that the widgets are imported where there is a dialog, and nowhere else.
    parameter.setMetadata({"widget_wrapper": {"class": f"{__package__}.preselected_widget.PreselectedWidget", "instead": instead}})
