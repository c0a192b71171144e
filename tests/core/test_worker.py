"""The worker as a real process: what goes in on stdin, what comes out on stdout, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import ends

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("worker_with_misfortunes.py")


class Worker:
    """A worker process and a line-wise conversation with it."""

    def __init__(self, command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        self.begun = []  # ids of the requests that it said it has begun with
        self.ready = self.read()

    def write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, command, job="1", **request):
        self.write(json.dumps({"id": job, "command": command, "request": request}))

    def read(self):
        """The next message; that a request has begun is only noted."""
        while (message := json.loads(self.process.stdout.readline()))["type"] == "begun":
            self.begun.append(message["id"])
        return message

    def answer(self, command, job="1", **request):
        """The last message to a request: its result or its error."""
        self.ask(command, job, **request)
        return self.until("result", "error")[-1]

    def until(self, *types):
        messages = []
        while not messages or messages[-1]["type"] not in types:
            messages.append(self.read())
        return messages

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


@pytest.fixture
def start():
    workers = []

    def begin(*arguments, command=(sys.executable, str(SCRIPT))):
        workers.append(Worker([*command, *arguments]))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.end()


@pytest.fixture
def worker(start):
    return start()


def test_the_shipped_worker_greets_and_answers(start):
    worker = start(command=(sys.executable, "-m", "model_core", "worker"))
    assert worker.ready["type"] == "ready" and worker.ready["protocol"] == 2
    assert worker.ready["pid"] == worker.process.pid
    answer = worker.answer("info")
    assert answer["type"] == "result" and answer["result"]["version"] == worker.ready["version"]


def test_it_greets_before_it_imports_anything_heavy(worker):
    assert worker.answer("echo")["result"]["imported_torch"] is False


def test_progress_log_and_warning_carry_the_id_of_their_request(worker):
    worker.ask("echo", "job-7", value=[1, 2])
    messages = worker.until("result")
    assert [message["type"] for message in messages] == ["log", "warning", "progress", "result"]
    assert {message["id"] for message in messages} == {"job-7"}
    assert messages[2]["fraction"] == 0.5 and messages[2]["message"] == "half"
    assert messages[3]["result"]["heard"] == {"value": [1, 2]}


def test_it_says_that_it_has_begun_once_and_before_all_else_of_a_request(worker):
    worker.ask("patient", "1", seconds=0.2)
    worker.ask("refuse", "2")
    worker.until("result")
    assert worker.begun == ["1"], "the other one waits, and nothing of it is done"
    assert worker.read()["id"] == "2" and worker.begun == ["1", "2"]
    worker.ask("echo", "3")
    assert json.loads(worker.process.stdout.readline()) == {"type": "begun", "id": "3"}


def test_prints_of_python_c_and_children_go_to_stderr_and_stdin_is_nobodys(worker):
    answer = worker.answer("chatter")
    assert answer == {"type": "result", "id": "1", "result": {"read": ""}}
    assert worker.answer("echo", "2")["type"] == "result"
    worker.write('{"command": "stop"}')
    _, stderr = worker.process.communicate(timeout=10)
    for line in ("a Python print", "a C library's print", "a child process prints"):
        assert line in stderr


@pytest.mark.parametrize("line", ["{not json", '"a string"', "[1, 2]", '{"id": "1", "command": "echo", "request": 5}', "\x00\xff"])
def test_a_line_that_is_no_request_is_refused_and_the_next_is_answered(worker, line):
    worker.write(line)
    refusal = worker.read()
    assert refusal["type"] == "error" and refusal["kind"] == "InputError"
    assert worker.answer("echo")["type"] == "result"


def test_lines_may_end_as_windows_ends_them_and_one_in_another_encoding_is_refused(worker):
    bare = worker.process.stdin.buffer
    bare.write('{"id": "1", "command": "echo", "request": {"stations": "北京.csv"}}'.encode("cp936") + b"\r\n")
    bare.write('{"id": "2", "command": "echo", "request": {"stations": "北京.csv"}}'.encode() + b"\r\n\r\n")
    bare.flush()
    refusal = worker.read()
    assert (refusal["type"], refusal["kind"]) == ("error", "InputError") and "not a request" in refusal["message"]
    assert worker.until("result")[-1]["result"]["heard"] == {"stations": "北京.csv"}


def test_an_unknown_command_is_named_with_the_known_ones(worker):
    error = worker.answer("forecast")
    assert error["kind"] == "InputError"
    assert "forecast" in error["message"] and "reanalyse" in error["message"]


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("refuse", "InputError", "field 'pm25' holds text"),
        ("too-large", "OutOfMemory", "not enough memory"),
        ("tensor-too-large", "OutOfMemory", "not enough memory"),
        ("library-missing", "MissingLibrary", "a_library_that_nobody_has"),
        ("fault", "Internal", "ZeroDivisionError"),
        ("library-exits", "Internal", "SystemExit"),
        ("not-json", "Internal", "not JSON serializable"),
    ],
)
def test_a_misfortune_is_called_by_its_name_and_the_worker_lives_on(worker, command, kind, words):
    error = worker.answer(command)
    assert error["type"] == "error" and error["kind"] == kind and words in error["message"]
    assert ("traceback" in error) == (kind == "Internal")
    assert worker.answer("echo", "2")["type"] == "result"


def test_cancel_ends_the_running_job_and_the_worker_lives_on(worker):
    worker.ask("patient")
    assert worker.read()["type"] == "progress"
    begin = time.monotonic()
    worker.write('{"command": "cancel", "id": "1"}')
    assert worker.until("error", "result")[-1]["kind"] == "Cancelled"
    assert time.monotonic() - begin < 1.0
    assert worker.answer("echo", "2")["type"] == "result"


def test_a_request_that_waits_can_be_cancelled_before_it_starts(worker):
    worker.ask("patient", "1", seconds=0.5)
    worker.ask("patient", "2")
    worker.write('{"command": "cancel", "id": "2"}')
    assert worker.until("result")[-1]["id"] == "1"
    last = worker.until("error", "result")[-1]
    assert last["id"] == "2" and last["kind"] == "Cancelled"


def test_cancelling_what_is_not_there_is_no_error(worker):
    worker.write('{"command": "cancel", "id": "never asked"}')
    assert worker.answer("echo")["type"] == "result"


def test_stop_comes_after_the_requests_before_it(worker):
    worker.ask("echo")
    worker.write('{"command": "stop"}')
    assert worker.until("result")[-1]["id"] == "1"
    assert worker.process.wait(10) == 0


def test_the_end_of_stdin_ends_it(worker):
    worker.process.stdin.close()
    assert worker.process.wait(10) == 0


def test_the_end_of_stdin_cancels_the_running_job(worker):
    worker.ask("patient")
    worker.read()
    worker.process.stdin.close()
    assert worker.process.wait(3) == 0


def test_the_end_of_stdin_ends_even_a_job_that_hears_nothing_and_what_it_started(worker):
    worker.ask("deaf")
    child = int(worker.read()["message"].split()[-1])
    worker.process.stdin.close()
    worker.process.wait(10)
    assert ends(child)


def test_it_stops_when_idle_but_not_during_a_job(start):
    worker = start("0.5")
    assert worker.answer("patient", seconds=1.0)["type"] == "result"
    begin = time.monotonic()
    assert worker.process.wait(10) == 0
    assert time.monotonic() - begin < 3.0


def test_an_interrupt_from_the_terminal_is_left_to_qgis(worker):
    worker.process.send_signal(signal.SIGINT)
    assert worker.answer("echo")["type"] == "result"


def test_a_crash_leaves_a_trace_on_stderr(worker):
    worker.ask("crash", signal="SIGSEGV")
    assert worker.process.wait(10) == -signal.SIGSEGV
    stderr = worker.process.stderr.read()
    assert "Segmentation fault" in stderr and "crash" in stderr


@pytest.mark.parametrize(
    "line",
    [
        '{"id": [1], "command": "echo"}',
        '{"id": {}, "command": "echo"}',
        '{"id": true, "command": "echo"}',
        '{"a":' * 100_000,
        "[" * 100_000,
    ],
)
def test_a_line_of_another_form_is_refused_and_the_worker_goes_on(worker, line):
    worker.write(line)
    refusal = worker.read()
    assert (refusal["type"], refusal["id"], refusal["kind"]) == ("error", None, "InputError") and "not a request" in refusal["message"]
    worker.ask("refuse")
    assert "holds text" in worker.read()["message"]


@pytest.mark.parametrize("command", [None, 7, True, ["echo"], {}])
def test_a_command_that_is_no_text_is_unknown(worker, command):
    worker.ask(command)
    assert "unknown command" in worker.read()["message"]
