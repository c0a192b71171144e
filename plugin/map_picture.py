"""A picture of a field: QGIS renders the map, and title, frame, graticule, stations, scale and legend go around it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsColorRampShader,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsFeature,
    QgsFeatureRequest,
    QgsFillSymbol,
    QgsGeometry,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProcessingException,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QLinearGradient, QPainter, QPen, QPolygonF, QTextOption

from .styling.ramps import Ramp
from .styling.renderer import colour_function, style
from .translate import tr

WIDTH, LEFT, TOP, RIGHT, BOTTOM = 1400, 70, 96, 190, 84
INK, FAINT, PAPER = QColor("#22303c"), QColor("#5d6b77"), QColor("white")


@dataclass(frozen=True)
class Reading:
    """A station reading in map coordinates."""

    x: float
    y: float
    value: float


def read_readings(path: str) -> list[Reading]:
    """The readings of a raster that `gridstations` wrote, at the centres of their cells."""
    dataset = gdal.Open(path)
    x0, dx, _, y0, _, dy = dataset.GetGeoTransform()
    values = dataset.GetRasterBand(1).ReadAsArray()
    return [
        Reading(x0 + (column + 0.5) * dx, y0 + (row + 0.5) * dy, float(value))
        for row, line in enumerate(values)
        for column, value in enumerate(line)
        if not math.isnan(value)
    ]


def draw_map(
    field: str,
    variable: str,
    readings: list[Reading],
    title: str,
    note: str,
    path: str,
    unit: str = "",
    ramp: Ramp | None = None,
    hatching: QgsVectorLayer | None = None,
) -> None:
    """Draw the field with the readings on top in the same ramp, and save it as PNG; works in any thread.

    Parameters
    ----------
    ramp : default: the variable's own
    hatching : areas to draw over the field

    Raises
    ------
    QgsProcessingException
        If the field can't be opened or the picture can't be written.
    """
    layer = QgsRasterLayer(field, title, "gdal")
    if not layer.isValid():
        raise QgsProcessingException(tr("'{}' can't be drawn: {}").format(field, layer.error().message()))
    ramp = style(layer, variable, unit=unit, ramp=ramp)
    extent = layer.extent()
    columns = WIDTH - LEFT - RIGHT
    rows = round(columns * extent.height() / extent.width())
    image = QImage(WIDTH, TOP + rows + BOTTOM, QImage.Format.Format_RGB32)
    image.fill(PAPER)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    page = _Page(painter, QRectF(LEFT, TOP, columns, rows), layer, ramp)
    page.draw_layers([*_coastlines(page.degrees()), *([hatching] if hatching else []), layer])
    page.draw_graticule()
    page.draw_readings(readings)
    page.draw_scale()
    page.draw_texts(title, note)
    page.draw_legend(bool(readings), tr("Hatched: uncertain, {}").format(hatching.name().partition(": ")[2]) if hatching else "")
    painter.end()
    if not image.save(path, "PNG"):
        raise QgsProcessingException(tr("The map picture '{}' can't be written.").format(path))


class _Page:
    """One picture in the making: the painter, the map's frame on it, and the map's coordinates."""

    def __init__(self, painter: QPainter, frame: QRectF, layer: QgsRasterLayer, ramp: Ramp):
        self.painter, self.frame, self.crs, self.ramp = painter, frame, layer.crs(), ramp
        self.settings = QgsMapSettings()
        self.settings.setDestinationCrs(self.crs)
        self.settings.setOutputSize(QSize(round(frame.width()), round(frame.height())))
        self.settings.setExtent(layer.extent())
        self.settings.setBackgroundColor(QColor("#e9edf0"))
        self.to_pixel = self.settings.mapToPixel()
        wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
        self.to_degrees = QgsCoordinateTransform(self.crs, wgs84, QgsCoordinateTransformContext())

    def draw_layers(self, layers: list) -> None:
        self.settings.setLayers(layers)
        image = QImage(self.settings.outputSize(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(self.settings.backgroundColor())
        inner = QPainter(image)
        job = QgsMapRendererCustomPainterJob(self.settings, inner)
        job.renderSynchronously()
        inner.end()
        self.painter.drawImage(self.frame.topLeft(), image)

    def point(self, x: float, y: float) -> QPointF:
        pixel = self.to_pixel.transform(QgsPointXY(x, y))
        return QPointF(pixel.x() + self.frame.left(), pixel.y() + self.frame.top())

    def font(self, pixels: int, bold: bool = False, colour: QColor = INK) -> None:
        font = QFont("sans-serif")
        font.setPixelSize(pixels)
        font.setBold(bold)
        self.painter.setFont(font)
        self.painter.setPen(colour)

    def text(self, x: float, y: float, width: float, text: str, align=Qt.AlignmentFlag.AlignLeft) -> None:
        """Write a line centred on y."""
        options = QTextOption(align | Qt.AlignmentFlag.AlignVCenter)
        options.setWrapMode(QTextOption.WrapMode.NoWrap)
        self.painter.drawText(QRectF(x, y - 20, width, 40), text, options)

    def degrees(self) -> QgsRectangle:
        """The map's extent in longitude and latitude."""
        return self.to_degrees.transformBoundingBox(self.settings.extent())

    def draw_graticule(self) -> None:
        degrees = self.degrees()
        step = _nice(max(degrees.width(), degrees.height()) / 6, (1, 2, 5))
        lines = [(lon, None) for lon in _multiples(degrees.xMinimum(), degrees.xMaximum(), step)]
        lines += [(None, lat) for lat in _multiples(degrees.yMinimum(), degrees.yMaximum(), step)]
        for lon, lat in lines:
            along = (degrees.yMinimum(), degrees.yMaximum()) if lat is None else (degrees.xMinimum(), degrees.xMaximum())
            span = along[1] - along[0]  # a little beyond both ends, so that every line crosses the frame
            steps = [along[0] + span * (i / 240 - 0.02) for i in range(251)]
            line = QPolygonF()
            for at in steps:
                point = self.to_degrees.transform(
                    QgsPointXY(at if lon is None else lon, at if lat is None else lat), Qgis.TransformDirection.Reverse
                )
                line.append(self.point(point.x(), point.y()))
            self.painter.save()
            self.painter.setClipRect(self.frame)
            self.painter.setPen(QPen(QColor(60, 75, 88, 70), 1))
            self.painter.drawPolyline(line)
            self.painter.restore()
            self._label_line(line, lon, lat)
        self.painter.setPen(QPen(INK, 1.4))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(self.frame)

    def _label_line(self, line: QPolygonF, lon: float | None, lat: float | None) -> None:
        """Meridians are named where they leave at the bottom, parallels where they leave on the left."""
        self.font(17, colour=FAINT)
        for i in range(line.count() - 1):
            a, b = line.at(i), line.at(i + 1)
            if lat is None and (a.y() - self.frame.bottom()) * (b.y() - self.frame.bottom()) <= 0 and a.y() != b.y():
                x = a.x() + (b.x() - a.x()) * (self.frame.bottom() - a.y()) / (b.y() - a.y())
                if self.frame.left() <= x <= self.frame.right():
                    self.text(x - 40, self.frame.bottom() + 15, 80, _degrees(lon, "E", "W"), Qt.AlignmentFlag.AlignHCenter)
                    return
            if lon is None and (a.x() - self.frame.left()) * (b.x() - self.frame.left()) <= 0 and a.x() != b.x():
                y = a.y() + (b.y() - a.y()) * (self.frame.left() - a.x()) / (b.x() - a.x())
                if self.frame.top() <= y <= self.frame.bottom():
                    self.text(0, y, self.frame.left() - 8, _degrees(lat, "N", "S"), Qt.AlignmentFlag.AlignRight)
                    return

    def draw_readings(self, readings: list[Reading]) -> None:
        function = colour_function(self.ramp)
        self.painter.save()
        self.painter.setClipRect(self.frame)
        for reading in sorted(readings, key=lambda r: r.value):  # high readings stay visible in crowded cities
            self._station(self.point(reading.x, reading.y), _colour(function, reading.value))
        self.painter.restore()

    def _station(self, at: QPointF, colour: QColor, radius: float = 4.2) -> None:
        self.painter.setPen(QPen(QColor(25, 35, 45, 210), 0.9))
        self.painter.setBrush(colour)
        self.painter.drawEllipse(at, radius, radius)

    def draw_scale(self) -> None:
        """A bar of a round length, true at the map's centre."""
        measure, centre = QgsDistanceArea(), self.settings.extent().center()
        measure.setSourceCrs(self.crs, QgsCoordinateTransformContext())
        measure.setEllipsoid("WGS84")
        quarter = self.settings.extent().width() / 4
        metres = measure.measureLine(centre, QgsPointXY(centre.x() + quarter, centre.y()))
        length = _nice(0.7 * metres, (1, 2, 5))
        pixels = self.frame.width() / 4 * length / metres
        x, y = self.frame.left() + 24, self.frame.bottom() - 30
        self.painter.fillRect(QRectF(x - 12, y - 26, pixels + 24, 46), QColor(255, 255, 255, 205))
        self.painter.setPen(QPen(INK, 2))
        self.painter.drawPolyline(QPolygonF([QPointF(x, y), QPointF(x, y + 9), QPointF(x + pixels, y + 9), QPointF(x + pixels, y)]))
        self.font(16)
        label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
        self.text(x, y - 9, pixels, label, Qt.AlignmentFlag.AlignHCenter)

    def draw_texts(self, title: str, note: str) -> None:
        self.font(31, bold=True)
        self.text(self.frame.left(), 38, WIDTH - 2 * LEFT, title)
        self.font(18, colour=FAINT)
        self.text(self.frame.left(), 74, WIDTH - 2 * LEFT, note)

    def draw_legend(self, with_stations: bool, hatched: str = "") -> None:
        """Classes get equal lengths, whatever their width: the low ones matter as much as the high ones."""
        x, top, height = self.frame.right() + 34, self.frame.top() + 46, self.frame.height() * 0.62
        parts = len(self.ramp.breaks) - (0 if self.ramp.classes else 1)  # of classes the last is open
        bar, last = QRectF(x, top, 30, height), parts
        gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for number, colour in enumerate(self.ramp.colours):
            if self.ramp.classes:
                gradient.setColorAt(number / parts, QColor(colour))
                gradient.setColorAt((number + 1) / parts - 1e-6, QColor(colour))
            else:
                gradient.setColorAt(number / parts, QColor(colour))
        self.painter.setPen(QPen(INK, 1.2))
        self.painter.setBrush(gradient)
        self.painter.drawRect(bar)
        self.font(20, bold=True)
        self.text(x, self.frame.top() + 16, RIGHT - 40, self.ramp.unit)
        for number, value in enumerate(self.ramp.breaks):
            y = bar.bottom() - height * number / last
            self.painter.setPen(QPen(INK, 1.2))
            self.painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 7, y))
            self.font(19)
            self.text(bar.right() + 14, y, 80, f"{value:g}")
        if with_stations:
            y = bar.bottom() + 46
            self._station(QPointF(x + 8, y), QColor(self.ramp.colours[2]), 6)
            self.font(18)
            self.text(x + 24, y, RIGHT - 50, tr("readings"))
        self.font(15, colour=FAINT)
        options = QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        box = QRectF(x - 8, bar.bottom() + 66, RIGHT - 28, self.frame.bottom() - bar.bottom() - 60)
        self.painter.drawText(box, "\n".join(filter(None, (hatched, self.ramp.title))), options)


