"""The tables of the skill benchmark as a model's card keeps them: a few columns, four digits, and one map of error."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any, Mapping, Sequence

from PIL import Image

from model_core.errors import InputError
from model_core.model_file import Model

Row = Mapping[str, Any]
_SCORES = ("n", "rmse", "ratio", "r2_det", "coverage_90", "crps", "crps_ratio")
# Part of the benchmark: its title in the card, and the columns that the card keeps.
PARTS = {
    "real_stations": ("Real stations in China", ("day", "scheme", "method", *_SCORES)),
    "ctm_stations": ("Held-out CTM days at the places of real stations", ("source", "scheme", "method", "days", *_SCORES[1:], "worst")),
    "usa": ("The United States", ("day", "scheme", "method", *_SCORES)),
    "atlanta": ("Around Atlanta", ("day", "scheme", "method", *_SCORES)),
    "between_stations": (
        "Cities left out, and 15 to 100 cities given",
        ("day", "scheme", "n", "rmse", "ratio", "worst", "nmb", *_SCORES[4:]),
    ),
    "by_distance": ("By the distance to the nearest station", ("day", "distance", "n", "rmse", "ratio", "nmb", "nmb_se", *_SCORES[4:])),
    "reproduction": (
        "Held-out CTM days given back from 800 cells",
        ("source", "stations", "method", "days", "r2_det", "lowest r2_det", "rmse", "nme", "nmb"),
    ),
    "other_grids": ("Other cells", ("cells", "day", "scheme", "method", *_SCORES)),
    "other_species": ("Other species", ("species", "factor", "day", "scheme", "method", *_SCORES)),
    "missing_inputs": ("With fewer inputs", ("source", "scheme", "days", *_SCORES[1:], "worst")),
}
# Of these the card keeps the model's rows alone.
_MODEL_ALONE = ("between_stations", "by_distance")
_HOW = (
    "Ten folds; LSCV leaves stations out, LCCV whole cities. The bar is kriging with a variogram of each fold, of values and of logs, ordinary and with "
    "the model's maps as external drift; ratio is the RMSE over that of the best of these, crps_ratio likewise: below 1 the model is better."
)
_ERROR_MAP = "Map of error: mean of held-out CMAQ days, true, reproduced from 800 cells, and the difference"
_DIGITS = 4
_LARGEST = (1100, 1100)  # pixels of the map of error
_COLOURS = 128  # enough for its colour scales, at a third of the size


def evaluation_for(model: Model, record: Path) -> dict[str, Any]:
    """The `evaluation` of a card, from the record that the skill benchmark left.

    Raises
    ------
    InputError
        If there is no record, if it is of other weights or another network, or if its map of error is of another run.
    """
    remedy = "run `make benchmark-skill` with this model, or write the card without scores"
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"no scores to read in '{record}' ({error}); {remedy}") from error
    if found.get("weights_sha256") != model.weights_sha256:
        raise InputError(
            f"the scores in '{record}' are of weights {str(found.get('weights_sha256'))[:12]}, the model '{model.name}' has "
            f"{model.weights_sha256[:12]}; {remedy}"
        )
    if found.get("network") != json.loads(json.dumps(model.configuration.to_dict())):
        raise InputError(f"the scores in '{record}' are of these weights in a network that was set up otherwise; {remedy}")
    rows = found["rows"]
    tables = {
        title: _table([row for row in rows if row["part"] == part and (part not in _MODEL_ALONE or row["method"] == "model")], columns)
        for part, (title, columns) in PARTS.items()
    }
    evaluation = {
        "weights_sha256": found["weights_sha256"],
        "judged": found["judged"],
        "analysis_step": found["analysis"],
        "how": _HOW,
        "What was asked, and what was reached": [_rounded(row) for row in found["done_when"]],
        "Where kriging is better": worse_than_kriging(rows),
        **tables,
    }
    if found.get("error_map"):
        evaluation[_ERROR_MAP] = _picture(record, found["error_map"], remedy)
    return {key: value for key, value in evaluation.items() if value}


def worse_than_kriging(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Where the model's RMSE is above that of the better kriging, the worst first."""
    worse = [row for row in rows if row.get("method") == "model" and (row.get("ratio") or 0) > 1]
    where = ("species", "cells", "source", "day", "scheme", "distance")
    return [
        {"where": ", ".join([PARTS[row["part"]][0], *(str(row[key]) for key in where if row.get(key))]), "ratio": round(row["ratio"], 3)}
        for row in sorted(worse, key=lambda row: -row["ratio"])
    ]


def _table(rows: Sequence[Row], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Some columns of the rows; a column that no row knows is left out."""
    known = [name for name in columns if any(row.get(name) is not None for row in rows)]
    return [_rounded({name: row.get(name) for name in known}) for row in rows]


def _rounded(row: Row) -> dict[str, Any]:
    return {key: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value for key, value in row.items()}


def _picture(record: Path, said: Row, remedy: str) -> str:
    """The map of error beside the record, as a data URI of a small PNG."""
    file = record.with_name(said["file"])
    content = file.read_bytes() if file.exists() else b""
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise InputError(f"the map of error '{file}' is missing or of another run than the scores beside it; {remedy}")
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail(_LARGEST)
        image.convert("RGB").quantize(_COLOURS).save(stream, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
