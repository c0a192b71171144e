"""A damaged NetCDF file that crashes the HDF5 library ends in a message that names it, and the engine goes on."""

import os
import re
import subprocess
import sys
from pathlib import Path

import netCDF4
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from processes import children_of, ends
from trials.bad_input.classes import make_case
from trials.bad_input.netcdf_files import write_all

from model_core.errors import InputError
from model_core.netcdf_check.child import ENDLESS
from model_core.netcdf_check.parent import _Check, _end_of

ROOT = Path(__file__).resolve().parents[2]
CRASHING = (786, 926)  # of the class netcdf-bytes, seed 15: HDF5 1.14 frees memory that it never had
# Fresh memory is filled with nonsense, so that a crash does not depend on what lay there before.
NONSENSE = {"MALLOC_PERTURB_": "165"}
# Opens a damaged file at every door, and says what came; a door that opens it in this process ends this process.
DOORS = """
import os, sys
from pathlib import Path
from model_core.ctm.daily_store import DailyStore
from model_core.ctm.inspection import inspect
from model_core.errors import InputError
from model_core.grid_from_file import read_grid
from model_core.netcdf_check import check_netcdf
from model_core.period.previous import differences_of_steps
from model_core.provenance.reading import read_record
from model_core.rasters.opening import open_gridded
from model_core.report.period import fields_of_series

damaged, sound = map(Path, sys.argv[1:])
doors = (inspect, read_grid, DailyStore, read_record, lambda path: list(fields_of_series(path, "pm25")),
         lambda path: list(differences_of_steps(path, path, ["pm25"])), lambda path: open_gridded(path).__enter__())
for door in doors:
    try:
        door(damaged)
    except InputError as error:
        print(error)
check_netcdf(sound)
forked = os.fork()
if not forked:  # as the loader of training batches does
    sound.touch()
    check_netcdf(sound)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]))
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = tmp_path_factory.mktemp("world")
    write_all(world / "ctm")
    return world


@pytest.fixture(scope="module")
def damaged(world):
    """The files that crash the library."""
    files = []
    for number in CRASHING:
        folder = world / str(number)
        folder.mkdir()
        make_case("netcdf-bytes", number, 15, folder, world)
        files.append(folder / "file.nc")
    return files


@pytest.fixture
def check(monkeypatch):
    for name, value in NONSENSE.items():
        monkeypatch.setenv(name, value)
    check = _Check()
    yield check
    check.close()


def test_a_crash_is_told_with_the_files_name_and_the_next_file_is_read(check, damaged, world):
    sound = world / "ctm" / "cf_hdf.nc"
    check.check(sound)
    for path in damaged:
        with pytest.raises(InputError, match=rf"'{path}' is a damaged or incomplete NetCDF file \(.*\); copy or download it again") as told:
            check.check(path)
        if sys.platform == "linux" and netCDF4.__hdf5libversion__.startswith("1.14"):  # where the crash was seen
            assert "the HDF5 library crashed while it read the header: SIG" in str(told.value)
        check.check(world / "ctm" / "wrf_hdf.nc")


def test_a_sound_file_is_looked_at_again_when_it_changed(check, damaged, tmp_path, world):
    path = tmp_path / "day.nc"
    path.write_bytes((world / "ctm" / "cf_hdf.nc").read_bytes())
    check.check(path)
    first = check._child.pid
    check.check(path)
    assert check._child.pid == first
    path.write_bytes(damaged[0].read_bytes())
    with pytest.raises(InputError, match="day.nc' is a damaged"):
        check.check(path)


def test_a_good_file_is_not_blamed_for_what_came_before_it(check, world):
    check.check(world / "ctm" / "cf_hdf.nc")
    check._child.kill()  # as a library dies of memory that an earlier file has spoilt
    check._child.wait()
    check.check(world / "ctm" / "levels_hdf.nc")


def test_no_door_opens_a_damaged_file_in_the_engine_itself(damaged, world, tmp_path):
    copy = tmp_path / "sound.nc"
    copy.write_bytes((world / "ctm" / "cf_hdf.nc").read_bytes())
    run = subprocess.run(
        [sys.executable, "-c", DOORS, damaged[0], copy],
        cwd=ROOT,
        env={**os.environ, **NONSENSE},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    *told, forked = run.stdout.splitlines()
    assert len(told) == 7 and all(str(damaged[0]) in line for line in told)
    assert forked == "7"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")
def test_its_process_ends_with_the_engine(world):
    program = (
        "import sys, time\nfrom model_core.netcdf_check import check_netcdf\ncheck_netcdf(sys.argv[1])\nprint(flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, world / "ctm" / "cf_hdf.nc"], cwd=ROOT, stdout=subprocess.PIPE) as engine:
        engine.stdout.readline()
        (child,) = children_of(engine.pid)
        engine.kill()
    assert ends(child)


@pytest.mark.parametrize(
    "status, told",
    [(-11, "crashed .*: SIGSEGV"), (0xC0000005, "crashed .*: status 0xC0000005"), (0xC0000374, "crashed"), (ENDLESS, "finds no end")],
)
def test_the_end_of_the_process_says_what_is_wrong_with_the_file(status, told):
    assert re.search(told, _end_of(status))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_the_system_has_killed_lacked_memory():
    with pytest.raises(MemoryError):
        _end_of(-9)


@pytest.mark.parametrize("status", [0, 1])
def test_an_end_that_is_not_the_files_doing_is_not_called_damage(status):
    with pytest.raises(RuntimeError, match=f"ended with status {status}"):
        _end_of(status)
