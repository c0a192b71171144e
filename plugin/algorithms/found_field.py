"""A field of the station layer that is chosen in the dialog as soon as the layer is."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterField


def show_what_is_found(parameter: QgsProcessingParameterField, what: str) -> None:
    """Have the dialog choose the field that `reading_fields.Found` names under `what`; other ways of running leave it empty."""
    # By its name, so that the widgets are imported where there is a dialog, and nowhere else.
    parameter.setMetadata({"widget_wrapper": {"class": f"{__package__}.found_field_widget.FoundFieldWidget", "what": what}})
