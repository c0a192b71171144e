"""What one file has for the variables of another: MCIP's air for CMAQ's gases, the size fractions of APMDIAG for its aerosol."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Sequence

import numpy as np

from model_core.ctm.ctm_file import CTMFile, OpenFiles
from model_core.errors import InputError


class Companions:
    """Which file and step knows a companion (`ctm_file.Yield`) at which time; daily fields and hourly ones are kept apart.

    Attributes
    ----------
    kind : ctm_file.AIR or ctm_file.SIZES
    names : names of the files that know it, in the order in which they were added
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._at: dict[tuple[bool, int], tuple[int, int]] = {}
        self.names: list[str] = []

    def add(self, number: int, file: CTMFile) -> None:
        """Take notice of the file with this number, if it knows it at its times."""
        names, times = file.companion_names(self.kind), _times(file)
        if names is None or not all(file.layout.has_times(file.dataset.variables[name]) for name in names):
            return
        self.names.append(file.path.name)
        for step, time in enumerate(times):
            self._at.setdefault(time, (number, step))

    def cover(self, daily: bool, times: Iterable[np.datetime64]) -> bool:
        """Whether it is known at all these times (of daily fields: days)."""
        return bool(self._at) and all((daily, int(time.astype(np.int64))) in self._at for time in times)

    def fields(self, file: CTMFile, steps: Sequence[int], files: OpenFiles, paths: Sequence[Path]) -> np.ndarray:
        """The companion at these times of a file, as `CTMFile.companion_field` gives it.

        Raises
        ------
        InputError
            If it is not known at one of them, or a file can't be read.
        """
        times = _times(file)
        try:
            places = [self._at[times[step]] for step in steps]
        except KeyError as error:
            raise InputError(f"'{file.path}' has changed while it was read; start again") from error
        return np.concatenate([files.get(paths[number]).companion_field(self.kind, [step]) for number, step in places])


def _times(file: CTMFile) -> list[tuple[bool, int]]:
    """(daily, days or seconds since 1970) of every time of a file."""
    layout = file.layout
    if layout.times is None:
        return []
    daily = layout.days is not None
    times = layout.days.astype("datetime64[D]") if daily else layout.times.astype("datetime64[s]")
    return [(daily, int(time)) for time in times.astype(np.int64)]
