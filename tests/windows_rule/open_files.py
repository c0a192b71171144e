"""Windows' rule on open files, for tests on other systems: what this process has open, it can't replace, rename or delete.

With this folder on PYTHONPATH every Python obeys it, children too; `imposed` gives the functions to a single test. Windows goes
further: there it also holds for what other processes have open. Python, the C runtime (HDF5, netCDF) and GDAL all open files in
this way, so that files that are mapped into memory and files that libraries have open count as well.

The locks of outputs, ``.NAME.lock``, are left out. Windows would not let them be removed either: there `model_core.file_lock` closes
them first, which is safe only because another process that has opened the lock meanwhile keeps it from being removed. What other
processes have open is not known here, so that `tests/core/test_locks_under_windows_rule.py` holds that way by itself.
"""

import errno
import os

_DESCRIPTORS, _MAPS = "/proc/self/fd", "/proc/self/maps"
_NOT_DATA = ("/dev", "/proc", "/usr", "/lib", "/opt")
_REAL = {name: getattr(os, name) for name in ("replace", "rename", "unlink", "remove")}


def _open_files() -> set[str]:
    found = set()
    for descriptor in os.listdir(_DESCRIPTORS):
        try:
            found.add(os.readlink(f"{_DESCRIPTORS}/{descriptor}"))
        except OSError:
            continue  # closed in the meantime
    with open(_MAPS, encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            at = line.find("/")
            if at > 0 and ".so" not in line:
                found.add(line[at:].rstrip("\n"))
    return {path for path in found if path.startswith("/") and not path.startswith(_NOT_DATA)}


def _refuse_if_open(path, folder=None) -> None:
    path = os.fsdecode(path)
    if folder is not None:
        path = os.path.join(os.readlink(f"{_DESCRIPTORS}/{folder}"), path)
    path = os.path.abspath(path) if os.path.islink(path) else os.path.realpath(path)
    name = os.path.basename(path)
    if (name.startswith(".") and name.endswith(".lock")) or not os.path.lexists(path):
        return
    inside = path + os.sep if os.path.isdir(path) else None
    for held in _open_files():
        if held == path or (inside and held.startswith(inside) and not os.path.isdir(held)):
            raise PermissionError(errno.EACCES, "the file is open, and Windows would not let go of it", path)


def _of_two(name):
    def move(source, target, **options):
        _refuse_if_open(source, options.get("src_dir_fd"))
        _refuse_if_open(target, options.get("dst_dir_fd"))
        return _REAL[name](source, target, **options)

    return move


def _of_one(name):
    def take_away(path, *, dir_fd=None):
        _refuse_if_open(path, dir_fd)
        return _REAL[name](path, dir_fd=dir_fd)

    return take_away


def imposed() -> dict:
    """The functions of `os` that obey the rule, by name; none where nothing tells which files are open."""
    if not os.path.isdir(_DESCRIPTORS):
        return {}
    return {name: (_of_two if name in ("replace", "rename") else _of_one)(name) for name in _REAL}
