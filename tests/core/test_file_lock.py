"""Two runs at once: one of them writes, the other waits or is told; a lock never outlives its process."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from model_core.atomic_file import atomic_file
from model_core.ctm.daily_store import open_store
from model_core.errors import Cancelled, OutputError
from model_core.file_lock import only_one
from model_core.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom model_core.file_lock import only_one\n"
    "with only_one(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(float(sys.argv[2]))\n"
)


def holder(out, seconds):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(out), str(seconds)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_file_that_another_run_writes_is_refused_and_stays_as_it_was(tmp_path):
    out = tmp_path / "field.tif"
    out.write_text("of before")
    other = holder(out, 60)
    try:
        with pytest.raises(OutputError, match="'.*field.tif' is being written by another run"):
            with atomic_file(out) as partial:
                partial.write_text("of the second run")
    finally:
        other.kill()
        other.wait()
    assert out.read_text() == "of before"
    with atomic_file(out) as partial:  # the lock went with its process
        partial.write_text("of now")
    assert out.read_text() == "of now" and [path.name for path in tmp_path.iterdir()] == ["field.tif"]


def test_who_waits_goes_on_when_the_other_ends_and_can_be_cancelled(tmp_path):
    out, waits = tmp_path / "store.nc", []
    other = holder(out, 1.5)
    with only_one(out, lambda: waits.append(1)):
        assert waits and other.wait(5) == 0
    other = holder(out, 60)

    def cancel():
        raise Cancelled("Cancelled.")

    try:
        with pytest.raises(Cancelled), only_one(out, cancel):
            pytest.fail("nobody let go of it")
    finally:
        other.kill()
        other.wait()


def test_one_run_may_hold_an_output_and_write_its_file(tmp_path):
    out = tmp_path / "period.nc"
    with only_one(out), atomic_file(out) as partial:
        partial.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["period.nc"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_of_many_runs_at_once_never_two_are_inside(tmp_path):
    """Each writes its number into a file, and finds it there when it is done."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom model_core.file_lock import only_one\nout = Path(sys.argv[1])\n"
        "for turn in range(40):\n    with only_one(out, lambda: None):\n"
        "        out.write_text(sys.argv[2])\n        time.sleep(0.001)\n"
        "        assert out.read_text() == sys.argv[2], 'another was inside'\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "o"), str(number)], cwd=ROOT) for number in range(3)]
    assert [run.wait(120) for run in runs] == [0, 0, 0]


def test_two_processes_that_want_one_store_of_daily_fields_make_it_once(tiny_ctm, tmp_path):
    script = (
        "import sys\nfrom model_core.ctm.daily_store import open_store\nfrom model_core.progress import Progress\n"
        "store = open_store([sys.argv[1]], ['pm25'], folder=sys.argv[2])\nprint(len(store.times))\n"
    )
    command = [sys.executable, "-c", script, str(tiny_ctm), str(tmp_path)]
    runs = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(run.communicate(timeout=120)[0].strip(), run.returncode) for run in runs] == [("8", 0), ("8", 0)]
    assert [path.suffix for path in tmp_path.iterdir()] == [".nc"]


def test_the_lock_that_a_killed_run_left_beside_a_finished_store_goes(tiny_ctm, tmp_path):
    open_store([tiny_ctm], ["pm25"], folder=tmp_path)
    target = next(tmp_path.iterdir())
    target.with_name(f".{target.name}.lock").touch()
    open_store([tiny_ctm], ["pm25"], folder=tmp_path)
    assert list(tmp_path.iterdir()) == [target]


def test_waiting_for_a_store_is_told(tiny_ctm, tmp_path):
    open_store([tiny_ctm], ["pm25"], folder=tmp_path)
    target = next(tmp_path.iterdir())
    target.unlink()
    other, told = holder(target, 1.0), []

    class Told(Progress):
        def on_step(self, fraction, message):
            told.append(message)

    begun = time.monotonic()
    threading.Thread(target=other.wait).start()
    assert len(open_store([tiny_ctm], ["pm25"], folder=tmp_path, progress=Told()).times) == 8
    assert time.monotonic() - begun > 0.3 and any("waiting for another run" in message for message in told)
