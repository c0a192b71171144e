"""What an output of a period looks like before any field is in it: grid, time axis, fields, attributes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Mapping

import numpy as np

from model_core.grid import Grid
from model_core.output.cf import TimeAxis, variable_attributes

_OF_THE_MACHINE = "computed_with"  # a run may go on on another one


@dataclass(frozen=True)
class FieldName:
    """A field that every step has.

    Attributes
    ----------
    name : such as pm25 or pm25_sd
    unit : as written into the output
    long_name : for people; "" for that of the table of variables
    """

    name: str
    unit: str
    long_name: str = ""

    def attributes(self, grid: Grid) -> dict[str, str]:
        """CF attributes."""
        return variable_attributes(self.name, self.unit, grid, timed=True) | ({"long_name": self.long_name} if self.long_name else {})


@dataclass(frozen=True)
class Frame:
    """All steps of the period have their place, also those without readings.

    Attributes
    ----------
    grid, times : axes
    fields : what every step has
    attributes : global ones, None values left out; nothing of the moment, so that equal runs on one machine give equal files
    """

    grid: Grid
    times: TimeAxis
    fields: tuple[FieldName, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 that two frames share if the same fields of the same steps can be written into both."""
        said = {
            "grid": self.grid.describe(),
            "step": self.times.step,
            "zone": self.times.zone,
            "fields": [[f.name, f.unit, f.long_name] for f in self.fields],
            "attributes": {name: value for name, value in self.attributes.items() if name != _OF_THE_MACHINE},
        }
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        digest.update(np.ascontiguousarray(self.times.starts.astype("datetime64[s]").astype("<i8")).tobytes())
        return digest.hexdigest()
