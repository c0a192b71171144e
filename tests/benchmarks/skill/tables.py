"""Rows of scores as text for the terminal, Markdown for the docs, CSV and JSON for machines."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Sequence

Row = dict[str, Any]
_DIGITS = {"rmse": 2, "mae": 2, "crps": 2, "width_90": 1, "days": 0, "n": 0}


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A Markdown table of some columns; what a row lacks or can't know is a dash."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row.get(name), name) for name in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write_rows(rows: Sequence[Row], stem: Path, columns: Sequence[str]) -> None:
    """The rows as STEM.json and STEM.csv with all they hold, and as STEM.md with some columns."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    known = [row_without_nan(row) for row in rows]
    stem.with_suffix(".json").write_text(json.dumps(known, indent=1), encoding="utf-8")
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(stem.with_suffix(".csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(known)
    stem.with_suffix(".md").write_text(markdown(rows, columns), encoding="utf-8")


def row_without_nan(row: Row) -> Row:
    """JSON knows no NaN."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in row.items()}


def _cell(value: Any, name: str) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    return f"{value:.{_DIGITS.get(name, 3)}f}" if isinstance(value, float) else str(value)
