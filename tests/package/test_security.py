"""What QGIS's plugin repository looks for in a plugin's code."""

import subprocess
import sys

import pytest
from shipping import ROOT


def test_bandit_finds_nothing_in_what_is_shipped():
    pytest.importorskip("bandit", reason="bandit is not installed: make test installs it")
    answer = subprocess.run([sys.executable, "-m", "bandit", "--quiet", "--recursive", "plugin", "model_core", "__init__.py"],
                            cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("folder", ["plugin", "model_core"])
def test_what_is_passed_over_has_its_reason(folder):
    for path in (ROOT / folder).rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "# nosec" in line:
                assert "# nosec B" in line, f"{path}: {line.strip()} names no rule"
