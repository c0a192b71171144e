"""Opening what a model wrote: NetCDF, Zarr, and GRIB where its reader is installed."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import xarray
from xarray.backends import ZarrBackendEntrypoint

from model_core.ctm.formats.netcdf_file import check_readable, is_netcdf, open_netcdf
from model_core.ctm.formats.sizes import check_sizes
from model_core.errors import InputError

_ZARR_MARKS = ("zarr.json", ".zgroup", ".zmetadata")
_OPTIONS = {"decode_times": False, "decode_timedelta": False, "decode_coords": False}


def open_fields(path: str | Path) -> xarray.Dataset:
    """The file, lazily, as `netcdf_file.open_netcdf`; a Zarr store is a folder.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind, it is damaged, or the reader of GRIB is not installed.
    """
    path = Path(path)
    if is_zarr(path):
        return _open_zarr(path)
    check_readable(path)
    return _open_grib(path) if is_grib(path) else open_netcdf(path)


def holds_fields(path: str | Path) -> bool:
    """Whether the path is NetCDF, GRIB or a Zarr store."""
    return is_zarr(path) or is_netcdf(path) or is_grib(path)


def is_zarr(path: str | Path) -> bool:
    """Whether the path is a folder that holds a Zarr store."""
    try:
        return Path(path).is_dir() and any((Path(path) / mark).is_file() for mark in _ZARR_MARKS)
    except (OSError, ValueError):
        return False


def is_grib(path: str | Path) -> bool:
    """Whether the file starts as GRIB does."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"GRIB"
    except (OSError, ValueError):
        return False


def state_of(path: Path) -> tuple[int, int]:
    """(bytes, time of the last change in ns) of a file, or of the newest file in a Zarr store."""
    if not path.is_dir():
        return path.stat().st_size, path.stat().st_mtime_ns
    states = [file.stat() for file in path.rglob("*") if file.is_file()]
    return sum(state.st_size for state in states), max((state.st_mtime_ns for state in states), default=0)


def _open_zarr(path: Path) -> xarray.Dataset:
    import zarr

    try:
        arrays = dict(zarr.open_group(path, mode="r").arrays())
        names = {name: _dimensions(array) for name, array in arrays.items()}
        sizes = {dim: size for name, array in arrays.items() for dim, size in zip(names[name], array.shape)}
        check_sizes(sizes, [(name, names[name], tuple(array.shape)) for name, array in arrays.items()], path)
        return xarray.open_dataset(path, engine=ZarrBackendEntrypoint, chunks=None, **_OPTIONS)
    except InputError:
        raise
    except Exception as error:  # zarr raises errors of many libraries for a damaged store
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"'{path}' is a damaged or incomplete Zarr store ({reason}); copy or make it again") from error


def _dimensions(array) -> tuple[str, ...]:
    """Names of the dimensions: in Zarr's own metadata of version 3, in an attribute of version 2."""
    return tuple(str(name) for name in getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS", ()))


def _open_grib(path: Path) -> xarray.Dataset:
    try:
        import cfgrib
    except Exception as error:  # ImportError, or RuntimeError where its C library is missing
        raise InputError(
            f"'{path}' is a GRIB file, for which the engine lacks the Python packages cfgrib and eccodes ({error}); install "
            "them (pip install cfgrib "
            "eccodes), or convert the file with grib_to_netcdf or cdo -f nc copy"
        ) from error
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # eccodes reports every message that it skips
            parts = cfgrib.open_datasets(str(path), backend_kwargs={"indexpath": "", "decode_times": False}, squeeze=True)
    except Exception as error:  # eccodes raises errors of its own for a damaged file
        raise InputError(f"'{path}' is a damaged GRIB file, or one that cfgrib can't read ({type(error).__name__}: {error})") from error
    return _one_of(parts, path)


def _one_of(parts: list[xarray.Dataset], path: Path) -> xarray.Dataset:
    """The messages of a GRIB file on its first grid and times as one dataset; levels that differ keep those of the first."""
    merged, left_out = parts[0], []
    for part in parts[1:]:
        dims = {dim for dim in part.dims if dim in merged.dims}
        same = all(part.sizes[dim] == merged.sizes[dim] and part[dim].equals(merged[dim]) for dim in dims if dim in part.variables)
        new = {name: variable.variable for name, variable in part.data_vars.items() if name not in merged.variables}
        if same and set(part.dims) <= set(merged.dims) and new:
            merged = merged.assign(new)
        else:
            left_out += [str(name) for name in part.data_vars]
    merged.encoding["notes"] = f"{', '.join(sorted(set(left_out)))} of other levels or times are left out" if left_out else ""
    return merged
