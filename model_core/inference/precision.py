"""In which precision the UNet++ computes, and what the processor and its library have."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Callable

import torch
from torch import nn

from model_core.errors import InputError
from model_core.inference.folded_unet import convolve_relu

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# Instructions that multiply in half precision, as torch names them. What else emulates it is slower than float32.
_INSTRUCTIONS = {"bf16": ("amx_bf16", "avx512_bf16"), "fp16": ("amx_fp16", "avx512_fp16")}
# Settings of oneDNN, which hold it below what the processor has, that leave it those instructions.
_CEILINGS = {
    "bf16": ("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10"),
    "fp16": ("AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10"),
}
_CEILING_VARIABLES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")


def choose_precision(name: str, device: torch.device, warn: Callable[[str], None] = lambda text: None) -> str:
    """``fp32``, ``bf16`` or ``fp16`` as asked for; for ``auto`` the fastest that the device has and that is accurate.

    ``auto`` goes by what the processor and its library say that they can do and not by a stopwatch, so that the same machine
    always gives the same fields.

    Parameters
    ----------
    warn : is told why the precision that was asked for is not there; it is float32 then

    Raises
    ------
    InputError
        If the name is unknown.
    """
    if name not in ("auto", *PRECISIONS):
        raise InputError(f"unknown precision '{name}'; choose one of auto, {', '.join(PRECISIONS)}")
    if name == "fp32":
        return name
    lacks = _card_lacks if device.type == "cuda" else processor_lacks
    if name == "auto":
        # On a card fp16 has three bits more than bf16, and is as fast; on a processor it is rarer, and its range is narrow.
        return next((short for short in (("fp16", "bf16") if device.type == "cuda" else ("bf16",)) if not lacks(short)), "fp32")
    reason = lacks(name)
    if reason:
        warn(f"precision '{name}': {reason}; it is fp32 instead")
        return "fp32"
    return name


@lru_cache(maxsize=None)
def processor_lacks(short: str) -> str:
    """Why convolutions in ``bf16`` or ``fp16`` are not to be had on this processor, in words; '' where they are.

    It takes the processor's instructions, a library that is not held below them by a setting, and a small convolution that
    comes out right: torch's own check looks at the processor alone.
    """
    found = torch.cpu.get_capabilities()
    if not any(found.get(instruction) for instruction in _INSTRUCTIONS[short]):
        return f"this processor has none of {', '.join(_INSTRUCTIONS[short])}"
    for variable in _CEILING_VARIABLES:
        ceiling = os.environ.get(variable, "").upper()
        if ceiling and ceiling not in ("DEFAULT", "ALL") and not ceiling.startswith(_CEILINGS[short]):
            return f"{variable}={ceiling} keeps oneDNN from it"
    if not getattr(torch.ops.mkldnn, f"_is_mkldnn_{short}_supported")():
        return "oneDNN does not have it here"
    return _trouble_with(PRECISIONS[short])


def _card_lacks(short: str) -> str:
    # Tensor cores, from Volta on, multiply in half precision. Older cards are slower in it than in float32.
    has = torch.cuda.get_device_capability() >= (7, 0) if short == "fp16" else torch.cuda.is_bf16_supported(False)
    return "" if has else "this graphics card does not compute in it"


def _trouble_with(dtype: torch.dtype) -> str:
    """What is wrong with a small convolution in half precision, or ''."""
    convolution = nn.Conv2d(16, 16, 3, padding=1).to(memory_format=torch.channels_last).requires_grad_(False)
    x = torch.linspace(-1, 1, 16 * 64).view(1, 16, 8, 8).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        try:
            expected = convolve_relu(x, convolution)
            found = convolve_relu(x.to(dtype), convolution.to(dtype)).float()
        except (RuntimeError, NotImplementedError) as error:
            return str(error).splitlines()[0]
    return "" if torch.allclose(found, expected, atol=0.05) else "a small convolution in it comes out wrong"
