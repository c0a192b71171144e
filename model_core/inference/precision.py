"""In which precision the UNet++ computes."""

from __future__ import annotations

import torch

from model_core.errors import InputError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_precision(name: str, device: torch.device) -> str:
    """``fp32``, ``bf16`` or ``fp16`` as asked for; for ``auto`` the fastest that the device has and that is accurate.

    ``auto`` goes by what the processor says it can do and not by a stopwatch, so that the same machine always gives the
    same fields.

    Raises
    ------
    InputError
        If the name is unknown, or the device does not compute in that precision.
    """
    if name not in ("auto", *PRECISIONS):
        raise InputError(f"unknown precision '{name}'; choose one of auto, {', '.join(PRECISIONS)}")
    if device.type == "cuda":
        # Tensor cores, from Volta on, multiply in half precision; fp16 has three bits more than bf16. Older cards are
        # slower in it than in float32.
        has = {"fp16": torch.cuda.get_device_capability(device) >= (7, 0), "bf16": torch.cuda.is_bf16_supported(False)}
        order = ("fp16", "bf16")
    else:
        found = torch.cpu.get_capabilities()
        has = {
            "bf16": bool(found.get("amx_bf16") or found.get("avx512_bf16")),
            "fp16": bool(found.get("amx_fp16") or found.get("avx512_fp16")),
        }
        order = ("bf16",)
    if name == "auto":
        return next((short for short in order if has[short]), "fp32")
    if not has.get(name, True):
        raise InputError(f"precision '{name}': {device.type} here does not compute in it; use 'auto' or 'fp32'")
    return name
