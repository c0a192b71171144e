"""What a person who helps needs to know of an engine, as text to send; without paths and names unless the user agrees."""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Mapping, Sequence

from model_core import __version__
from model_core.run_log import logs

_LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "netCDF4",
    "zarr",
    "pyarrow",
    "rasterio",
    "geopandas",
    "pyogrio",
    "pyproj",
    "pint",
    "pykrige",
    "safetensors",
    "matplotlib",
    "distributed",
)
# Settings that change how the engine runs.
_SETTINGS = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "ONEDNN_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES", "LANG", "LC_ALL")
_LAST_LINES = 60
# Folders from which on a path is the program's own and tells nothing of its user.
_OWN = r"(?:site-packages|dist-packages|ctm_reanalysis|model_core|lib[/\\]python3\.\d+)"
_QUOTED = re.compile(r"""(?P<quote>['"])(?P<path>(?:[A-Za-z]:[\\/]|\\\\|/|~)(?:(?!(?P=quote)).)*)(?P=quote)""")
_BARE = re.compile(r"""(?<![\w.:<>…])(?:[A-Za-z]:\\|\\\\|/|~/)(?:[^\s'"<>|,;:()\[\]{}]+[/\\])*[^\s'"<>|,;:()\[\]{}]*""")


def diagnostics(facts: Mapping[str, Any], more: Sequence[str] = (), personal: bool = False) -> str:
    """The text.

    Parameters
    ----------
    facts : what the job `info` found
    more : lines that the caller adds, such as the version of QGIS
    personal : whether paths, and the names of user and computer, stay
    """
    lines = [
        *more,
        f"CTM Reanalysis {__version__}",
        f"Python {platform.python_version()}, {sys.executable}",
        f"system: {platform.platform()}, {os.cpu_count()} processors, file names in {sys.getfilesystemencoding()}",
        f"device: {facts['device_name']}",
        f"processor: {_capability()}",
        f"memory: {_memory()}",
        "libraries: " + ", ".join(f"{name} {version}" for name in _LIBRARIES if (version := _version(name))),
        "native: " + ", ".join(f"{name} {version}" for name, version in _native().items()),
        "settings: " + (", ".join(f"{name}={os.environ[name]}" for name in _SETTINGS if name in os.environ) or "none"),
        *(f"model: {model['name']}, {model.get('target')}, {model['path']}" for model in facts["models"]),
        *_last_log(),
    ]
    text = "\n".join(lines) + "\n"
    return text if personal else without_personal(text)


def without_personal(text: str) -> str:
    """The text with folders of paths replaced by …, and the names of user and computer by what they are.

    Of a path its last part stays, or what lies within the program's own folders.
    """
    text = _QUOTED.sub(lambda match: match["quote"] + _shortened(match["path"]) + match["quote"], text)
    home = str(Path.home())
    if len(home) > 3:  # a home folder with blanks in its name, where no quotes stand around
        text = text.replace(home, "~")
    text = _BARE.sub(lambda match: _shortened(match[0]), text)
    for name, what in ((_user(), "<user>"), (socket.gethostname(), "<computer>")):
        if len(name) > 2 and name not in ("root", "localhost"):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", what, text, flags=re.IGNORECASE)
    return text


def _shortened(path: str) -> str:
    own = re.search(rf"[/\\]({_OWN}[/\\].*)", path)
    if own:
        return f"…/{own[1]}"
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return f"…/{name}" if name != path and len(path) > 1 else path


def _last_log() -> list[str]:
    """The end of the log of the last run before this one that did not end well; of the last run where all did."""
    own = f"-{os.getpid()}-info.log"
    earlier = [path for path in logs() if not path.name.endswith(own)]
    for path in reversed(earlier[-20:]):
        text = _read(path)
        if text and not text.rstrip().endswith(" done"):
            break
    else:
        text = _read(earlier[-1]) if earlier else ""
    if not text:
        return ["last log: none"]
    first, *rest = text.splitlines()
    return ["last log:", f"  {first}", *(f"  {line}" for line in rest[-_LAST_LINES:])]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _capability() -> str:
    import torch

    return f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"


def _memory() -> str:
    import torch

    from model_core.free_memory import free_memory

    free = free_memory(torch.device("cpu"))
    return "not known" if free is None else f"{free / 1e9:.1f} GB free"


def _native() -> dict[str, str]:
    import netCDF4
    import pyproj
    import rasterio

    return {
        "GDAL": rasterio.__gdal_version__,
        "PROJ": pyproj.__proj_version__,
        "netCDF": netCDF4.__netcdf4libversion__,
        "HDF5": netCDF4.__hdf5libversion__,
    }
