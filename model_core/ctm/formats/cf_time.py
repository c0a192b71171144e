"""The time axis of a CF file, also of forecasts with a run start and a lead time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray

from model_core.ctm.formats.time_values import decode, needs_start, start_in_words

_REFERENCE, _PERIOD = "forecast_reference_time", "forecast_period"
_DAY = np.timedelta64(24, "h")
MONTH_HOURS = 28 * 24.0


class TimeAxis(NamedTuple):
    """As the attributes of `layout.Layout` with these names."""

    time_dims: tuple[str, ...]
    times: np.ndarray | None
    step_hours: float | None
    days: np.ndarray | None
    starts: np.ndarray | None


def time_axis(dataset: xarray.Dataset, dim: str | None, path: Path) -> TimeAxis | None:
    """Times in UTC from the axis `dim`, or from a run start and a lead time; None where there is neither.

    Fields of 24 hours by their time bounds, or one field a day without bounds, are daily. Other fields with bounds have the
    start of theirs as time, so that the hour that ends at midnight belongs to the day before. Monthly fields are not daily:
    their step says what they are.

    Raises
    ------
    InputError
        If a unit, calendar or value of time is not understood.
    """
    reference, period = (_named(dataset, name) for name in (_REFERENCE, _PERIOD))
    if reference is not None and period is not None and reference.ndim <= 1 and period.ndim == 1 and period.dims[0] != dim:
        return _forecasts(reference, period, path)
    if dim is None:
        return None
    axis = dataset[dim]
    times = decode(axis.to_numpy(), axis.attrs, dim, path, dataset.attrs)
    starts = np.repeat(times[:1], len(times))
    if reference is not None and reference.ndim == 0:
        starts = np.repeat(decode(reference.to_numpy()[None], reference.attrs, str(reference.name), path), len(times))
    elif reference is not None and reference.dims == (dim,):
        starts = decode(reference.to_numpy(), reference.attrs, str(reference.name), path)
    bounds = str(axis.attrs.get("bounds", ""))
    if bounds in dataset.variables and dataset[bounds].ndim == 2:
        limits = decode(dataset[bounds].to_numpy(), {**axis.attrs, **dataset[bounds].attrs}, bounds, path, dataset.attrs)
        length = (limits[:, 1] - limits[:, 0]) / np.timedelta64(1, "h")
        if (length == 24).all():
            return TimeAxis((dim,), times, 24.0, (limits[:, 0] + _DAY // 2).astype("datetime64[D]"), starts)
        if (length == length[0]).all() and length[0] > 0 or (length > 24).all():
            return TimeAxis((dim,), limits[:, 0], float(length.max()), None, starts)
    return TimeAxis((dim,), times, *steps_and_days(times, str(dataset.attrs.get("frequency", ""))), starts)


def time_notes(dataset: xarray.Dataset, dim: str | None, axis: TimeAxis) -> list[str]:
    """What a user should know about how the times were understood."""
    notes = []
    if dim is not None and needs_start(dataset[dim].attrs) and axis.time_dims == (dim,):
        start, place = start_in_words(dataset[dim].attrs, dataset.attrs) or ("", "")
        notes.append(f"its times count from {start}, which {place} says")
    if axis.days is not None and len(axis.times) > 2 and "bounds" not in (dataset[dim].attrs if dim else {}):
        step = np.diff(axis.times) / _DAY
        if step.min() > 1 and step.min() == step.max():
            notes.append(f"its times are {step[0]:g} days apart; each field is taken as the mean of the day of its stamp")
    return notes


def steps_and_days(times: np.ndarray, frequency: str = "") -> tuple[float | None, np.ndarray | None]:
    """(step in hours, days of daily fields): one field a day is taken as of the day of its stamp, one a month is none.

    Parameters
    ----------
    frequency : the attribute of CMIP and CORDEX files, such as "mon"
    """
    if frequency.startswith(("mon", "yr")):
        return MONTH_HOURS, None
    if len(times) < 2:
        return None, None
    steps = np.diff(times) / np.timedelta64(1, "h")
    step, days = float(steps[0]), times.astype("datetime64[D]")
    if steps.min() >= MONTH_HOURS:
        return float(steps.max()), None
    daily = step % 24 == 0 and len(np.unique(days)) == len(days)
    return (24.0, days) if daily else (step, None)


def _named(dataset: xarray.Dataset, standard_name: str) -> xarray.DataArray | None:
    names = (n for n, v in dataset.variables.items() if v.attrs.get("standard_name") == standard_name or n == standard_name)
    return next((dataset[name] for name in names), None)


def _forecasts(reference: xarray.DataArray, period: xarray.DataArray, path: Path) -> TimeAxis:
    """Every run start with every lead time; the lead times vary fastest."""
    runs = decode(np.atleast_1d(reference.to_numpy()), reference.attrs, str(reference.name), path)
    unit = str(period.attrs.get("units", "hours"))
    epoch: dict[str, Any] = {"units": f"{unit} since 2000-01-01"}
    leads = decode(period.to_numpy(), epoch, str(period.name), path) - np.datetime64("2000-01-01", "s")
    times = (runs[:, None] + leads[None, :]).ravel()
    dims = (str(period.dims[0]),) if reference.ndim == 0 else (str(reference.dims[0]), str(period.dims[0]))
    hours = float(np.diff(leads[:2])[0] / np.timedelta64(1, "h")) if len(leads) > 1 else None
    return TimeAxis(dims, times, hours, None, np.repeat(runs, len(leads)))
