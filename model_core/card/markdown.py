"""Blocks as Markdown, for a repository; pictures are left to the HTML page."""

from __future__ import annotations

from model_core.card.blocks import Block, Bullets, Code, Heading, Picture, Table, Text


def to_markdown(title: str, lead: str, blocks: list[Block]) -> str:
    """The page as text."""
    parts = [f"# {_plain(title)}", _plain(lead), *(_markdown(block) for block in blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_plain(block.text)}"
    if isinstance(block, Text):
        return _plain(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_plain(item)}" for item in block.items)
    if isinstance(block, Code):
        return f"```\n{block.text.rstrip()}\n```"
    if isinstance(block, Picture):
        return ""
    return _table(block)


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    header = table.header or ("",) * len(table.rows[0])
    lines = [header, ("---",) * len(header), *table.rows]
    text = "\n".join("| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
    return text + (f"\n\n*{_plain(table.caption)}*" if table.caption else "")


def _plain(text: str) -> str:
    return " ".join(text.split())
