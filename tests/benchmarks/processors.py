"""Settings under which a processor works as a poorer one does; of a plain AVX2 processor there is only the first."""

from __future__ import annotations

import os

# What a laptop without AVX-512 has. oneDNN reads the first, torch's own kernels the second.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def processor_name() -> str:
    """What this processor is used as, in a word: AMX, AVX-512, AVX2 or less."""
    import torch

    found, capability = torch.cpu.get_capabilities(), torch.backends.cpu.get_cpu_capability()
    if capability == "AVX512" and "ONEDNN_MAX_CPU_ISA" not in os.environ:
        return "AMX" if found.get("amx_bf16") else "AVX-512"
    return {"AVX2": "AVX2", "AVX512": "AVX-512"}.get(capability, "below AVX2")


def settings() -> dict[str, dict[str, str]]:
    """By name the environments to measure under: the processor as it is and, where it is richer, as an AVX2 one."""
    name = processor_name()
    return {name: {}, "AVX2": AVX2} if name in ("AMX", "AVX-512") else {name: {}}
