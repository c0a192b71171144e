"""The page of file formats, from the code and from files that are written for it; part of engine_pages.py."""

from __future__ import annotations

import inspect
import json
import re
import tempfile
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path

import netCDF4
import rasterio
from markdown import code, plain, table
from safetensors import safe_open

from model_core.configuration import NetworkConfiguration, TrainingConfiguration
from model_core.grid import PRESETS
from model_core.jobs import JOBS
from model_core.model_file import FORMAT, FORMAT_VERSION, Model
from model_core.progress import Progress
from model_core.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
SAMPLE, BUNDLED = ROOT / "resources" / "sample" / "stations.csv", ROOT / "resources" / "models" / "bundled.safetensors"
DAY = date(2019, 1, 14)
LONGEST = 120


def page() -> str:
    """All formats."""
    return "\n\n".join(
        [
            "# File formats",
            "This page is made from the code, and from a GeoTIFF and a NetCDF that are written for it when the documentation is built.",
            "Tables of readings and CTM files have pages of their own: [Tables of station readings](../tables.md), [CTM files](../ctm_files.md). "
            "What every output says of its making, and where in each format: [Provenance](../provenance.md).",
            _variables(),
            _grids(),
            _outputs(),
            _model(),
            _configuration(),
        ]
    )


def _variables() -> str:
    rows = [
        (
            code(one.key),
            plain(one.long_name),
            plain(one.unit),
            f"{one.limits[0]:g} to {one.limits[1]:g}",
            code(one.standard_name),
            ", ".join(code(name) for name in one.aliases),
        )
        for one in VARIABLES.values()
    ]
    return "\n\n".join(
        [
            "## Variables",
            "Everything inside the engine is in the unit given here. Readings and fields outside the limits are not used. Names in files "
            "are matched without regard to case, the first ones first. A [variable table](../own_ctm.md#a-variable-table) adds to them.",
            table(("Key", "What", "Unit", "Limits", "CF standard name", "Names in CTM files"), rows),
        ]
    )


def _grids() -> str:
    rows = [
        (code(name), f"{grid.shape[0]} × {grid.shape[1]}", f"{grid.transform.a / 1000:g} km", code(grid.describe()["proj"]))
        for name, grid in PRESETS.items()
    ]
    return "\n\n".join(
        [
            "## Grids",
            "Presets. Any grid can be had from a NetCDF or raster file, from `GRIDDESC:NAME`, or from `xmin,ymin,xmax,ymax,cell@CRS`.",
            table(("Name", "Rows × columns", "Cell", "Projection"), rows),
        ]
    )


def _outputs() -> str:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"pm25{suffix}" for suffix in (".tif", ".nc")]
        for file in files:
            JOBS["reanalyse"](
                {
                    "stations": str(SAMPLE),
                    "value": "pm25",
                    "time": "date",
                    "date": DAY.isoformat(),
                    "id": "station",
                    "model": "bundled",
                    "grid": "110,30,113,33,0.25@EPSG:4326",
                    "uncertainty": "sd",
                    "out": str(file),
                },
                Progress(),
            )
        return "\n\n".join([_geotiff(files[0]), _netcdf(files[1])])


def _geotiff(path: Path) -> str:
    with rasterio.open(path) as file:
        bands = [
            (str(band), code(file.descriptions[band - 1]), plain(file.units[band - 1]), code(file.dtypes[band - 1]))
            for band in file.indexes
        ]
        tags = [(code(name), plain(shortened(value))) for name, value in file.tags().items()]
    return "\n\n".join(
        [
            "## GeoTIFF",
            "Tiled, deflated, float32; no data is NaN. A day with `--uncertainty sd` holds these bands and tags:",
            table(("Band", "Description", "Unit", "Type"), bands),
            table(("Tag", "Value in the example"), tags),
        ]
    )


def _netcdf(path: Path) -> str:
    with netCDF4.Dataset(path) as file:
        variables = [
            (
                code(name),
                code(f"({', '.join(one.dimensions)})"),
                code(one.dtype),
                ", ".join(f"{code(key)} = {plain(shortened(one.getncattr(key)))}" for key in one.ncattrs()),
            )
            for name, one in file.variables.items()
        ]
        attributes = [(code(name), plain(shortened(file.getncattr(name)))) for name in file.ncattrs()]
    return "\n\n".join(
        [
            "## NetCDF",
            "CF conventions, NetCDF 4, zlib. The same day:",
            table(("Variable", "Dimensions", "Type", "Attributes"), variables),
            table(("Global attribute", "Value in the example"), attributes),
        ]
    )


def _model() -> str:
    with safe_open(BUNDLED, "numpy") as file:
        header = json.loads(file.metadata()["ctm_reanalysis"])
    rows = []
    for key, value in header.items():
        if isinstance(value, dict):
            rows += [(code(f"{key}.{inner}"), plain(shortened(json.dumps(one)))) for inner, one in value.items()]
        else:
            rows.append((code(key), plain(shortened(value))))
    return "\n\n".join(
        [
            "## Model file",
            f"One `.safetensors` file: weights and maps, and a JSON header (`ctm_reanalysis` in the metadata) of the format `{FORMAT}`, version "
            f"{FORMAT_VERSION}. A seal over header and tensors finds every changed bit. Nothing in it is ever unpickled. What a model is once read:",
            table(("Part", "What it is"), [(code(name), text) for name, text in attributes_of(Model).items()]),
            "The header of `bundled`:",
            table(("Key", "Value, shortened"), rows),
        ]
    )


def _configuration() -> str:
    parts = [
        "## Configuration of a training",
        "A TOML file with the tables `[network]` and `[training]`; what is left out has the default. "
        "[Configurations](../configuration.md) tells what the shipped ones choose and why.",
    ]
    for name, kind in (("network", NetworkConfiguration), ("training", TrainingConfiguration)):
        texts = attributes_of(kind)
        defaults = {one.name: one.default if one.default is not MISSING else {} for one in fields(kind)}
        rows = [(code(key), code(json.dumps(value)), _meaning(key, texts)) for key, value in defaults.items()]
        parts += [f"### [{name}]", table(("Key", "Default", "Meaning"), rows)]
    return "\n\n".join(parts)


def _meaning(key: str, texts: dict[str, str]) -> str:
    """The text of a key, or the key in whose text it is named."""
    return texts.get(key) or next(f"See {code(other)}." for other, text in texts.items() if key in text)


def attributes_of(kind: type) -> dict[str, str]:
    """The lines `a, b : text` below "Attributes" of a class's docstring, by name."""
    text = inspect.getdoc(kind).split("Attributes\n----------\n", 1)[1]
    found: dict[str, str] = {}
    for names, meaning in re.findall(r"^(\w[\w, ]*?)(?: : (.*(?:\n {4,}.*)*))?$", text, re.MULTILINE):
        found |= {name.strip(): plain(meaning).replace("\\`", "`").replace("\\_", "_") for name in names.split(",")}
    return found


def shortened(value: object) -> str:
    """A value on one line, cut where it is long."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
