"""Writes the lock of the engine's libraries: exact versions with the SHA-256 of every file that may be installed.

    python3 tools/lock_engine.py [--torch-wheels DIR ...] [--check]

resources/engine-lock.txt        all libraries, for every system and Python that the engine runs on (by environment markers)
resources/engine-lock-gpu.txt    what PyTorch's GPU build for Linux brings along beside them
resources/engine-lock-uv.txt     the installer that fetches PyTorch's builds for processors
resources/engine-lock-torch.json SHA-256 of PyTorch's builds for processors, which are not in pip's index: of the wheels in --torch-wheels,
                                 beside those that the file has for the same version

It needs `uv` on the PATH, and pip's index. --check writes nothing: it asks for each system and Python whether everything in the lock is
there as a wheel. Run it when resources/engine-requirements.txt changes, or when a library has a fix for a vulnerability.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "resources" / "engine-requirements.txt"
sys.path.insert(0, str(ROOT / "plugin" / "engine"))

import locked  # noqa: E402  found in plugin/engine
from torch_build import UV  # noqa: E402

LOCK, GPU_LOCK, UV_LOCK, TORCH = (REQUIREMENTS.with_name(name) for name in (locked.LOCK, locked.GPU_LOCK, locked.UV_LOCK, locked.TORCH))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-pc-windows-msvc", "aarch64-apple-darwin")
# Later wheels of these for macOS need macOS 15, the engine only 14.
FOR_MACOS = ["netcdf4<1.7.5 ; sys_platform == 'darwin'", "rasterio<1.5.2 ; sys_platform == 'darwin'"]
_OF_GPU = re.compile(r"(nvidia-|cuda-|triton==)")
_HEAD = "# Made by tools/lock_engine.py from engine-requirements.txt ({about}); don't edit. SHA-256 of its requirements:\n# {digest}\n"


def requirement_lines() -> list[str]:
    """The requirements without comments and blank lines."""
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def compiled(requirements: list[str]) -> list[str]:
    """The blocks of a lock: a requirement with its marker and hashes each."""
    command = [
        uv(),
        "pip",
        "compile",
        "-",
        "--universal",
        "--generate-hashes",
        "--python-version",
        PYTHONS[0],
        "--no-header",
        "--no-annotate",
        "--no-config",
        "--quiet",
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True, input="\n".join(requirements)).stdout
    return re.split(r"\n(?=\S)", text.strip())


def with_hash(block: str, hashes: list[str]) -> str:
    """A block with further hashes."""
    return block + "".join(f" \\\n    --hash={one}" for one in hashes if one not in block)


def torch_wheels(folders: list[str], version: str) -> dict[str, list[str]]:
    """Hashes by Python, system and processor, such as ``cp311-linux-x86_64``; those that are known and those of wheels in the folders."""
    known = json.loads(TORCH.read_text(encoding="utf-8")) if TORCH.exists() else {}
    found = dict(known["cpu"]) if known.get("version") == version else {}
    for folder in folders:
        for wheel in sorted(Path(folder).glob(f"torch-{version}+cpu-*.whl")):
            _, _, python, _, tags = wheel.stem.split("-")
            system = "linux" if "linux" in tags else "win32" if "win" in tags else "darwin"
            machine = next(name for name in ("x86_64", "aarch64", "arm64", "amd64") if name in tags)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            found[f"{python}-{system}-{machine}"] = [f"sha256:{digest}"]
    return found


def write(folders: list[str]) -> None:
    """Write the files."""
    digest = hashlib.sha256("\n".join(requirement_lines()).encode()).hexdigest()
    version = next(line.partition("==")[2] for line in requirement_lines() if line.startswith("torch=="))
    processors = torch_wheels(folders, version)
    blocks = compiled([*requirement_lines(), *FOR_MACOS])
    of_gpu = [block for block in blocks if _OF_GPU.match(block)]
    own = [
        with_hash(block, sum(processors.values(), [])) if block.startswith("torch==") else block for block in blocks if block not in of_gpu
    ]
    for path, about, part in (
        (LOCK, "all systems, Python 3.11 to 3.14", own),
        (GPU_LOCK, "with PyTorch's GPU build on Linux", of_gpu),
        (UV_LOCK, "the installer uv", compiled([UV])),
    ):
        path.write_text(_HEAD.format(about=about, digest=digest) + "\n".join(part) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(part)} libraries")
    TORCH.write_text(json.dumps({"version": version, "cpu": processors}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TORCH.name}: builds for {', '.join(processors) or 'none'}")


def check() -> int:
    """How many of the systems and Pythons lack a wheel of something in the lock; said for each."""
    lacking = 0
    for platform in PLATFORMS:
        locks = [LOCK, GPU_LOCK] if "linux" in platform else [LOCK]
        for python in PYTHONS:
            with tempfile.TemporaryDirectory() as target:
                command = [
                    uv(),
                    "pip",
                    "install",
                    "--dry-run",
                    "--no-config",
                    "--target",
                    target,
                    "--python-platform",
                    platform,
                    "--python-version",
                    python,
                    "--only-binary",
                    ":all:",
                    "--require-hashes",
                    "--no-deps",
                ]
                answer = subprocess.run(
                    [*command, *(part for lock in locks for part in ("-r", str(lock)))],
                    capture_output=True,
                    text=True,
                    env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"},
                )
            lacking += answer.returncode != 0
            said = "all there" if answer.returncode == 0 else " ".join(answer.stderr.split())[-400:]
            print(f"{platform}, Python {python}: {said}", flush=True)
    return lacking


def uv() -> str:
    found = shutil.which("uv")
    if not found:
        sys.exit("uv is not on the PATH: pip install uv")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--torch-wheels", nargs="+", default=[], metavar="DIR", help="folders with wheels of PyTorch's builds for processors"
    )
    parser.add_argument("--check", action="store_true", help="see whether everything in the lock is there as a wheel")
    options = parser.parse_args()
    if options.check:
        return min(check(), 1)
    write(options.torch_wheels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
