"""Polygons and lines of a layer, handed to the engine as a file."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateTransformContext, QgsFeature, QgsFeatureRequest, QgsFeatureSink, QgsFields, QgsProcessingException, QgsProcessingFeatureSource,
    QgsVectorFileWriter,
)

from .translate import tr


def write_shapes(source: QgsProcessingFeatureSource, path: Path) -> str:
    """Write the geometries of a source (a selection and a filter are respected) as GeoPackage, and return its path.

    Raises
    ------
    QgsProcessingException
        If it can't be written.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    writer = QgsVectorFileWriter.create(
        str(path), QgsFields(), source.wkbType(), source.sourceCrs(), QgsCoordinateTransformContext(), options)
    for feature in source.getFeatures(QgsFeatureRequest().setNoAttributes()):
        bare = QgsFeature()
        bare.setGeometry(feature.geometry())
        if not writer.addFeature(bare, QgsFeatureSink.Flag.FastInsert):
            break
    message = writer.errorMessage()
    del writer  # closes the file
    if message:
        raise QgsProcessingException(tr("The shapes of layer '{layer}' can't be written: {message}").format(
            layer=source.sourceName(), message=message))
    return str(path)
