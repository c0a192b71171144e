"""Where a set-up takes its packages from, and what that means for download and disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

if __package__:
    from .errors import SetUpError
    from .qgis_side import tr
    from .room import Size, check_room, size_of
else:
    from errors import SetUpError
    from qgis_side import tr
    from room import Size, check_room, size_of


@dataclass(frozen=True)
class Sources:
    """Where packages come from; see `environment.create`."""

    wheels: str
    index: str
    torch_index: str
    proxy: str

    def pip(self, python: str) -> list[str]:
        """The command that installs, without what to install."""
        command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        command += ["--no-index", "--find-links", self.wheels] if self.wheels else []
        command += ["--index-url", self.index] if self.index else []
        return command + (["--extra-index-url", self.torch_index] if self.torch_index else [])

    def environ(self, temporary: Path) -> dict[str, str]:
        """For the installing programs: the proxy, a folder for what is unpacked, and no wish of a pip.ini to install elsewhere."""
        proxy = {name: self.proxy for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy") if self.proxy}
        return {**dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)), "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", **proxy}


def check_wheels(folder: Path) -> None:
    """Look, before minutes are spent on installing, whether a folder of wheels is there and its PyTorch can be used.

    PyPI's PyTorch for Linux is that for GPUs: it can't be imported without the libraries of ``engine-lock-gpu.txt``.

    Raises
    ------
    SetUpError
        If the folder is missing, or holds that PyTorch without those libraries and without the build for processors.
    """
    if not folder.is_dir():
        raise SetUpError(tr("the wheel folder {folder} does not exist").format(folder=folder))
    torch = [file.name for file in folder.glob("torch-*.whl")]
    for_gpu = [name for name in torch if "manylinux" in name and "+" not in name]
    if for_gpu and len(for_gpu) == len(torch) and not any(folder.glob("nvidia_*.whl")):
        raise SetUpError(
            tr(
                "The folder of wheels {folder} has PyTorch's build for GPUs, {file}, without the libraries that it needs. Put PyTorch's build for "
                "processors beside it, whose file name has '+cpu', or download what engine-lock-gpu.txt names into the same folder as well. "
                "The commands stand in the documentation under 'Install', 'Without a network'."
            ).format(folder=folder, file=for_gpu[0])
        )


def expected_size(torch: str, device: str, sources: Sources) -> Size:
    """What the set-up fetches and takes, as far as it can be told before."""
    if not torch:
        return Size(0.0, 0.1)
    size = size_of(device)
    return Size(0.0, size.disk) if sources.wheels else size


def without_own_index(folder: Path, device: str, reason: str) -> str:
    """What follows where PyTorch's own index can't be used; `SetUpError` if there is no room for that."""
    if device == "gpu":
        return tr(
            "PyTorch's own package index can't be used ({reason}). Its build for this computer's GPU is not to be had without it; "
            "the build in pip's index is taken, which on Windows computes on the processor."
        ).format(reason=reason)
    said = check_room(folder, size_of("gpu"))
    return tr(
        "PyTorch's own package index can't be used ({reason}). PyTorch is taken from pip's index: where that is PyPI, with GPU "
        "libraries that are not needed. {said}. To avoid this, cancel, and give a folder of wheels or a package index for "
        "torch."
    ).format(reason=reason, said=said)
