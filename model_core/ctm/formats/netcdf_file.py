"""Opening a NetCDF file, and saying what it is when it is none."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

import netCDF4
import xarray
from xarray.backends import StoreBackendEntrypoint

from model_core.ctm.formats.classic_header import check_classic
from model_core.ctm.formats.groups import group_names, with_groups
from model_core.ctm.formats.sizes import check_sizes
from model_core.errors import InputError
from model_core.netcdf_check import check_netcdf
from model_core.netcdf_path import netcdf_path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MOST_GROWING = 1500
_OTHERS = (  # first bytes, what they mean
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"PK", "a zip archive; unpack it"),
    (b"\x1f\x8b", "gzip-compressed; unpack it"),
    (b"SQLite", "an SQLite database or GeoPackage"),
    (b"\x0e\x03\x13\x01", "an HDF4 file; convert it with h4tonccf or GDAL"),
    (b"<", "a web page or XML, perhaps from a failed download"),
)


def is_netcdf(path: str | Path) -> bool:
    """Whether the file starts like a NetCDF file of any version."""
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError:
        return False
    return start == _HDF5 or (start[:3] == b"CDF" and start[3:4] in (b"\x01", b"\x02", b"\x05"))


def open_netcdf(path: str | Path) -> xarray.Dataset:
    """The file, lazily: nothing but the header and the axes is read. Use it as a context manager.

    Times are left undecoded, because each convention writes them its own way; fill values become NaN. Variables in groups
    stand beside those of the file.

    Raises
    ------
    InputError
        If there is no such file, or it is not NetCDF, or it is damaged.
    """
    path = Path(path)
    check_readable(path)
    if not is_netcdf(path):
        raise InputError(f"'{path}' is not a NetCDF file: {_what_it_is(path)}; give the model's NetCDF output")
    with _damage_told(path):
        if not _is_hdf5(path):  # HDF5 checks itself
            check_classic(path)
    check_netcdf(path)  # its own troubles are not the file's
    with _damage_told(path):
        return _open(path)


@contextlib.contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise InputError(f"'{path}' is a damaged or incomplete NetCDF file ({error}); copy or download it again") from error


def _open(path: Path) -> xarray.Dataset:
    """The file with its groups; it is opened once, because the library takes seconds for some thousand variables."""
    file = netCDF4.Dataset(netcdf_path(path))
    try:
        names = group_names(file)
        known: dict[str, int] = {}
        for group in (file, *(file[name] for name in names)):
            sizes = {str(name): len(dim) for name, dim in group.dimensions.items()}
            known |= sizes  # a group uses its parents' dimensions too
            shapes = [(name, v.dimensions, tuple(known.get(dim, 1) for dim in v.dimensions)) for name, v in group.variables.items()]
            check_sizes(sizes, shapes, path)
            _check_number(group, path)
        dataset = _decoded(file)
        dataset = with_groups(dataset, names, lambda name: _decoded(file[name])) if names else dataset
    except BaseException:
        file.close()
        raise
    dataset.set_close(lambda: file.close() if file.isopen() else None)
    return dataset


def _check_number(group: netCDF4.Dataset, path: Path) -> None:
    """Raise `InputError` where opening would take minutes: HDF5 looks through all variables for the length of each that can grow."""
    growing = {name for name, dim in group.dimensions.items() if dim.isunlimited()}
    count = sum(bool(growing & set(variable.dimensions)) for variable in group.variables.values())
    if count > _MOST_GROWING and group.data_model.startswith("NETCDF4"):
        raise InputError(
            f"'{path}' holds {count} variables along a dimension that can grow ({', '.join(sorted(growing))}), more than {_MOST_GROWING}, with "
            "which the NetCDF library takes minutes; copy those that are needed, for example with ncks -v PM25,RH, or fix that dimension "
            "with ncks --fix_rec_dmn all"
        )


def _decoded(group: netCDF4.Dataset) -> xarray.Dataset:
    store = xarray.backends.NetCDF4DataStore(group)
    # Without its class xarray loads every reader that is installed, which takes seconds.
    return xarray.open_dataset(store, engine=StoreBackendEntrypoint, decode_times=False, decode_timedelta=False, decode_coords=False)


def check_readable(path: Path) -> None:
    """Raise `InputError` if there is no such file, it is a folder, or it may not be read."""
    try:
        if path.is_dir():
            raise InputError(f"'{path}' is a folder; name a NetCDF file in it")
        with open(path, "rb") as file:
            file.read(1)
    except FileNotFoundError:
        raise InputError(f"file '{path}' does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise InputError(
            f"'{str(path)[:200]}' can't be read: {getattr(error, 'strerror', None) or error}; check its name and your rights"
        ) from error


def _is_hdf5(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_HDF5)) == _HDF5


def _what_it_is(path: Path) -> str:
    with open(path, "rb") as file:
        start = file.read(512)
    if not start:
        return "it is empty"
    for magic, meaning in _OTHERS:
        if start.startswith(magic):
            return f"it is {meaning}"
    try:
        start.decode("utf-8")
        return "it is text"
    except UnicodeDecodeError:
        return "its first bytes are of another format"
