"""What the engine says of something, as lines for the log and as a page to keep."""

from __future__ import annotations

import html
from pathlib import Path

_STYLE = ("body{font-family:sans-serif;color:#22303c;margin:1.5em} h1{font-size:1.5em} table{border-collapse:collapse;font-size:0.85em}"
          "th,td{text-align:left;vertical-align:top;padding:0.3em 1.2em 0.3em 0;border-bottom:1px solid #d9dfe4;font-weight:normal}"
          "th{color:#5d6b77} .number{text-align:right}")


def lines_of(values: dict, prefix: str = "") -> list[tuple[str, str]]:
    """(label, text) pairs of a nested dictionary, in its order."""
    lines = []
    for key, value in values.items():
        label = f"{prefix}{key}"
        if isinstance(value, dict):
            lines += lines_of(value, f"{label} / ")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, start=1):
                lines.append((f"{label} {number}", ", ".join(f"{k} {_text(v)}" for k, v in item.items() if v not in (None, ""))))
        elif isinstance(value, list):
            lines.append((label, ", ".join(_text(item) for item in value) or "-"))
        else:
            lines.append((label, "-" if value is None else str(value)))
    return lines


def write_page(path: str, title: str, lines: list[tuple[str, str]]) -> None:
    """Write the lines as an HTML table."""
    rows = "".join(f"<tr><th>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>\n" for label, text in lines)
    _write(path, title, f"<table>\n{rows}</table>\n")


def _write(path: str, title: str, body: str) -> None:
    Path(path).write_text(
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{html.escape(title)}</h1>\n{body}</body></html>\n", encoding="utf-8")


def _text(value) -> str:
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)
