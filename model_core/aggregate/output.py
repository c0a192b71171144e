"""What an aggregation is written as: one CF NetCDF with a time for each period, or a folder with a GeoTIFF for each."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from model_core.aggregate.periods import Period, PeriodAxis
from model_core.aggregate.plan import Output
from model_core.atomic_file import check_target
from model_core.errors import InputError, OutputError
from model_core.grid import Grid
from model_core.output.geotiff import write_geotiff
from model_core.output.netcdf import NetcdfWriter

# write(number of the period, values by name)
Write = Callable[[int, Mapping[str, np.ndarray]], None]


def check_output(out: Path) -> None:
    """Raise `InputError` or `OutputError` if an aggregation can't be written as `out`; asked before the work begins."""
    if out.suffix.lower() == ".nc":
        check_target(out)
    elif out.suffix:
        raise InputError(f"output '{out.name}': the name must end in .nc, or be that of a folder for GeoTIFF")
    elif out.exists() and not out.is_dir():
        raise OutputError(f"'{out}' is a file, not a folder")
    elif not out.absolute().parent.is_dir():
        raise OutputError(f"folder '{out.absolute().parent}' does not exist; create it")


@contextmanager
def open_output(
    out: Path, grid: Grid, periods: Sequence[Period], outputs: Sequence[Output], zone: str, attributes: Mapping[str, Any]
) -> Iterator[Write]:
    """Gives what writes a period; a NetCDF gets its name when the block ends well, each GeoTIFF when it is complete.

    The intervals of the periods are also said in the global attribute `periods` (ISO 8601, ends excluded), which readers that know
    nothing of time bounds can take.
    """
    attributes = {**attributes, "periods": " ".join(period.interval for period in periods)}
    if out.suffix.lower() == ".nc":
        with NetcdfWriter(out, grid, PeriodAxis.of(list(periods), zone), attributes) as writer:
            for output in outputs:
                writer.define(output.name, output.unit, True, **output.attributes)

            def write(number: int, values: Mapping[str, np.ndarray]) -> None:
                for name, field in values.items():
                    writer.write(name, field, number)

            yield write
        return
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make folder '{out}': {error.strerror or error}") from error

    def write_file(number: int, values: Mapping[str, np.ndarray]) -> None:
        period = periods[number]
        bands = [(output.name, values[output.name], output.unit) for output in outputs]
        tags = {**attributes, "periods": period.interval, "period": period.label, "time_zone": zone or None}
        write_geotiff(geotiff_path(out, outputs[0].name, period), grid, bands, tags)

    yield write_file


def geotiff_path(folder: Path, name: str, period: Period) -> Path:
    """Such as pm25_2019-01.tif or pm25_DJF_2019.tif."""
    return folder / f"{name}_{period.label.replace(' ', '_')}.tif"
