"""What CF says about a grid, its time steps and the variables on it, as attributes; the same for NetCDF and Zarr."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Sequence

import numpy as np

from model_core.grid import Grid
from model_core.variables import known_variables, recognise

GRID_MAPPING = "crs"
CONVENTIONS = "CF-1.8"
# Decimals of longitude and latitude: a millionth of a degree is 0.1 m.
DEGREE_DIGITS = 6
_UNIT_SYMBOLS = {"metre": "m", "kilometre": "km", "degree": "degrees"}
_STEPS = {"day": ("D", "days"), "hour": ("h", "hours")}


@dataclass(frozen=True)
class TimeAxis:
    """Steps of time.

    Attributes
    ----------
    starts : datetime64[s] of the start of each step, in order, in local time
    step : "day" or "hour"
    zone : what the local time is, such as Asia/Shanghai; "" where it is not known
    """

    starts: np.ndarray
    step: str = "day"
    zone: str = ""

    @classmethod
    def of_days(cls, days: Sequence[Date]) -> "TimeAxis":
        """The axis of calendar days."""
        return cls(np.array(list(days), "datetime64[D]").astype("datetime64[s]"))

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def values(self) -> np.ndarray:
        """int32, steps since midnight of the first day."""
        unit = _STEPS[self.step][0]
        origin = self.starts[0].astype("datetime64[D]")
        return (self.starts.astype(f"datetime64[{unit}]") - origin.astype(f"datetime64[{unit}]")).astype(np.int32)

    @property
    def bounds(self) -> np.ndarray:
        """int32 (steps, 2): start and end of each step."""
        return np.stack([self.values, self.values + 1], axis=1)

    @property
    def attributes(self) -> dict[str, str]:
        """Of the variable `time`."""
        zone = {"time_zone": self.zone} if self.zone else {}
        return {
            "standard_name": "time",
            "long_name": f"start of the {self.step}",
            "axis": "T",
            "calendar": "standard",
            "units": f"{_STEPS[self.step][1]} since {self.starts[0].astype('datetime64[D]')} 00:00:00",
            "bounds": "time_bnds",
            **zone,
        }


def read_starts(values: np.ndarray, units: str) -> np.ndarray:
    """datetime64[s] of the steps of an axis that a `TimeAxis` wrote."""
    unit, _, origin = units.partition(" since ")
    codes = {name: code for code, name in _STEPS.values()}
    return (np.datetime64(origin[:10], codes[unit]) + np.asarray(values)).astype("datetime64[s]")


def axis_names(grid: Grid) -> tuple[str, str]:
    """Names of the dimensions of rows and columns."""
    return ("lat", "lon") if grid.crs.is_geographic else ("y", "x")


def axis_attributes(grid: Grid) -> tuple[dict[str, str], dict[str, str]]:
    """Of the coordinates of rows and columns."""
    if grid.crs.is_geographic:
        return tuple({"standard_name": name, "axis": axis, **degrees(name)} for name, axis in (("latitude", "Y"), ("longitude", "X")))
    unit = grid.crs.axis_info[0].unit_name
    return tuple(
        {"standard_name": f"projection_{axis.lower()}_coordinate", "axis": axis, "units": _UNIT_SYMBOLS.get(unit, unit)} for axis in "YX"
    )


def degrees(standard_name: str) -> dict[str, str]:
    """The unit of longitudes or latitudes."""
    return {"units": "degrees_north" if standard_name == "latitude" else "degrees_east"}


def variable_attributes(name: str, unit: str, grid: Grid, timed: bool) -> dict[str, str]:
    """Of a field; long and standard name come from the table of known variables."""
    known = known_variables().get(name) or recognise(name)
    attributes = {"units": unit}
    if known:
        attributes["long_name"] = known.long_name
        if known.standard_name:
            attributes["standard_name"] = known.standard_name
    if timed:
        attributes["cell_methods"] = "time: mean"
    attributes["grid_mapping"] = GRID_MAPPING
    if not grid.crs.is_geographic:
        attributes["coordinates"] = "lon lat"
    return attributes


def grid_mapping_attributes(grid: Grid) -> dict[str, Any]:
    """Of the variable that says the CRS."""
    attributes = grid.crs.to_cf()
    ellipsoid = grid.crs.ellipsoid
    if ellipsoid is not None and ellipsoid.semi_major_metre == ellipsoid.semi_minor_metre:
        attributes.pop("inverse_flattening", None)  # infinite for a sphere, which no attribute can say
        attributes["earth_radius"] = ellipsoid.semi_major_metre
    attributes["spatial_ref"] = grid.crs.to_wkt()  # where GDAL looks first
    attributes["GeoTransform"] = " ".join(repr(float(value)) for value in grid.transform.to_gdal())
    return attributes
