"""Which build of PyTorch a set-up takes, and how.

PyPI has one build for each system: for Linux that for GPUs, which is 2.5 GB larger than needed for a processor, for Windows that
for processors. The others are in PyTorch's own package indexes, which the installer `uv` knows by a name for each build. So uv
fetches torch, and nothing else, into the environment, and pip finds it there when it installs the rest.
"""

from __future__ import annotations

import os
import platform
import sys

if __package__:
    from .errors import SetUpCancelled, SetUpError
    from .installer import Installer
    from .qgis_side import tr
else:
    from errors import SetUpCancelled, SetUpError
    from installer import Installer
    from qgis_side import tr

UV = "uv>=0.8.15,<1"  # the first that knows all that torch brings along
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


def fetch_torch(installer: Installer, python: str, requirement: str, build: str, pip: list[str]) -> str:
    """Install torch from PyTorch's own index; '' when it is done, or why it could not be, and pip must take its own.

    Parameters
    ----------
    requirement : such as "torch==2.13.0"
    pip : the command that installs with pip, without what to install

    Raises
    ------
    SetUpCancelled
    """
    uv = [python, "-m", "uv", "pip", "install", "--no-config", "--no-cache", "--python", python, "--no-deps", "--torch-backend", build]
    try:
        installer.run([*pip, UV])
        try:
            installer.run([*uv, "--dry-run", requirement], seconds=ASK_SECONDS, environ=_certificates() | ASK)
            installer.run([*uv, requirement], environ=_certificates() | FETCH)
        finally:
            installer.run([python, "-m", "pip", "uninstall", "--yes", "--quiet", "--disable-pip-version-check", "uv"])
    except SetUpCancelled:
        raise
    except SetUpError as error:
        return error.reason or tr("no reason was given")
    return ""


def _certificates() -> dict[str, str]:
    """Where pip is told whom to trust, uv is told the same."""
    given = os.environ.get("PIP_CERT", "")
    return {"SSL_CERT_FILE": given} if given and "SSL_CERT_FILE" not in os.environ else {}