def _coastlines(degrees: QgsRectangle) -> list[QgsVectorLayer]:
    """Coastlines from the world map that comes with QGIS; none where an installation leaves it out.

    Countries are joined first: a map of air shows where land ends, and takes no side about borders.
    """
    path = os.path.join(QgsApplication.pkgDataPath(), "resources", "data", "world_map.gpkg")
    countries = QgsVectorLayer(f"{path}|layername=countries", "countries", "ogr")
    if not countries.isValid():
        return []
    window = QgsGeometry.fromRect(degrees.buffered(3))
    request = QgsFeatureRequest().setFilterRect(window.boundingBox()).setNoAttributes()
    land = QgsFeature()
    land.setGeometry(
        QgsGeometry.unaryUnion([feature.geometry().makeValid().intersection(window) for feature in countries.getFeatures(request)])
    )
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4326", "coast", "memory")
    layer.dataProvider().addFeatures([land])
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "60,75,88,190", "outline_width": "0.3"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    return [layer]


def _colour(function: QgsColorRampShader, value: float) -> QColor:
    _, red, green, blue, _ = function.shade(value)
    return QColor(red, green, blue)


def _nice(most: float, steps: tuple[int, ...]) -> float:
    """The largest of `steps` times a power of ten that is not above `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in steps if step * power <= most * (1 + 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):g}°{positive if value > 0 else negative if value < 0 else ''}"
