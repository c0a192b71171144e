"""Writes the pages of the command line and of the file formats. Needs the engine's Python.

.build/engine/bin/python tools/reference/engine_pages.py OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import commands  # noqa: E402
import files  # noqa: E402


def main(out: Path) -> None:
    """Write both pages into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name, module in {"command_line": commands, "file_formats": files}.items():
        (out / f"{name}.md").write_text(module.page() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
