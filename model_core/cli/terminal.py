"""What a command says on the terminal: progress on stderr, the result for people on stdout."""

from __future__ import annotations

import sys
import time
from typing import Any

from model_core.language import say
from model_core.progress import Progress


class TerminalProgress(Progress):
    """Progress on stderr: one line that changes on a terminal, a line each tenth elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self._live = sys.stderr.isatty()
        self._last, self._time = -1.0, 0.0

    def on_step(self, fraction: float, message: str) -> None:
        now, message = time.monotonic(), say(message)
        if self._live:
            if now - self._time > 0.1 or fraction >= 1:
                print(f"\r\x1b[K{fraction:4.0%} {message}", end="\n" if fraction >= 1 else "", file=sys.stderr, flush=True)
                self._time = now
        elif fraction - self._last >= 0.1 or (fraction >= 1 and self._last < 1) or now - self._time > 60:
            print(f"{fraction:4.0%} {message}", file=sys.stderr, flush=True)
            self._last, self._time = fraction, now

    def on_log(self, message: str) -> None:
        self._line(say(message))

    def on_warning(self, message: str) -> None:
        self._line(say(f"warning: {message}"))

    def _line(self, text: str) -> None:
        print(("\r\x1b[K" if self._live else "") + text, file=sys.stderr, flush=True)


def lines_of(value: dict[str, Any], indent: str = "") -> list[str]:
    """A result for people: one line a value, nested ones indented."""
    lines: list[str] = []
    for key, entry in value.items():
        if key == "wkt" or entry in (None, [], {}):
            continue
        if isinstance(entry, dict):
            lines += [f"{indent}{key}:", *lines_of(entry, indent + "  ")]
        elif isinstance(entry, list) and any(isinstance(item, dict) for item in entry):
            lines.append(f"{indent}{key}:")
            for item in entry:
                first, *rest = lines_of(item, indent + "    ") or [""]
                lines += [f"{indent}  - {first.strip()}", *rest]
        elif isinstance(entry, list):
            lines.append(f"{indent}{key}: {', '.join(_text(item) for item in entry)}")
        else:
            lines.append(f"{indent}{key}: {_text(entry)}")
    return lines


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
