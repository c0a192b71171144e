"""What kriging makes of a batch of days, as channels and as the field that the network corrects."""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import torch
from torch import Tensor

from model_core.configuration import Transform
from model_core.network.background_drift import DriftColumns, drift_columns
from model_core.network.kriging import KrigedDay, krige
from model_core.network.local_slopes import LocalSlopes, local_slopes
from model_core.network.reading_maps import at_places
from model_core.network.reading_quantities import BELOW, Quantities, StationReadings, bounds, expected_value, quantities
from model_core.network.transforms import inverse, transform
from model_core.network.variogram import Variogram


class KrigedBackground(NamedTuple):
    """Kriged fields of the target, (batch, 1, rows, columns), and what the network should know of them.

    Attributes
    ----------
    field : the background, in the target's units: the mean of kriging in standardised units (as the expected value of a
        log-normal, where those are logs) and of kriging in the target's units, both with the maps as external drift
    standardised : kriged in the network's standardised units, with the maps as external drift
    values : kriged in the target's units, likewise
    plain : kriged in standardised units without drift
    unexplained : kriging variance of a reading as a share of the variance, see `KrigedDay`
    contrast : (batch, maps, rows, columns), how much each map exceeds what kriging makes of it from the stations' cells:
        how much higher than the stations a cell lies that the kriged value comes from; 0 where the map is unknown
    day : (batch, 3), log of the fitted range in cells over 25, nugget share, and variance
    share : of what kriging makes of another field of the day, see `Background`, 0 where there is none
    believed : (batch,), the share of each day, 0 of days without one
    besides : (batch, 3, rows, columns), of that field, in standardised units: itself, its level brought to that of the readings; how much it exceeds
        what kriging makes of it from the stations; and the field without it, as `field`. 0 where it is unknown. None where no day has one
    """

    field: Tensor
    standardised: Tensor
    values: Tensor
    plain: Tensor
    unexplained: Tensor
    contrast: Tensor
    day: Tensor
    share: Tensor
    believed: Tensor
    besides: Tensor | None

    @property
    def sigma(self) -> Tensor:
        """Standard deviation of a reading in standardised units, (batch, 1, rows, columns)."""
        return torch.sqrt(self.day[:, 2, None, None, None] * self.unexplained)

    @property
    def doubt(self) -> Tensor:
        """From 0 where readings tell all that a reading can tell to 1 where they tell nothing, (batch, 1, rows, columns)."""
        return _doubt(self.unexplained, self.day[:, 1, None, None, None])


def _doubt(unexplained: Tensor, nugget: Tensor) -> Tensor:
    """See `KrigedBackground.doubt`; `nugget` is the share of the variance that no reading explains."""
    return ((unexplained - nugget) / (1 - nugget).clamp_min(1e-3)).clamp(0, 1)


def kriged_background(
    days: Sequence[StationReadings],
    rule: Transform,
    level: Tensor,
    spread: Tensor,
    maps: Tensor,
    known: Tensor,
    drift: Tensor | None = None,
    slopes_vary: tuple[float, ...] = (),
    limit: float = 0.0,
) -> KrigedBackground:
    """Krige each day of a batch.

    Parameters
    ----------
    days : of each day its readings
    rule : the target's transform
    level, spread : (batch, 1, 1), what leads from transformed to standardised units
    maps, known : Tensor
        Scaled maps, 0 where unknown, and 1 where they are known; (batch, maps, rows, columns).
    drift : which of the maps act as external drift, bool (maps,); None for all
    slopes_vary : how much their slopes differ from place to place, and over what distance in cells (`LocalSlopes`); empty where they do not
    limit : how far readings may lie from what the others say of them, see `krige`
    """
    with torch.autocast(maps.device.type, enabled=False):  # a training in half precision leaves kriging alone
        fields = [_of_day(*day, rule, drift, slopes_vary, limit) for day in zip(days, level, spread, maps, known)]
    *parts, besides = zip(*fields)
    none = torch.zeros(3, *maps.shape[-2:], device=maps.device)
    of_some = None if all(one is None for one in besides) else torch.stack([none if one is None else one for one in besides])
    return KrigedBackground._make([*(torch.stack(part) for part in parts), of_some])


def _of_day(
    readings: StationReadings,
    level: Tensor,
    spread: Tensor,
    maps: Tensor,
    known: Tensor,
    rule: Transform,
    drift: Tensor | None,
    slopes_vary: tuple[float, ...],
    limit: float,
) -> tuple[Tensor | None, ...]:
    """The fields of `KrigedBackground` of one day."""
    given = quantities(readings, level, spread, rule)
    acting = slice(None) if drift is None else drift.to(maps.device)
    local = local_slopes(maps[acting], known[acting], readings.places, slopes_vary)
    without = _kriged(readings, given, level, spread, maps, known, rule, drift, local, limit)
    background = readings.background
    if background is None or background.share == 0 or not len(readings.values):
        return *without, torch.zeros((), device=maps.device), None
    columns = drift_columns(background.field, readings.places, readings.values, given.standardised, float(level), float(spread), rule)
    if columns is None:
        return *without, torch.zeros((), device=maps.device), None
    drifted, excess = _with_background(readings, given, level, spread, maps, known, rule, drift, local, columns, limit)
    shared = _shared(without, drifted, background.share * columns.known, rule)
    standardised = ((transform(without[0], rule) - level) / spread) * columns.known
    besides = torch.stack([columns.standardised(), excess * columns.unit, standardised[0]])
    return *shared, torch.tensor(float(background.share), device=maps.device), besides


