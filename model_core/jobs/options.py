"""The form of the values in a request: a job relies on texts being texts and numbers being numbers, whoever asked."""

from __future__ import annotations

import math
import os
import stat
from datetime import date as Date
from typing import Any, Callable, Mapping

from model_core.errors import InputError
from model_core.provenance.inputs import NAMED, USED

FILES = {
    "file",
    "stations",
    "sites",
    "model",
    "covariates",
    "variables",
    "config",
    "layout",
    "cache",
    "dem",
    "landcover",
    "mcip",
    "terrain",
    "out",
    "outline",
    "panel",
    "table",
    "station_means",
    "chart",
    "mask",
    "polygons",
    "population",
    "series",
    "report",
    "readings",
    "regions",
}
_LISTS = {  # a text, or several
    "where",
    "error",
    "inputs",
    "input_options",
    "ctm",
    "maps",
    "time",
    "id",
    "baselines",
    "background",
    "fields",
    "other",
    "limits",
    "more",
    "periods",
}
_TEXTS = FILES | {
    "value",
    "unit",
    "unit_column",
    "x",
    "y",
    "crs",
    "group",
    "sites_id",
    "encoding",
    "decimal",
    "stamp",
    "from",
    "time_zone",
    "times_in",
    "date_order",
    "date",
    "start",
    "end",
    "step",
    "species",
    "grid",
    "device",
    "precision",
    "uncertainty",
    "analysis",
    "scheduler",
    "scheme",
    "level",
    "target",
    "rh",
    "wind",
    "network",
    "until",
    "validation_start",
    "validation_end",
    "dem_unit",
    "dem_crs",
    "landcover_crs",
    "by",
    "daily",
    "background_variable",
    "variable",
    "field_unit",
    "other_variable",
    "other_crs",
    "other_name",
    "other_unit",
    "mask_crs",
    "name_field",
    "polygons_crs",
    "population_variable",
    "population_is",
    "population_step",
    "population_crs",
    "several_days",
    "style",
}
_INTEGERS = {
    "hours",
    "seed",
    "days",
    "folds",
    "points",
    "memory",
    "iterations",
    "epochs",
    "batch",
    "accumulate",
    "lead_day",
    "background_lead_day",
    "width",
}
_NUMBERS = {
    "every",
    "gas_temperature",
    "gas_pressure",
    "block_km",
    "validation_share",
    "learning_rate",
    "background_batches",
    "minimum_share",
    "station_share",
    "seconds",
    "min_valid",
    "pair_km",
}
_NUMBER_LISTS = {"above", "percentiles", "limit", "percentile"}  # a number, several, or a text with commas between them
_INTEGER_LISTS = {"urban_classes", "water_classes"}
_SWITCHES = {"speed", "sea_floor", "resume", "follow", "gases", "diagnostics", "personal", "full_paths"}
_PREFIXES = ("rh_", "wind_")  # of a further variable's own options
_LONGEST_PATH, _LARGEST = 4096, 2**63 - 1


def checked(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with numbers as numbers and texts as texts; what is left out, None or empty stays as it is.

    Raises
    ------
    InputError
        If a value is of a kind that its option can't have, or no file can have such a name.
    """
    return {name: value if value is None or value == "" else _checked(name, value) for name, value in request.items()}


def _checked(name: str, value: Any) -> Any:
    key = next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
    if key in _LISTS:
        return [_text(name, one) for one in value if one is not None] if isinstance(value, (list, tuple)) else _text(name, value)
    if key in _TEXTS:
        return _text(name, value)
    if key in _INTEGERS:
        return _integer(name, value)
    if key in _INTEGER_LISTS:
        return [_integer(name, one) for one in (value if isinstance(value, (list, tuple)) else [value])]
    if key in _NUMBERS:
        return _number(name, value)
    if key in _NUMBER_LISTS:
        return [_number(name, one) for one in _parts(value)]
    if key in _SWITCHES and not isinstance(value, bool):
        raise InputError(f"'{name}' must be true or false, got {value!r}")
    if key == "layers" and not (isinstance(value, dict) and all(map(_tells_a_layer, value.values()))):
        raise InputError(f"'{name}' must be an object that tells of layers by their role, got {value!r}")
    if key == "wide" and not isinstance(value, (bool, str)):
        raise InputError(f"'{name}' must be yes, no or auto, got {value!r}")
    return value


def _tells_a_layer(value: Any) -> bool:
    """Whether a value is the name of a layer, or what `provenance.inputs.input_of_layer` takes."""
    if isinstance(value, str):
        return True
    kinds = {**NAMED, **USED}
    return isinstance(value, dict) and "name" in value and all(type(one) is kinds.get(key) for key, one in value.items())


def _parts(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part for part in value.replace(",", " ").split() if part]
    return [one for one in value if one not in (None, "")] if isinstance(value, (list, tuple)) else [value]


def _text(name: str, value: Any) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Date):
        value = value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InputError(f"'{name}' must be a text, got {value!r}")
    text = str(value)
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InputError(f"'{name}' holds a letter that can't be written: {text!r}") from None
    if "\0" in text:
        raise InputError(f"'{name}' holds a null character: {text!r}")
    if name in FILES or name in ("ctm", "background"):
        _check_path(name, text)
    return text


def _check_path(name: str, text: str) -> None:
    """Raise `InputError` if no file can have this name, or it is a device or a pipe, which has no end or no beginning."""
    if len(text) > _LONGEST_PATH:
        raise InputError(f"'{name}' is a path of {len(text)} letters, longer than any file's: {text[:100]} ...")
    try:
        mode = os.stat(text).st_mode
    except (OSError, ValueError):
        return  # it is not there; or the job says better what is wrong with it
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"'{name}': '{text}' is a device or a pipe; name a file")


def _integer(name: str, value: Any) -> int:
    number = _as(int, name, value, "a whole number")
    if isinstance(value, float) and number != value:
        raise InputError(f"'{name}' must be a whole number, got {value!r}")
    if abs(number) > _LARGEST:
        raise InputError(f"'{name}' is {number}, larger than any number that has a meaning there")
    return number


def _number(name: str, value: Any) -> float:
    number = _as(float, name, value, "a number")
    if not math.isfinite(number):
        raise InputError(f"'{name}' must be a finite number, got {value!r}")
    return number


def _as(kind: Callable[[Any], Any], name: str, value: Any, wanted: str) -> Any:
    try:
        if isinstance(value, bool):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"'{name}' must be {wanted}, got {value!r}") from None
