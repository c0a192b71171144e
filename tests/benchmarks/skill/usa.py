"""Where the model was never trained: the readings of the United States on 15 January 2016, on a 12 km grid.

    $(make -s engine-python) tests/benchmarks/skill/usa.py [--model M] [--device D]

The file of AQS has 878 rows of 492 monitors at 441 sites: most hourly monitors stand in it twice, as the mean of the hours and as
the block average, and some sites have several monitors. Left-out stations are to be unknown, so a site's readings are averaged; the
rows as they are follow for comparison: with all rows of a site left out together, as `crossvalidate` does (`LSCV, all rows`), and
with rows left out one by one, where the twin of a left-out row gives it away (`rows, twins apart`). Groups are metropolitan
areas (LCCV) and states. Elevation comes from ETOPO, the urban fraction, east of 108 W, from an MCIP file, both by the job `covariates`.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import rasterio  # noqa: E402
from command_line import DATA, Setting, run  # noqa: E402
from cross_validation import OUT, compare, on_grid  # noqa: E402
from fields_figure import draw  # noqa: E402

from model_core.covariates import read_covariates  # noqa: E402
from model_core.grid import Grid, parse_grid  # noqa: E402
from model_core.jobs import JOBS  # noqa: E402
from model_core.progress import Progress  # noqa: E402
from model_core.stations.observations import Observations, from_arrays  # noqa: E402
from model_core.validation.places import station_names  # noqa: E402

GRID, DAY, DRAWS = "conus12km", "2016-01-15", 5
_SITE = ["State Code", "County Code", "Site Num"]


def aqs_rows(data: Path = DATA) -> pd.DataFrame:
    """The file as it is, with a key for site, metropolitan area (the site itself outside of any) and state."""
    table = pd.read_csv(data / "us_cmaq" / "daily_88101_20160115.zip")
    table["site"] = table[_SITE].astype(str).agg("-".join, axis=1)
    table["city"] = table["CBSA Name"].fillna(table["site"])
    return table.rename(columns={"Arithmetic Mean": "pm25", "State Name": "state", "Longitude": "lon", "Latitude": "lat"})


def site_means(table: pd.DataFrame) -> pd.DataFrame:
    """One row per site."""
    kept = {"pm25": "mean", "lon": "first", "lat": "first", "city": "first", "state": "first"}
    return table.groupby("site", as_index=False).agg(kept)


def observations_of(table: pd.DataFrame, grid: Grid, group: str = "city") -> Observations:
    """Readings on the grid; negative ones are dropped."""
    table = table[table.pm25 >= 0]
    return on_grid(from_arrays(table.lon, table.lat, table.pm25, group=table[group]), grid)


def maps_of(grid: Grid, data: Path = DATA) -> dict[str, np.ndarray]:
    """Elevation and urban fraction of a grid in North America, made once by the job `covariates`."""
    folder = OUT / "covariates"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"usa_{grid.shape[0]}x{grid.shape[1]}.nc"
    if not file.exists():
        JOBS["covariates"](
            {
                "dem": str(etopo(folder, data)),
                "sea_floor": True,
                "mcip": str(data / "ioapi" / "GRIDCRO2D_12OTC2_161231.nc"),
                "grid": GRID,
                "out": str(file),
            },
            Progress(),
        )
    return read_covariates(file, grid)


def etopo(folder: Path, data: Path) -> Path:
    """The relief, published as text, as a raster of 1/3 degree; the column that comes twice is left out."""
    file = folder / "etopo20.tif"
    if not file.exists():
        heights, lats, lons = (np.loadtxt(gzip.open(data / "covariates" / f"etopo20{part}.gz", "rt")) for part in ("data", "lats", "lons"))
        step, order = 1 / 3, np.argsort(-lats)
        transform = rasterio.transform.from_origin(lons[0] - step / 2, lats.max() + step / 2, step, step)
        image = heights.reshape(len(lats), len(lons))[order, :-1].astype(np.float32)
        profile = {"driver": "GTiff", "height": image.shape[0], "width": image.shape[1], "count": 1, "dtype": "float32"}
        with rasterio.open(file, "w", **profile, crs="EPSG:4326", transform=transform) as raster:
            raster.write(image, 1)
    return file


def rows_of(setting: Setting) -> list[dict[str, Any]]:
    """Rows of all schemes, and a figure."""
    grid, table = parse_grid(GRID), aqs_rows(setting.data)
    maps = maps_of(grid, setting.data)
    predictor = setting.predictor(grid, covariates=maps)
    sites = observations_of(site_means(table), grid)
    states = observations_of(site_means(table), grid, "state").group
    every_row = observations_of(table, grid)
    rows = compare(predictor, sites, DAY, {"LSCV": station_names(sites), "LCCV": sites.group, "states": states})
    rows += mean_of_draws(predictor, sites)
    rows += compare(predictor, every_row, DAY, {"LSCV, all rows": station_names(every_row), "rows, twins apart": np.arange(len(every_row))})
    without = setting.predictor(grid)
    rows += [
        row | {"method": "model without maps"}
        for row in compare(without, sites, DAY, {"LSCV": station_names(sites)})
        if row["method"] == "model"
    ]
    draw(predictor, sites, OUT / "usa.png", f"PM2.5 on {DAY}, {len(sites)} AQS sites", maps["elevation"] > 0)
    return rows


def mean_of_draws(predictor: Any, sites: Observations) -> list[dict[str, Any]]:
    """LSCV over several draws of the folds: on so few stations one draw moves the ratio by a few percent."""
    draws = [compare(predictor, sites, DAY, {f"LSCV, {DRAWS} draws": station_names(sites)}, seed=seed) for seed in range(DRAWS)]
    return [
        {key: float(np.mean([row[key] for row in same])) if isinstance(value, float) else value for key, value in same[0].items()}
        for same in zip(*draws)
    ]


if __name__ == "__main__":
    run(rows_of, __doc__, "usa")
