"""From a QGIS feature source to a table of readings that the engine reads."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from qgis.core import (
    NULL,
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeatureRequest,
    QgsFeedback,
    QgsGeometry,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QTime

from .readings_by_day import ReadingsByDay, forget_readings, kept_readings
from .translate import tr

X, Y = "point x", "point y"
# Fields with longitude and latitude of a layer without geometry, by their names in any case.
LONLAT_FIELDS = (
    ("lon", "lat"),
    ("longitude", "latitude"),
    ("lng", "lat"),
    ("long", "lat"),
    ("site longitude", "site latitude"),
    ("longitud", "latitud"),
    ("längengrad", "breitengrad"),
    ("länge", "breite"),
    ("经度", "纬度"),
)
# What the engine takes for a number: a decimal point or comma, thousands set apart, and the minus signs of typographers.
_NUMBER = re.compile(r"(?=[^eE]*\d)[-+\u2212\u2013]?(?:\d{1,3}(?:[., '’\u00a0\u2009\u202f]\d{3})+|\d+)?(?:[.,]\d*)?(?:[eE][-+]?\d+)?")


class Days(NamedTuple):
    """Days of a layer by one of its fields.

    `margin` is how many days on each side may hold their readings too; None: by the type of the field.
    """

    field: str
    first: QDate
    last: QDate
    margin: int | None = None


def write_readings(
    source: QgsProcessingFeatureSource,
    fields: list[str],
    path: Path,
    feedback: QgsFeedback | None = None,
    near: Days | None = None,
    key: tuple | None = None,
) -> int:
    """Write the features as CSV with the coordinate columns `X` and `Y` and one column per field, named by `column_name`.

    Coordinates are in `readings_crs` and keep every digit; values stay as they are, NULL is empty. A feature
    without a single point gets empty coordinates: the engine counts and reports it. A layer without places (`has_places`) has
    no coordinate columns.

    `near` are days: features farther away than their margin are left out where the field's type tells. The engine picks the
    days; this only spares it, and the layer's provider, the years around them.
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
    fields, near = list(dict.fromkeys(fields)), Days(*near) if near else None
    indexes = [source.fields().lookupField(field) for field in fields]
    for field, index in zip(fields, indexes):
        if index < 0:
            raise QgsProcessingException(missing_field(source, field))
    if near and source.fields().lookupField(near.field) >= 0:  # QGIS finds fields in any case; expressions want the layer's own spelling
        near = near._replace(field=source.fields()[source.fields().lookupField(near.field)].name())
    header = [*([X, Y] if has_places(source) else []), *map(column_name, fields)]
    by_day = _by_day(source, fields, indexes, header, near, key, feedback)
    within = _within_days(source, near) if near else ""
    if by_day is not None:
        rows = by_day.write(path, *_with_margin(source, near))
    else:
        rows = 0
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for _, cells in _rows(source, indexes, within, feedback):
                writer.writerow(cells)
                rows += 1
    if (within or by_day is not None) and not rows:
        first, last = (day.toString("yyyy-MM-dd") for day in (near.first, near.last))
        raise QgsProcessingException(
            tr("Layer '{layer}' has no reading on {days} by its field '{field}'.").format(
                layer=source.sourceName(), days=first if first == last else f"{first} – {last}", field=near.field
            )
        )
    return rows


def _rows(
    source: QgsProcessingFeatureSource, indexes: list[int], within: str, feedback: QgsFeedback | None, time_index: int = -1
) -> Iterator[tuple[Any, list[str]]]:
    """Time and cells of each feature, until the user cancels; reading is the first 5 % of the progress."""
    total, lonlat, located = max(source.featureCount(), 1), _lonlat_fields(source), has_places(source)
    request = QgsFeatureRequest().setSubsetOfAttributes([*indexes, *lonlat])
    if within:
        request.setFilterExpression(within)
    skip_checks = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    for number, feature in enumerate(source.getFeatures(request, skip_checks)):
        if feedback is not None and number % 1000 == 0:
            if feedback.isCanceled():
                return
            feedback.setProgress(min(5.0, 5.0 * number / total))
        point = [text_of(feature[i]) for i in lonlat] or (_coordinates(feature.geometry()) if located else ())
        yield feature[time_index] if time_index >= 0 else None, [*point, *(text_of(feature[i]) for i in indexes)]


