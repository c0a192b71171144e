"""A small part of `make trials`: nothing crashes, hangs, ends in a traceback or is silently wrong; and the trials would notice."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trials.bad_input.classes import CLASSES
from trials.case import Case
from trials.outcome import CRASH, FAILURES, HANG, TRACEBACK, WRONG
from trials.pool import CPU_SECONDS, run_all
from trials.table import Table
from trials.world import make_world

# Cases that failed once: (class, number, seed); 15 is the seed of `make trials`.
ONCE = (
    ("netcdf-bytes", 138, 15),
    ("netcdf-bytes", 786, 15),
    ("netcdf-bytes", 926, 15),
    ("netcdf-sizes", 271, 15),
    ("tables", 514, 15),
    ("tables", 655, 15),
    ("tables", 1564, 15),
    ("toml", 418, 15),
    ("grids", 449, 15),
    ("messages", 27, 16),
)
SEED, CASES, FAULTS = 2, 2, {"job-killed": 2, "disk-full": 1, "one-cache": 1}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("trials") / "world")


@pytest.fixture(scope="module")
def outcomes(world, tmp_path_factory):
    """Class -> outcomes, all of one child process."""
    work, found = tmp_path_factory.mktemp("work"), {}
    orders = [{"name": name, "number": number, "seed": SEED} for name in CLASSES for number in range(CASES)]
    orders += [{"name": name, "number": number, "seed": seed} for name, number, seed in ONCE]
    for name, count in FAULTS.items():
        orders += [{"name": name, "number": number, "seed": SEED, "cpu_seconds": 240.0} for number in range(count)]
    run_all(orders, world, work, work / "failures", 1, lambda order, outcome: found.setdefault(order["name"], []).append(outcome))
    return found


def test_no_trial_fails(outcomes):
    # One test, since tests that run side by side would each make the outcomes anew.
    expected = {name: FAULTS.get(name, CASES) + sum(one == name for one, *_ in ONCE) for name in (*CLASSES, *FAULTS)}
    assert {name: len(found) for name, found in outcomes.items()} == expected
    failed = [
        f"{name}, {one['kind']}: {one['done']}: {one['told']}\n{one['traceback']}"
        for name, found in outcomes.items()
        for one in found
        if one["kind"] in FAILURES
    ]
    assert not failed, "\n".join(failed)


def _kept(folder, name, case):
    (folder / name).mkdir()
    case.save(folder / name)
    return {"folder": str(folder / name)}


def test_what_fails_is_noticed_and_the_next_case_has_a_new_process(world, tmp_path):
    slow = {"command": "simulate", "request": {"grid": "0,0,3000000,3000000,3000@EPSG:3857", "days": 300, "out": "{case}/out.nc"}}
    dies = {"command": "inspect", "request": {"file": {"__class__": "x"}}}
    cases = {
        "slow": (Case("job", slow, ""), 1.0, HANG),
        "unforeseen": (Case("nothing of the kind", dies, ""), CPU_SECONDS, TRACEBACK),
        "unmoved": (Case("job", {"command": "inspect", "request": {"file": "{world}/tiny.nc"}}, "", {"error": True}), CPU_SECONDS, WRONG),
    }
    kinds = {}
    orders = [{**_kept(tmp_path, name, case), "cpu_seconds": limit} for name, (case, limit, _) in cases.items()]

    def tell(order, outcome):
        kinds[Path(order["folder"]).name] = outcome["kind"]

    run_all(orders, world, tmp_path / "work", tmp_path, 1, tell)
    assert kinds == {name: kind for name, (_, _, kind) in cases.items()}


def test_the_table_counts_what_failed(tmp_path):
    table = Table()
    for kind in ("clean error", CRASH, HANG, "sane answer"):
        table.add("tables", kind, 0.75)
    table.write(tmp_path / "t.csv")
    row = ["tables", "4", "1", "1", "1", "1", "0", "0", "3"]
    assert table.failures == 2 and table.rows()[1] == row == (tmp_path / "t.csv").read_text().splitlines()[1].split(",")
