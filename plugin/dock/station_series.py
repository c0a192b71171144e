"""The readings of one station, and the field at its place, over the days of a result."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made_with

from qgis.core import (
    NULL,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureRequest,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from ..field_names import Found
from ..layers.description import describe
from ..layers.intervals import step_range
from ..stations import text_of
from ..styling.ramps import pretty_unit
from ..translate import tr
from .days import day_of

# Factors to µg/m³; concentrations in ppb need temperature and pressure, which only the engine knows.
_TO_MICROGRAMS = {"": 1.0, "ug/m3": 1.0, "mg/m3": 1000.0, "ng/m3": 0.001}
_NEAR = 1e-9  # of a degree or a metre: readings of a station have its very place


@dataclass
class StationSeries:
    """What a chart shows.

    Attributes
    ----------
    title : str
    unit : str, for people
    readings : list of (QDateTime, value)
    steps : list of (QDateTime begin, QDateTime end, value) of the field; steps without a value are left out
    note : str, why something is not shown, or ''
    """

    title: str
    unit: str
    readings: list[tuple[QDateTime, float]] = made_with(default_factory=list)
    steps: list[tuple[QDateTime, QDateTime, float]] = made_with(default_factory=list)
    note: str = ""


def station_series(stations: QgsVectorLayer, feature: QgsFeature, found: Found, result: QgsRasterLayer) -> StationSeries:
    """The series of the station that a feature is a reading of: all features at its place are the same station's.

    `found` says which fields hold reading, time and unit.
    """
    description = describe(result.source())
    point = feature.geometry().centroid().asPoint()  # of a multipoint too
    series = StationSeries(_title(stations, feature, point), pretty_unit(description.unit))
    at = QgsCoordinateTransform(stations.crs(), result.crs(), QgsProject.instance()).transform(point)
    for band, day in enumerate(description.days, start=1):
        value, there = result.dataProvider().sample(at, band)
        if there and value == value:
            step = step_range(day)
            series.steps.append((step.begin(), step.end(), value))
    if not series.steps:
        series.note = tr("The field holds no value here.")
    _add_readings(series, stations, point, found, _span(description.days))
    return series


def _add_readings(series: StationSeries, stations: QgsVectorLayer, point: QgsPointXY, found: Found, span: tuple[QDate, QDate]) -> None:
    if not found.value:
        series.note = tr("Choose the field with the reading to see the readings here.")
        return
    field_name, _, words = found.where.partition("=")
    request = QgsFeatureRequest().setFilterRect(_around(point))
    for row in stations.getFeatures(request):
        if field_name and text_of(row[field_name]) not in words.split(","):
            continue
        unit = text_of(row[found.unit_field]) if found.unit_field else found.unit
        factor = _TO_MICROGRAMS.get(_plain_unit(unit))
        value, when = _number(row[found.value]), _moment(row[found.time] if found.time else None, span[0])
        if factor is None:
            series.note = tr("Readings in {} are not drawn beside a field in {}.").format(unit, series.unit)
        elif value is not None and when.isValid() and span[0] <= when.date() <= span[1]:
            series.readings.append((when, value * factor))
    series.readings.sort(key=lambda one: one[0].toMSecsSinceEpoch())


def _around(point: QgsPointXY) -> QgsRectangle:
    return QgsRectangle(point.x() - _NEAR, point.y() - _NEAR, point.x() + _NEAR, point.y() + _NEAR)


def _title(stations: QgsVectorLayer, feature: QgsFeature, point: QgsPointXY) -> str:
    """What the layer shows of a feature, if that is not only its number; else its place."""
    names = ("station", "code", "id", "name", "site")
    named = next((one.name() for name in names for one in stations.fields() if one.name().lower().startswith(name)), "")
    if named and feature[named] != NULL:
        return text_of(feature[named])
    return f"{point.x():.4f}, {point.y():.4f}"


def _span(days) -> tuple[QDate, QDate]:
    if not days:
        return QDate(), QDate()
    return tuple(QDate(day.year, day.month, day.day) for day in (days[0], days[-1]))


def _moment(value, only: QDate) -> QDateTime:
    """When a reading was: a day's is drawn at noon, and one without a time on the only day there is."""
    if isinstance(value, QDateTime):
        return QDateTime(value.date(), value.time(), Qt.TimeSpec.UTC)
    text = "" if value is None or value == NULL else text_of(value)
    exact = QDateTime.fromString(text.replace(" ", "T")[:19], Qt.DateFormat.ISODate) if len(text) > 10 else QDateTime()
    if exact.isValid():
        return QDateTime(exact.date(), exact.time(), Qt.TimeSpec.UTC)
    day = day_of(value) if text else only
    return QDateTime(day, QTime(12, 0), Qt.TimeSpec.UTC) if day.isValid() else QDateTime()


def _number(value) -> float | None:
    try:
        return float(text_of(value).replace(",", "."))
    except ValueError:
        return None


def _plain_unit(unit: str) -> str:
    text = unit.replace("µ", "u").replace("μ", "u").replace("³", "3").replace(" ", "").replace("^", "").lower()
    return text.replace("ugm-3", "ug/m3").replace("mgm-3", "mg/m3").replace("ngm-3", "ng/m3")
