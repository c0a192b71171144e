"""What the panel asks for: layer, field, day or days, model; and the parameters that they make."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import Qgis, QgsProcessing, QgsProcessingOutputLayerDefinition, QgsProject, QgsVectorLayer
from qgis.gui import QgsFieldComboBox, QgsFileWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import QDate, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QDateEdit, QFormLayout, QHBoxLayout, QWidget

from .. import forms
from ..algorithms.station_parameters import FOUND
from ..field_names import Found, unit_of
from ..reading_fields import found_fields, model_names, target_of
from ..translate import tr
from .days import first_and_last


class Form(QWidget):
    """The fields, and `changed` when another layer is chosen."""

    changed = pyqtSignal()

    def __init__(self, parent=None):
        super().__init__(parent)
        self.found = Found()
        self.layer, self.field, self.model = QgsMapLayerComboBox(), QgsFieldComboBox(), QComboBox()
        self.layer.setFilters(Qgis.LayerFilter.PointLayer)
        for box in (self.layer, self.field, self.model):  # long names must not widen the panel
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        self.field.setAllowEmptyFieldName(True)
        self.model.setEditable(True)
        self.model.addItems(model_names())
        self.model.setToolTip(tr("Name of a model, or path of a model file (.safetensors)."))
        self.day, self.last, self.period = QDateEdit(), QDateEdit(), QCheckBox(tr("until"))
        for edit in (self.day, self.last):
            edit.setCalendarPopup(True)
            edit.setDisplayFormat("yyyy-MM-dd")
        self.period.setToolTip(tr("A field for each day of a period, as 'Reanalyse a period' makes it."))
        self.output = QgsFileWidget()
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setFilter("GeoTIFF (*.tif);;NetCDF (*.nc)")
        self.output.lineEdit().setPlaceholderText(tr("Temporary"))
        days = QHBoxLayout()
        for widget in (self.day, self.period, self.last):
            days.addWidget(widget)
        days.addStretch()
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        for label, widget in (
            (tr("Stations"), self.layer),
            (tr("Reading"), self.field),
            (tr("Day"), days),
            (tr("Model"), self.model),
            (tr("Save to"), self.output),
        ):
            form.addRow(label, widget)
        self.layer.layerChanged.connect(self._look)
        self.model.currentTextChanged.connect(self._look)
        self.period.toggled.connect(self._days_may_be_chosen)
        self._look()

    def stations(self) -> QgsVectorLayer | None:
        """The layer that is chosen."""
        layer = self.layer.currentLayer()
        return layer if isinstance(layer, QgsVectorLayer) else None

    def fields(self) -> dict[str, str]:
        """The parameters that name fields: none where all is as found, so that the algorithm finds, and tells, the same."""
        chosen = self.field.currentField()
        if chosen == self._shown():
            return {}
        others = {name: getattr(self.found, what) for name, what in FOUND.items() if what in ("time", "rh", "wind", "rh_unit")}
        return {"VALUE": chosen, **{name: text for name, text in others.items() if text}}

    def found_as_chosen(self) -> Found:
        """What the fields hold, with the reading that is chosen."""
        chosen = self.field.currentField()
        return self.found if chosen == self._shown() else replace(self.found, value=chosen, unit=unit_of(chosen), unit_field="", where="")

    def algorithm(self) -> str:
        """Name of the algorithm that does what is asked."""
        return "reanalyseperiod" if self.period.isChecked() else "reanalyse"

    def parameters(self) -> dict:
        """The parameters of that algorithm."""
        dated = {}
        if self.day.isEnabled():
            first, last = (edit.date().toString("yyyy-MM-dd") for edit in (self.day, self.last))
            dated = {"START": first, "END": last} if self.period.isChecked() else {"DATE": first}
        layer, temporary = self.stations(), QgsProcessing.TEMPORARY_OUTPUT
        outputs = {"OUTPUT": QgsProcessingOutputLayerDefinition(self.output.filePath() or temporary, QgsProject.instance())}
        if not self.period.isChecked():
            outputs["READINGS"] = QgsProcessingOutputLayerDefinition(temporary, QgsProject.instance())
        return {
            "STATIONS": layer.id() if layer else None,
            **self.fields(),
            **dated,
            "MODEL": self.model.currentText().strip(),
            "REPORT": temporary,
            **outputs,
        }

    def _shown(self) -> str:
        """The field that the form shows where the user has chosen none; '' where rows or a published form must decide with it."""
        layer = self.stations()
        by_form = layer is not None and forms.may_be_known(layer.fields().names())
        return "" if self.found.where or by_form else self.found.value

    def _look(self, *_) -> None:
        """Find the fields and the days of the layer."""
        layer = self.stations()
        self.field.setLayer(layer)
        self.found = found_fields(layer, target_of(self.model.currentText().strip())) if layer is not None else Found()
        self.field.setField(self._shown())
        first, last = first_and_last(layer, self.found.time) if layer is not None else (QDate(), QDate())
        for edit, day in ((self.day, last), (self.last, last)):
            edit.setMinimumDate(first if first.isValid() else QDate(1900, 1, 1))
            edit.setMaximumDate(last if last.isValid() else QDate(2100, 12, 31))
            edit.setDate(day if day.isValid() else QDate.currentDate())
        self.day.setEnabled(first.isValid())
        self.period.setEnabled(first.isValid() and first != last)
        self.period.setChecked(self.period.isChecked() and self.period.isEnabled())
        self._days_may_be_chosen()
        self.changed.emit()

    def _days_may_be_chosen(self, *_) -> None:
        self.last.setEnabled(self.period.isEnabled() and self.period.isChecked())
        if self.period.isChecked():
            self.day.setDate(self.day.minimumDate())
