"""Run the trials and print their table; exit status 1 if any failed or could not be run.

::

    python tests/trials/run_all.py                               all of them, as `make trials` does
    python tests/trials/run_all.py --only tables --trials 50     some cases of one class
    python tests/trials/run_all.py --replay .build/trials/failures/tables-17
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from trials.bad_input.classes import CLASSES  # noqa: E402
from trials.faults.classes import FAULTS, lacking  # noqa: E402
from trials.faults.disks import unmount_below  # noqa: E402
from trials.outcome import FAILURES  # noqa: E402
from trials.pool import CPU_SECONDS, run_all  # noqa: E402
from trials.table import Table  # noqa: E402
from trials.world import make_world  # noqa: E402

BUILD = ROOT / ".build" / "trials"


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=(*CLASSES, *FAULTS), metavar="CLASS", help=f"of {', '.join((*CLASSES, *FAULTS))}")
    parser.add_argument("--trials", type=int, metavar="N", help="of each class (default: as many as the class has)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first one (default 0)")
    parser.add_argument("--seed", type=int, default=15, metavar="S", help="the same seed gives the same trials (default 15)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="that run at once (default 2)")
    parser.add_argument("--world", type=Path, metavar="DIR", help="folder for the small world, kept (default: a temporary one)")
    parser.add_argument("--tell", action="store_true", help="print every outcome, not only the failures")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="run one case again that was kept")
    parser.add_argument("--out", type=Path, default=BUILD / "trials.csv", metavar="F.csv", help="the table as CSV")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trials-") as temporary:
        work = Path(temporary)
        world = make_world(options.world.resolve() if options.world else work / "world")
        try:
            return _replay(options.replay.resolve(), world, work) if options.replay else _run(options, world, work)
        finally:
            unmount_below(work)


def _run(options: argparse.Namespace, world: Path, work: Path) -> int:
    asked = options.only or (*CLASSES, *FAULTS)
    names = [name for name in asked if not _told_as_lacking(name)]
    table, begun, failures = Table(names), time.monotonic(), BUILD / "failures"
    if not options.only:
        shutil.rmtree(failures, ignore_errors=True)

    def tell(order: dict[str, Any], outcome: dict[str, Any]) -> None:
        name = order["name"]
        table.add(name, outcome["kind"], outcome["seconds"])
        if table.trials % 50 == 0:
            table.write(options.out)  # what is known stays, if the run is cut off
        if outcome["kind"] in FAILURES or options.tell or name == "decade":  # whose figures are worth reading
            text = f"{outcome['kind'].upper()} {name}-{order['number']} ({outcome['done'][:160]}): {outcome['told'][:400]}"
            print(text, file=sys.stderr, flush=True)

    # The decade is one long trial: it goes first, so that no process waits for it at the end.
    orders = [order for name in reversed(names) for order in _orders(name, options)]
    run_all(orders, world, work, failures, options.processes, tell)
    print(table)
    table.write(options.out)
    not_run = [name for name in asked if name not in names]
    print(
        f"{table.failures} failures; {time.monotonic() - begun:.0f} s; {options.out}"
        + (f"; not run: {', '.join(not_run)}" if not_run else "")
    )
    if table.failures:
        print(f"The failing cases are in {failures}; run one again with --replay DIR.")
    return 1 if table.failures or not_run else 0


def _told_as_lacking(name: str) -> bool:
    reason = lacking(name)
    if reason:
        print(f"{name}: not run: {reason}", file=sys.stderr)
    return bool(reason)


def _orders(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The trials of a class, as its child process takes them."""
    count, limit = (CLASSES[name][1], CPU_SECONDS) if name in CLASSES else FAULTS[name][1:]
    numbers = range(options.first, options.first + (count if options.trials is None else options.trials))
    return [{"name": name, "number": number, "seed": options.seed, "cpu_seconds": limit} for number in numbers]


def _replay(folder: Path, world: Path, work: Path) -> int:
    kept = []
    copy = work / folder.name
    shutil.copytree(folder, copy)
    run_all([{"folder": str(copy)}], world, work, work, 1, lambda order, outcome: kept.append(outcome))
    print(f"{kept[0]['kind']}: {kept[0]['told']}\n{kept[0]['done']}\n{kept[0]['traceback']}")
    return 1 if kept[0]["kind"] in FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
