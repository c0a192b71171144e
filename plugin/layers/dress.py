"""Name, colours and time of a result layer."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import count

from qgis.core import (
    Qgis,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt import sip

from ..styling.ramps import CONTINUOUS, RAMPS, pretty_unit, ramp_for
from ..styling.renderer import style
from ..translate import tr
from .description import FieldDescription, describe, uncertainties
from .intervals import set_periods, step_range, steps_in
from .playing import make_ready_to_play
from .tree import FIELD, UNCERTAINTY, arrange, fold_away, zoom_to


def layer_title(field: FieldDescription) -> str:
    """Such as "PM2.5 reanalysis 2018-02-20", or "PM2.5 reanalysis, standard deviation 2018-02-20"."""
    kind = {"reanalysis": tr("reanalysis"), "readings": tr("readings")}.get(field.kind, "")
    days = [f"{day:%Y-%m-%d %H:%M}" if isinstance(day, datetime) else str(day) for day in sorted({*field.days[:1], *field.days[-1:]})]
    what = " ".join(part for part in (field.label, kind) if part)
    if field.statistic:
        statistic = tr("standard deviation") if field.statistic == "sd" else tr("{} % quantile").format(int(field.statistic[1:]))
        what = tr("{what}, {which}").format(what=what, which=statistic)
    return " ".join(part for part in (what, " – ".join(days)) if part)


def layer_name(field: FieldDescription) -> str:
    """Such as "PM2.5 reanalysis 2018-02-20 (µg m⁻³)"."""
    return layer_title(field) + (f" ({pretty_unit(field.unit)})" if field.unit not in ("", "1") else "")


def dress(layer: QgsRasterLayer, look: str = CONTINUOUS) -> None:
    """Name, style and date a layer by what its file says; a layer of another kind stays as it is.

    `look` is one of `styling.ramps.STYLES`.
    """
    field = describe(layer.source())
    layer.setName(layer_name(field))
    if field.kind or (field.variable in RAMPS and not field.unit.lower().startswith("pp")):  # the ramps of gases are not of ppm or ppb
        colour(layer, field, look)
    if not set_periods(layer):
        set_days(layer, field)


def colour(layer: QgsRasterLayer, field: FieldDescription, look: str = CONTINUOUS) -> str:
    """Give the layer the colours of a style; return what the user should know of it, or ''."""
    if field.statistic == "sd":
        style(layer, f"{field.variable}_sd", unit=field.unit)
        return ""
    ramp, note = ramp_for(field.variable, look, field.days[0] if field.days else None)
    style(layer, field.variable, unit=field.unit, ramp=ramp)
    return note


def show_field(layer: QgsRasterLayer, look: str = CONTINUOUS) -> None:
    """Dress a field that was loaded, zoom to it, and have the temporal controller ready to play it, if it is a series."""
    dress(layer, look)
    zoom_to(layer)
    make_ready_to_play(steps_in(layer.source(), describe(layer.source()).days))


def _show_uncertainty(layer: QgsRasterLayer, look: str) -> None:
    dress(layer, look)
    fold_away(layer)


def set_days(layer: QgsRasterLayer, field: FieldDescription) -> None:
    """Tell the temporal controller the day (or hour) of the layer, or of each of its bands."""
    properties = layer.temporalProperties()
    if len(field.days) == 1:
        properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
        properties.setFixedTemporalRange(step_range(field.days[0]))
    elif field.days:
        properties.setMode(Qgis.RasterTemporalMode.FixedRangePerBand)
        properties.setFixedRangePerBand({band: step_range(day) for band, day in enumerate(field.days, start=1)})
    properties.setIsActive(bool(field.days))


def number_name(layer: QgsMapLayer) -> None:
    """Tell the layer from those of earlier runs: "PM2.5 reanalysis 2018-02-20 (µg m⁻³) [2]" where the project has one of the name."""
    taken = {other.name() for other in QgsProject.instance().mapLayers().values() if other.id() != layer.id()}
    name = layer.name()
    if name in taken:
        layer.setName(next(numbered for number in count(2) if (numbered := f"{name} [{number}]") not in taken))


class _Dresser(QgsProcessingLayerPostProcessorInterface):
    """Dresses a layer when QGIS loads it, in the main thread."""

    def __init__(self, dress_layer, place: int):
        super().__init__()
        self._dress_layer, self._place = dress_layer, place

    def postProcessLayer(self, layer, context, feedback):
        self._dress_layer(layer)
        number_name(layer)
        run = sip.unwrapinstance(context)
        if run not in _PLACED:
            _PLACED.clear()  # those of the run before
        _PLACED.setdefault(run, {})[layer.id()] = self._place
        arrange(_PLACED[run])


_PLACED: dict[int, dict[str, int]] = {}  # run -> layer id -> place; of the last run only
# QGIS takes a bare pointer, and deletes the object together with the context of the run: Python must hold it until then.
_DRESSERS: list[_Dresser] = []


def new_dresser(dress_layer=dress, place: int = FIELD) -> _Dresser:
    """A post-processor that dresses a layer with a function of the layer, and puts it in its place among the others of the run."""
    _DRESSERS[:] = [dresser for dresser in _DRESSERS if not sip.isdeleted(dresser)]
    _DRESSERS.append(_Dresser(dress_layer, place))
    return _DRESSERS[-1]


def load_dressed(path: str, context: QgsProcessingContext, asked: str = "", look: str = CONTINUOUS) -> str:
    """Have an output dressed when QGIS loads it; return what QGIS opens, which for NetCDF is a variable in the file.

    What the file tells of its uncertainty is loaded with it, below it and folded. `asked` is the name that QGIS knows the output by,
    where the file has another; `look` as for `dress`.
    """
    source = describe(path).source
    details = context.layersToLoadOnCompletion()
    asked = asked or path
    if asked in details:
        wanted = details.pop(asked)
        wanted.layerTypeHint = QgsProcessingUtils.LayerHint.Raster
        wanted.layerSortKey = FIELD
        wanted.setPostProcessor(new_dresser(partial(show_field, look=look)))
        details[source] = wanted
        for number, further in enumerate(uncertainties(path), start=1):
            beside = QgsProcessingContext.LayerDetails(wanted.name, wanted.project, wanted.outputName)
            beside.groupName, beside.layerSortKey = wanted.groupName, UNCERTAINTY - number
            # Without the hint QGIS tries a vector layer first, and since GDAL 3.10 a variable of a NetCDF opens as one.
            beside.layerTypeHint = QgsProcessingUtils.LayerHint.Raster
            beside.setPostProcessor(new_dresser(partial(_show_uncertainty, look=look), UNCERTAINTY - number))
            details[further] = beside
        context.setLayersToLoadOnCompletion(details)
    return source
