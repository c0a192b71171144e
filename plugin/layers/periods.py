"""The layers of an aggregation: means with the period of each band, maps of what is above a limit, and the stations' means."""

from __future__ import annotations

from functools import partial

from qgis.core import Qgis, QgsPalettedRasterRenderer, QgsProcessingContext, QgsProcessingUtils, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtGui import QColor

from ..styling.points import style_points
from ..styling.ramps import pretty_unit
from ..styling.renderer import style
from ..translate import tr
from .description import LABELS
from .dress import new_dresser
from .intervals import periods_in, set_periods
from .playing import make_ready_to_play

# Blue and orange keep apart in print and for colour-blind eyes.
_BELOW, _ABOVE = "#9ec5dd", "#c8502e"


def load_periods(path: str, result: dict, context: QgsProcessingContext, asked: str) -> str:
    """Have the mean of a NetCDF, and below it each map of a limit, loaded and dressed; return what QGIS opens.

    `asked` is the name that QGIS knows the output by.
    """
    source, details = _inside(path, result["species"]), context.layersToLoadOnCompletion()
    if asked in details:
        wanted = details.pop(asked)
        names = [result["species"], *dict.fromkeys(row["name"] for row in result["limits"])]
        for number, name in enumerate(names):
            one = wanted if number == 0 else QgsProcessingContext.LayerDetails(wanted.name, wanted.project, wanted.outputName)
            if number:
                one.groupName, one.layerSortKey = wanted.groupName, wanted.layerSortKey + number
            one.layerTypeHint = QgsProcessingUtils.LayerHint.Raster
            one.setPostProcessor(new_dresser(partial(dress_periods, result=result, name=name)))
            details[_inside(path, name)] = one
        context.setLayersToLoadOnCompletion(details)
    return source


def dress_periods(layer: QgsRasterLayer, result: dict, name: str) -> None:
    """Name, style and date one variable of an aggregation, and have the temporal controller ready to play its periods."""
    limit = next((row for row in result["limits"] if row["name"] == name), None)
    layer.setName(limit_name(result, limit) if limit else mean_name(result))
    if limit:
        classes = [
            QgsPalettedRasterRenderer.Class(value, QColor(colour), label)
            for value, colour, label in ((0, _BELOW, tr("not above")), (1, _ABOVE, tr("above")))
        ]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    else:
        style(layer, result["species"])
    set_periods(layer)
    make_ready_to_play(periods_in(layer.source()))


def load_station_means(path: str, result: dict, context: QgsProcessingContext) -> str:
    """Have the points named, coloured as their field and dated by their period when QGIS loads them, if it does; return what QGIS opens."""
    details = context.layersToLoadOnCompletion()
    if path in details:
        details[path].name, details[path].forceName = tr("{}, stations").format(mean_name(result)), True
        details[path].setPostProcessor(new_dresser(partial(dress_stations, variable=result["species"])))
        context.setLayersToLoadOnCompletion(details)
    return path


def dress_stations(layer: QgsVectorLayer, variable: str) -> None:
    """Style the points by their mean, and date them by their period, whose days are texts."""
    style_points(layer, variable, "value")
    properties = layer.temporalProperties()
    properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromExpressions)
    properties.setStartExpression('to_datetime("start")')
    properties.setEndExpression("to_datetime(\"end\") + to_interval('86399 seconds')")  # ends are included
    properties.setIsActive(True)


def mean_name(result: dict) -> str:
    """Such as "PM2.5, mean by season 2019-01-01 – 2019-12-31 (µg m⁻³)"."""
    kinds = {
        "period": tr("mean"),
        "month": tr("mean by month"),
        "season": tr("mean by season"),
        "year": tr("mean by year"),
        "monthly-climatology": tr("mean of the months of all years"),
        "seasonal-climatology": tr("mean of the seasons of all years"),
    }
    what = tr("{what}, {which}").format(what=_species(result), which=kinds[result["by"]])
    return f"{what} {result['first']} – {result['last']} ({pretty_unit(result['unit'])})"


def limit_name(result: dict, limit: dict) -> str:
    """Such as "PM2.5 above 15 µg m⁻³ (WHO guideline levels 2021, day)"."""
    return tr("{species} above {value:g} {unit} ({set}, {averaging})").format(
        species=_species(result),
        value=limit["limit_value"],
        unit=pretty_unit(limit["limit_unit"]),
        set=limit["limit"],
        averaging={"year": tr("year"), "day": tr("day")}.get(limit["averaging"], limit["averaging"]),
    )


def _species(result: dict) -> str:
    return LABELS.get(result["species"], result["species"].upper())


def _inside(path: str, name: str) -> str:
    return f'NETCDF:"{path}":{name}'
