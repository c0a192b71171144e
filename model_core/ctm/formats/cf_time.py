"""The time axis of a CF file, also of forecasts with a run start and a lead time."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cftime
import numpy as np
import xarray

from model_core.errors import InputError

_REFERENCE, _PERIOD = "forecast_reference_time", "forecast_period"
_DAY = np.timedelta64(24, "h")


class TimeAxis(NamedTuple):
    """As the attributes of `layout.Layout` with these names."""

    time_dims: tuple[str, ...]
    times: np.ndarray
    step_hours: float | None
    days: np.ndarray | None
    starts: np.ndarray


def time_axis(dataset: xarray.Dataset, dim: str | None, path: Path) -> TimeAxis | None:
    """Times in UTC from the axis `dim`, or from a run start and a lead time; None where there is neither.

    Fields of 24 hours by their time bounds, or one field a day or less often without bounds, are daily. Other fields
    with bounds have the start of theirs as time, so that the hour that ends at midnight belongs to the day before.

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
    times = decode(axis.to_numpy(), axis.attrs, dim, path)
    starts = np.repeat(times[:1], len(times))
    if reference is not None and reference.ndim == 0:
        starts = np.repeat(decode(reference.to_numpy()[None], reference.attrs, str(reference.name), path), len(times))
    elif reference is not None and reference.dims == (dim,):
        starts = decode(reference.to_numpy(), reference.attrs, str(reference.name), path)
    bounds = str(axis.attrs.get("bounds", ""))
    if bounds in dataset.variables and dataset[bounds].ndim == 2:
        limits = decode(dataset[bounds].to_numpy(), {**axis.attrs, **dataset[bounds].attrs}, bounds, path)
        length = (limits[:, 1] - limits[:, 0]) / np.timedelta64(1, "h")
        if (length == 24).all():
            return TimeAxis((dim,), times, 24.0, (limits[:, 0] + _DAY // 2).astype("datetime64[D]"), starts)
        if (length == length[0]).all() and length[0] > 0:
            return TimeAxis((dim,), limits[:, 0], float(length[0]), None, starts)
    return TimeAxis((dim,), times, *_steps(times), starts)


def decode(values: np.ndarray, attributes: dict, name: str, path: Path) -> np.ndarray:
    """Times as datetime64[s]; dates of a model's calendar keep their year, month and day."""
    units, calendar = str(attributes.get("units", "")), str(attributes.get("calendar", "standard"))
    try:
        decoded = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
        texts = [moment.isoformat()[:19] for moment in np.ravel(decoded)]
        return np.array(texts, "datetime64[s]").reshape(np.shape(values))
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise InputError(f"'{path}': times in '{name}' ('{units}', calendar {calendar}) are not understood: {error}") from error


def _named(dataset: xarray.Dataset, standard_name: str) -> xarray.DataArray | None:
    return next((v for n in dataset.variables if (v := dataset[n]).attrs.get("standard_name") == standard_name or n == standard_name), None)


def _forecasts(reference: xarray.DataArray, period: xarray.DataArray, path: Path) -> TimeAxis:
    """Every run start with every lead time; the lead times vary fastest."""
    runs = decode(np.atleast_1d(reference.to_numpy()), reference.attrs, str(reference.name), path)
    unit = str(period.attrs.get("units", "hours"))
    epoch = {"units": f"{unit} since 2000-01-01"}
    leads = decode(period.to_numpy(), epoch, str(period.name), path) - np.datetime64("2000-01-01", "s")
    times = (runs[:, None] + leads[None, :]).ravel()
    dims = (str(period.dims[0]),) if reference.ndim == 0 else (str(reference.dims[0]), str(period.dims[0]))
    hours = float(np.diff(leads[:2])[0] / np.timedelta64(1, "h")) if len(leads) > 1 else None
    return TimeAxis(dims, times, hours, None, np.repeat(runs, len(leads)))


def _steps(times: np.ndarray) -> tuple[float | None, np.ndarray | None]:
    """(step in hours, days of daily fields): one field a day or less often is taken as of the day of its stamp."""
    step = float(np.diff(times[:2])[0] / np.timedelta64(1, "h")) if len(times) > 1 else None
    days = times.astype("datetime64[D]")
    daily = step is not None and step % 24 == 0 and len(np.unique(days)) == len(days)
    return (24.0, days) if daily else (step, None)
