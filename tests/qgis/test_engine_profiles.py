"""All profiles of a user share one engine environment; it can be taken away from any of them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def managed(plugin, monkeypatch, tmp_path):
    """The managed environment in a user's data folder of the test's own, whose Python is the tests' engine."""
    from ctm_reanalysis.plugin.engine import environment, locate

    python = os.environ[locate.VARIABLE]
    monkeypatch.delenv(locate.VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = environment.default_folder()
    own = environment.python_in(folder)
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    own.chmod(0o755)
    environment._write_marker(folder, {"state": "ready", "requirements": environment.requirements_hash(), "base": os.path.realpath(own)})
    return own


def test_another_profile_finds_the_environment_of_this_one(managed, run, request):
    assert run("setupengine", ACTION="setup") == {"PYTHON": str(managed), "LOG": str(managed.parent.parent / "set-up.log")}
    qgis_process = request.getfixturevalue("qgis_process")  # with a fresh profile
    told = qgis_process("ctm_reanalysis:checkengine", SPEED="false")
    assert told["READY"] and told["PYTHON"] == str(managed)
    assert run("setupengine", ACTION="remove")["PYTHON"] == "" and not managed.parent.parent.exists()
