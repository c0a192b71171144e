"""What QGIS's plugin repository looks for in a plugin's code, known faults of the libraries, and secrets that slipped in."""

import json
import re
import subprocess
import sys

import pytest
from shipping import ROOT


def test_bandit_finds_nothing_in_what_is_shipped():
    pytest.importorskip("bandit", reason="bandit is not installed: make test installs it")
    answer = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--recursive", "plugin", "model_core", "__init__.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("folder", ["plugin", "model_core"])
def test_what_is_passed_over_has_its_reason(folder):
    for path in (ROOT / folder).rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "# nosec" in line:
                assert "# nosec B" in line, f"{path}: {line.strip()} names no rule"


def test_no_locked_library_has_a_known_vulnerability(tmp_path):
    """By the advisories of the package index; where they can't be reached, nothing is known and the test is skipped."""
    pytest.importorskip("pip_audit", reason="pip-audit is not installed: make test installs it")
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--disable-pip",
            "--require-hashes",
            "-r",
            str(ROOT / "resources" / "engine-lock.txt"),
            "--format",
            "json",
            "--progress-spinner",
            "off",
            "--cache-dir",
            str(tmp_path),
            "--timeout",
            "20",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    try:
        libraries = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        pytest.skip(f"the advisories can't be reached: {answer.stderr.strip()[-200:]}")
    known = [library for library in libraries if "vulns" in library]
    if not known:
        pytest.skip(f"the advisories know none of the {len(libraries)} libraries: {libraries[0].get('skip_reason', '')}")
    faults = {
        f"{library['name']} {library['version']}": [fault["id"] for fault in library["vulns"]] for library in known if library["vulns"]
    }
    assert faults == {}, "raise the version in resources/engine-requirements.txt and run tools/lock_engine.py"


# Invented names and passwords, with which it is tested that none is written down.
INVENTED = {
    "tests/core/test_environment.py",
    "tests/qgis/test_layers_in_records.py",
    "tests/qgis/test_proxy.py",
    "tests/package/test_security.py",
}
NO_TEXTS = {".png", ".safetensors", ".tif", ".svg", ".geojson"}  # pictures, weights, coordinates
KINDS = (
    "PrivateKeyDetector",
    "AWSKeyDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "PypiTokenDetector",
    "JwtTokenDetector",
    "BasicAuthDetector",
    "KeywordDetector",
)


def secrets_in(files):
    """Places that look like a secret, each FILE:LINE KIND."""
    settings = pytest.importorskip("detect_secrets.settings", reason="detect-secrets is not installed: make test installs it")
    from detect_secrets import SecretsCollection

    with settings.transient_settings({"plugins_used": [{"name": name} for name in KINDS]}):
        patterns, found = first_look(), SecretsCollection()
        for file in files:
            text = file.read_bytes().decode("utf-8", "replace")
            if any(pattern.search(text) for pattern in patterns):
                found.scan_file(str(file))
    return [f"{name}:{secret.line_number} {secret.type}" for name, secret in found]


def first_look():
    """Patterns one of which is in every text that a detector finds something in: going through lines takes six times as long."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.keyword import DENYLIST

    detectors = [kind() for kind in get_mapping_from_secret_type_to_class().values() if kind.__name__ in KINDS]
    assert len(detectors) == len(KINDS)
    return [re.compile("|".join(DENYLIST), re.IGNORECASE), *(one for detector in detectors for one in getattr(detector, "denylist", ()))]


def test_no_secret_is_in_the_checkout():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [
        ROOT / name
        for name in listed.stdout.split("\0")
        if name and name not in INVENTED and "engine-lock" not in name and (ROOT / name).suffix not in NO_TEXTS and (ROOT / name).is_file()
    ]
    assert secrets_in(files) == []


def test_the_scan_sees_a_secret(tmp_path):
    for name, text in (
        ("key.py", "-----BEGIN RSA PRIVATE " + "KEY-----"),
        ("login.txt", "http://me:hunter22@host/"),
        ("aws.md", "AKIA" + "Q" * 16),
        ("settings.py", "pass" + "word = 'correct horse'"),
    ):
        (tmp_path / name).write_text(text)
        assert secrets_in([tmp_path / name]), name
