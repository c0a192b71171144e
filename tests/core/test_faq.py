"""The messages on the page of errors are those that the program says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faq.md"
MESSAGES = [text.strip() for text in re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)]
VARYING = re.compile(r"…|\{\w*(?::[^}]*)?\}")


def pieces(message: str) -> list[str]:
    """The words of a message between what is different each time."""
    return [piece.strip() for piece in VARYING.split(message) if len(piece.strip()) > 2]


@pytest.fixture(scope="module")
def texts():
    """Every text in the source, with … where a value stands."""
    found = []
    for folder in ("model_core", "plugin"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return found


def is_said(message: str, texts: list[str]) -> bool:
    return any(all(piece in text for piece in pieces(message)) for text in texts)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_program_still_says_it(message, texts):
    assert is_said(message, texts), "no text of the program has these words; write the page's message as the program says it"


def test_another_message_is_not_found(texts):
    assert not is_said("all … readings lie beyond the grid", texts)
