"""The model file: safetensors weights and maps, with a JSON header that says what they are."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping

import numpy as np
import torch
from pyproj.exceptions import ProjError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from model_core.atomic_file import atomic_file
from model_core.card_form import check_card
from model_core.configuration import NetworkConfiguration
from model_core.errors import InputError, ModelFileError
from model_core.grid import Grid
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.variable_table import definitions, make_known

FORMAT = "ctm-reanalysis-model"
FORMAT_VERSION = 1
SUFFIX = ".safetensors"
_HEADER_KEY, _SEAL_KEY = "ctm_reanalysis", "ctm_reanalysis_seal"
_WEIGHTS, _MAPS = "network.", "maps."


@dataclass(frozen=True)
class StaticMaps:
    """Covariates on the grid that a model was trained on, so that it can be used without other files.

    Attributes
    ----------
    grid : Grid
    fields : covariate key -> float32 array (rows, columns) in canonical units, NaN where unknown
    source : where the maps come from and under which licence
    """

    grid: Grid
    fields: Mapping[str, np.ndarray]
    source: str = ""


@dataclass(frozen=True)
class Model:
    """A trained network with everything that is known about it.

    Attributes
    ----------
    network : ReanalysisNetwork, in evaluation mode
    card : name, created, software, target, unit, training (data, seed, iterations), scores: plain values for JSON
    grid : the grid it was trained on
    maps : its own covariates, or None
    name, sha256 : of the file that it was read from; empty for a model that is not saved yet
    weights_sha256 : of the weights alone, in that file: it stays when the card is written anew
    variables : definitions of its variables that this software does not know by itself, as in a variable table
    """

    network: ReanalysisNetwork
    card: dict[str, Any]
    grid: Grid
    maps: StaticMaps | None = None
    name: str = ""
    sha256: str = ""
    weights_sha256: str = ""
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def configuration(self) -> NetworkConfiguration:
        """Of the network."""
        return self.network.configuration


@dataclass(frozen=True)
class ModelSummary:
    """A model that was found, from its header alone."""

    name: str
    path: Path
    card: dict[str, Any] = field(default_factory=dict)


def save_model(path: Path, model: Model, kernel_bits: int | None = None, part: str = "unet") -> None:
    """Write a model file; it gets its name only when it is complete.

    Parameters
    ----------
    kernel_bits : significant bits that the kernels of a UNet++ are rounded to, at most the 11 of half precision, in which
        they are then stored (the fewer, the better they are compressed); None keeps them as they are. Read back they are float32.
    part : which UNet++: "unet" or "unet_of_background"

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    tensors = {_WEIGHTS + key: value.contiguous() for key, value in model.network.cpu().state_dict().items()}
    if kernel_bits:  # the kernels of PointConv and all that is not a kernel are few and stay as they are
        large = [key for key, value in tensors.items() if key.startswith(f"{_WEIGHTS}{part}.") and value.ndim == 4]
        tensors |= {key: _rounded(tensors[key], kernel_bits).half() for key in large}
    header: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "card": model.card,
        "network": model.configuration.to_dict(),
        "grid": model.grid.describe(),
        "hashes": {"weights": weights_hash(tensors), "sealed": True},
    }
    defined = definitions((*model.configuration.station_variables, *model.configuration.maps))
    if defined:
        header["variables"] = defined
    if model.maps:
        for key, values in model.maps.fields.items():
            # Half precision keeps elevation to 4 m and fractions to 0.0005: far below what a cell mean means.
            tensors[_MAPS + key] = torch.tensor(values).half()  # a copy, as maps of the world are not writable
        header["maps"] = {"grid": model.maps.grid.describe(), "source": model.maps.source}
    content = sealed(tensors, json.dumps(header))
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def _rounded(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Each value rounded to so many significant bits."""
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2**bits) / 2**bits, exponent)


def sealed(tensors: Mapping[str, torch.Tensor], header: str) -> bytes:
    """A model file's content: tensors, header, and a seal over both, so that no bit of it can change unnoticed."""
    content = save(dict(tensors), metadata={_HEADER_KEY: header, _SEAL_KEY: _seal(tensors, header)})
    # The library writes the two entries in any order, and the same model shall be the same file.
    length = int.from_bytes(content[:8], "little")
    table = json.loads(content[8 : 8 + length])
    table["__metadata__"] = dict(sorted(table["__metadata__"].items()))
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


def replace_card(path: Path, card: Mapping[str, Any], network: NetworkConfiguration | None = None) -> None:
    """Give a model file another card, and with `network` another configuration that its weights fit; weights, maps and all else stay, bit for bit.

    Raises
    ------
    ModelFileError
        If `path` is no model file, or its weights don't fit `network`; it is then as it was.
    OutputError
        If it can't be written; it is then as it was.
    """
    header = _read_header(path)
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # no maps: Windows replaces no file that is mapped
    changed = {**header, "card": dict(card), "hashes": {**header["hashes"], "sealed": True}}
    if network is not None:
        weights = {key.removeprefix(_WEIGHTS): value for key, value in tensors.items() if key.startswith(_WEIGHTS)}
        try:
            ReanalysisNetwork(network).load_state_dict(weights)
        except RuntimeError as error:
            raise ModelFileError(f"the weights in '{path}' don't fit the other configuration ({error})") from error
        changed["network"] = network.to_dict()
    content = sealed(tensors, json.dumps(changed))
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def load_model(name_or_file: str) -> Model:
    """Read a model by name (``bundled`` is the one that comes with the plugin) or from a file; nothing pickled is ever read.

    Variables that the file defines are known from then on, to the end of the job.

    Raises
    ------
    ModelFileError
        If it is missing, truncated, no model of this software, or of another format version.
    """
    path = find_model(name_or_file)
    try:
        content, header = path.read_bytes(), _read_header(path)
        defined = header.get("variables", {})
        if not isinstance(defined, dict) or not all(isinstance(one, dict) and "unit" in one for one in defined.values()):
            raise ValueError("its variables are not defined as they should be")
        make_known(defined, f"model file '{path}'")
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
            metadata = file.metadata()
        weights = {key: value for key, value in tensors.items() if key.startswith(_WEIGHTS)}
        _check_hashes(path, header, metadata, tensors, weights)
        network = ReanalysisNetwork(NetworkConfiguration.from_dict(header["network"]))
        network.load_state_dict({key.removeprefix(_WEIGHTS): value for key, value in weights.items()})
        grid = Grid.from_description(header["grid"])
        maps = _maps(header["maps"], tensors) if "maps" in header else None
        check_card(header["card"])
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RuntimeError, InputError, OSError, ProjError) as error:
        raise ModelFileError(f"model file '{path}' is damaged or incomplete ({error}); copy or train it again") from error
    hashes = hashlib.sha256(content).hexdigest(), header["hashes"]["weights"]
    return Model(network.eval(), header["card"], grid, maps, path.stem, *hashes, defined)