def _by_day(
    source: QgsProcessingFeatureSource,
    fields: list[str],
    indexes: list[int],
    header: list[str],
    near: Days | None,
    key: tuple | None,
    feedback: QgsFeedback | None,
) -> ReadingsByDay | None:
    """The layer's readings sorted by day, where they are kept."""
    time_index = source.fields().lookupField(near.field) if near else -1
    if key is None or time_index not in indexes:
        return None
    by_day = kept_readings((*key, *fields, near.field), lambda: ReadingsByDay(header, _rows(source, indexes, "", feedback, time_index)))
    if feedback is not None and feedback.isCanceled():
        forget_readings()  # it was cut off
        return None
    return by_day


def write_positions(source: QgsProcessingFeatureSource, path: Path, key: str, feedback: QgsFeedback) -> dict[str, str]:
    """Write the points alone, and return the part of the request that names them under `key`."""
    write_readings(source, [], path, feedback)
    return {key: str(path), "x": X, "y": Y, "crs": crs_text(readings_crs(source))}


def column_name(field: str) -> str:
    """A field's column in the table: its own name, so that messages name it, less what separates or joins columns in a request."""
    return re.sub(r"[:+\t\r\n]", "_", field).strip()


def has_places(source: QgsProcessingFeatureSource) -> bool:
    """Whether the features say where they are, by points or by fields with longitude and latitude."""
    kind = QgsWkbTypes.geometryType(source.wkbType())
    return kind in (Qgis.GeometryType.Point, Qgis.GeometryType.Unknown) or bool(_lonlat_fields(source))


def readings_crs(source: QgsProcessingFeatureSource) -> QgsCoordinateReferenceSystem:
    """The CRS of the coordinates that `write_readings` writes."""
    return QgsCoordinateReferenceSystem("EPSG:4326") if _lonlat_fields(source) else source.sourceCrs()


def no_position(source: QgsProcessingFeatureSource) -> str:
    """Why the features can't be put on a map, or ''."""
    if not has_places(source):
        return tr(
            "Layer '{}' holds no points, nor fields lon and lat; choose a point layer, or make one of its file with 'Read station table'."
        ).format(source.sourceName())
    if not readings_crs(source).isValid():
        return tr("Layer '{}' has no CRS; set it in the layer's properties.").format(source.sourceName())
    return ""


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """The CRS as WKT2:2019, which keeps spheres and custom definitions."""
    return crs.toWkt(Qgis.CrsWktVariant.Wkt2_2019)


def missing_field(source: QgsProcessingFeatureSource, field: str) -> str:
    """The message for a field that the layer does not have."""
    return tr("Layer '{layer}' has no field '{field}'; its fields are {fields}.").format(
        layer=source.sourceName(), field=field, fields=", ".join(source.fields().names())
    )


def text_only(source: QgsProcessingFeatureSource, field: str, most: int = 20_000) -> str:
    """An example of the field's text if none of its first `most` values is a number, else ''.

    Published data often hold numbers as text with marks for gaps, so the type of the field says little.
    """
    index = source.fields().lookupField(field)
    request = QgsFeatureRequest().setSubsetOfAttributes([index]).setLimit(most)
    request.setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    example = ""
    for feature in source.getFeatures(request, Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks):
        text = text_of(feature[index]).strip()
        if is_number(text):
            return ""
        example = example or text
    return example


def is_number(text: str) -> bool:
    """Whether the engine reads the text as a number, with a decimal point or comma."""
    return _NUMBER.fullmatch(text) is not None


def _with_margin(source: QgsProcessingFeatureSource, near: Days) -> tuple[QDate, QDate]:
    """The days with their margin: where nothing is said one on each side, since a provider or a time zone may shift times."""
    margin = near.margin
    if margin is None:
        margin = 0 if source.fields().field(near.field).type() == QMetaType.Type.QDate else 1
    return near.first.addDays(-margin), near.last.addDays(margin)


def _within_days(source: QgsProcessingFeatureSource, near: Days) -> str:
    """A filter for readings of the days, with their margin; '' where the field holds no dates."""
    field, (first, last) = near.field, _with_margin(source, near)
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
    for names in LONLAT_FIELDS:
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


def text_of(value: Any) -> str:
    """An attribute as text: ISO dates, full precision, '' for NULL."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    if value is None or value == NULL:
        return ""
    if isinstance(value, bool):  # as QGIS takes a column of text that holds 0 and 1 alone
        return "1" if value else "0"
    if isinstance(value, (QDate, QDateTime, QTime)):
        return value.toString(Qt.DateFormat.ISODate)
    return str(value)
