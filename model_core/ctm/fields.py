"""Daily surface fields and maps of a chemical transport model, from its NetCDF files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Date
from pathlib import Path
from typing import Sequence

import numpy as np

from model_core.ctm.ctm_file import OpenFiles
from model_core.ctm.series import read_series
from model_core.errors import InputError
from model_core.free_memory import free_main_memory
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.variable_table import VariableTable, current_table


@dataclass(frozen=True)
class CTMFields:
    """Fields of a chemical transport model in canonical units; row 0 in the north, NaN where there is no value.

    Attributes
    ----------
    grid : Grid
    times : days, in order; the same for all fields
    fields : variable key -> float32 array of shape (days, rows, columns)
    static : variable key -> float32 array of shape (rows, columns)
    time_zone : whose days they are, where hourly fields were averaged
    """

    grid: Grid
    times: list[Date]
    fields: dict[str, np.ndarray] = field(default_factory=dict)
    static: dict[str, np.ndarray] = field(default_factory=dict)
    time_zone: str = "UTC"


def read_ctm(
    paths: str | Path | Sequence[str | Path],
    variables: Sequence[str] | None = None,
    progress: Progress | None = None,
    time_zone: str = "UTC",
    lead_day: int | None = None,
    table: VariableTable | None = None,
) -> CTMFields:
    """Read known variables from one or several files on one grid into memory; `daily_store` is for what does not fit there.

    Fields of several files are put together by day and variable. Hourly fields become daily means where more than
    three quarters of the day is there (more than 18 hourly values), in the days of `time_zone`. RH and wind speed
    are computed where a file has what they are made of.

    Parameters
    ----------
    variables : keys of variables to read; those that no file has are left out. Default: all that are recognised
        and have a unit that fits.
    time_zone, lead_day : as for `series.read_series`
    table : the known variables; by default those of the job that runs

    Raises
    ------
    InputError
        As `series.read_series`, and if no cell has enough values on any day.
    """
    progress = progress or Progress()
    paths = [Path(p) for p in ([paths] if isinstance(paths, (str, Path)) else paths)]
    if not paths:
        raise InputError("no CTM file was named")
    table = table or current_table()
    series = read_series(paths, variables, table, progress.part(0, 0.2), time_zone, lead_day)
    shape = (len(series.days), *series.grid.shape)
    needed, free = 4 * int(np.prod(shape)) * len(series.schedules), free_main_memory()
    if free is not None and needed > free:
        raise InputError(
            f"'{paths[0]}': its fields are {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of memory are free; cut out the days or the "
            "part that is needed"
        )
    fields = {key: np.empty(shape, np.float32) for key in series.schedules}
    with OpenFiles(table) as files:
        static = dict(series.maps(files))
        for number, key, values in series.fields(files, progress.part(0.2, 1)):
            fields[key][number] = values
    known = np.array([all(np.isfinite(values[day]).any() for values in fields.values()) for day in range(len(series.days))], bool)
    if len(known) and not known.any():
        raise InputError(f"{paths[0]}: no day has a cell with enough valid values of {', '.join(fields)}")
    if not known.all():
        progress.warn(f"{(~known).sum()} day(s) left out, on which no cell has enough valid values")
        fields = {key: values[known] for key, values in fields.items()}
    progress.step(1, "")
    return CTMFields(series.grid, [day.item() for day in np.array(series.days)[known]] if len(known) else [], fields, static, time_zone)
