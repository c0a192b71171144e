"""Grids and CRS that are absurd, as they are written after ``--grid``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trials.case import Case
from trials.mutate import damaged
from trials.world import GRID

NUMBERS = (
    "0",
    "-1",
    "1",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-308",
    "1e-9",
    "0.0001",
    "180",
    "-180",
    "360",
    "90",
    "-90",
    "91",
    "1e6",
    "1e7",
    "1e12",
    "",
    "x",
    "1,5",
    "١",
    "0x10",
    "1_0",
    "--1",
    "1e",
    "9" * 400,
    "12000",
    "100",
    "20",
    "125",
    "45",
    "0.25",
    "-3144000",
)
CRS = (
    "EPSG:4326",
    "EPSG:3857",
    "EPSG:0",
    "EPSG:-1",
    "EPSG:99999999",
    "epsg",
    "",
    "+proj=lcc",
    "+proj=lcc +lat_1=0 +lat_2=0",
    "+proj=lcc +lat_1=25 +lat_2=-25",
    "+proj=lcc +lat_1=25 +lat_2=40 +R=1",
    "+proj=longlat +R=1",
    "+proj=stere +lat_0=90",
    "+proj=merc +k_0=0",
    "+proj=ob_tran",
    "+proj=tmerc +k=nan",
    "+proj=lcc +lat_1=nan +lat_2=40",
    "+proj=lcc +lat_1=1e308 +lat_2=40",
    "+proj=nonsense",
    "+init=epsg:4326",
    "WGS84",
    "OGC:CRS84",
    "ESRI:102008",
    "PROJCS[",
    'GEOGCS["x"]',
    "{}",
    '{"type": "GeographicCRS"}',
    "EPSG:4979",
    "EPSG:5773",
    "EPSG:4978",
    "EPSG:4326+5773",
    "ESRI:0",
    "urn:ogc:def:crs:EPSG::4326",
    "+proj=lcc +lat_1=25 +lat_2=40 +lon_0=110 +units=km",
    "+proj=utm +zone=99",
    "+proj=geocent",
    "+proj=axisswap +order=2,1",
    "+proj=pipeline",
    "%s",
    "µ" * 300,
    "EPSG:4326\x00",
    "../../etc",
    "+proj=laea +lat_0=91",
    "+proj=lcc +lat_1=90 +lat_2=90 +lat_0=90",
    "+proj=cea +lat_ts=90",
    "IGNF:LAMB93",
    "EPSG:2193",
)


def make(number: int, random: np.random.Generator, folder: Path, world: Path) -> Case:
    """A grid as text, a raster template, or a GRIDDESC file."""
    way = number % 4
    if way == 0:
        content, done = damaged(GRID.encode(), random)
        text = content.decode("latin-1")
    elif way in (1, 2):
        parts = ["100", "20", "125", "45", "0.25"] if random.random() < 0.5 else GRID.partition("@")[0].split(",")
        for _ in range(int(random.integers(0, 3))):
            parts[int(random.integers(5))] = NUMBERS[int(random.integers(len(NUMBERS)))]
        text = f"{','.join(parts)}@{CRS[int(random.integers(len(CRS)))] if random.random() < 0.7 else 'EPSG:4326'}"
        done = text[:70]
    else:
        text, done = _file(random, folder)
    return Case("grid", {"grid": text}, done)


def _file(random: np.random.Generator, folder: Path) -> tuple[str, str]:
    if random.random() < 0.5:
        content = (
            b"' '\n'LAM'\n 2, 25.0, 40.0, 110.0, 110.0, 34.0\n' '\n'SMALL'\n'LAM', -252000.0, -216000.0, 36000.0, 36000.0, 14, 12, 1\n' '\n"
        )
        content, way = damaged(content, random)
        (folder / "GRIDDESC").write_bytes(content)
        return "{case}/GRIDDESC:SMALL", f"GRIDDESC: {way}"
    import rasterio
    from rasterio.transform import Affine

    from model_core.grid import parse_grid

    grid = parse_grid(GRID)
    numbers = [float(random.choice([grid.transform.a, 0, -1, 1e-300, 1e300, 36000])) for _ in range(2)]
    with rasterio.open(
        folder / "grid.tif",
        "w",
        driver="GTiff",
        dtype="uint8",
        count=1,
        height=int(random.choice([1, 24, 5])),
        width=24,
        crs=rasterio.CRS.from_wkt(grid.crs.to_wkt()) if random.random() < 0.7 else None,
        transform=Affine(numbers[0], float(random.choice([0, 0, 5])), -180000, 0, -numbers[1], 0),
    ) as raster:
        raster.write(np.zeros((1, raster.height, raster.width), "uint8"))
    way = "its transform"
    if random.random() < 0.5:
        content, way = damaged((folder / "grid.tif").read_bytes(), random)
        (folder / "grid.tif").write_bytes(content)
    return "{case}/grid.tif", f"raster: {way}"
