"""The client against real engine processes: warm, cancelled, killed, crashed, gone idle."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from processes import children_of, ends, is_running, kill

from plugin.engine import client, process
from plugin.engine.client import Engine, job_folder
from plugin.engine.errors import EngineCancelled, EngineError, EngineMissing
from plugin.engine.folder_lock import only_one
from plugin.engine.leftovers import remove_leftovers
from plugin.engine.worker_process import PROTOCOL, WorkerProcess, explain_end

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker_with_misfortunes.py")


class Feedback:
    """Takes what a QgsProcessingFeedback takes, and can be cancelled."""

    def __init__(self, cancel_at=None):
        self.progress, self.texts, self.infos, self.warnings, self.debug = [], [], [], [], []
        self.cancelled_at = None
        self._cancel_at = cancel_at
        self._begin = time.monotonic()

    def isCanceled(self):
        if self._cancel_at is not None and time.monotonic() - self._begin > self._cancel_at:
            self.cancelled_at = self.cancelled_at or time.monotonic()
        return self.cancelled_at is not None

    def cancel(self):
        self.cancelled_at = time.monotonic()

    def setProgress(self, percent):
        self.progress.append(percent)

    def setProgressText(self, text):
        self.texts.append(text)

    def pushInfo(self, text):
        self.infos.append(text)

    def pushWarning(self, text):
        self.warnings.append(text)

    def pushDebugInfo(self, text):
        self.debug.append(text)

    def child(self):
        """Process id that the job `deaf` told; waits for it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for text in self.texts:
                if text.startswith("child "):
                    return int(text.split()[1])
            time.sleep(0.02)
        raise AssertionError("the job never started")


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable)
    engine = Engine((SCRIPT,))
    yield engine
    engine.stop()


def in_thread(engine, command, request, feedback, outputs=()):
    """Run a job in a thread, as QGIS does; what it raised or returned is the thread's `outcome`."""

    def work():
        try:
            thread.outcome = engine.run(command, request, feedback, outputs)
        except EngineError as error:
            thread.outcome = error

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_run_returns_the_result_and_passes_on_what_the_job_says(engine):
    feedback = Feedback()
    assert engine.run("echo", {"name": "北京"}, feedback, [])["heard"] == {"name": "北京"}
    assert feedback.progress == [50.0] and "half" in feedback.texts
    assert feedback.infos == ["listening"] and feedback.warnings == ["an echo"]


def test_the_shipped_worker_answers(monkeypatch):
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable)
    engine = Engine()
    try:
        assert engine.run("info", {}, Feedback(), [])["version"]
    finally:
        engine.stop()


def test_runs_share_one_worker(engine):
    pids = {engine.run("echo", {}, Feedback(), [])["pid"] for _ in range(5)}
    assert pids == {engine.pid} and engine.started == 1


def test_threads_wait_for_each_other_and_share_one_worker(engine):
    threads = [in_thread(engine, "echo", {"n": n}, Feedback()) for n in range(8)]
    for thread in threads:
        thread.join()
    assert sorted(thread.outcome["heard"]["n"] for thread in threads) == list(range(8))
    assert engine.started == 1


def test_a_failed_job_says_why_and_leaves_the_worker_warm(engine):
    with pytest.raises(EngineError, match="field 'pm25' holds text") as caught:
        engine.run("refuse", {}, Feedback(), [])
    assert caught.value.kind == "InputError" and caught.value.details == ""
    engine.run("echo", {}, Feedback(), [])
    assert engine.started == 1


def test_a_fault_of_the_engine_names_the_log_file_that_holds_its_traceback(engine):
    with pytest.raises(EngineError, match="ZeroDivisionError") as caught:
        engine.run("fault", {}, Feedback(), [])
    file = re.search(r"log file (.+\.log)", str(caught.value))
    assert file and "in fault" in Path(file.group(1)).read_text(encoding="utf-8")
    assert "Traceback" not in str(caught.value)


def test_a_cancelled_job_that_listens_keeps_the_worker(engine):
    feedback = Feedback(cancel_at=0.5)
    engine.run("echo", {}, Feedback(), [])
    with pytest.raises(EngineCancelled):
        engine.run("patient", {}, feedback, [])
    assert time.monotonic() - feedback.cancelled_at < 2.0
    engine.run("echo", {}, Feedback(), [])
    assert engine.started == 1


