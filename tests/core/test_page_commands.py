"""Commands that the pages show are commands that the program takes."""

import pytest
from page_commands import PROGRAM, ROOT, commands_of

from model_core.cli import _join_negative
from model_core.cli.parser import build_parser

PARSER = build_parser()
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_command_of_a_page_is_understood(page, capsys):
    for words in commands_of(page):
        if words[0] != PROGRAM or "..." in words:  # shortened
            continue
        try:
            PARSER.parse_args(_join_negative(words[1:]))
        except SystemExit:
            pytest.fail(f"{page.name}: {' '.join(words)}: {capsys.readouterr().err}")
