"""What it costs that another process opens every NetCDF file first: a year of daily files, and one file.

python tests/benchmarks/netcdf_check.py [--files 366] [--rows 372] [--columns 426]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import netCDF4
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from model_core.netcdf_check import check_netcdf  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=366)
    parser.add_argument("--rows", type=int, default=372)
    parser.add_argument("--columns", type=int, default=426)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = [_write(Path(folder) / f"day{number:03}.nc", options.rows, options.columns) for number in range(options.files + 1)]
        first, others = files[0], files[1:]
        begun, cpu = time.perf_counter(), time.process_time()
        _read(others)
        print(f"{len(others)} files read:        {time.perf_counter() - begun:6.2f} s, {time.process_time() - cpu:6.2f} s of CPU")
        rounds = {"first file, with the start of the process": [first], f"{len(others)} files": others, "the same again": others}
        for text, checked in rounds.items():
            begun = time.perf_counter()
            for file in checked:
                check_netcdf(file)
            took = time.perf_counter() - begun
            print(f"{text}: {took:.3f} s, {1000 * took / len(checked):.2f} ms a file")


def _read(files: list[Path]) -> None:
    for file in files:
        with netCDF4.Dataset(file) as data:
            data["PM25"][:]


def _write(path: Path, rows: int, columns: int) -> Path:
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", None), ("y", rows), ("x", columns)):
            file.createDimension(name, size)
        for name in ("PM25", "RH", "T2", "U10", "V10"):
            variable = file.createVariable(name, "f4", ("time", "y", "x"), zlib=True, chunksizes=(1, rows, columns))
            variable.setncatts({"units": "1", "long_name": name})
            variable[:24] = np.random.default_rng(1).random((24, rows, columns), "f4").round(1)
    return path


if __name__ == "__main__":
    main()