def test_a_cancelled_job_that_does_not_listen_is_ended_with_all_it_started(engine, tmp_path):
    feedback, out = Feedback(), tmp_path / "field.tif"
    out.write_text("yesterday's field")
    thread = in_thread(engine, "deaf", {"out": str(out)}, feedback, [str(out)])
    child, worker = feedback.child(), engine.pid
    assert (tmp_path / ".field.tif.partial").exists()
    feedback.cancel()
    thread.join(5)
    assert time.monotonic() - feedback.cancelled_at < 2.0
    assert isinstance(thread.outcome, EngineCancelled)
    assert ends(worker) and ends(child)
    assert [path.name for path in tmp_path.iterdir()] == ["field.tif"] and out.read_text() == "yesterday's field"
    assert engine.run("echo", {}, Feedback(), [])["pid"] != worker


def test_a_run_that_waits_for_another_can_be_cancelled(engine):
    first, second = Feedback(), Feedback(cancel_at=0.2)
    thread = in_thread(engine, "patient", {}, first)
    while not first.progress:
        time.sleep(0.02)
    with pytest.raises(EngineCancelled):
        engine.run("echo", {}, second, [])
    assert time.monotonic() - second.cancelled_at < 0.5
    first.cancel()
    thread.join(5)
    assert isinstance(thread.outcome, EngineCancelled)


def test_a_killed_worker_is_reported_as_killed_and_the_next_run_works(engine, tmp_path):
    feedback, out = Feedback(), tmp_path / "field.nc"
    thread = in_thread(engine, "deaf", {"out": str(out)}, feedback, [str(out)])
    child = feedback.child()
    kill(engine.pid)
    thread.join(5)
    assert thread.outcome.kind == "Crash"
    assert "killed" in str(thread.outcome) and "memory" in str(thread.outcome)
    assert ends(child) and list(tmp_path.iterdir()) == []
    assert engine.run("echo", {}, Feedback(), [])["pid"] == engine.pid
    assert engine.started == 2


def test_the_lock_of_a_killed_engine_goes_and_that_of_a_running_one_stays(tmp_path):
    dead, held = tmp_path / ".dead.tif.lock", tmp_path / ".held.tif.lock"
    dead.touch()
    with only_one(held):
        remove_leftovers([str(tmp_path / "dead.tif"), str(tmp_path / "held.tif")])
        assert [path.name for path in tmp_path.iterdir()] == [held.name]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal")
def test_a_worker_that_hangs_is_told_and_then_ended_and_the_next_run_works(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(client, "HUNG_SECONDS", 2.0)
    feedback = Feedback()
    thread = in_thread(engine, "patient", {}, feedback)
    while not feedback.texts or feedback.texts[-1] != "waiting":
        time.sleep(0.02)
    stopped = engine.pid
    os.kill(stopped, signal.SIGSTOP)
    thread.join(20)
    assert thread.outcome.kind == "Hung" and "has not been heard for 2 seconds and was ended" in str(thread.outcome)
    assert len(feedback.warnings) == 1 and "Cancel to end it" in feedback.warnings[0]
    assert ends(stopped)
    assert engine.run("echo", {}, Feedback(), [])["pid"] != stopped


def test_a_job_that_says_nothing_for_long_is_no_hang_while_its_worker_lives(engine, monkeypatch):
    monkeypatch.setattr(client, "SILENT_SECONDS", 7.0)
    monkeypatch.setattr(client, "HUNG_SECONDS", 8.0)
    feedback = Feedback(cancel_at=11.0)
    with pytest.raises(EngineCancelled):
        engine.run("deaf", {}, feedback, [])
    assert feedback.warnings == []


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_a_crash_inside_a_library_is_called_that_with_its_trace(engine, name):
    with pytest.raises(EngineError, match=name) as caught:
        engine.run("crash", {"signal": name}, Feedback(), [])
    assert "worker_with_misfortunes.py" in caught.value.details
    engine.run("echo", {}, Feedback(), [])


def test_an_idle_worker_stops_and_the_next_run_starts_another(monkeypatch):
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable)
    engine = Engine((SCRIPT, "0.3"))
    try:
        first = engine.run("echo", {}, Feedback(), [])["pid"]
        assert ends(first, 5)
        assert engine.run("echo", {}, Feedback(), [])["pid"] != first
    finally:
        engine.stop()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal")
def test_a_worker_that_is_killed_before_it_begins_is_replaced_and_the_run_works(engine):
    """As where the system ends an idle engine and nobody has noticed yet: it takes the request, and nothing of it is done."""
    feedback, first = Feedback(), engine.run("echo", {}, Feedback(), [])["pid"]
    os.kill(first, signal.SIGSTOP)
    thread = in_thread(engine, "echo", {"name": "北京"}, feedback)
    time.sleep(0.3)
    assert thread.is_alive(), "the request is sent, and the worker can't read it"
    os.kill(first, signal.SIGKILL)
    thread.join(20)
    assert thread.outcome["heard"] == {"name": "北京"} and thread.outcome["pid"] != first
    assert engine.started == 2 and feedback.texts.count("half") == 1 and feedback.warnings == ["an echo"]