def _check_hashes(
    path: Path,
    header: dict[str, Any],
    metadata: Mapping[str, str],
    tensors: Mapping[str, torch.Tensor],
    weights: Mapping[str, torch.Tensor],
) -> None:
    """Raise `ModelFileError` if something in the file is not as it was written, or a weight is no number.

    Files of earlier versions have no seal; of these only the weights can be checked.
    """
    if weights_hash(weights) != header["hashes"]["weights"]:
        raise ModelFileError(f"model file '{path}' is damaged: its weights don't match their hash; copy it again")
    seal = metadata.get(_SEAL_KEY)
    if (seal is not None or header["hashes"].get("sealed") or len(metadata) > 1) and seal != _seal(tensors, metadata[_HEADER_KEY]):
        raise ModelFileError(f"model file '{path}' is damaged: its header, maps or weights don't match their hash; copy it again")
    for key, value in weights.items():
        if not torch.isfinite(value).all():
            raise ModelFileError(f"model file '{path}' holds weights that are no numbers ('{key}'): its training failed; train it again")


def _maps(about: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> StaticMaps:
    """The maps of a file; `ValueError` if one is not of their grid, or holds infinite numbers."""
    grid = Grid.from_description(about["grid"])
    fields = {key.removeprefix(_MAPS): value.float().numpy() for key, value in tensors.items() if key.startswith(_MAPS)}
    for key, values in fields.items():
        if values.shape != grid.shape:
            raise ValueError(f"its map '{key}' has {values.shape} cells, their grid {grid.shape}")
        if np.isinf(values).any():
            raise ValueError(f"its map '{key}' holds infinite numbers")
    return StaticMaps(grid, fields, str(about["source"]))


def find_model(name_or_file: str) -> Path:
    """The file of a model that is given by name or path.

    Raises
    ------
    ModelFileError
        If there is none; the message lists the models that there are.
    """
    for folder in models_folders():
        path = folder / f"{name_or_file}{SUFFIX}"
        if path.is_file():
            return path
    path = Path(name_or_file)
    if path.is_file():
        return path
    names = ", ".join(summary.name for summary in list_models()) or "none"
    raise ModelFileError(f"no model '{name_or_file}': there is no such file, and the models found by name are: {names}")


def list_models() -> list[ModelSummary]:
    """All readable models in the models folders, the bundled one first."""
    found: dict[str, ModelSummary] = {}
    for folder in models_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                found.setdefault(path.stem, ModelSummary(path.stem, path, _read_header(path)["card"]))
            except (ModelFileError, KeyError):
                continue  # listed are usable models; asking for this one by name says what is wrong with it
    return list(found.values())


def models_folders() -> list[Path]:
    """Where models are looked for by name: with the package, then the user's own."""
    package = Path(__file__).resolve().parent
    bundled = [package / "bundled", package.parent / "resources" / "models"]
    own = [Path(entry) for entry in os.environ.get("CTM_REANALYSIS_MODELS", "").split(os.pathsep) if entry]
    return [folder for folder in (*bundled, *own, _user_folder()) if folder.is_dir()]


def _user_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "ctm_reanalysis" / "models"


def _read_header(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            f"'{path}' is not a complete safetensors file ({error}); it may be truncated or of another kind: copy it again"
        ) from error
    try:
        header = json.loads(metadata[_HEADER_KEY])
    except (KeyError, ValueError) as error:
        raise ModelFileError(f"'{path}' holds tensors but no {FORMAT} header: it is not a model of CTM Reanalysis") from error
    if not isinstance(header, dict):
        raise ModelFileError(f"'{path}' holds a {FORMAT} header that is no table: it is damaged, copy it again")
    version = header.get("format_version")
    if header.get("format") != FORMAT or version != FORMAT_VERSION:
        raise ModelFileError(
            f"model file '{path}' has format version {version}, and this version of CTM Reanalysis reads "
            f"{FORMAT_VERSION}; update the plugin, or train the model again"
        )
    return header


def weights_hash(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of the weights by name, as a model's header states it."""
    digest = hashlib.sha256()
    for key in sorted(tensors):
        digest.update(key.encode())
        digest.update(tensors[key].contiguous().numpy().tobytes())
    return digest.hexdigest()


def _seal(tensors: Mapping[str, torch.Tensor], header: str) -> str:
    """SHA-256 of the header's text and of every tensor with its name, type and shape."""
    digest = hashlib.sha256(header.encode())
    for key in sorted(tensors):
        tensor = tensors[key].contiguous()
        digest.update(f"\n{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.dim() else tensor.reshape(1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
