"""Write resources/forms.json, from which the plugin knows the published forms of tables without the engine; run it when a form is added."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_core.stations import forms  # noqa: E402

FILE = ROOT / "resources" / "forms.json"


def text() -> str:
    """Name, title and, for each shape of its tables, the columns that must be there."""
    entries = []
    for name in forms.NAMES:
        form = forms.get(name)
        needs = [list(shape.needs) for shape in form.shapes if shape.needs]
        entries.append(json.dumps({"name": name, "title": form.title, "needs": needs}, ensure_ascii=False))
    return "[\n" + ",\n".join(entries) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
