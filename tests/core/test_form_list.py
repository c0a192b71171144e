"""The plugin's list of published forms is that of the engine; where it is not, run tools/list_forms.py."""

import importlib.util
from pathlib import Path

from model_core.stations import forms

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_is_up_to_date():
    spec = importlib.util.spec_from_file_location("list_forms", ROOT / "tools" / "list_forms.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.FILE.read_text(encoding="utf-8") == tool.text() and tool.text().count('"title"') == len(forms.NAMES)
