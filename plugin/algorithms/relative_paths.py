"""Relative paths of files count from the folder that QGIS was started in, not from that of the engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Kinds of parameters that hold the path of a file or folder, and of those that are written.
INPUTS, OUTPUTS = ("file",), ("fileDestination", "folderDestination", "rasterDestination", "vectorDestination")


def made_absolute(algorithm, parameters: dict) -> dict:
    """The parameters, with relative paths made absolute; names of layers, temporary outputs and addresses of databases stay."""
    found: dict[str, Any] = {}
    for definition in algorithm.parameterDefinitions():
        value = parameters.get(definition.name())
        if definition.type() == "multilayer" and isinstance(value, (str, list, tuple)):
            found[definition.name()] = _files_absolute(value)
            continue
        if not isinstance(value, str) or not value.strip() or os.path.isabs(value) or value.upper().startswith("NETCDF:"):
            continue
        # What has a suffix and no colon is a file; the rest, such as TEMPORARY_OUTPUT and postgres://..., is for QGIS to read.
        is_file = definition.type() in INPUTS or (definition.type() in OUTPUTS and ":" not in value and _may_be_path(definition, value))
        if is_file:
            found[definition.name()] = str(Path.cwd() / value)
    return {**parameters, **found}


def _files_absolute(value) -> list:
    """Of several layers or files, by semicolons where they are one text, the files with absolute paths."""
    several = [part for part in value.split(";") if part] if isinstance(value, str) else value
    return [
        str(Path.cwd() / one) if isinstance(one, str) and one and not os.path.isabs(one) and Path(one).exists() else one for one in several
    ]


def _may_be_path(definition, value: str) -> bool:
    return Path(value).suffix != "" or (definition.type() == "folderDestination" and value != "TEMPORARY_OUTPUT")
