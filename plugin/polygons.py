"""Polygons and lines of a layer, handed to the engine as a file."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeedback,
    QgsField,
    QgsFields,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProject,
    QgsVectorFileWriter,
)
from qgis.PyQt.QtCore import QMetaType

from .stations import crs_text
from .translate import tr

NAME = "name"


def write_shapes(
    source: QgsProcessingFeatureSource,
    path: Path,
    name_field: str = "",
    *,
    layer_name: str = "",
    as_they_are: bool = False,
    feedback: QgsFeedback | None = None,
) -> str:
    """Write the geometries of a source, and of one field the text as `NAME`, as a GeoPackage, and return its path.

    A selection and a filter are respected. With `as_they_are` invalid geometries are written too: the engine mends them, and says which.

    Raises
    ------
    QgsProcessingException
        If it can't be written.
    """
    index = source.fields().lookupField(name_field) if name_field else -1
    fields = QgsFields()
    if index >= 0:
        fields.append(QgsField(NAME, QMetaType.Type.QString))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", layer_name
    writer = QgsVectorFileWriter.create(
        str(path), fields, source.wkbType(), source.sourceCrs(), QgsProject.instance().transformContext(), options
    )
    request = QgsFeatureRequest().setSubsetOfAttributes([index] if index >= 0 else [])
    skip_checks = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    for feature in source.getFeatures(request, skip_checks) if as_they_are else source.getFeatures(request):
        if feedback is not None and feedback.isCanceled():
            break
        copy = QgsFeature(fields)
        copy.setGeometry(feature.geometry())
        if index >= 0:
            copy.setAttribute(0, str(feature[index]))
        if not writer.addFeature(copy):
            break
    problem = writer.errorMessage() if writer.hasError() != QgsVectorFileWriter.WriterError.NoError else ""
    del writer  # closes the file
    if problem:
        message = tr("Layer '{layer}' can't be handed over: {problem}")
        raise QgsProcessingException(message.format(layer=source.sourceName(), problem=problem))
    return str(path)


def polygons_request(
    source: QgsProcessingFeatureSource, name_field: str, path: Path, key: str, feedback: QgsFeedback | None = None
) -> dict[str, str]:
    """The part of a request that names the polygons under `key`, with their CRS; they are written as they are."""
    written = write_shapes(source, path, name_field, layer_name=key, as_they_are=True, feedback=feedback)
    return {key: written, f"{key}_crs": crs_text(source.sourceCrs())}


def check_polygons(source: QgsProcessingFeatureSource) -> str:
    """Why the features can't be taken as polygons, or ''."""
    if not source.sourceCrs().isValid():
        return tr("Layer '{}' has no CRS; set it in the layer's properties.").format(source.sourceName())
    if source.featureCount() == 0:
        return tr("Layer '{}' has no features; check its filter and selection.").format(source.sourceName())
    return ""
