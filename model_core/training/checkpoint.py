"""The state of an unfinished training in one safetensors file, so that it can go on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from model_core.atomic_file import atomic_file
from model_core.errors import InputError


def save_checkpoint(
    path: Path, state: dict[str, Any], network: torch.nn.Module, optimiser: torch.optim.Optimizer, best: dict[str, torch.Tensor]
) -> None:
    """Write plain `state` (JSON), the weights, the optimiser's moments and the best weights so far; atomic.

    Raises
    ------
    OutputError
        If it can't be written; an earlier checkpoint stays as it was.
    """
    tensors = {f"network.{key}": value for key, value in network.state_dict().items()}
    tensors |= {f"best.{key}": value for key, value in best.items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{key}": torch.as_tensor(value) for key, value in moments.items()}
    tensors = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
    content = save(tensors, metadata={"state": json.dumps(state)})
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def load_checkpoint(
    path: Path, network: torch.nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Restore a training into `network` and `optimiser`; returns the plain state and the best weights so far.

    Raises
    ------
    InputError
        If the file is no checkpoint of this training.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads(file.metadata()["state"])
            # Copies: the tensors are maps of the file, and Windows replaces no file that is mapped.
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}
        network.load_state_dict(_under("network.", tensors))
    except (SafetensorError, OSError, TypeError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"'{path}' is no checkpoint of this training ({error}); start without --resume") from error
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in _under("optimiser.", tensors).items():
        index, name = key.split(".", 1)
        moments.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return state, _under("best.", tensors)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