def test_a_worker_that_dies_at_every_request_is_replaced_once(monkeypatch):
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable)
    greeting = f'{{"type": "ready", "protocol": {PROTOCOL}, "version": "0"}}'
    engine = Engine(("-c", f"import os; print('{greeting}', flush=True); input(); os.kill(os.getpid(), 9)"))
    with pytest.raises(EngineError, match="killed"):
        engine.run("echo", {}, Feedback(), [])
    assert engine.started == 2 and engine.pid is None


def test_stop_ends_the_worker_and_the_next_run_starts_another(engine):
    first = engine.run("echo", {}, Feedback(), [])["pid"]
    engine.stop()
    assert not is_running(first)
    assert engine.run("echo", {}, Feedback(), [])["pid"] != first


def test_another_choice_of_python_replaces_the_worker(engine, monkeypatch, tmp_path):
    first = engine.run("echo", {}, Feedback(), [])["pid"]
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", str(other))
    assert engine.run("echo", {}, Feedback(), [])["pid"] != first
    assert ends(first)


def test_the_worker_ends_when_the_process_that_asked_ends(tmp_path):
    script = (
        "import os, sys; from plugin.engine.client import Engine; sys.path.insert(0, sys.argv[2])\n"
        "from test_engine_client import Feedback\n"
        "engine = Engine((sys.argv[1],)); print(engine.run('echo', {}, Feedback(), [])['pid'], flush=True)\n"
        "os._exit(0)"
    )
    import subprocess

    answer = subprocess.run(
        [sys.executable, "-c", script, SCRIPT, os.path.dirname(SCRIPT)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "CTM_REANALYSIS_ENGINE_PYTHON": sys.executable},
    )
    assert ends(int(answer.stdout), 10)


def test_without_an_engine_the_error_names_the_fix(engine, monkeypatch, tmp_path):
    monkeypatch.delenv("CTM_REANALYSIS_ENGINE_PYTHON")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("plugin.engine.locate.own_interpreters", list)
    with pytest.raises(EngineMissing, match="Set up engine"):
        engine.run("echo", {}, Feedback(), [])


