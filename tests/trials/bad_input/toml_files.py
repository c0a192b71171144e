"""Configurations and variable tables in TOML: damaged text, values of other types, absurd sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trials.case import Case
from trials.mutate import damaged
from trials.world import CONFIGURATION, VARIABLES

VALUES = (
    "true",
    "-1",
    "0",
    "1",
    "5",
    "1e308",
    "-1e308",
    "nan",
    "inf",
    "1000000",
    "100000000",
    "10000000000000000000000",
    '""',
    '"x"',
    '"pm25"',
    '"µ"',
    "[]",
    "[1]",
    "[1, 2, 3]",
    '["a"]',
    '[["a"]]',
    "{}",
    "{ a = 1 }",
    "2019-01-05",
    "07:00:00",
    "[0, 0]",
    "[-1, 2]",
    "[21, 11]",
    "[9999999, 9999999]",
    '["pm25", "pm25"]',
    "[nan, nan]",
    '"' + "x" * 5000 + '"',
    "[" * 200 + "]" * 200,
)
_NUMBERS = 11  # of the values above; they fit most entries in type
NETWORK = (
    "target",
    "station_variables",
    "covariates",
    "kernels",
    "epsilon",
    "epsilon_in",
    "second_denominator",
    "combine",
    "coarse_factors",
    "readings",
    "availability",
    "width",
    "levels",
    "unet_factor",
    "output",
    "correction_limit",
    "correction_share",
    "uncertainty_share",
    "kriging",
    "uncertainty",
    "standardise",
    "transforms",
    "unknown",
)
TRAINING = (
    "iterations",
    "batch",
    "learning_rate",
    "weight_decay",
    "schedule",
    "loss",
    "crop",
    "stations",
    "layouts",
    "reading_noise",
    "outliers",
    "variety",
    "remove_variable",
    "remove_covariate",
    "rescale",
    "flip",
    "validation_share",
    "validate_every",
    "unknown",
)
ENTRIES = ("names", "file_unit", "unit", "long_name", "standard_name", "limits", "static", "unknown")


def make(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """A configuration or, every other case, a variable table."""
    configuration = number % 2 == 0
    text = CONFIGURATION if configuration else VARIABLES
    value = VALUES[int(random.integers(len(VALUES) if random.random() < 0.6 else _NUMBERS))]
    if random.random() < 0.35:
        content, done = damaged(text.encode(), random)
    else:
        if configuration:
            table, names = ("network", NETWORK) if random.random() < 0.65 else ("training", TRAINING)
            name = str(random.choice(np.array(names)))
            text = _without(text, name)
            at = f"[{table}]\n"
        else:
            name = str(random.choice(np.array(ENTRIES)))
            key = str(random.choice(np.array(["pm25", "nh3"])))
            at = f"[{key}]\n"
            head, tail = text.split(at)
            first, gap, rest = tail.partition("\n[")
            text = head + at + _without(first + "\n", name) + gap + rest
        if random.random() < 0.12:
            done, content = f"top = {value}", f"{name} = {value}\n{text}".encode()
        else:
            done, content = f"{at.strip()} {name} = {value}", text.replace(at, f"{at}{name} = {value}\n").encode()
    (folder / "file.toml").write_bytes(content)
    if configuration:
        return Case("configuration", {"config": "{case}/file.toml"}, f"configuration: {done[:80]}")
    return Case(
        "job",
        {"command": "inspect", "request": {"file": "{world}/ctm/levels_hdf.nc", "variables": "{case}/file.toml"}},
        f"variables: {done[:80]}",
    )


def _without(text: str, name: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{name} ="))
