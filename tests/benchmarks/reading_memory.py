"""Peak memory and time of preparing daily fields from hourly files, against the number of days.

Each measurement runs in a process of its own: hourly files of 24 times with PM2.5, temperature, mixing ratio, pressure and
wind components are made once, then `open_store` reads n days of them. The peak should not depend on n: the last line
gives the ratio of the peaks at 4n and n days, both without what the interpreter and the libraries take.

    python tests/benchmarks/reading_memory.py [--days 4] [--rows 372] [--columns 426]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from machine import peak_mb  # noqa: E402
from rows import Row, record  # noqa: E402

FIELDS = {
    "PM25_TOT": ("ug m-3", 40),
    "TEMP2": ("K", 285),
    "Q2": ("kg kg-1", 0.006),
    "PRSFC": ("Pa", 1e5),
    "U10": ("m s-1", 3),
    "V10": ("m s-1", 1),
}
WANTED = ["pm25", "rh", "wind", "temperature"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=4, help="n (default 4); 4n days are read too")
    parser.add_argument("--rows", type=int, default=372)
    parser.add_argument("--columns", type=int, default=426)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(*options.measure)
    with tempfile.TemporaryDirectory() as folder:
        files = [
            write_day(Path(folder) / f"day{number:03}.nc", number, options.rows, options.columns) for number in range(4 * options.days)
        ]
        read = sum(file.stat().st_size for file in files) / 1e6
        print(
            f"{len(files)} hourly files of {options.rows} x {options.columns} cells, {len(FIELDS)} variables, {read:.0f} MB on disk, "
            f"{len(files) * 24 * len(FIELDS) * options.rows * options.columns * 4 / 1e6:.0f} MB of fields"
        )
        results = []
        for count in (options.days, 4 * options.days):
            command = [sys.executable, __file__, "--measure", folder, *(str(file) for file in files[:count])]
            results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]))
            print(
                "{days:4d} days: peak {peak:6.0f} MB, {over:5.0f} MB above the libraries; {first:6.2f} s first, {again:.3f} s with a warm store".format(
                    **results[-1]
                )
            )
        record(
            Row(
                f"CTM files: memory of {4 * options.days} days above the libraries",
                results[1]["over"],
                "MB",
                results[1]["over"] / results[0]["over"],
                f"{options.days} days",
                "ratio <= 1.1",
                f"hourly, {options.rows} x {options.columns} cells, {len(FIELDS)} variables",
            )
        )


def measure(folder: str, *files: str) -> None:
    """Make the store of some files and say what that took."""
    import rasterio.warp  # noqa: F401  # what the store needs anyway counts as library
    import scipy.optimize  # noqa: F401

    from model_core.ctm.daily_store import open_store
    from model_core.units import convert

    convert([1.0], "kg m-3", "ug m-3", "a unit")
    before = peak_mb()
    start = time.perf_counter()
    store = open_store(list(files), WANTED, None, folder)
    first = time.perf_counter() - start
    after = peak_mb()
    start = time.perf_counter()
    open_store(list(files), WANTED, None, folder)
    assert len(store) == len(files) and set(store.variables) == set(WANTED)
    print(json.dumps({"days": len(files), "peak": after, "over": after - before, "first": first, "again": time.perf_counter() - start}))


def write_day(path: Path, number: int, rows: int, columns: int) -> Path:
    """24 hourly fields in IOAPI form."""
    import netCDF4
    import numpy as np

    random = np.random.default_rng(number)
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as file:
        for name, size in {"TSTEP": None, "DATE-TIME": 2, "LAY": 1, "VAR": len(FIELDS), "ROW": rows, "COL": columns}.items():
            file.createDimension(name, size)
        file.setncatts(
            {
                "GDTYP": 2,
                "P_ALP": 25.0,
                "P_BET": 40.0,
                "P_GAM": 110.0,
                "XCENT": 110.0,
                "YCENT": 34.0,
                "XORIG": -3.144e6,
                "YORIG": -2.112e6,
                "XCELL": 12e3,
                "YCELL": 12e3,
                "NCOLS": columns,
                "NROWS": rows,
                "SDATE": 2018001 + number,
                "STIME": 0,
                "TSTEP": 10000,
            }
        )
        for name, (unit, _) in FIELDS.items():
            file.createVariable(name, "f4", ("TSTEP", "LAY", "ROW", "COL")).units = unit
        for hour in range(24):
            noise = random.random((rows, columns), np.float32)
            for name, (_, mean) in FIELDS.items():
                file[name][hour, 0] = mean * (1 + 0.02 * noise)
    return path


if __name__ == "__main__":
    main()
