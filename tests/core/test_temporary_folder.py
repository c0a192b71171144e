"""Temporary folders go with who made them; those of a killed process go with the next one, and those in use stay."""

import os
import stat
import subprocess
import sys
import tempfile
import time

import pytest

from model_core.temporary_folder import IN_USE, PREFIX, YOUNG_SECONDS, TemporaryFolder

MAKE = "import sys, time\nfrom model_core.temporary_folder import TemporaryFolder\nfolder = TemporaryFolder()\nprint(folder.path, flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """The system's temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _old(path):
    past = time.time() - 2 * YOUNG_SECONDS
    os.utime(path, (past, past))


def test_it_is_private_and_goes_at_the_end_of_the_block(system):
    with TemporaryFolder() as folder:
        assert folder.parent == system and stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "inside").mkdir()
    assert list(system.iterdir()) == []


def test_it_goes_with_its_object(system):
    folder = TemporaryFolder()
    assert folder.path.is_dir()
    del folder
    assert list(system.iterdir()) == []


def test_one_that_was_killed_while_it_was_removed_is_removed_to_its_end(system):
    half, empty = system / f"{PREFIX}half", system / f"{PREFIX}empty"
    for folder in (half, empty):
        folder.mkdir()
    (half / IN_USE).touch()
    for folder in (half, empty):
        _old(folder)
    with TemporaryFolder() as folder:
        assert list(system.iterdir()) == [folder]


def test_what_a_killed_process_left_goes_and_what_another_one_uses_stays(system):
    others = [
        subprocess.Popen([sys.executable, "-c", MAKE], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(system)})
        for _ in range(2)
    ]
    killed, used = (other.stdout.readline().strip() for other in others)
    others[0].kill()
    others[0].wait()
    young, foreign = system / f"{PREFIX}young", system / "another-program"
    for path in (young, foreign):
        path.mkdir()
    for path in (killed, used, foreign):
        _old(path)
    with TemporaryFolder() as folder:
        left = set(system.iterdir())
    others[1].kill()
    others[1].wait()
    assert left == {system / os.path.basename(used), young, foreign, folder}
