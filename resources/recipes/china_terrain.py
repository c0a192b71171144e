"""Real terrain for a grid over China, from public maps: the ground on which the bundled model's days are simulated.

Elevation: heights every 0.05 degree where they are known (100-128E, 16-48N), else ETOPO relief (NOAA, public domain).
Farmland: MCIP's land-use shares at 27 km. Urban fraction: MCIP's PURB at 27 km where it covers the grid, else the
URBFRAC that comes with the 36 km CMAQ days. Sea: LANDFRAC of the latter. These maps are read from the folder of real
data described in its README; they are not part of the project. People: the world map of those within about 15 km, which ships.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import xarray as xr
from pyproj import Transformer
from scipy.ndimage import map_coordinates, uniform_filter

from model_core.grid import Grid, ctm_crs
from model_core.simulation.terrain import Terrain
from model_core.world_maps import SOURCES, world_map

SOURCE = (
    "elevation: ETOPO (NOAA, public domain) and 0.05 degree heights of shuowang-ai/PM2.5-GNN (MIT); "
    "urban fraction, farmland and land: MCIP GRIDCRO2D 27 km (zhuobichen/MODIS, MIT) "
    f"and CMAQ 36 km (zhuobichen/PM25-Fusion-AutoResearch, MIT); people: {SOURCES['population_near']}"
)
# The map's weights sum up to a disc of this radius.
PEOPLE_WITHIN_KM = 15.0


# Of the 20 MODIS classes: cropland, and cropland mixed with natural vegetation.
CROPLAND = ["LUFRAC_12", "LUFRAC_14"]


def china_terrain(grid: Grid, data_folder: str | Path) -> Terrain:
    """Terrain on any grid over eastern Asia, bilinear from the maps in `data_folder`.

    Beyond the urban maps the urban fraction is 0, and land is what ETOPO has above the sea.
    """
    folder = Path(data_folder)
    lon, lat = grid.lonlat()
    elevation = _relief(folder / "covariates", lon, lat)
    fine_elevation = _fine_relief(folder / "covariates" / "altitude_0p05deg_lon100-128_lat48-16.npy", lon, lat)
    elevation = np.where(np.isfinite(fine_elevation), fine_elevation, elevation)
    urban, land = _land_use(folder / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc", lon, lat)
    mcip = folder / "covariates" / "GRIDCRO2D_china27km.nc"
    fine = _shares_27km(mcip, ["PURB"], 0.01, lon, lat)
    tilled = _shares_27km(mcip, CROPLAND, 1.0, lon, lat)
    urban = np.where(np.isfinite(fine), fine, urban)
    land = np.where(np.isfinite(land), land > 0.5, elevation > 0)
    # Below-sea-level land (Turpan) keeps its depth.
    elevation = np.where(land, elevation, 0)
    return Terrain.from_arrays(elevation, np.nan_to_num(urban).clip(0, 1), land, SOURCE, tilled.clip(0, 1), _people_per_km2(grid))


def _people_per_km2(grid: Grid) -> np.ndarray:
    """From log10 of 1 + thousands of people within some 15 km."""
    near = world_map("population_near", grid)
    return 1000 * (10.0 ** np.nan_to_num(near) - 1) / (np.pi * PEOPLE_WITHIN_KM**2)


def _bilinear(field: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Values at fractional cell-centre positions, NaN outside."""
    return map_coordinates(field.astype(float), [row, column], order=1, mode="constant", cval=np.nan)


def _relief(folder: Path, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    def numbers(name: str) -> np.ndarray:
        with gzip.open(folder / name, "rt") as file:
            return np.loadtxt(file)

    heights, lats, lons = numbers("etopo20data.gz"), numbers("etopo20lats.gz"), numbers("etopo20lons.gz")
    row = np.interp(lat, lats, np.arange(len(lats)))
    column = np.interp((lon - lons[0]) % 360 + lons[0], lons, np.arange(len(lons)))
    return _bilinear(heights, row, column)


def _land_use(path: Path, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with xr.open_dataset(path) as data:
        place = _place(data.attrs, lon, lat)
        return _bilinear(data["URBFRAC"].values, *place), _bilinear(data["LANDFRAC"].values, *place)


def _fine_relief(path: Path, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Means over some 12 km round each place, from heights every 0.05 degree; NaN outside 100-128E, 16-48N.

    The file holds 0 over all of the sea.
    """
    heights = uniform_filter(np.load(path).astype(float), (2, 3))
    return _bilinear(heights, (48 - lat) / 0.05, (lon - 100) / 0.05)


def _shares_27km(path: Path, names: list[str], unit: float, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Sum of some land-use shares, NaN outside MCIP's grid."""
    with xr.open_dataset(path) as data:
        share = unit * sum(np.maximum(data[name].values[0, 0], 0) for name in names)
        return _bilinear(share, *_place(data.attrs, lon, lat))


def _place(header: dict, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractional (row, column) of cell centres on the Lambert grid of an IOAPI header; its rows run north."""
    crs = ctm_crs(
        f"+proj=lcc +lat_1={header['P_ALP']} +lat_2={header['P_BET']} +lon_0={header['P_GAM']} +lat_0={header['YCENT']} +x_0=0 +y_0=0"
    )
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return (y - header["YORIG"]) / header["YCELL"] - 0.5, (x - header["XORIG"]) / header["XCELL"] - 0.5
