"""The process in which cases of bad input are run: reads their numbers, writes an outcome for each."""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]
ADDRESS_SPACE = 12 << 30  # what asks for more ends in an error, not in an exhausted machine


def main(arguments: list[str]) -> None:
    """Arguments: world, work folder. Lines on stdin: {"name", "number", "seed"} or {"folder"} of a case that was kept."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    world, work = Path(arguments[0]).resolve(), Path(arguments[1]).resolve()
    os.chdir(work)  # a case may name an output such as "x": it belongs there
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    _warm_up()
    print(json.dumps({"ready": os.getpid()}), file=replies, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        outcome = run_case(order, world, work)
        print(json.dumps(outcome), file=replies, flush=True)


def run_case(order: dict, world: Path, work: Path) -> dict:
    """Make the case and ask; the outcome as plain values, with what was done to the input."""
    from trials.bad_input.classes import make_case
    from trials.case import Case
    from trials.faults.classes import FAULTS, run_trial

    if "folder" in order:
        folder = Path(order["folder"])
        case = Case.load(folder)
    else:
        folder = work / f"{order['name']}-{order['number']}"
        folder.mkdir()
        if order["name"] in FAULTS:
            outcome, done = run_trial(order["name"], order["number"], order["seed"], folder, world)
            return {**outcome.to_dict(), "done": done, "folder": str(folder)}
        case = make_case(order["name"], order["number"], order["seed"], folder, world)
    outcome = ask(case, folder, world)
    return {**outcome.to_dict(), "done": case.done, "folder": str(folder)}


def ask(case, folder: Path, world: Path):
    """The outcome of a case."""
    from model_core.failures import explain
    from trials.actions import ACTIONS, WrongAnswer
    from trials.outcome import CLEAN, SANE, WRONG, Outcome, of_error

    request = case.placed(folder, world)
    if case.action == "worker":
        from trials.worker_lines import ask as ask_worker

        return ask_worker(request["lines"])
    try:
        ACTIONS[case.action](request, case.expected)
    except WrongAnswer as wrong:
        return Outcome(WRONG, str(wrong))
    except BaseException as error:
        outcome = of_error(error, explain(error))
    else:
        outcome = Outcome(SANE)
        if case.expected.get("error"):
            outcome = Outcome(WRONG, "it was taken without a word")
    left = [path.name for path in folder.iterdir() if path.name.endswith(".partial")]
    if outcome.kind == CLEAN and (left or (folder / "out.tif").exists()):
        return Outcome(WRONG, f"after the error there was {left or 'out.tif'}")
    return outcome


def _warm_up() -> None:
    """Import what all cases need, so that none is charged for it."""
    import importlib
    import pkgutil

    import geopandas  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import pyarrow.dataset  # noqa: F401
    import pyogrio  # noqa: F401
    import torch

    import model_core.covariates  # noqa: F401
    import model_core.jobs

    for module in pkgutil.iter_modules(model_core.jobs.__path__):
        importlib.import_module(f"model_core.jobs.{module.name}")
    torch.set_num_threads(1)


if __name__ == "__main__":
    main(sys.argv[1:])
