"""The scores of one model as one file, `evaluation.json`, that its card can take over: it names the weights that were judged."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Sequence

from command_line import Setting
from done_when import done_when
from tables import Row, row_without_nan

from model_core.atomic_file import atomic_file

NAME = "evaluation.json"
_ERROR_MAP = ("reproduction", "reproduction.png")  # the part that draws it, and its file


def write_record(folder: Path, setting: Setting, parts: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Write what a run has found; of an earlier run of the same model and analysis step, the parts that this one left out are kept.

    Returns
    -------
    list of rows of all parts, undefined scores as NaN
    """
    model = setting.model
    judged = {"weights_sha256": model.weights_sha256, "network": model.configuration.to_dict(), "analysis": setting.analysis}
    before = _before(folder / NAME, judged)
    rows = [*(row for row in before.get("rows", []) if row["part"] not in parts), *map(row_without_nan, rows)]
    error_map = before.get("error_map")
    if _ERROR_MAP[0] in parts:
        picture = folder / _ERROR_MAP[1]
        error_map = {"file": picture.name, "sha256": hashlib.sha256(picture.read_bytes()).hexdigest()}
    everything = [{key: float("nan") if value is None else value for key, value in row.items()} for row in rows]
    asked = done_when(everything)
    record = {
        **judged,
        "judged": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "rows": rows,
        "done_when": [row_without_nan(row) for row in asked],
        "error_map": error_map,
    }
    with atomic_file(folder / NAME) as partial:
        partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return everything


def _before(file: Path, judged: dict[str, Any]) -> dict[str, Any]:
    """The record that is there if it is of the same model and analysis step."""
    if not file.exists():
        return {}
    record = json.loads(file.read_text(encoding="utf-8"))
    return record if all(record.get(key) == value for key, value in json.loads(json.dumps(judged)).items()) else {}
