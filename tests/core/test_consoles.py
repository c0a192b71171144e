"""Consoles that know few letters, as Windows' cp936 and cp1252: every command says what it can, and none ends in an error of encoding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a console shows of one process, so that the imports are paid for once: all helps, a result, an error and an error as JSON.
SHOW = """
import sys
from model_core.cli import main
from model_core.cli.parser import build_parser
from model_core.jobs import JOBS
for command in (*JOBS, "worker"):
    try: main([command, "--help"])
    except SystemExit as end: assert end.code == 0, command
table, out = sys.argv[1:]
read = ["read-stations", "--stations", table, "--value", "PM₂.₅ µg/m³", "--id", "测站"]
assert main([*read, "--out", out]) == 0
assert main([*read, "--value", "nö 浓度", "--out", out]) == 1
assert main([*read, "--value", "nö 浓度", "--out", out, "--json"]) == 1
print("shown to the end")
"""


@pytest.mark.parametrize("encoding, language, shown", [("cp936", "zh_CN", ("场.csv", "浓度")), ("cp1252", "", ("Zürich", "nö"))])
def test_everything_is_shown_to_the_end(tmp_path, encoding, language, shown):
    table = tmp_path / "Köln 北京.csv"
    table.write_text("测站,lon,lat,PM₂.₅ µg/m³\n奥体中心,116.4,39.98,35\nKöln,6.96,50.94,12\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SHOW, str(table), str(tmp_path / "Zürich 场.csv")],
        cwd=ROOT,
        capture_output=True,
        env={"PYTHONIOENCODING": encoding, "CTM_REANALYSIS_LANGUAGE": language, "XDG_STATE_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        timeout=300,
    )
    said, told = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert done.returncode == 0, told
    assert said.rstrip().endswith("shown to the end") and "UnicodeEncodeError" not in told
    assert shown[0] in said and shown[1] in told, "letters that the console has are shown as they are"
