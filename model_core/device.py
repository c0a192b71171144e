"""Which processor the network runs on, and in which precision."""

from __future__ import annotations

import contextlib
import math
import warnings
from typing import Callable

import torch

from model_core.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(name: str, warn: Callable[[str], None] | None = None) -> torch.device:
    """The device for ``auto`` (a GPU if torch sees one that works), ``cpu`` or ``cuda``.

    Parameters
    ----------
    warn : is told if a GPU is seen and does not work, so that ``auto`` is the processor

    Raises
    ------
    InputError
        If the name is unknown, or ``cuda`` is asked for where torch sees no GPU or one that does not work.
    """
    if name not in DEVICES:
        raise InputError(f"unknown device '{name}'; choose one of {', '.join(DEVICES)}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device 'cuda': torch sees no GPU here (no NVIDIA driver, or a CPU build of torch); use 'auto' or 'cpu'")
    if not available or name == "cpu":
        return torch.device("cpu")
    device = torch.device("cuda")
    trouble = _trouble_with(device)
    if trouble is None:
        return device
    trouble = f"torch sees a GPU, which does not work ({trouble}): the driver, or the card's age, does not go with this torch"
    if name == "cuda":
        raise InputError(f"device 'cuda': {trouble}; use 'auto' or 'cpu'")
    (warn or warnings.warn)(f"{trouble}; the processor is used")
    return torch.device("cpu")


def _trouble_with(device: torch.device) -> str | None:
    """What a small piece of the work raises on a device; None where it succeeds."""
    try:
        image = torch.ones(1, 2, 8, 8, device=device)
        result = torch.nn.functional.conv2d(image, torch.ones(1, 2, 3, 3, device=device)).sum()
        result = result + torch.fft.rfft2(image).abs().sum()
        return None if math.isfinite(float(result)) else "it computes nonsense"
    except (RuntimeError, AssertionError) as error:
        return str(error).splitlines()[0]


def describe_device(device: torch.device) -> str:
    """For people: the card's name, or the processor with its threads."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def training_autocast(device: torch.device, precision: str = "auto") -> contextlib.AbstractContextManager:
    """The precision of a training's convolutions: ``auto`` is bfloat16 where the device computes in it (a recent
    GPU, AVX-512 with bf16, AMX; see `inference.precision.processor_lacks`) and float32 elsewhere; both can be asked for by name.
    """
    from model_core.inference.precision import processor_lacks

    if precision not in PRECISIONS:
        raise InputError(f"unknown precision '{precision}'; choose one of {', '.join(PRECISIONS)}")
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else not processor_lacks("bf16")
    enabled = fast if precision == "auto" else precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
