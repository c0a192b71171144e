"""The chart of a station: its readings as dots, the field as a line, drawn with Qt alone."""

from __future__ import annotations

import math

from qgis.PyQt.QtCore import QDateTime, QLocale, QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QPainter, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from ..translate import tr
from .station_series import StationSeries

READINGS, FIELD, INK, FAINT, PAPER = QColor("#c8502e"), QColor("#1f6f9f"), QColor("#22303c"), QColor("#d9dfe4"), QColor("white")
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 42, 24
DAY_MS = 86_400_000
_STEPS = (1, 2, 5, 10, 14, 31, 61, 92, 183, 366)  # days between two labels


class StationChart(QWidget):
    """Shows a series, or what to do to see one."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.series: StationSeries | None = None
        self.setMinimumHeight(170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def show_series(self, series: StationSeries | None) -> None:
        """Draw another series, or none."""
        self.series = series
        self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), PAPER)
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        if self.series is None or not (self.series.readings or self.series.steps):
            note = self.series.note if self.series else ""
            painter.setPen(INK)
            painter.drawText(
                QRectF(self.rect()).adjusted(12, 12, -12, -12),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                note or tr("Click 'Choose a station', then a station on the map: its readings and the field are drawn here."),
            )
        else:
            draw(painter, QRectF(self.rect()), self.series)
        painter.end()


def draw(painter: QPainter, area: QRectF, series: StationSeries) -> None:
    """Draw a series that holds something into an area."""
    plot = area.adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
    moments = [_ms(when) for when, _ in series.readings] + [_ms(one) for begin, end, _ in series.steps for one in (begin, end)]
    first = min(moments) // DAY_MS * DAY_MS
    last = max(first + DAY_MS, -(-max(moments) // DAY_MS) * DAY_MS)
    values = [value for _, value in series.readings] + [value for _, _, value in series.steps]
    low, high, step = scale(min(0.0, min(values)), max(values))

    def place(moment: float, value: float) -> QPointF:
        return QPointF(
            plot.left() + plot.width() * (moment - first) / (last - first), plot.bottom() - plot.height() * (value - low) / (high - low)
        )

    _value_axis(painter, plot, place, first, (low, high, step))
    _time_axis(painter, plot, place, first, last, low)
    _steps(painter, place, series)
    painter.setPen(QPen(PAPER, 0.7))
    painter.setBrush(READINGS)
    radius = 3.0 if len(series.readings) <= 100 else 2.0
    for when, value in series.readings:
        painter.drawEllipse(place(_ms(when), value), radius, radius)
    _head(painter, area, series)


def scale(low: float, high: float) -> tuple[float, float, float]:
    """Round ends of an axis that holds both values, and the step between its labels: four to eight of them."""
    span = max(high - low, 1e-6 * max(abs(high), 1.0))
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= 6)
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step, step


def _value_axis(painter: QPainter, plot: QRectF, place, first: float, ends: tuple[float, float, float]) -> None:
    low, high, step = ends
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        y = place(first, value).y()
        painter.setPen(QPen(FAINT, 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(INK)
        painter.drawText(QRectF(0, y - 8, LEFT - 6, 16), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:g}")


def _time_axis(painter: QPainter, plot: QRectF, place, first: int, last: int, low: float) -> None:
    days, locale = (last - first) // DAY_MS, QLocale()
    most = max(1, int(plot.width() // 60))
    step = next((step for step in _STEPS if days / step <= most), _STEPS[-1])
    form = "d MMM" if days < 200 else "MMM yyyy"
    for day in range(0, days, step):
        # A label stands at noon of its day, where a reading of the day is drawn.
        point = place(first + day * DAY_MS + DAY_MS // 2, low)
        painter.setPen(QPen(INK, 1))
        painter.drawLine(point, point + QPointF(0, 4))
        text = locale.toString(QDateTime.fromMSecsSinceEpoch(first + day * DAY_MS, Qt.TimeSpec.UTC).date(), form)
        painter.drawText(QRectF(point.x() - 40, point.y() + 5, 80, 16), Qt.AlignmentFlag.AlignHCenter, text)
    painter.setPen(QPen(INK, 1))
    painter.drawLine(plot.bottomLeft(), plot.bottomRight())


def _steps(painter: QPainter, place, series: StationSeries) -> None:
    """Each step of the field as long as it lasts, joined where no step is missing between two."""
    painter.setPen(QPen(FIELD, 1.8))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    line, ended = QPolygonF(), None
    for begin, end, value in series.steps:
        if ended is not None and _ms(begin) - ended > 2000:  # steps end a second early
            painter.drawPolyline(line)
            line = QPolygonF()
        line.append(place(_ms(begin), value))
        ended = _ms(end)
        line.append(place(ended, value))
    painter.drawPolyline(line)


def _head(painter: QPainter, area: QRectF, series: StationSeries) -> None:
    """Title, unit and legend above the plot."""
    bold = QFont(painter.font())
    bold.setBold(True)
    plain = painter.font()
    painter.setFont(bold)
    painter.setPen(INK)
    painter.drawText(QRectF(8, 4, area.width() - 16, 16), Qt.AlignmentFlag.AlignLeft, series.title)
    painter.setFont(plain)
    painter.drawText(QRectF(8, 22, 80, 16), Qt.AlignmentFlag.AlignLeft, series.unit)
    x = area.width() - RIGHT
    for label, colour, is_line in ((tr("field"), FIELD, True), (tr("reading"), READINGS, False)):
        width = painter.fontMetrics().horizontalAdvance(label)
        painter.setPen(INK)
        painter.drawText(QRectF(x - width, 22, width, 16), Qt.AlignmentFlag.AlignLeft, label)
        x -= width + 8
        if is_line:
            painter.setPen(QPen(colour, 1.8))
            painter.drawLine(QPointF(x - 16, 30), QPointF(x, 30))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x - 6, 30), 3.0, 3.0)
        x -= 30


def _ms(moment: QDateTime) -> int:
    return moment.toMSecsSinceEpoch()
