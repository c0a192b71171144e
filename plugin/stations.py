"""From a QGIS feature source to a table of readings that the engine reads."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, Iterator

from qgis.core import (
    NULL, Qgis, QgsCoordinateReferenceSystem, QgsExpression, QgsFeatureRequest, QgsFeedback, QgsGeometry, QgsProcessingException,
    QgsProcessingFeatureSource, QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QTime

from .readings_by_day import ReadingsByDay, forget_readings, kept_readings
from .translate import tr

X, Y = "point x", "point y"


def write_readings(
    source: QgsProcessingFeatureSource, fields: list[str], path: Path, feedback: QgsFeedback | None = None,
    near: tuple[str, QDate, QDate] | None = None, key: tuple | None = None,
) -> int:
    """Write the features as CSV with the coordinate columns `X` and `Y` and one column per field, named by `column_name`.

    Coordinates are in `readings_crs` and keep every digit; values stay as they are, NULL is empty. A feature
    without a single point gets empty coordinates: the engine counts and reports it.

    `near` is a field with the time, a first and a last day: features more than a day away from them are left out where the
    field's type tells. The engine picks the days; this only spares it, and the layer's provider, the years around them.
    `key` tells the layer and its state apart from others (see `readings_by_day.identity`): with it a second run passes over the
    layer for all days, and further runs not at all.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    QgsProcessingException
        If the layer lacks one of the fields, or has nothing near the days.
    """
    fields = list(dict.fromkeys(fields))
    indexes = [source.fields().lookupField(field) for field in fields]
    for field, index in zip(fields, indexes):
        if index < 0:
            raise QgsProcessingException(missing_field(source, field))
    header = [X, Y, *map(column_name, fields)]
    by_day = _by_day(source, fields, indexes, header, near, key, feedback)
    within = _within_days(source, *near) if near else ""
    if by_day is not None:
        rows = by_day.write(path, *_with_margin(source, *near))
    else:
        rows = 0
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for _, cells in _rows(source, indexes, within, feedback):
                writer.writerow(cells)
                rows += 1
    if (within or by_day is not None) and not rows:
        first, last = (day.toString("yyyy-MM-dd") for day in near[1:])
        raise QgsProcessingException(tr("Layer '{layer}' has no reading on {days} by its field '{field}'.").format(
            layer=source.sourceName(), days=first if first == last else f"{first} – {last}", field=near[0]))
    return rows


def _rows(
    source: QgsProcessingFeatureSource, indexes: list[int], within: str, feedback: QgsFeedback | None, time_index: int = -1,
) -> Iterator[tuple[Any, list[str]]]:
    """Time and cells of each feature, until the user cancels; reading is the first 5 % of the progress."""
    total, lonlat = max(source.featureCount(), 1), _lonlat_fields(source)
    request = QgsFeatureRequest().setSubsetOfAttributes([*indexes, *lonlat])
    if within:
        request.setFilterExpression(within)
    skip_checks = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    for number, feature in enumerate(source.getFeatures(request, skip_checks)):
        if feedback is not None and number % 1000 == 0:
            if feedback.isCanceled():
                return
            feedback.setProgress(min(5.0, 5.0 * number / total))
        point = [_text(feature[i]) for i in lonlat] or _coordinates(feature.geometry())
        yield feature[time_index] if time_index >= 0 else None, [*point, *(_text(feature[i]) for i in indexes)]


def _by_day(
    source: QgsProcessingFeatureSource, fields: list[str], indexes: list[int], header: list[str],
    near: tuple[str, QDate, QDate] | None, key: tuple | None, feedback: QgsFeedback | None,
) -> ReadingsByDay | None:
    """The layer's readings sorted by day, where they are kept."""
    if near is None or key is None or near[0] not in fields:
        return None
    time_index = source.fields().lookupField(near[0])
    by_day = kept_readings((*key, *fields, near[0]), lambda: ReadingsByDay(header, _rows(source, indexes, "", feedback, time_index)))
    if feedback is not None and feedback.isCanceled():
        forget_readings()  # it was cut off
        return None
    return by_day


def write_positions(source: QgsProcessingFeatureSource, path: Path, key: str, feedback: QgsFeedback) -> dict[str, str]:
    """Write the points alone, and return the part of the request that names them under `key`."""
    write_readings(source, [], path, feedback)
    return {key: str(path), "x": X, "y": Y, "crs": crs_text(readings_crs(source))}


