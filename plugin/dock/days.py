"""The days of a layer, as far as its field with the time tells them at a glance."""

from __future__ import annotations

from qgis.core import NULL, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QDateTime

from ..field_names import day_in
from ..stations import text_of


def day_of(value) -> QDate:
    """The day of an attribute; a null date where it tells none."""
    if isinstance(value, QDateTime):
        return value.date()
    if isinstance(value, QDate):
        return value
    return QDate(*day_in("" if value is None or value == NULL else text_of(value)))


def first_and_last(layer: QgsVectorLayer, field: str) -> tuple[QDate, QDate]:
    """The first and the last day by a field; null dates where there is none. The provider is asked, not every feature."""
    number = layer.fields().lookupField(field)
    if number < 0:
        return QDate(), QDate()
    first, last = map(day_of, layer.minimumAndMaximumValue(number))
    return (first, last) if first.isValid() and last.isValid() else (QDate(), QDate())


def all_days(layer: QgsVectorLayer, field: str) -> list[QDate]:
    """Each day of the layer once, in order."""
    number = layer.fields().lookupField(field)
    days = map(day_of, layer.uniqueValues(number)) if number >= 0 else ()
    return sorted({day for day in days if day.isValid()}, key=QDate.toJulianDay)
