"""The `Source` of a request: the target's readings, and those of further variables under a prefix."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from model_core.errors import InputError
from model_core.file_and_name import file_and_name
from model_core.stations.source import AUTO, Source
from model_core.time_zones import Clock
from model_core.variables import get_variable

# Station variables beside the target that a request names under a key of their own, as FILE:COLUMN.
WEATHER = ("rh", "wind")
# request key -> field of `Source`, where a text is handed on as it is
_TEXTS = {
    "value": "value",
    "unit": "unit",
    "unit_column": "unit_column",
    "x": "x",
    "y": "y",
    "crs": "crs",
    "group": "group",
    "network": "network",
    "sites": "sites",
    "sites_id": "sites_id",
    "encoding": "encoding",
    "decimal": "decimal",
    "stamp": "stamp",
}


def requested_source(request: Mapping[str, Any], species: str, prefix: str = "") -> Source:
    """What the request says about the readings of a variable.

    Parameters
    ----------
    species : key of the variable
    prefix : "" for the target (`stations`, `value`, `time`, ...), or that of a further variable: ``rh_`` for `rh`
        (FILE:COLUMN), `rh_time`, ... . A further variable in the target's own file takes the target's options where it has
        none of its own; in another file it takes the target's column names as far as they are there (`Source.like`).

    Raises
    ------
    InputError
        If the file is not named, or an option is none that is known.
    """
    if not prefix:
        path = request.get("stations")
        if path in (None, ""):
            raise InputError("'stations' is missing")
        return _source(request, "", str(path), species)
    target = requested_source(request, species)
    named = dict(further_inputs(request)).get(prefix.rstrip("_"))
    if named is None:
        raise InputError(f"'{prefix.rstrip('_')}' is missing")
    path, column = named
    own = {key.removeprefix(prefix): value for key, value in _with_input_options(request).items() if key.startswith(prefix)}
    same = path == target.path
    shared = {
        key: request.get(key)
        for key in (*_TEXTS, "from", "time", "id", "where", "date_order", "wide", "otherwise")
        if same and key not in ("value", "unit", "unit_column", "group", "network")
    }
    shared |= {key: request.get(key) for key in ("crs", "time_zone", "times_in", "gas_temperature", "gas_pressure")}
    asked = {**shared, **{key: value for key, value in own.items() if value not in (None, "", [])}, "value": column}
    return _source(asked, prefix, path, species, None if same else target)


def further_inputs(request: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """(variable, (file, column)) of each further variable: from `rh`, `wind`, and `inputs` (NAME=FILE:COLUMN each)."""
    seen: set[str] = set()
    for key in WEATHER:
        if request.get(key):
            seen.add(key)
            yield key, _file_and_column(key, str(request[key]))
    for text in _listed(request.get("inputs")):
        name, equals, source = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InputError(f"input '{text}': write NAME=FILE:COLUMN, for example temperature=weather.csv:t2m")
        get_variable(name)
        if name in seen:
            raise InputError(f"readings of '{name}' are given twice; keep one of them")
        seen.add(name)
        yield name, _file_and_column(name, source)


def _source(asked: Mapping[str, Any], prefix: str, path: str, species: str, like: Source | None = None) -> Source:
    clock = Clock.named(asked.get("time_zone") or None, asked.get("times_in") or None)
    return Source(
        path=path,
        species=species,
        form=str(asked.get("from") or AUTO),
        time=_joined(asked.get("time")),
        id=_joined(asked.get("id")),
        where=tuple(_listed(asked.get("where"))),
        error=tuple(_listed(asked.get("error"))),
        date_order=asked.get("date_order") or AUTO,
        wide=_wide(asked.get("wide")),
        temperature=_number(asked, "gas_temperature", prefix),
        pressure=_pascal(_number(asked, "gas_pressure", prefix)),
        clock=clock,
        times_in=asked.get("times_in") or None,
        like=like,
        otherwise=asked.get("otherwise") or None,
        **{field: asked.get(key) or None for key, field in _TEXTS.items()},
    )


def _file_and_column(key: str, text: str) -> tuple[str, str]:
    file, column = file_and_name(text)
    if not file or not column:
        raise InputError(f"{key} '{text}': write FILE:COLUMN")
    return file, column


def _with_input_options(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with each ``NAME.OPTION=VALUE`` of `input_options` under its key ``NAME_OPTION``."""
    found = dict(request)
    for text in _listed(request.get("input_options")):
        name, equals, value = text.partition("=")
        variable, dot, option = name.strip().partition(".")
        if not equals or not dot or not option:
            raise InputError(f"input option '{text}': write NAME.OPTION=VALUE, for example temperature.unit=degC")
        key = f"{variable}_{option.replace('-', '_')}"
        found[key] = [*_listed(found.get(key)), value] if option == "where" else value
    return found


def _joined(value: Any) -> str | None:
    """One column, or several as a list or with plus signs, as text."""
    if isinstance(value, (list, tuple)):
        value = "+".join(str(name) for name in value if name)
    return str(value) if value not in (None, "") else None


def _listed(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return [value] if isinstance(value, str) else [str(item) for item in value if item not in (None, "")]


def _wide(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value or AUTO


def _number(asked: Mapping[str, Any], key: str, prefix: str) -> float | None:
    if asked.get(key) in (None, ""):
        return None
    try:
        return float(asked[key])
    except (TypeError, ValueError):
        raise InputError(f"{prefix}{key} '{asked[key]}' is not a number") from None


def _pascal(hectopascal: float | None) -> float | None:
    return None if hectopascal is None else 100.0 * hectopascal
