"""Which processor the network runs on, and in which precision."""

from __future__ import annotations

import contextlib

import torch

from model_core.errors import InputError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(name: str) -> torch.device:
    """The device for ``auto`` (a GPU if torch sees one), ``cpu`` or ``cuda``.

    Raises
    ------
    InputError
        If the name is unknown, or ``cuda`` is asked for where torch sees no GPU.
    """
    if name not in DEVICES:
        raise InputError(f"unknown device '{name}'; choose one of {', '.join(DEVICES)}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError("device 'cuda': torch sees no GPU here (no NVIDIA driver, or a CPU build of torch); use 'auto' or 'cpu'")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def describe_device(device: torch.device) -> str:
    """For people: the card's name, or the processor with its threads."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def training_autocast(device: torch.device, precision: str = "auto") -> contextlib.AbstractContextManager:
    """The precision of a training's convolutions: ``auto`` is bfloat16 where the processor computes in it (a recent
    GPU, AVX-512 or AMX) and float32 elsewhere; both can be asked for by name.
    """
    if precision not in PRECISIONS:
        raise InputError(f"unknown precision '{precision}'; choose one of {', '.join(PRECISIONS)}")
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_computes_bfloat16()
    enabled = fast if precision == "auto" else precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


def _cpu_computes_bfloat16() -> bool:
    # Elsewhere bfloat16 is emulated, and slower than float32.
    found = torch.cpu.get_capabilities()
    return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
