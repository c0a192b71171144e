"""Blocks as one HTML page that needs no other file: style and pictures are inside.

The style keeps to what every HTML viewer understands: QGIS shows the page in a small browser of its own.
"""

from __future__ import annotations

import base64
import re
from html import escape

from model_core.card.blocks import Block, Bullets, Code, Heading, Picture, Table, Text
from model_core.language import language, say

_STYLE = """
body { margin: 0; background: #ffffff; color: #22303c; font-family: "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  font-size: 16px; line-height: 1.5; }
#page { max-width: 780px; margin: 0 auto; padding: 36px 28px 60px 28px; }
h1 { font-size: 32px; line-height: 1.2; margin: 0 0 4px 0; font-weight: 600; }
h2 { font-size: 21px; margin: 40px 0 10px 0; padding-top: 14px; border-top: 1px solid #22303c; font-weight: 600; }
h3 { font-size: 17px; margin: 26px 0 6px 0; font-weight: 600; }
h4, h5, h6 { font-size: 15px; margin: 18px 0 4px 0; font-weight: 600; color: #5d6b77; }
p { margin: 8px 0; }
p.lead { font-size: 19px; color: #45525e; margin: 0 0 18px 0; }
ul { margin: 8px 0; padding-left: 20px; } li { margin: 4px 0; }
table { border-collapse: collapse; margin: 10px 0 16px 0; font-size: 14px; line-height: 1.35; }
th, td { text-align: left; vertical-align: top; padding: 5px 18px 5px 0; border-bottom: 1px solid #d9dfe4; }
thead th { border-bottom: 1.5px solid #22303c; font-weight: 600; color: #22303c; }
tbody th { font-weight: 400; color: #5d6b77; }
td.number, th.number { text-align: right; padding-left: 10px; }
caption { caption-side: bottom; text-align: left; color: #5d6b77; font-size: 13px; padding-top: 6px; }
pre { background: #f2f5f7; padding: 12px 14px; font-size: 13px; line-height: 1.4; white-space: pre-wrap; word-wrap: break-word; }
code, pre { font-family: "Source Code Pro", Consolas, Menlo, "DejaVu Sans Mono", monospace; }
.wide { overflow-x: auto; }
.figure { margin: 14px 0 20px 0; display: inline-block; vertical-align: top; } .figure img { border: 0; }
.figure p { color: #5d6b77; font-size: 13px; margin: 4px 0; }
td.long { word-break: break-all; }
td.short, th.short { white-space: nowrap; }
"""
_TEXT_WIDTH = 780
_NUMBER = re.compile(r"[\u2212+-]?[\d\u2009.,]+(e[+-]?\d+)?( ?%)?|–|")
_UNBROKEN = 40  # letters without a space from which a cell may be broken anywhere
_SHORT = 26  # letters up to which a cell is never broken


def to_html(title: str, lead: str, blocks: list[Block]) -> str:
    """The page as text; everything that came from outside is escaped."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{(language() or "en").replace("_", "-")}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_said(title)}</title>'
        f'<style>{_STYLE}</style></head>\n<body><div id="page">\n<h1>{_said(title)}</h1>\n'
        f'<p class="lead">{_said(lead)}</p>\n{body}\n</div></body></html>\n'
    )


def _said(text: str) -> str:
    return escape(say(text))


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_said(block.text)}</h{block.level}>"
    if isinstance(block, Text):
        return f"<p>{_said(block.text)}</p>"
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{_said(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Code):
        return f"<pre>{escape(block.text)}</pre>"
    if isinstance(block, Picture):
        source = "data:image/png;base64," + base64.b64encode(block.png).decode()
        return (
            f'<div class="figure"><img src="{source}" width="{round(block.width * _TEXT_WIDTH)}" '
            f'alt="{_said(block.caption)}"><p>{_said(block.caption)}</p></div>'
        )
    return _table(block)


def _table(table: Table) -> str:
    columns = len(table.rows[0]) if table.rows else 0
    numeric = [bool(table.header) and all(_NUMBER.fullmatch(row[i]) for row in table.rows) for i in range(columns)]
    head = ""
    if table.header:
        cells = "".join(f"<th{_class(number, '')}>{_said(text)}</th>" for text, number in zip(table.header, numeric))
        head = f"<thead><tr>{cells}</tr></thead>"
    rows = "".join(
        "<tr>" + "".join(_cell(text, i == 0 and not numeric[0], numeric[i]) for i, text in enumerate(row)) + "</tr>\n" for row in table.rows
    )
    caption = f"<caption>{_said(table.caption)}</caption>" if table.caption else ""
    return f'<div class="wide"><table>{caption}{head}<tbody>\n{rows}</tbody></table></div>'


def _cell(text: str, names_the_row: bool, number: bool) -> str:
    tag = "th" if names_the_row else "td"
    return f"<{tag}{_class(number, text)}>{_said(text)}</{tag}>"


def _class(number: bool, text: str) -> str:
    if number:
        return ' class="number"'
    if any(len(word) > _UNBROKEN for word in text.split()):
        return ' class="long"'
    return ' class="short"' if len(text) <= _SHORT else ""
