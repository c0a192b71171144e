"""From a CTM day to a training sample: what stations would have read, and the field that they should lead to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from model_core.background.degrading import imperfect
from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.training.layouts import draw_layout
from model_core.training.variety import more_various


@dataclass(frozen=True)
class TrainingDays:
    """CTM days on one grid, in canonical units, NaN where a field is unknown.

    Attributes
    ----------
    fields : variable -> days, each float32 (rows, columns): an array, or fields that are read when they are asked for;
        the target is among them
    maps : covariate -> float32 array (rows, columns)
    land : bool array (rows, columns)
        Where stations may stand.
    networks : real station networks as fractional (row, column) positions, for the "varied" layouts
    """

    fields: Mapping[str, Sequence[np.ndarray]]
    maps: Mapping[str, np.ndarray]
    land: np.ndarray
    networks: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Arrays of one sample, or, stacked, tensors of a batch.

    Shapes: values, mask (variables, rows, columns), the mask being how many readings each value is the mean of; maps, maps_known (covariates, rows, columns);
    truth, valid (rows, columns); noise (), the standard deviation in logs of the factor on the target's readings; background (rows, columns), an
    imperfect version of the truth, NaN where it is unknown and everywhere where there is none.
    """

    values: np.ndarray | Tensor
    mask: np.ndarray | Tensor
    maps: np.ndarray | Tensor
    maps_known: np.ndarray | Tensor
    truth: np.ndarray | Tensor
    valid: np.ndarray | Tensor
    noise: np.ndarray | Tensor
    background: np.ndarray | Tensor


def draw_sample(
    days: TrainingDays,
    day: int,
    network: NetworkConfiguration,
    training: TrainingConfiguration,
    rng: np.random.Generator,
    whole: bool = False,
    with_background: bool = False,
) -> Sample:
    """Sample nominal stations from a day, independently for each variable, with the configured accidents.

    With `whole` the field is neither cut, nor mirrored, nor rescaled, and nothing is removed: as in prediction.
    """
    fields = {name: days.fields[name][day] for name in network.station_variables if name in days.fields}
    layouts = {
        name: draw_layout(training, days.land & np.isfinite(field), days.maps.get("urban"), list(days.networks), rng)
        for name, field in fields.items()
        if name == network.target or whole or rng.random() >= training.remove_variable
    }
    maps = {name: days.maps[name] for name in network.maps if name in days.maps}
    other = days.fields[network.target][rng.integers(len(days.fields[network.target]))] if training.variety and not whole else None
    window = (slice(None), slice(None))
    if training.crop and not whole:  # first of all: what lies outside need not be computed
        window = _window(layouts[network.target], fields[network.target], training.crop, rng)
        fields, layouts, maps = ({name: array[window] for name, array in arrays.items()} for arrays in (fields, layouts, maps))
        other = other if other is None else other[window]

    truth = fields[network.target]
    if other is not None:
        truth = more_various(truth, other, maps, training.variety, rng)
    if training.rescale and not whole:
        truth = truth * np.float32(np.exp(rng.normal(0, training.rescale)))
    fields[network.target] = truth
    low, high = training.reading_noise
    noise = np.float32(np.exp(rng.uniform(np.log(low), np.log(high))) if low else high)

    values = np.zeros((len(network.station_variables), *truth.shape), np.float32)
    mask = np.zeros(values.shape, np.float32)
    for i, name in enumerate(network.station_variables):
        if name in layouts:
            layout = layouts[name]
            values[i] = np.where(layout > 0, fields[name] * _reading_factors(layout, noise, training.outliers, rng), 0.0)
            mask[i] = layout

    covariates = np.zeros((len(network.maps), *truth.shape), np.float32)
    known = np.zeros_like(covariates)
    for i, name in enumerate(network.maps):
        if name in maps and (whole or rng.random() >= training.remove_covariate):
            known[i] = np.isfinite(maps[name])
            covariates[i] = np.nan_to_num(maps[name])

    valid = np.isfinite(truth).astype(np.float32)
    background = np.full_like(truth, np.nan)
    if with_background:
        another = days.fields[network.target][rng.integers(len(days.fields[network.target]))][window]
        background = imperfect(truth, rng, urban=maps.get("urban"), other=another)
    sample = Sample(values, mask, covariates, known, np.nan_to_num(truth), valid, noise, background)
    return _flip(sample, rng) if training.flip and not whole else sample


