"""What a set-up downloads and takes on the disk, whether there is room for it, and whether Windows can write such long paths."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

if __package__:
    from . import process
    from .errors import SetUpError
    from .qgis_side import tr
else:
    import process
    from errors import SetUpError
    from qgis_side import tr


@dataclass(frozen=True)
class Size:
    """In GB (1e9 bytes): what is downloaded, and what it takes on the disk when it is installed."""

    download: float
    disk: float


# Of all libraries together, with PyTorch 2.13. Measured: Linux, and Windows' CPU build by its wheels; the others are near those.
_SIZES = {
    ("linux", "cpu"): Size(0.45, 1.9),
    ("linux", "gpu"): Size(2.99, 5.6),
    ("windows", "cpu"): Size(0.33, 1.13),
    ("windows", "gpu"): Size(3.0, 6.0),
    ("macos", "cpu"): Size(0.35, 1.2),
    ("macos", "gpu"): Size(0.35, 1.2),
}

# The longest path that the libraries have below site-packages, measured; Windows' old limit counts the ending zero.
_LONGEST_BELOW, _LONGEST_PATH = 171, 259


def size_of(build: str) -> Size:
    """Of an environment whose torch is of a build, "cpu" or "gpu", on this system."""
    system = "windows" if process.WINDOWS else "macos" if sys.platform == "darwin" else "linux"
    return _SIZES[system, build]


def check_room(folder: Path, size: Size, there: Path | None = None) -> str:
    """A sentence that says what will be fetched and how much is free; what is in the folder `there` will be taken away before.

    Raises
    ------
    SetUpError
        If the disk of the folder has too little room.
    """
    free = _free(folder) + (megabytes_in(there) / 1000 if there else 0.0)
    need = size.disk + size.download  # what is downloaded lies beside what is unpacked from it
    numbers = {
        "folder": folder,
        "download": f"{size.download:.2f}",
        "disk": f"{size.disk:.1f}",
        "free": f"{free:.1f}",
        "need": f"{need:.1f}",
    }
    if free < need:
        raise SetUpError(
            tr(
                "There is too little room for {folder}: {free} GB are free, and setting up needs {need} GB for a while and {disk} GB for good. "
                "Make room, or choose a folder on another disk."
            ).format(**numbers)
        )
    if not size.download:
        return tr("It takes about {disk} GB in {folder}, where {free} GB are free; nothing is downloaded").format(**numbers)
    return tr("About {download} GB are downloaded and {disk} GB are taken in {folder}, where {free} GB are free").format(**numbers)


def _free(folder: Path) -> float:
    """GB that are free where the folder is, or will be."""
    folder = Path(folder).absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9


def path_warning(folder: Path) -> str:
    """On Windows, a warning where the libraries' paths get longer than it can write; else ''."""
    longest = len(str(folder)) + len(r"\Lib\site-packages" + "\\") + _LONGEST_BELOW
    if not process.WINDOWS or longest <= _LONGEST_PATH or _long_paths_enabled():
        return ""
    return tr(
        "WARNING: in {folder} some paths get {longest} characters long, and Windows writes only {limit} unless long paths are "
        "enabled. If setting up fails, choose a folder with a shorter name, such as {example}, or have the administrator enable "
        "long paths."
    ).format(folder=folder, longest=longest, limit=_LONGEST_PATH, example=r"C:\ctm-engine")


def _long_paths_enabled() -> bool:
    try:
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except (ImportError, OSError):
        return False


def megabytes_in(folder: Path) -> int:
    """What is in a folder, as a sign of progress while nothing else is said."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue  # gone in the meantime
    return total // 1_000_000