def _kriged(
    readings: StationReadings,
    given: Quantities,
    level: Tensor,
    spread: Tensor,
    maps: Tensor,
    known: Tensor,
    rule: Transform,
    drift: Tensor | None,
    local: LocalSlopes | None,
    limit: float,
) -> tuple[Tensor, ...]:
    """The fields with the maps as drift."""
    read = torch.cat([given.standardised[:, None], given.values[:, None], at_places(maps, readings.places)], dim=1)
    kriged = krige(
        readings.places,
        read,
        maps.shape[-2:],
        counts=readings.counts,
        first_map=2,
        noise=given.noise,
        drift=drift,
        local=local,
        limit=limit,
    )
    contrast = torch.where(known > 0, maps - kriged.fields[2:], 0.0)
    unexplained = _with_slopes(kriged, contrast, local)[None]
    low, high = bounds(readings.values)

    fields = kriged.fields[:2] + torch.einsum("qm,mrc->qrc", kriged.slopes, contrast)
    standardised, values = fields[:1], fields[1:] * given.width + given.middle
    expected = expected_value(standardised, kriged.variogram.variance * unexplained, level, spread, rule)
    expected, values = expected.clamp(low, high), values.clamp(low, high)
    day = _constants(kriged.variogram, values.device)
    return (expected + values) / 2, standardised, values, kriged.fields[:1], unexplained, contrast, day, torch.zeros_like(unexplained)


def _with_slopes(kriged: KrigedDay, contrast: Tensor, local: LocalSlopes | None) -> Tensor:
    """What is left unexplained, (rows, columns); where slopes vary, with the variance of their means (universal kriging) and their own.

    A reading tells of the field and of what the slopes add to it together: near it as much of the slopes' own variance goes as of the field's.
    """
    if local is None:
        return kriged.unexplained
    doubt = _doubt(kriged.unexplained, torch.tensor(kriged.variogram.nugget))
    return kriged.unexplained + torch.einsum("mrc,mn,nrc->rc", contrast, kriged.slopes_covariance, contrast) + doubt * local.variance()


def _with_background(
    readings: StationReadings,
    given: Quantities,
    level: Tensor,
    spread: Tensor,
    maps: Tensor,
    known: Tensor,
    rule: Transform,
    drift: Tensor | None,
    local: LocalSlopes | None,
    columns: DriftColumns,
    limit: float,
) -> tuple[tuple[Tensor, ...], Tensor]:
    """The same with a background as further drift, kriged in standardised units alone: where those are logs, it explains shares. And what the
    background's column has in excess of its kriging, (rows, columns)."""
    maps, known = torch.cat([maps, columns.field[None]]), torch.cat([known, columns.known[None]])
    at = torch.cat([at_places(maps[:-1], readings.places), columns.at_readings[:, None]], dim=1)
    scale, left = columns.scale, given.standardised - columns.expected * columns.at_readings
    read = torch.cat([left[:, None] / scale, at], dim=1)
    acting = None if drift is None else torch.cat([drift, torch.ones(1, dtype=torch.bool)])
    kriged = krige(
        readings.places,
        read,
        maps.shape[-2:],
        counts=readings.counts,
        first_map=1,
        noise=None if given.noise is None else given.noise / scale**2,
        drift=acting,
        local=local,
        limit=limit,
    )
    kriged.fields[:1] = kriged.fields[:1] * scale + columns.expected * kriged.fields[-1:]
    slopes = kriged.slopes * scale
    slopes[:, -1] += columns.expected
    kriged = kriged._replace(slopes=slopes, variogram=kriged.variogram._replace(variance=kriged.variogram.variance * scale**2))
    contrast = torch.where(known > 0, maps - kriged.fields[1:], 0.0)
    unexplained = _with_slopes(kriged, contrast, local)[None]
    standardised = kriged.fields[:1] + torch.einsum("qm,mrc->qrc", kriged.slopes, contrast)
    expected = expected_value(standardised, kriged.variogram.variance * unexplained, level, spread, rule)
    low, high = bounds(readings.values)
    expected = expected.clamp(min(low, columns.lowest * BELOW), max(high, columns.highest))
    day = _constants(kriged.variogram, expected.device)
    fields = expected, standardised, expected, kriged.fields[:1], unexplained, contrast[:-1], day, columns.known[None]
    return fields, contrast[-1]


def _constants(variogram: Variogram, device: torch.device) -> Tensor:
    """`KrigedBackground.day`."""
    return torch.tensor([math.log(variogram.distance / 25.0), variogram.nugget, variogram.variance], device=device)


def _shared(without: tuple[Tensor, ...], drifted: tuple[Tensor, ...], share: Tensor, rule: Transform) -> tuple[Tensor, ...]:
    """A share of the difference that the background makes, (rows, columns); of the fields in the units of the transform."""
    one, two = (KrigedBackground._make([*part, None, None]) for part in (without, drifted))
    (_, nugget, variance), (_, nugget_with, variance_with), whole = one.day, two.day, float(share.max())
    field = inverse(torch.lerp(transform(one.field, rule), transform(two.field, rule), share), rule)
    standardised, values = (torch.lerp(a, b, share) for a, b in ((one.standardised, two.standardised), (one.values, two.values)))
    mixed = torch.lerp(variance, variance_with, whole)
    unexplained = torch.lerp(variance * one.unexplained, variance_with * two.unexplained, share) / mixed
    nugget = torch.lerp(nugget * variance, nugget_with * variance_with, whole) / mixed
    day = torch.stack([torch.lerp(one.day[0], two.day[0], whole), nugget, mixed])
    return field, standardised, values, one.plain, unexplained, one.contrast, day, share[None]
