"""How a model was trained, as the configuration file that trains it again."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Mapping

from model_core.configuration import NetworkConfiguration, TrainingConfiguration


def configuration_file(network: NetworkConfiguration, training: Mapping[str, Any]) -> str:
    """TOML for ``train --config``: the network, and what the card's `training` says that a configuration can hold."""
    lines = ["[network]"]
    values = network.to_dict()
    transforms = values.pop("transforms")
    lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
    if transforms:
        lines += ["", "[network.transforms]", *(f"{key} = {_toml(value)}" for key, value in transforms.items())]
    known = [field.name for field in fields(TrainingConfiguration) if field.name in training]
    lines += ["", "[training]", *(f"{key} = {_toml(training[key])}" for key in known)]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
