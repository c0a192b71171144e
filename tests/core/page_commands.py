"""Commands of a page of the documentation, run as a user would, with smaller inputs."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path
from typing import Sequence

from model_core.cli import main

ROOT = Path(__file__).resolve().parents[2]
PROGRAM, PYTHON = "ctm-reanalysis", "python"


def commands_of(page: Path, mark: str = "") -> list[list[str]]:
    """The words of each command in the page's ```sh blocks, in order; with `mark` those of the blocks under that heading."""
    text = page.read_text(encoding="utf-8")
    if mark:
        text = re.split(r"\n## ", text.split(f"\n## {mark}", 1)[1], maxsplit=1)[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if shlex.split(line, comments=True)]


def run(words: Sequence[str]) -> None:
    """Run a command in this process and in the current folder; an assertion fails where the command does."""
    program, *arguments = words
    if program == PROGRAM:
        assert main(arguments) == 0, shlex.join(words)
        return
    assert program == PYTHON, f"neither {PROGRAM} nor {PYTHON}: {shlex.join(words)}"
    before = sys.argv
    sys.argv = [str(ROOT / arguments[0]), *arguments[1:]]
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        sys.argv = before


def with_option(words: Sequence[str], option: str, *values: str) -> list[str]:
    """The command with an option's values replaced, or added where it has none."""
    words = list(words)
    if option not in words:
        return [*words, option, *values]
    start = words.index(option) + 1
    end = next((i for i in range(start, len(words)) if words[i].startswith("--")), len(words))
    return [*words[:start], *values, *words[end:]]
