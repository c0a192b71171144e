"""The command line: a thin door to `model_core.jobs`, progress on stderr, results on stdout."""

from __future__ import annotations

import json
import os
import sys
from typing import Sequence

from model_core.cli.parser import build_parser
from model_core.cli.terminal import TerminalProgress, lines_of
from model_core.errors import Cancelled, ReanalysisError
from model_core.failures import explain
from model_core.jobs import JOBS
from model_core.json_values import finite
from model_core.run_log import RunLog

__all__ = ["TerminalProgress", "build_parser", "main"]

EXIT_ERROR, EXIT_FAULT, EXIT_CANCELLED = 1, 3, 130
# Values that may begin with a minus sign, which argparse would take for an option.
_MAY_BE_NEGATIVE = ("--grid",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    The exit status: 0, 1 after an error that its message says how to mend, 2 for wrong usage, 3 after a fault of the program or the
    machine (what is known of it is in a log file that the message names), 130 when interrupted.
    """
    # Before torch is loaded: threads that spin while they wait make a busy machine several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if hasattr(sys.stdout, "reconfigure"):  # in a console without Unicode, letters that it has not are escaped, in the help too
        sys.stdout.reconfigure(errors="backslashreplace")
    options = vars(build_parser().parse_args(_join_negative(list(sys.argv[1:] if arguments is None else arguments))))
    command, as_json = options.pop("command"), options.pop("json", False)
    if command == "worker":
        from model_core.worker import serve

        return serve(options["idle_seconds"])
    progress, log = TerminalProgress(), RunLog(command, options)
    progress.log_file = log
    try:
        result = JOBS[command](options, progress)
    except KeyboardInterrupt:
        return _fail(explain(Cancelled("Cancelled."), log), as_json, EXIT_CANCELLED)
    except Cancelled as error:
        return _fail(explain(error, log), as_json, EXIT_CANCELLED)
    except ReanalysisError as error:
        return _fail(explain(error, log), as_json, EXIT_ERROR)
    except Exception as error:  # nobody at a terminal can do anything with a traceback
        return _fail(explain(error, log), as_json, EXIT_FAULT)
    log.close("done")
    if not result:  # a process that only helps another one, as torchrun starts them
        return 0
    if "diagnostics" in result and not as_json:  # to be copied as it is
        _print(result["diagnostics"].rstrip(), as_json)
        return 0
    _print(json.dumps(finite(result), indent=2, ensure_ascii=False) if as_json else "\n".join(lines_of(result)), as_json)
    return 0


def _join_negative(arguments: list[str]) -> list[str]:
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in _MAY_BE_NEGATIVE:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _print(text: str, as_json: bool) -> None:
    """Print on stdout; letters that its encoding has not are escaped, in JSON as JSON has it."""
    if as_json:
        try:
            text.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            text = "".join(letter if letter.isascii() else json.dumps(letter)[1:-1] for letter in text)
    print(text)


def _fail(explanation: dict[str, str], as_json: bool, status: int) -> int:
    explanation = {key: value for key, value in explanation.items() if key != "traceback"}
    print(f"error: {explanation['message']}", file=sys.stderr)
    if as_json:
        _print(json.dumps({"error": explanation}, ensure_ascii=False), as_json)
    return status
