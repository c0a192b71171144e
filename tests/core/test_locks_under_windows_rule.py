"""Lock files where an open file can't be taken away, and one that is being taken away can't be opened: Windows' rules, emulated."""

import fcntl
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from model_core import file_lock
from model_core.errors import OutputError
from plugin.engine import process
from plugin.engine.leftovers import remove_leftovers


@pytest.fixture(autouse=True)
def windows(monkeypatch):
    if not Path("/proc/self/fd").exists():
        pytest.skip("which files are open is asked of /proc")
    real = os.unlink

    def unlink(path, **options):
        opened = {
            os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{number}")
        }
        if os.path.realpath(path) in opened:
            raise PermissionError(13, "the file is open", os.fspath(path))
        real(path, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    monkeypatch.setattr(file_lock, "_WINDOWS", True)
    monkeypatch.setattr(process, "WINDOWS", True)
    lock = SimpleNamespace(LK_NBLCK=1, locking=lambda file, mode, count: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB))
    monkeypatch.setitem(sys.modules, "msvcrt", lock)


def test_the_lock_of_an_output_goes_with_its_run(tmp_path):
    with file_lock.only_one(tmp_path / "field.tif"):
        assert (tmp_path / ".field.tif.lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_engine_left_goes_with_its_lock(tmp_path):
    (tmp_path / ".field.tif.partial").touch()
    (tmp_path / ".field.tif.lock").touch()
    remove_leftovers([str(tmp_path / "field.tif")])
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_being_taken_away_is_waited_for(tmp_path, monkeypatch):
    real, refused = os.open, []

    def vanishing(path, flags, *more, **options):
        if str(path).endswith(".lock") and len(refused) < 2:
            refused.append(path)
            raise PermissionError(13, "delete pending", path)
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", vanishing)
    with file_lock.only_one(tmp_path / "field.tif"):
        assert len(refused) == 2


def test_a_folder_that_refuses_for_good_is_told(tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(file_lock, "_VANISHING_SECONDS", 0.2)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="Permission denied; choose another folder"), file_lock.only_one(tmp_path / "field.tif"):
        pytest.fail("the folder refuses")
