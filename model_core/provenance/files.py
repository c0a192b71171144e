"""The files that a request names: under which keys, which files they are on the disk, and their SHA-256."""

from __future__ import annotations

import hashlib
from datetime import date as Date
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Mapping

from model_core.errors import InputError
from model_core.file_and_name import file_and_name
from model_core.stations.date_pattern import dated_files, is_pattern
from model_core.stations.tables import split_layer

# Keys whose value is a path, those whose value is FILE:COLUMN, those that name a file or something that ships, and those of several files;
# `regions` is FILE or FILE:FIELD.
_PLAIN = (
    "stations",
    "sites",
    "rh_sites",
    "wind_sites",
    "rh_stations",
    "wind_stations",
    "covariates",
    "variables",
    "layout",
    "terrain",
    "dem",
    "landcover",
    "mcip",
    "polygons",
    "population",
    "series",
)
_WITH_COLUMN = ("rh", "wind")
_FILE_OR_NAME = ("mask", "outline", "config")
SEVERAL = ("ctm", "fields", "other")
_BLOCK = 1 << 20


def with_files(request: Mapping[str, Any], change: Callable[[str, str], str]) -> dict[str, Any]:
    """The request with each path that it names replaced by ``change(role, path)``.

    A role says what a file is for: ``stations``, ``rh``, ``covariates``, for further inputs ``temperature`` and ``temperature_sites``, and for
    several files of a background ``background``, ``background_2`` and so on. All files of a CTM have the role ``ctm``.
    """
    changed = dict(request)
    for key in (*_PLAIN, *(key for key in _FILE_OR_NAME if _is_path(request.get(key)))):
        if request.get(key):
            changed[key] = change(key, str(request[key]))
    if _is_path(request.get("regions")):
        changed["regions"] = _field_kept("regions", str(request["regions"]), change)
    for key in SEVERAL:
        if request.get(key):
            changed[key] = [change(key, path) for path in _paths(request[key])]
    for key in _WITH_COLUMN:
        if request.get(key):
            changed[key] = _column_kept(key, str(request[key]), change)
    if request.get("background"):
        paths = _paths(request["background"])
        changed["background"] = [change(f"background_{n}" if n > 1 else "background", path) for n, path in enumerate(paths, start=1)]
    for key, is_file in (("inputs", lambda name: True), ("input_options", lambda name: name.endswith(".sites"))):
        if request.get(key):
            texts = [request[key]] if isinstance(request[key], str) else request[key]
            changed[key] = [_named(str(text), is_file, change) for text in texts]
    return changed


def paths_named(request: Mapping[str, Any]) -> dict[str, list[str]]:
    """Paths of each role, as the request writes them; one, but for the files of a CTM and the like."""
    found: dict[str, list[str]] = {}

    def note(role: str, path: str) -> str:
        found.setdefault(role, []).append(path)
        return path

    with_files(request, note)
    return found


def files_named(request: Mapping[str, Any]) -> dict[str, str]:
    """Path of each role, the last where there are several."""
    return {role: paths[-1] for role, paths in paths_named(request).items()}


def short_name(path: str) -> str:
    """A path without the folders above: what is written into outputs. Of a pattern, what begins with its first date."""
    file, layer = split_layer(path)
    parts = Path(file).parts
    first = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    return Path(*parts[first:]).as_posix() + (f"|layername={layer}" if layer else "")


def files_of(path: str, days: tuple[Date | None, Date | None] = (None, None)) -> dict[str, Path]:
    """The files behind a path by their names below it: one, those of a folder, or those that a pattern names.

    Parameters
    ----------
    days : first and last day; of a pattern only the files from a day before to a day after them, which are what is read then

    Raises
    ------
    InputError
        If there is none.
    """
    if is_pattern(path):
        base = path[: len(path) - len(short_name(path))]
        first, last = (None if day is None else day + timedelta(days=by) for day, by in zip(days, (-1, 1)))
        near = [
            file.path
            for file in dated_files(path)
            if (first is None or file.date.date() >= first) and (last is None or file.date.date() <= last)
        ]
        return {file.as_posix().removeprefix(Path(base).as_posix()).lstrip("/"): file for file in near}
    file = split_layer(path)[0]
    if file.is_dir():
        return {
            one.relative_to(file).as_posix(): one
            for one in sorted(file.rglob("*"))
            if one.is_file() and not any(part.startswith(".") for part in one.relative_to(file).parts)
        }
    if not file.is_file():
        raise InputError(f"'{file}' does not exist")
    beside = sorted(file.parent.glob(f"{file.stem}.*")) if file.suffix.lower() == ".shp" else []
    return {file.name: file, **{one.name: one for one in beside if one.suffix.lower() in (".dbf", ".shx", ".prj", ".cpg")}}


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes; one that has not changed since it was last read (place, time, size) is not read again."""
    status = file.stat()
    return _sha256(str(file.resolve()), status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=20_000)
def _sha256(file: str, *state: int) -> str:
    digest = hashlib.sha256()
    with open(file, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def combined(hashes: Mapping[str, str]) -> str:
    """One SHA-256 for several files: of the lines ``SHA-256  NAME``, sorted by name; of one file its own."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return hashlib.sha256("".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()).hexdigest()


def _paths(value: Any) -> list[str]:
    """One path or several as a list; in one text several have commas between them."""
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value if one not in (None, "")]
    text = str(value)
    return [text] if "," not in text or Path(text).exists() else [part.strip() for part in text.split(",") if part.strip()]


def _is_path(value: Any) -> bool:
    """Whether what may also be a name, such as that of an outline that ships, is the path of a file."""
    file = Path(split_layer(str(value))[0]) if value else Path()
    return bool(value) and (bool(file.suffix) or file.exists())


def _column_kept(role: str, text: str, change: Callable[[str, str], str]) -> str:
    file, column = file_and_name(text)
    return f"{change(role, file)}:{column}" if file and column else text  # what is malformed, the reader refuses


def _field_kept(role: str, text: str, change: Callable[[str, str], str]) -> str:
    file, field = ("", "") if split_layer(text)[0].exists() else file_and_name(text)
    return f"{change(role, file)}:{field}" if file and field else change(role, text)


def _named(text: str, is_file: Callable[[str], bool], change: Callable[[str, str], str]) -> str:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not is_file(name):
        return text
    return f"{name}={change(name.replace('.', '_'), value) if '.' in name else _column_kept(name, value, change)}"
