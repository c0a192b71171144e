"""Reanalysis files to dressed layers."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..layers.load import load_layer
from ..translate import tr
from .base import EngineAlgorithm
from .style_parameters import add_style_parameter, style_of

FILES, FOLDER, LAYER_GROUP, OUTPUT, COUNT = "FILES", "FOLDER", "LAYER_GROUP", "OUTPUT", "COUNT"
SUFFIXES = {".tif", ".tiff", ".nc"}


class LoadReanalysis(EngineAlgorithm):
    """``loadreanalysis``: layers with name, unit, colour ramp and the day for the temporal controller."""

    NAME = "loadreanalysis"
    TITLE = tr("Load reanalysis")
    GROUP = "reanalysis"
    SUMMARY = tr(
        "Loads files of this plugin as layers with name, unit, colours and day, so that the temporal controller steps through them."
    )
    TAGS = ("load", "style", "temporal", "animation", "netcdf", "geotiff")

    def flags(self):
        return super().flags() | Qgis.ProcessingAlgorithmFlag.NoThreading  # it makes layers for the project

    def canExecute(self) -> tuple[bool, str]:
        return True, ""  # QGIS reads the files itself

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterMultipleLayers(FILES, tr("Files"), Qgis.ProcessingSourceType.File, optional=True),
            tr("GeoTIFF or NetCDF files."),
        )
        self.add(
            QgsProcessingParameterFile(FOLDER, tr("Folder"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("All GeoTIFF and NetCDF files of a folder, in the order of their names."),
        )
        add_style_parameter(self)
        self.add(
            QgsProcessingParameterString(LAYER_GROUP, tr("Layer group"), tr("Reanalysis"), optional=True),
            tr("Group that takes the layers; empty: none."),
        )
        self.addOutput(QgsProcessingOutputMultipleLayers(OUTPUT, tr("Layers")))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of layers")))

    def compute(self, parameters, context, feedback) -> dict:
        paths = [Path(file) for file in self.parameterAsFileList(parameters, FILES, context) if file]
        folder = self.parameterAsFile(parameters, FOLDER, context)
        if folder:
            paths += sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise QgsProcessingException(tr("Choose files, or a folder with GeoTIFF or NetCDF files."))
        loaded = []
        for number, path in enumerate(paths):
            if feedback.isCanceled():
                break
            layer = load_layer(path, style_of(self, parameters, context))
            details = QgsProcessingContext.LayerDetails(layer.name(), context.project(), OUTPUT)
            details.forceName, details.layerSortKey = True, -number  # the first on top
            details.groupName = self.parameterAsString(parameters, LAYER_GROUP, context)
            context.temporaryLayerStore().addMapLayer(layer)
            if context.project() is not None:
                context.addLayerToLoadOnCompletion(layer.id(), details)
            feedback.pushInfo(layer.name())
            feedback.setProgress(100 * (number + 1) / len(paths))
            loaded.append(layer.id())
        return {OUTPUT: loaded, COUNT: len(loaded)}