def test_a_python_without_the_libraries_is_reported_with_the_missing_name(monkeypatch, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", str(tmp_path / "bare" / "bin" / "python"))
    engine = Engine()
    try:
        with pytest.raises(EngineError, match="numpy|torch") as caught:
            engine.run("reanalyse", {"stations": "none.csv", "value": "x", "out": "x.tif"}, Feedback(), [])
        assert "Set up engine" in str(caught.value)
    finally:
        engine.stop()


def test_a_program_that_is_no_engine_is_not_waited_for_long():
    worker = WorkerProcess(sys.executable, ("-c", "import time; time.sleep(30)"))
    with pytest.raises(EngineError, match="did not start within"):
        worker.wait_until_ready(lambda: False, seconds=0.5)
    assert ends(worker.pid)


def test_a_program_that_ends_at_once_is_reported_with_its_last_words():
    worker = WorkerProcess(sys.executable, ("-c", "raise SystemExit('wrong version of everything')"))
    with pytest.raises(EngineError, match="wrong version of everything"):
        worker.wait_until_ready(lambda: False)


def test_what_a_start_up_hook_prints_does_not_confuse_the_client():
    code = "print('welcome to this computer', flush=True); from model_core.worker import serve; serve()"
    worker = WorkerProcess(sys.executable, ("-c", code))
    try:
        worker.wait_until_ready(lambda: False)
        assert "welcome" in worker.last_words()
    finally:
        worker.stop()


def test_last_words_in_the_encoding_of_windows_stay_legible():
    """As its loader's, which obeys no `PYTHONUTF8`."""
    words = "DLL load failed while importing _C: 找不到指定的模块。"
    assert process.text_of(words.encode("cp936"), "cp936") == words == process.text_of(words.encode())
    code = f"import os; os.write(2, {words.encode('cp936')!r}); os.write(1, b'no reply\\r\\n'); os._exit(1)"
    worker = WorkerProcess(sys.executable, ("-c", code))
    with pytest.raises(EngineError, match="Visual C"):
        worker.wait_until_ready(lambda: False)
    assert "DLL load failed while importing _C" in worker.last_words() and "no reply" in worker.last_words().splitlines()


@pytest.fixture
def behind_a_starter(monkeypatch, tmp_path):
    """An engine as Windows starts it: the Python of the environment starts another one and waits for it."""
    starter = tmp_path / "python"
    starter.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\nexit $?\n')
    starter.chmod(0o755)
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", str(starter))
    engine = Engine()
    yield engine
    engine.stop()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are asked of /proc")
def test_where_no_group_and_no_taskkill_ends_the_engine_behind_a_killed_starter_it_ends_by_itself(behind_a_starter, tiny_ctm, monkeypatch):
    engine = behind_a_starter
    engine.run("inspect", {"file": str(tiny_ctm)}, Feedback(), [])
    starter, (worker,) = engine.pid, children_of(engine.pid)
    (reader,) = children_of(worker)
    monkeypatch.setattr(process, "WINDOWS", True)
    kill(starter)
    engine.stop()
    assert ends(starter) and ends(worker, 30) and ends(reader, 10)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal")
def test_a_job_whose_helper_hangs_can_be_cancelled_and_leaves_nothing(monkeypatch, tiny_ctm, tmp_path):
    """The worker itself is heard all the while: only its user can tell that this takes too long."""
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", sys.executable)
    engine, feedback = Engine(), Feedback()
    try:
        engine.run("inspect", {"file": str(tiny_ctm)}, Feedback(), [])
        worker, (reader,) = engine.pid, children_of(engine.pid)
        os.kill(reader, signal.SIGSTOP)
        copy = shutil.copy(tiny_ctm, tmp_path / "unseen.nc")
        thread = in_thread(engine, "inspect", {"file": str(copy)}, feedback)
        time.sleep(0.5)
        assert thread.is_alive()
        feedback.cancel()
        thread.join(5)
        assert isinstance(thread.outcome, EngineCancelled) and ends(worker) and ends(reader)
    finally:
        engine.stop()


def test_the_start_can_be_cancelled():
    worker = WorkerProcess(sys.executable, ("-c", "import time; time.sleep(30)"))
    with pytest.raises(EngineCancelled):
        worker.wait_until_ready(lambda: True)
    assert ends(worker.pid)


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (-9, "", "SIGKILL"),
        (-11, "Fatal Python error: Segmentation fault", "SIGSEGV"),
        (0xC0000005, "", "ACCESS_VIOLATION"),
        (-1073741819, "", "ACCESS_VIOLATION"),
        (0xC0000135, "", "Visual C++"),
        (1, "OSError: [WinError 126] The specified module could not be found. Error loading c10.dll", "Visual C++"),
        (1, "OSError: [WinError 127] The specified procedure could not be found.", "Visual C++"),
        (1, "OSError: [WinError 1114] A dynamic link library (DLL) initialization routine failed.", "Visual C++"),
        (1, "ImportError: DLL load failed while importing _multiarray_umath", "Visual C++"),
        (1, "OSError: [WinError 193] %1 is not a valid Win32 application", "64-bit"),
        (1, "OSError: [WinError 4551] An Application Control policy has blocked this file", "administrator"),
        (1, "OSError: [WinError 1260] This program is blocked by group policy", "administrator"),
        (1, "ModuleNotFoundError: No module named 'rasterio'", "rasterio"),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", "out of memory"),
        (127, "cannot allocate memory for thread-local data: ABORT", "out of memory"),
        (103, "No Python at 'C:\\Program Files\\QGIS 3.40.1\\apps\\Python312\\python.exe'", "QGIS was updated"),
        (3, "", "status 3"),
    ],
)
def test_every_end_has_an_explanation(status, words, expected):
    assert expected in explain_end(status, words, "python")


def test_where_the_option_names_a_python_without_the_libraries_the_option_is_the_remedy(monkeypatch):
    monkeypatch.setattr("plugin.engine.worker_process.engine_setting", lambda: "/usr/bin/python3")
    words = "ModuleNotFoundError: No module named 'rasterio'"
    assert "Clear the option" in explain_end(1, words, "/usr/bin/python3") and "Set up engine" in explain_end(1, words, "python")


@pytest.mark.parametrize("error", ["OSError", "ImportError"])
def test_a_job_that_fails_for_want_of_a_dll_says_what_to_install(engine, error):
    with pytest.raises(EngineError, match="WinError 126.*Visual C\\+\\+") as caught:
        engine.run("dll-missing", {"error": error}, Feedback(), [])
    assert caught.value.kind == "MissingLibrary"


def test_a_job_folder_that_a_killed_qgis_left_goes_with_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed = subprocess.run(
        [sys.executable, "-c", "import os; from plugin.engine.client import job_folder\nwith job_folder(): os._exit(9)"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    (abandoned,) = tmp_path.iterdir()
    assert killed.returncode == 9
    with job_folder() as alive:
        assert abandoned.exists(), "so young it may be in the making"
        for folder in (abandoned, alive):
            os.utime(folder, (0, 0))
        with job_folder():
            assert not abandoned.exists() and alive.exists(), "one that is in use stays, however old"
    assert not list(tmp_path.iterdir())


def test_the_job_folder_is_gone_afterwards():
    with job_folder() as folder:
        (folder / "readings.csv").write_text("x,y,pm25\n")
    assert not folder.exists()
