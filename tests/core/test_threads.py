"""Threads of our own keep off the names that Python's thread has for itself, in any version that the engine runs on."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Python 3.14 has these beside those of older versions. Its thread enters `_context`, which then can't be entered again: the thread dies, and
# whoever waits for it waits for ever.
NEWER = {"_context", "_handle", "_os_thread_handle", "_after_fork", "_set_os_name"}
RESERVED = (NEWER | set(dir(threading.Thread()))) - {"run", "__init__"}


def threads():
    for path in sorted([*(ROOT / "model_core").rglob("*.py"), *(ROOT / "plugin").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(getattr(base, "attr", getattr(base, "id", "")) == "Thread" for base in node.bases):
                yield pytest.param(node, id=node.name)


@pytest.mark.parametrize("thread", threads())
def test_names_of_pythons_own_thread_are_left_alone(thread):
    own = {
        node.attr
        for node in ast.walk(thread)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and getattr(node.value, "id", "") == "self"
    }
    own |= {node.name for node in thread.body if isinstance(node, ast.FunctionDef)}
    assert own and not own & RESERVED
