"""Tables and text for generated pages, in Markdown."""

from __future__ import annotations

from typing import Iterable, Sequence


def plain(text: object) -> str:
    """A text that Markdown shows as it is, on one line."""
    shown = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]":
        shown = shown.replace(mark, f"\\{mark}")
    return shown.replace("|", "&#124;")


def code(text: object) -> str:
    """A text as code; '' for nothing."""
    shown = " ".join(str(text).split())
    return f"`{shown}`".replace("|", "\\|") if shown else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
