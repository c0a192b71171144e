"""Model files: header, card, shapes, weights and maps that are not what they should be; single bits turned over."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from trials.case import Case
from trials.mutate import damaged
from trials.world import FIRST, GRID

ABSURD = (
    None,
    True,
    -1,
    0,
    1e308,
    -1e308,
    10**12,
    float("nan"),
    "",
    "x",
    "µ" * 400,
    [],
    {},
    [None],
    {"a": 1},
    [1, 2, 3],
    "2019-99-99",
    [[[[]]]],
)


def bits_turned(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """One bit, anywhere; each must be told."""
    content = bytearray((world / "tiny.safetensors").read_bytes())
    size = 8 + struct.unpack("<Q", content[:8])[0]
    end = size if random.random() < 0.5 else len(content)
    at, bit = int(random.integers(end)), int(random.integers(8))
    content[at] ^= 1 << bit
    (folder / "model.safetensors").write_bytes(bytes(content))
    return _asked(f"bit {bit} of byte {at}, {'header' if at < size else 'tensors'}", {"error": True})


def contents_changed(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """Entries of the header, shapes and values; the seal and the hash are made anew, as somebody's own tool would."""
    path, target = world / "tiny.safetensors", folder / "model.safetensors"
    if random.random() < 0.35:
        size = 8 + struct.unpack("<Q", path.read_bytes()[:8])[0]
        content, way = damaged(path.read_bytes(), random, None if random.random() < 0.3 else size)
        target.write_bytes(content)
        return _asked(f"bytes: {way}")
    from safetensors import safe_open

    from model_core import model_file

    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}
        header = json.loads(file.metadata()["ctm_reanalysis"])
    done = [(_entry(header, random) if random.random() < 0.65 else _tensor(tensors, random)) for _ in range(int(random.integers(1, 3)))]
    weights = {key: value for key, value in tensors.items() if key.startswith("network.")}
    if isinstance(header.get("hashes"), dict):
        header["hashes"]["weights"] = model_file.weights_hash(weights)
    target.write_bytes(model_file.sealed(tensors, json.dumps(header)))
    return _asked("; ".join(done))


def _asked(done: str, expected: dict[str, Any] | None = None) -> Case:
    """A day on the small grid by this model."""
    return Case(
        "job",
        {
            "command": "reanalyse",
            "request": {
                "stations": "{world}/stations.csv",
                "value": "pm25",
                "time": "day",
                "id": "station",
                "date": str(FIRST),
                "grid": GRID,
                "model": "{case}/model.safetensors",
                "device": "cpu",
                "out": "{case}/out.tif",
            },
        },
        done,
        expected or {},
    )


def _entry(header: dict[str, Any], random: np.random.Generator) -> str:
    """An entry at any depth is taken away, made absurd, or given to another name."""
    place, path = header, []
    while True:
        if not place:
            place["more"] = 1
        key = sorted(place)[int(random.integers(len(place)))]
        path.append(key)
        if isinstance(place[key], dict) and place[key] and random.random() < 0.8:
            place = place[key]
            continue
        break
    way = random.random()
    if way < 0.2:
        place.pop(key)
        return f"{'.'.join(path)} taken away"
    if way < 0.3:
        place[f"{key}_unknown"] = place[key]
        return f"{'.'.join(path)} under another name too"
    value = ABSURD[int(random.integers(len(ABSURD)))]
    if isinstance(place[key], (int, float)) and not isinstance(place[key], bool) and random.random() < 0.5:
        factor = float(random.choice([-1, 0, 2, 1e6, 1e-9]))
        value = place[key] * factor if random.random() < 0.5 else int(place[key] * random.choice([-1, 0, 2, 1000, 10**9]))
    place[key] = value
    return f"{'.'.join(path)} = {str(value)[:40]!r}"


def _tensor(tensors: dict[str, Any], random: np.random.Generator) -> str:
    import torch

    key = sorted(tensors)[int(random.integers(len(tensors)))]
    value, way = tensors[key], str(random.choice(["nan", "inf", "zero", "huge", "shape", "type", "gone", "more", "constant"]))
    if way in ("nan", "inf", "huge", "zero", "constant"):
        number = {"nan": np.nan, "inf": np.inf, "huge": 6e4, "zero": 0.0, "constant": 1.0}[way]
        filled = torch.full_like(value.float(), number).to(value.dtype)
        some = torch.rand(value.shape, generator=torch.Generator().manual_seed(1)) < 0.3
        tensors[key] = filled if random.random() < 0.5 or not value.numel() else torch.where(some, filled, value)
    elif way == "shape":
        tensors[key] = value.reshape(-1)[: max(1, value.numel() - 1)].clone() if random.random() < 0.5 else value.unsqueeze(0).clone()
    elif way == "type":
        tensors[key] = value.to([torch.float64, torch.int32, torch.float16, torch.bool, torch.complex64][int(random.integers(5))])
    elif way == "gone":
        tensors.pop(key)
    else:
        tensors[str(random.choice(["network.more", "maps.nonsense", "more", ""]))] = torch.zeros(3)
    return f"{key}: {way}"
