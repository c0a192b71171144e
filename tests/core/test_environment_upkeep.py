"""The engine environment is repaired and removed on demand, and a download that breaks off is tried again."""

import http.server
import os
import subprocess
import sys
import threading

import pytest
from test_environment import SCRIPT, finished, make_wheel, making, ready, require, wheels  # noqa: F401 - fixtures

from plugin.engine import environment, upkeep
from plugin.engine.errors import SetUpCancelled, SetUpError
from plugin.engine.installer import Installer


@pytest.fixture
def broken(ready):  # noqa: F811
    """A ready environment one of whose libraries was damaged since."""
    next(ready.glob("lib/*/site-packages/haze/__init__.py")).write_text("raise ImportError('haze is damaged')")
    return ready


def test_repair_leaves_what_is_whole(ready, wheels):  # noqa: F811
    (ready / "kept").touch()
    said = []
    made = upkeep.repair(ready, wheels=str(wheels), base_python=sys.executable, report=lambda fraction, line: said.append(line))
    assert made.state == "ready" and (ready / "kept").exists() and "nothing is to be repaired" in said[-1]


def test_repair_makes_a_broken_environment_anew_and_says_why(broken, wheels):  # noqa: F811
    said = []
    made = upkeep.repair(broken, wheels=str(wheels), base_python=sys.executable, report=lambda fraction, line: said.append(line))
    assert made.state == "ready" and any("haze is damaged" in line for line in said)
    assert subprocess.run([made.python, "-c", "import haze"]).returncode == 0


def test_remove_takes_the_environment_away_and_nothing_else(ready, tmp_path):  # noqa: F811
    answer = subprocess.run([sys.executable, str(SCRIPT), "remove", "--folder", str(ready)], capture_output=True, text=True)
    assert answer.returncode == 0 and "MB were taken away" in answer.stdout and not ready.exists()
    assert upkeep.remove_environment(ready) == 0
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("years of work")
    with pytest.raises(SetUpError, match="was not made by this set-up"):
        upkeep.remove_environment(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter1.txt").exists()


class Index:
    """A package index on this computer, whose first answers for a wheel end early."""

    def __init__(self, wheel, early):
        index, self.fetched = self, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
                sent = content
                if self.path.endswith(".whl"):
                    index.fetched += 1
                    content = wheel.read_bytes()
                    sent = content[: len(content) // 2] if index.fetched <= early else content
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if sent is content and not self.path.endswith(".whl") else "application/zip")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/simple"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Makes an index of one library that is not there yet, for a ready environment of another."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setattr(Installer, "PAUSES", (0.1, 0.1))
    made = []

    def index(early):
        make_wheel(tmp_path / "served", "haze", "2.0", "#" * 100_000)
        require(tmp_path, monkeypatch, "haze==2.0\n")
        made.append(Index(next((tmp_path / "served").glob("*.whl")), early))
        return made[-1]

    yield index
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def test_a_download_that_breaks_off_is_tried_again(ready, index):  # noqa: F811
    served, said = index(early=1), []
    made = environment.create(ready, index=served.address, report=lambda fraction, line: said.append(line))
    assert made.state == "ready" and made.details["versions"]["haze"] == "2.0" and served.fetched == 2
    assert any("try 2 of 3" in line for line in said)
    assert "try 2 of 3" in (ready / environment.LOG).read_text()


def test_one_that_always_breaks_off_fails_after_three_tries(ready, index):  # noqa: F811
    served = index(early=99)
    with pytest.raises(SetUpError, match="damaged on its way"):
        environment.create(ready, index=served.address)
    assert served.fetched == 3 and environment.status(ready).state == "incomplete"


def test_a_wait_for_the_next_try_can_be_cancelled(ready, index, monkeypatch):  # noqa: F811
    monkeypatch.setattr(Installer, "PAUSES", (600.0, 600.0))
    served, said = index(early=99), []
    with pytest.raises(SetUpCancelled):
        environment.create(
            ready,
            index=served.address,
            report=lambda fraction, line: said.append(line),
            is_cancelled=lambda: any("try 2" in line for line in said),
        )
    assert served.fetched == 1
