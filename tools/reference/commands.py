"""The page of the command line, from the parsers themselves; part of engine_pages.py."""

from __future__ import annotations

import argparse

from markdown import code, plain, table

from model_core.cli import EXIT_CANCELLED, EXIT_ERROR, EXIT_FAULT
from model_core.cli.parser import build_parser

NOT_FOR_PEOPLE = {"worker"}


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, in the order of the help."""
    choices = next(action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)).choices
    return {name: parser for name, parser in choices.items() if name not in NOT_FOR_PEOPLE}


def page() -> str:
    """All commands with their options."""
    parsers = commands()
    rows = [(f"[`{name}`](#{name})", plain(parser.description)) for name, parser in parsers.items()]
    parts = [
        "# Command line",
        "`ctm-reanalysis COMMAND ...` is the same as `python -m model_core COMMAND ...`. This page is made from the program's own help "
        "(`ctm-reanalysis COMMAND --help`).",
        "Progress, notes and warnings go to stderr. The result goes to stdout, with `--json` as JSON.",
        table(
            ("Exit status", "Meaning"),
            [
                ("0", "done"),
                (str(EXIT_ERROR), "an error; its message says what to do"),
                ("2", "wrong usage"),
                (str(EXIT_FAULT), "a fault of the program or the machine; the message names the log file"),
                (str(EXIT_CANCELLED), "interrupted"),
            ],
        ),
        table(("Command", "What it makes"), rows),
    ]
    parts += [section(name, parser) for name, parser in parsers.items()]
    return "\n\n".join(parts)


def section(name: str, parser: argparse.ArgumentParser) -> str:
    """A command: what it does, how it is called, and a table for each group of its options."""
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ")
    required = [action for action in parser._actions if action.required]
    short = " ".join([f"ctm-reanalysis {name}", *(_invocation(action) for action in required), "[options]"])
    parts = [f"## {name}", plain(parser.description), f"```text\n{short if required else usage}\n```"]
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if not isinstance(action, argparse._HelpAction)]
        if not actions:
            continue
        if group.title not in ("options", "positional arguments"):
            parts.append(f"**{plain(group.title)}**" + (f": {plain(group.description)}" if group.description else ""))
        parts.append(table(("Option", "Default", "What it does"), [_row(parser, action) for action in actions]))
    return "\n\n".join(parts)


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> tuple[str, str, str]:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    choices = f" ({', '.join(map(str, action.choices))})" if action.choices and action.metavar else ""
    default = "" if action.default in (None, False, argparse.SUPPRESS, "") or action.required else code(action.default)
    needed = "; required" if action.required and action.option_strings else ""
    return code(_invocation(action)), default, plain(text + choices + needed)


def _invocation(action: argparse.Action) -> str:
    """`--grid G` as it is typed, without brackets around what is required."""
    names = ", ".join(action.option_strings)
    if action.nargs == 0:
        return names
    word = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    words = word if isinstance(word, str) else " ".join(word)
    if action.nargs in ("+", "*"):
        words += " ..."
    return f"{names} {words}".strip()
