"""What the netCDF library is told to open.

On Windows netCDF 4.9 finds no file in a folder whose name is not ASCII (Unidata/netcdf4-python, issue 1482): the folder is
then named by its short name ("C:/DATEN~1"), which most disks have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

from model_core.errors import InputError


def _short_name(folder: Path) -> str:
    """The short name of a folder; the long one where the disk keeps none."""
    import ctypes

    long = str(folder)
    text = ctypes.create_unicode_buffer(32768)
    return text.value if ctypes.windll.kernel32.GetShortPathNameW(long, text, len(text)) else long


def netcdf_path(path: str | Path, windows: bool = os.name == "nt", short_name: Callable[[Path], str] = _short_name) -> str:
    """A path by which the netCDF library finds the file, which need not exist yet.

    Raises
    ------
    InputError
        If the folder has no name that the library understands.
    """
    folder = Path(path).absolute().parent
    if not windows or str(folder).isascii():
        return str(path)
    short = short_name(folder)
    if not short.isascii():
        raise InputError(
            f"the NetCDF library opens no file in '{folder}' on Windows, because the folder's name holds other than plain English letters; "
            "move the file to a folder such as C:\\data, or write a GeoTIFF"
        )
    return os.path.join(short, Path(path).name)
