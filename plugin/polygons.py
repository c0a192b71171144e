"""From a QGIS feature source to a file of polygons that the engine reads."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis, QgsFeature, QgsFeatureRequest, QgsFeedback, QgsField, QgsFields, QgsProcessingException, QgsProcessingFeatureSource,
    QgsProject, QgsVectorFileWriter,
)
from qgis.PyQt.QtCore import QMetaType

from .stations import crs_text
from .translate import tr

NAME = "name"


def write_polygons(
    source: QgsProcessingFeatureSource, name_field: str, path: Path, key: str, feedback: QgsFeedback | None = None,
) -> dict[str, str]:
    """Write the features with their names as a GeoPackage, and return the part of the request that names it under `key`.

    Geometries go as they are: the engine mends those that are invalid, and says which.

    Raises
    ------
    QgsProcessingException
        If the file can't be written.
    """
    index = source.fields().lookupField(name_field) if name_field else -1
    fields = QgsFields()
    if index >= 0:
        fields.append(QgsField(NAME, QMetaType.Type.QString))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", key
    writer = QgsVectorFileWriter.create(
        str(path), fields, source.wkbType(), source.sourceCrs(), QgsProject.instance().transformContext(), options)
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        raise QgsProcessingException(tr("The polygons can't be handed over: {}").format(writer.errorMessage()))
    request = QgsFeatureRequest().setSubsetOfAttributes([index] if index >= 0 else [])
    skip_checks = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    for feature in source.getFeatures(request, skip_checks):
        if feedback is not None and feedback.isCanceled():
            break
        copy = QgsFeature(fields)
        copy.setGeometry(feature.geometry())
        if index >= 0:
            copy.setAttribute(0, str(feature[index]))
        writer.addFeature(copy)
    del writer  # closes the file
    return {key: str(path), f"{key}_crs": crs_text(source.sourceCrs())}


def check_polygons(source: QgsProcessingFeatureSource) -> str:
    """Why the features can't be taken as polygons, or ''."""
    if source.featureCount() == 0:
        return tr("Layer '{}' has no features; check its filter and selection.").format(source.sourceName())
    if not source.sourceCrs().isValid():
        return tr("Layer '{}' has no CRS; set it in the layer's properties.").format(source.sourceName())
    return ""