def column_name(field: str) -> str:
    """A field's column in the table: its own name, so that messages name it, less what separates columns."""
    return re.sub(r"[:;,|\t\r\n]", "_", field).strip()


def readings_crs(source: QgsProcessingFeatureSource) -> QgsCoordinateReferenceSystem:
    """The CRS of the coordinates that `write_readings` writes."""
    return QgsCoordinateReferenceSystem("EPSG:4326") if _lonlat_fields(source) else source.sourceCrs()


def no_position(source: QgsProcessingFeatureSource) -> str:
    """Why the features can't be put on a map, or ''."""
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind not in (Qgis.GeometryType.Point, Qgis.GeometryType.Unknown) and not _lonlat_fields(source):
        return tr("Layer '{}' holds no points, nor fields lon and lat; choose a point layer.").format(source.sourceName())
    if not readings_crs(source).isValid():
        return tr("Layer '{}' has no CRS; set it in the layer's properties.").format(source.sourceName())
    return ""


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """The CRS as WKT2:2019, which keeps spheres and custom definitions."""
    return crs.toWkt(Qgis.CrsWktVariant.Wkt2_2019)


def missing_field(source: QgsProcessingFeatureSource, field: str) -> str:
    """The message for a field that the layer does not have."""
    return tr("Layer '{layer}' has no field '{field}'; its fields are {fields}.").format(
        layer=source.sourceName(), field=field, fields=", ".join(source.fields().names()))


def text_only(source: QgsProcessingFeatureSource, field: str, most: int = 20_000) -> str:
    """An example of the field's text if none of its first `most` values is a number, else ''.

    Published data often hold numbers as text with marks for gaps, so the type of the field says little.
    """
    index = source.fields().lookupField(field)
    request = QgsFeatureRequest().setSubsetOfAttributes([index]).setLimit(most)
    request.setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    example = ""
    for feature in source.getFeatures(request, Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks):
        text = _text(feature[index])
        try:
            float(text)
            return ""
        except ValueError:
            example = example or text
    return example


def _with_margin(source: QgsProcessingFeatureSource, field: str, first: QDate, last: QDate) -> tuple[QDate, QDate]:
    """The days, with one more on each side where a provider or a time zone may shift times."""
    margin = 0 if source.fields().field(field).type() == QMetaType.Type.QDate else 1
    return first.addDays(-margin), last.addDays(margin)


def _within_days(source: QgsProcessingFeatureSource, field: str, first: QDate, last: QDate) -> str:
    """A filter for readings of the days, with their margin; '' where the field holds no dates."""
    first, last = _with_margin(source, field, first, last)
    start, end = first.toString("yyyy-MM-dd"), last.addDays(1).toString("yyyy-MM-dd")
    kind = source.fields().field(field).type()
    form = {QMetaType.Type.QDate: "to_date('{}')", QMetaType.Type.QDateTime: "to_datetime('{} 00:00:00')"}.get(kind)
    column = QgsExpression.quotedColumnRef(field)
    if form is None:
        return ""
    within = f"{column} >= {form.format(start)} AND {column} < {form.format(end)}"
    return f"({within}) OR {column} IS NULL"  # readings without a time are the engine's to report


def _lonlat_fields(source: QgsProcessingFeatureSource) -> list[int]:
    """Indexes of the longitude and latitude fields of a table without geometry, such as a plain CSV; else nothing."""
    if source.wkbType() != Qgis.WkbType.NoGeometry:
        return []
    for names in (("lon", "lat"), ("longitude", "latitude")):
        indexes = [source.fields().lookupField(name) for name in names]
        if min(indexes) >= 0:
            return indexes
    return []


def _coordinates(geometry: QgsGeometry) -> tuple[str, str]:
    """x and y of a point (or of a multipoint with one part), in full precision; else two empty texts."""
    if geometry.isNull() or geometry.isEmpty() or geometry.type() != Qgis.GeometryType.Point:
        return "", ""
    if QgsWkbTypes.isMultiType(geometry.wkbType()):
        points = geometry.asMultiPoint()
        if len(points) != 1:
            return "", ""
        point = points[0]
    else:
        point = geometry.asPoint()
    return repr(point.x()), repr(point.y())


def _text(value: Any) -> str:
    """An attribute as text: ISO dates, full precision, '' for NULL."""
    if value is None or value == NULL:
        return ""
    if isinstance(value, (QDate, QDateTime, QTime)):
        return value.toString(Qt.DateFormat.ISODate)
    return repr(value) if isinstance(value, float) else str(value)
