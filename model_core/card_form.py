"""The form of a model's card: a file can hold anything under these names, and what reads a card relies on their kinds."""

from __future__ import annotations

from datetime import date
from typing import Any

_TEXTS, _TABLES = ("target", "unit", "created", "software", "name"), ("training", "scores", "ranges")
_KINDS = {dict: "a table", list: "a list", str: "a text"}


def check_card(card: Any) -> None:
    """Raise `ValueError` that names the first entry of a card that is of another kind than it should be; any may be missing or null."""
    _require(card, dict, "its card")
    for name in _TEXTS:
        _require(card.get(name, ""), str, f"card.{name}")
    for name in _TABLES:
        _require(card.get(name, {}), dict, f"card.{name}")
    training = card.get("training") or {}
    _require(training.get("from", {}), dict, "card.training.from")
    _require_tables(training.get("data"), "card.training.data")
    _require_tables(card.get("missing_inputs"), "card.missing_inputs")
    for entry in card.get("missing_inputs") or []:
        numbers = [entry.get(name) for name in ("rmse", "rmse_with_all")]
        if not isinstance(entry.get("without"), str) or not all(isinstance(number, (int, float)) for number in numbers):
            raise ValueError(f"card.missing_inputs: {entry} lacks its texts or numbers")
    _require(card.get("ranges_from"), list, "card.ranges_from")
    for name, limits in (card.get("ranges") or {}).items():
        if not isinstance(limits, list) or len(limits) != 2 or not all(isinstance(limit, (int, float)) for limit in limits):
            raise ValueError(f"card.ranges: {name} has no lowest and highest value")
    for source in training.get("data") or []:
        for name in ("variables", "maps", "files", "held_out"):
            _require(source.get(name), list, f"card.training.data: {name}")
        for day in (source.get("first"), source.get("last"), *(source.get("held_out") or ())):
            if day:
                date.fromisoformat(day if isinstance(day, str) else "")


def _require_tables(value: Any, where: str) -> None:
    _require(value, list, where)
    for number, entry in enumerate(value or [], start=1):
        if not isinstance(entry, dict):
            raise ValueError(f"{where}: entry {number} is {type(entry).__name__}, not a table")


def _require(value: Any, kind: type, where: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise ValueError(f"{where} is {type(value).__name__}, not {_KINDS[kind]}")
