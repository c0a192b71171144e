"""The lock of the engine's libraries: exact versions with the SHA-256 of every file that may be installed.

pip refuses a file whose hash is not in the lock (``--require-hashes``), and everything that is not in it. It takes finished
packages alone (``--only-binary``), so that no code of a package runs while it is installed.

PyTorch's builds for processors are not in pip's index but in PyTorch's own. Their hashes are in the lock as far as they are known
(`torch_hashes`); where they are not, version, address and encryption are what is checked, and the log says so.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

if __package__:
    from . import process
    from .errors import SetUpCancelled, SetUpError
    from .installer import Installer
    from .qgis_side import tr
    from .sources import Sources
else:
    import process
    from errors import SetUpCancelled, SetUpError
    from installer import Installer
    from qgis_side import tr
    from sources import Sources

LOCK, GPU_LOCK, UV_LOCK, TORCH = "engine-lock.txt", "engine-lock-gpu.txt", "engine-lock-uv.txt", "engine-lock-torch.json"
ONLY_LOCKED = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
_KEY = "import platform, sys; print('cp{}{}-{}-{}'.format(*sys.version_info[:2], sys.platform, platform.machine()))"
_GPU_BUILD = "import importlib.metadata as m; print(any(r.startswith(('nvidia', 'cuda', 'triton')) for r in m.requires('torch') or ()))"


def lock_hash(requirements: Path) -> str:
    """SHA-256 of the lock beside the requirements; "" where there is none."""
    lock = requirements.with_name(LOCK)
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""


def install_locked(installer: Installer, python: str, requirements: Path, pip: list[str]) -> None:
    """Install what the lock beside the requirements names, and what PyTorch's GPU build needs where that is the one that was installed.

    Parameters
    ----------
    pip : the command that installs with pip, without what to install

    Raises
    ------
    SetUpError
        If a file is not what the lock says, the lock is missing, or something is lacking when all is installed.
    """
    lock = requirements.with_name(LOCK)
    if not lock.is_file():
        raise SetUpError(tr("The list of libraries {lock} is missing: the plugin is incomplete. Install it again.").format(lock=lock))
    installer.fetch([*pip, *ONLY_LOCKED, "-r", str(lock)])
    gpu_lock = requirements.with_name(GPU_LOCK)
    if gpu_lock.is_file() and _is_gpu_build(python):
        installer.fetch([*pip, *ONLY_LOCKED, "-r", str(gpu_lock)])
    try:
        installer.run([python, "-m", "pip", "check", "--disable-pip-version-check"])
    except SetUpError:
        if not _is_gpu_build(python):
            raise
        # A build for an older or another maker's card needs other libraries than those that are locked.
        installer.say(
            tr(
                "PyTorch's build for this computer's GPU needs libraries that are not in the list with hashes; they are taken as "
                "PyTorch names them, by version alone"
            )
        )
        installer.fetch([*pip, "--only-binary", ":all:", "-r", str(requirements)])


def place_torch(installer: Installer, python: str, requirements: Path, torch: str, device: str, sources: Sources) -> bool:
    """Install another build of PyTorch than pip's index has, where pip finds it; whether one was.

    With a hash that is known this is the build for processors alone. Without one it is taken only from a folder or an index that
    the user named for it, and the log says that its hash was not checked.

    Raises
    ------
    SetUpError
        If it is there and is not the file that the lock says, or can't be installed.
    """
    hashes = torch_hashes(python, requirements) if device == "cpu" else []
    pip = sources.pip(python)
    if hashes:
        file = Path(python).parent.parent / "torch-with-hashes.txt"
        file.write_text(" ".join([f"{torch}+cpu", *(f"--hash={one}" for one in hashes)]) + "\n", encoding="utf-8")
        try:
            installer.fetch([*pip, *ONLY_LOCKED, "-r", str(file)])
            return True
        except SetUpCancelled:
            raise
        except SetUpError as error:  # most places have no such build
            if is_mismatch(error.reason):
                raise
    if not sources.torch_index and not (sources.wheels and any(Path(sources.wheels).glob("torch-*+*.whl"))):
        return False
    installer.say(tr("The hash of this build of PyTorch is not known: its version and where it comes from are all that is checked"))
    installer.fetch([*pip, "--no-deps", "--only-binary", ":all:", torch])
    return True


def is_mismatch(reason: str) -> bool:
    """Whether pip or uv refused a file for its hash."""
    return "do not match the hashes" in reason.lower() or "hash mismatch" in reason.lower()


def torch_hashes(python: str, requirements: Path) -> list[str]:
    """Hashes of PyTorch's build for processors for an interpreter, such as ``sha256:...``; [] where they are not known."""
    try:
        known = json.loads(requirements.with_name(TORCH).read_text(encoding="utf-8"))["cpu"]
    except (OSError, ValueError, KeyError):
        return []
    return known.get(process.output_of([python, "-c", _KEY], 30.0)[1], [])


def _is_gpu_build(python: str) -> bool:
    status, text = process.output_of([python, "-c", _GPU_BUILD], 30.0)
    return status == 0 and text == "True"
