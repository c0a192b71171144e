"""Every run leaves a log on the user's own computer; what is sent to others names neither folders nor people."""

import getpass
import os
import socket
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core import run_log
from model_core.cli import main
from model_core.diagnostics import without_personal
from model_core.failures import explain
from model_core.jobs import JOBS
from model_core.progress import Progress
from model_core.run_log import RunLog, logs


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A state folder of the test's own, in a folder whose name tells who it is of."""
    home = tmp_path / "anna maria"
    home.mkdir()
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(home))
    return home


def test_each_command_leaves_one_log_of_what_was_asked_said_and_how_it_ended(tmp_path, capsys):
    table = tmp_path / "stations.csv"
    table.write_text("lon,lat,pm25\n116,30,55\n", encoding="utf-8")
    asked = ["grid-stations", "--stations", str(table), "--value", "pm25", "--out", str(tmp_path / "g.tif")]
    assert main(asked) == 0
    table.unlink()
    assert main(asked) == 1
    first, second = (path.read_text(encoding="utf-8") for path in logs())
    assert str(table) in first and "1 of 1 readings used" in first and first.rstrip().endswith("done")
    assert second.rstrip().endswith("'" + str(table) + "' does not exist") and "InputError" in second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows protects the user's folder by access lists")
def test_only_the_user_can_read_a_log():
    log = RunLog("reanalyse", {})
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600 and stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_the_oldest_logs_go_and_a_log_never_grows_without_end(monkeypatch):
    monkeypatch.setattr(run_log, "KEPT", 5)
    monkeypatch.setattr(run_log, "MOST_BYTES", 10_000)
    for number in range(8):
        log = RunLog(f"run-{number}", {})
        log.close("done")
    assert [path.stem.rsplit("-", 1)[1] for path in logs()] == ["3", "4", "5", "6", "7"]
    log = RunLog("long", {})
    for _ in range(5000):
        log.line("the same again")
    log.close("done")
    text = log.path.read_text()
    assert len(text) < 11_000 and "cut off" in text and text.endswith("done\n")


def test_a_run_does_not_fail_for_its_log(own_folder):
    (own_folder / "ctm_reanalysis").write_text("a file where the folder should be")
    log = RunLog("reanalyse", {})
    log.line("said")
    assert log.path is None
    told = explain(KeyError("nothing"), log)
    assert told["kind"] == "Internal" and "log" not in told and "KeyError" in told["traceback"]


def test_a_fault_names_its_log_which_holds_the_trace():
    log = RunLog("reanalyse", {"value": "pm25"})
    try:
        {}["nothing"]
    except KeyError as error:
        told = explain(error, log)
    assert str(log.path) in told["message"]
    text = log.path.read_text(encoding="utf-8")
    assert "Traceback" in text and "KeyError: 'nothing'" in text and '"value": "pm25"' in text


def test_diagnostics_name_versions_and_neither_folders_nor_people(own_folder, capsys, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "annamaria")
    monkeypatch.setattr(socket, "gethostname", lambda: "annas-laptop")
    log = RunLog("reanalyse", {"stations": str(own_folder / "my data" / "table.csv"), "note": "annamaria at annas-laptop"})
    log.close(f"InputError: station file '{own_folder}/my data/table.csv' does not exist")
    assert main(["info", "--diagnostics"]) == 0
    text = capsys.readouterr().out
    assert "torch 2" in text and "GDAL 3" in text and "table.csv' does not exist" in text
    for private in (str(own_folder), "anna", "my data", str(Path(sys.executable).parent)):
        assert private not in text, private
    assert main(["info", "--diagnostics", "--personal"]) == 0
    assert str(own_folder) in capsys.readouterr().out


def test_diagnostics_tell_of_the_last_run_that_failed():
    RunLog("first", {}).close("InputError: 'x' does not exist")
    RunLog("second", {}).close("done")
    text = JOBS["info"]({"diagnostics": True, "more": ["QGIS 3.40"]}, Progress())["diagnostics"]
    assert text.startswith("QGIS 3.40\n") and "'x' does not exist" in text


@pytest.mark.parametrize(
    "text, kept",
    [
        ("'/data/anna/a b/table.csv' does not exist", "'…/table.csv' does not exist"),
        (r"can't write 'C:\Users\Anna Maria\f.tif': denied", "can't write '…/f.tif': denied"),
        (r"\\server\anna\f.tif is open", "…/f.tif is open"),
        (
            '  File "/home/anna/.local/lib/python3.11/site-packages/torch/nn.py", line 3',
            '  File "…/lib/python3.11/site-packages/torch/nn.py", line 3',
        ),
        ("5 ug/m3 on 2019/01/05 at 1/2", "5 ug/m3 on 2019/01/05 at 1/2"),
        ("--stations /srv/anna/x.csv:pm25 --out ~/y.nc", "--stations …/x.csv:pm25 --out …/y.nc"),
    ],
)
def test_of_a_path_the_last_part_stays(text, kept):
    assert without_personal(text) == kept


@given(st.lists(st.text("abcdefgh xyzé", min_size=3, max_size=8).map(str.strip).filter(lambda part: len(part) > 2), min_size=1, max_size=4))
def test_no_folder_of_a_quoted_path_is_left(folders):
    said = without_personal(f"'/{'/'.join(folders)}/data.csv' is empty")
    assert said == "'…/data.csv' is empty"
    assert os.sep + folders[0] not in said