def without_inputs(sample: Sample, network: NetworkConfiguration, names: Sequence[str]) -> Sample:
    """The sample as if there were no readings of these variables and none of these maps."""
    variables = np.isin(network.station_variables, names)[:, None, None]
    covariates = np.isin(network.maps, names)[:, None, None]
    return (
        replace(
            sample,
            values=np.where(variables, 0, sample.values),
            mask=np.where(variables, 0, sample.mask),
            maps=np.where(covariates, 0, sample.maps),
            maps_known=np.where(covariates, 0, sample.maps_known),
        )
        if len(names)
        else sample
    )


def stack(samples: list[Sample], device: torch.device) -> Sample:
    """A batch of samples of one size, as tensors on the device."""
    return on_device(stacked(samples), device)


def stacked(samples: list[Sample]) -> Sample:
    """A batch of samples of one size, as tensors in the processor's memory."""
    names = Sample.__dataclass_fields__
    return Sample(**{name: torch.from_numpy(np.stack([getattr(sample, name) for sample in samples])) for name in names})


def on_device(batch: Sample, device: torch.device) -> Sample:
    """The batch on a device; from pinned memory it travels while the processor goes on."""
    return Sample(**{name: getattr(batch, name).to(device, non_blocking=True) for name in Sample.__dataclass_fields__})


def in_parts(batch: Sample, number: int) -> list[Sample]:
    """The batch in so many equal parts, in its order."""
    names = Sample.__dataclass_fields__
    parts = zip(*(getattr(batch, name).chunk(number) for name in names))
    return [Sample(**dict(zip(names, part))) for part in parts]


def _reading_factors(layout: np.ndarray, noise: float, outliers: float, rng: np.random.Generator) -> np.ndarray | float:
    """What cell means are multiplied by: log-normal noise, less where several stations share a cell; a few are far out."""
    if not noise:
        return 1.0
    logarithm = rng.standard_normal(layout.shape, np.float32) * (noise / np.sqrt(np.maximum(layout, 1)))
    if outliers:
        logarithm = np.where(rng.random(layout.shape, np.float32) < outliers, 5 * logarithm, logarithm)
    return np.exp(logarithm)


def _window(layout: np.ndarray, field: np.ndarray, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """A random window that holds a few stations and enough of the field."""
    rows, columns = layout.shape
    height, width = min(side, rows), min(side, columns)
    readings = np.argwhere(layout)
    for attempt in range(10):
        top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
        if attempt >= 5 and len(readings):  # sparse networks: look around a reading instead
            row, column = readings[rng.integers(len(readings))]
            top = int(np.clip(row - rng.integers(height), 0, rows - height))
            left = int(np.clip(column - rng.integers(width), 0, columns - width))
        window = slice(top, top + height), slice(left, left + width)
        if (layout[window] > 0).sum() >= 3 and np.isfinite(field[window]).mean() > 0.2:
            break
    return window


def _flip(sample: Sample, rng: np.random.Generator) -> Sample:
    axes = tuple(axis for axis in (-2, -1) if rng.random() < 0.5)
    return _each(sample, lambda a: np.flip(a, axes).copy()) if axes else sample


def _each(sample: Sample, change) -> Sample:
    """The sample with every array changed that has rows and columns."""
    return Sample(
        **{
            name: np.ascontiguousarray(change(array)) if np.ndim(array) else array
            for name in Sample.__dataclass_fields__
            for array in [getattr(sample, name)]
        }
    )
