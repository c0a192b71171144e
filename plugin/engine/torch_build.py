"""Which build of PyTorch a set-up takes, and how.

PyPI has one build for each system: for Linux that for GPUs, which is 2.5 GB larger than needed for a processor, for Windows that
for processors. The others are in PyTorch's own package indexes, which the installer `uv` knows by a name for each build. So uv
fetches torch, and nothing else, into the environment, and pip finds it there when it installs the rest.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

if __package__:
    from .errors import SetUpCancelled, SetUpError
    from .installer import Installer
    from .locked import ONLY_LOCKED, is_mismatch
    from .qgis_side import tr
else:
    from errors import SetUpCancelled, SetUpError
    from installer import Installer
    from locked import ONLY_LOCKED, is_mismatch
    from qgis_side import tr

UV = "uv>=0.8.15,<1"  # the first that knows all that torch brings along; tools/lock_engine.py locks one of them
# How long asking PyTorch's index may take: where it can't be reached, pip's is taken instead.
ASK_SECONDS, ASK = 90.0, {"UV_HTTP_TIMEOUT": "20", "UV_HTTP_RETRIES": "1"}
FETCH = {"UV_HTTP_TIMEOUT": "300"}
_PROCESSORS = ("x86_64", "amd64", "aarch64", "arm64")


def build_to_fetch(device: str, torch_index: str = "", wheels: str = "") -> str:
    """uv's name of the build to take from PyTorch's own index, "cpu" or "auto"; '' where pip installs the right one by itself."""
    if wheels or torch_index or os.environ.get("PIP_NO_INDEX"):
        return ""
    if device == "gpu":
        return "" if sys.platform == "darwin" else "auto"
    return "cpu" if sys.platform.startswith("linux") and platform.machine().lower() in _PROCESSORS else ""


def fetch_torch(
    installer: Installer, python: str, requirement: str, build: str, pip: list[str], uv_lock: Path, hashes: list[str] | None = None
) -> str:
    """Install torch from PyTorch's own index; '' when it is done, or why it could not be, and pip must take its own.

    Parameters
    ----------
    requirement : such as "torch==2.13.0"
    pip : the command that installs with pip, without what to install
    uv_lock : file with the version of uv to take and its hashes
    hashes : of the files that may be fetched, such as ``sha256:...``; where there are none the index's own word is taken

    Raises
    ------
    SetUpCancelled
    SetUpError
        If what the index has is none of the files that may be fetched.
    """
    if not hashes:
        installer.say(tr("The hash of PyTorch's build is not known here: its version and the address that it comes from are checked"))
    uv = [python, "-m", "uv", "pip", "install", "--no-config", "--no-cache", "--python", python, "--no-deps", "--torch-backend", build]
    try:
        installer.run([*pip, *ONLY_LOCKED, "-r", str(uv_lock)])
        try:
            installer.run([*uv, "--dry-run", requirement], seconds=ASK_SECONDS, environ=_certificates() | ASK)
            installer.run([*uv, *_as_file(python, requirement, hashes)], environ=_certificates() | FETCH)
        finally:
            installer.run([python, "-m", "pip", "uninstall", "--yes", "--quiet", "--disable-pip-version-check", "uv"])
    except SetUpCancelled:
        raise
    except SetUpError as error:
        if is_mismatch(error.reason):
            raise
        return error.reason or tr("no reason was given")
    return ""


def _as_file(python: str, requirement: str, hashes: list[str] | None) -> list[str]:
    """The requirement as uv takes it: with hashes only from a file, here in the environment's folder."""
    if not hashes:
        return [requirement]
    file = Path(python).parent.parent / "torch-with-hashes.txt"
    file.write_text(" ".join([requirement, *(f"--hash={one}" for one in hashes)]) + "\n", encoding="utf-8")
    return ["--require-hashes", "-r", str(file)]


def _certificates() -> dict[str, str]:
    """Where pip is told whom to trust, uv is told the same."""
    given = os.environ.get("PIP_CERT", "")
    return {"SSL_CERT_FILE": given} if given and "SSL_CERT_FILE" not in os.environ else {}
