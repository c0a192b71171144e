"""One case of bad input: what is asked of the engine, kept with its files so that it can be asked again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "case.json"


@dataclass
class Case:
    """What is asked.

    Attributes
    ----------
    action : a name in `actions.ACTIONS`
    request : plain values; ``{case}`` and ``{world}`` in texts stand for the folders of the case and of the small world
    done : what was damaged, in words
    expected : what the answer is held against, as the action understands it; ``{"error": True}`` where any answer is wrong
    """

    action: str
    request: dict[str, Any]
    done: str
    expected: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write it beside its files."""
        (folder / FILE).write_text(json.dumps(vars(self), default=repr), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Case":
        """Read what `save` wrote."""
        return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))

    def placed(self, folder: Path, world: Path) -> Any:
        """The request with the folders in their places."""
        return _placed(self.request, {"{case}": str(folder), "{world}": str(world)})


def _placed(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(name, place)
        return value
    if isinstance(value, dict):
        return {_placed(key, places): _placed(one, places) for key, one in value.items()}
    return [_placed(one, places) for one in value] if isinstance(value, list) else value
