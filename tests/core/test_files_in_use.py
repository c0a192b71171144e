"""Files that a program holds open: Windows then replaces, renames and deletes none. The rule is emulated (`tests/windows_rule`)."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import netCDF4
import pytest

from model_core.atomic_file import atomic_file
from model_core.errors import InputError, OutputError
from model_core.netcdf_path import netcdf_path
from model_core.open_elsewhere import patiently
from model_core.period.store_folder import remove_store, take_place
from model_core.run_log import RunLog, logs

ROOT = Path(__file__).resolve().parents[2]
RULE = ROOT / "tests" / "windows_rule"

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="without /proc nothing tells which files are open")


def under_the_rule(code: str, *arguments: object) -> str:
    """Standard output of a Python that obeys the rule."""
    path = os.pathsep.join([str(RULE), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_rule_holds_for_descriptors_and_maps(tmp_path):
    said = under_the_rule(
        "import mmap, os, sys\n"
        "path = sys.argv[1]\n"
        "def attempt(what):\n"
        "    try: what()\n"
        "    except PermissionError: print('refused')\n"
        "    else: print('done')\n"
        "open(path, 'w').write('x' * 5000)\n"
        "file = open(path, 'r+b')\n"
        "attempt(lambda: os.rename(path, path))\n"
        "mapped = mmap.mmap(file.fileno(), 0); file.close()\n"
        "attempt(lambda: os.unlink(path))\n"
        "mapped.close()\n"
        "attempt(lambda: os.unlink(path))\n",
        tmp_path / "file",
    )
    assert said.split() == ["refused", "refused", "done"]


def test_a_target_that_is_open_is_refused_before_the_work_begins(tmp_path):
    (tmp_path / "field.tif").write_text("shown by QGIS")
    said = under_the_rule(
        "import sys\n"
        "from pathlib import Path\n"
        "from model_core.atomic_file import check_target\n"
        "from model_core.errors import OutputError\n"
        "path = Path(sys.argv[1])\n"
        "check_target(path); print('free')\n"
        "with open(path):\n"
        "    try: check_target(path)\n"
        "    except OutputError as error: print(error)\n",
        tmp_path / "field.tif",
    )
    free, refusal = said.splitlines()
    assert free == "free" and "open in another program" in refusal and "remove the layer" in refusal


def test_a_result_whose_name_is_taken_meanwhile_is_kept_under_a_second_name(tmp_path):
    path = tmp_path / "field.tif"
    path.write_text("yesterday's field")
    (tmp_path / "field_2.tif").write_text("somebody's own")
    said = under_the_rule(
        "import sys\n"
        "from pathlib import Path\n"
        "from model_core.atomic_file import atomic_file\n"
        "from model_core.errors import OutputError\n"
        "path = Path(sys.argv[1])\n"
        "try:\n"
        "    with atomic_file(path) as partial:\n"
        "        partial.write_text('hours of work'); shown = open(path)\n"
        "except OutputError as error: print(error)\n",
        path,
    )
    assert "field_3.tif" in said and "open in another program" in said
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "field.tif": "yesterday's field",
        "field_2.tif": "somebody's own",
        "field_3.tif": "hours of work",
    }


def test_an_unfinished_file_that_a_library_keeps_open_takes_no_room(tmp_path, windows_rule):
    """As the NetCDF library does after a full disk."""
    with pytest.raises(OutputError, match="No space left"), atomic_file(tmp_path / "field.nc") as partial:
        partial.write_bytes(bytes(100_000))
        kept = open(partial, "rb")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [(".field.nc.partial", 0)]
    kept.close()
    with atomic_file(tmp_path / "field.nc") as partial:
        partial.write_text("the next run")
    assert [path.name for path in tmp_path.iterdir()] == ["field.nc"]


def test_a_file_that_is_let_go_of_soon_is_replaced(tmp_path):
    path = tmp_path / "field.tif"
    path.write_text("yesterday's field")
    under_the_rule(
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from model_core.atomic_file import atomic_file\n"
        "path = Path(sys.argv[1])\n"
        "with atomic_file(path) as partial:\n"
        "    partial.write_text('new'); scanner = open(path)\n"
        "    threading.Timer(0.4, scanner.close).start()\n",
        path,
    )
    assert [file.read_text() for file in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("folder", ["/data/year", "/daten/März", "/数据"])
def test_elsewhere_than_on_windows_the_netcdf_library_opens_any_path(folder):
    assert netcdf_path(f"{folder}/field.nc", windows=False) == f"{folder}/field.nc"


def test_on_windows_a_folder_in_another_script_is_named_by_its_short_name():
    def short(folder: Path) -> str:
        return "/DATEN~1"

    assert netcdf_path("/数据/场.nc", True, short) == "/DATEN~1/场.nc"
    assert netcdf_path("/data/场.nc", True, short) == "/data/场.nc", "the name of the file itself may be any"


def test_on_windows_a_folder_without_a_short_name_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="opens no file in '/数据'.*plain English letters.*GeoTIFF"):
        netcdf_path("/数据/field.nc", True, str)


def test_a_netcdf_file_that_another_program_may_write_to_is_read(tmp_path):
    """As QGIS 3.44 holds a result that it has loaded; HDF5 locks such a file against every other reader."""
    path = tmp_path / "day.nc"
    with netCDF4.Dataset(path, "w") as file:
        for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east")):
            file.createDimension(name, 3)
            file.createVariable(name, "f8", (name,)).units = unit
            file[name][:] = [30, 31, 32]
        file.createVariable("pm25", "f4", ("lat", "lon")).units = "ug m-3"
    environment = {name: value for name, value in os.environ.items() if name != "HDF5_USE_FILE_LOCKING"}
    with netCDF4.Dataset(path, "a"):
        command = [sys.executable, "-m", "model_core", "inspect", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "pm25" in done.stdout


def test_jobs_that_take_long_refuse_an_open_target_and_leave_no_second_file(tmp_path):
    (tmp_path / "out.nc").write_text("read by another program")
    said = under_the_rule(
        "import sys\n"
        "from model_core.errors import OutputError\n"
        "from model_core.jobs import JOBS\n"
        "from model_core.progress import Progress\n"
        "out = sys.argv[1]\n"
        "requests = {'simulate': {'grid': '0,0,90000,90000,9000@EPSG:3857', 'days': 1}, 'covariates': {'mcip': 'unread.nc'}}\n"
        "with open(out):\n"
        "    for command, request in requests.items():\n"
        "        try: JOBS[command]({**request, 'out': out}, Progress())\n"
        "        except OutputError as error: print('close it there' in str(error))\n",
        tmp_path / "out.nc",
    )
    assert said.split() == ["True", "True"] and [path.name for path in tmp_path.iterdir()] == ["out.nc"]


def store(path: Path, text: str) -> Path:
    """What `store_folder` knows of a Zarr store: its marks, and chunks."""
    (path / "pm25").mkdir(parents=True)
    for name in (".zgroup", ".zattrs", ".zmetadata", "pm25/0.0.0"):
        (path / name).write_text(text)
    return path


def chunks(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).parts[0]: path.read_text() for path in folder.rglob("0.0.0")}


def test_a_store_that_is_let_go_of_soon_is_replaced(tmp_path, windows_rule):
    old, new = store(tmp_path / "year.zarr", "old"), store(tmp_path / ".year.zarr.days", "new")
    scanner = open(old / "pm25" / "0.0.0")
    threading.Timer(0.4, scanner.close).start()
    take_place(new, old, tmp_path / ".year.zarr.before")
    assert chunks(tmp_path) == {"year.zarr": "new", ".year.zarr.before": "old"}


def test_where_the_new_store_is_held_the_old_one_has_its_name_again(tmp_path, windows_rule):
    old, new = store(tmp_path / "year.zarr", "old"), store(tmp_path / ".year.zarr.days", "new")
    with open(new / "pm25" / "0.0.0"), pytest.raises(PermissionError):
        take_place(new, old, tmp_path / ".year.zarr.before")
    assert chunks(tmp_path) == {"year.zarr": "old", ".year.zarr.days": "new"}


@pytest.mark.parametrize("held, left", [(".zgroup", True), ("pm25/0.0.0", False)])
def test_what_can_not_be_removed_of_a_store_is_whole_or_no_store(tmp_path, windows_rule, held, left):
    """A store that has lost fields, and not the fingerprints of its steps, would be gone on with."""
    path = store(tmp_path / "year.zarr", "old")
    with open(path / held):
        remove_store(path)
    assert (path / ".zgroup").exists() == left and (path / "pm25" / "0.0.0").exists()


def test_a_step_whose_chunk_a_virus_scanner_looks_at_is_written_a_moment_later(tmp_path, windows_rule):
    chunk = tmp_path / "0.0.0"
    chunk.write_text("old")
    scanner = open(chunk)
    threading.Timer(0.4, scanner.close).start()
    (tmp_path / "partial").write_text("new")
    patiently(lambda: os.replace(tmp_path / "partial", chunk))
    assert chunk.read_text() == "new"


def test_an_old_log_that_a_long_run_still_writes_does_not_keep_others_from_theirs(tmp_path, monkeypatch, windows_rule):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("model_core.run_log.KEPT", 3)
    long = RunLog("train", {})
    for _ in range(4):
        run = RunLog("inspect", {})
        assert run.path is not None
        run.close("done")
    long.line("goes on")
    assert "goes on" in long.path.read_text(encoding="utf-8") and len(logs()) <= 4
