"""Do the simulated days look like real CTM days? Their statistics side by side: two figures and a table.

    $(make -s engine-python) tests/benchmarks/simulation_realism.py [--data ../shared/data] [--simulated FOLDER] [--out DIR]

Real: 18 winter days of CMAQ over China (36 km), 20 summer days round Atlanta (12 km) and one winter day over the USA
(108 km). Simulated: runs over China's real terrain, means of 3 x 3 cells where compared with 36 km, windows of Atlanta's
size where compared with Atlanta; and winter days over the terrain of the USA. `--simulated` takes the runs that
`make model` wrote; without it some winters and summers are simulated (a minute or two). No station reading is used.

Written to DIR (.build/benchmarks): simulation_realism.json, simulation_statistics.png, simulation_maps.png.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from datetime import date
from pathlib import Path

import numpy as np
from machine import BUILD, ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "resources" / "recipes")]

from china_terrain import china_terrain  # noqa: E402
from simulation_pictures import draw_maps, draw_statistics  # noqa: E402

from model_core.ctm.fields import read_ctm  # noqa: E402
from model_core.evaluation.field_statistics import day_correlation, response, skewness, spectrum_shares, variogram  # noqa: E402
from model_core.grid import PRESETS  # noqa: E402
from model_core.simulation import Terrain, simulate_days, write_simulation  # noqa: E402

# First day and seed of each run.
WINTERS = [
    (date(2016, 1, 1), 2000),
    (date(2018, 1, 9), 2004),
    (date(2017, 2, 17), 2008),
    (date(2019, 2, 5), 2012),
    (date(2016, 12, 14), 2019),
    (date(2018, 12, 2), 2023),
]
SUMMERS = [
    (date(2016, 7, 15), 2002),
    (date(2018, 7, 3), 2006),
    (date(2017, 8, 11), 2010),
    (date(2019, 8, 19), 2014),
    (date(2016, 6, 20), 2017),
    (date(2018, 6, 8), 2021),
]
DAYS = 8
WINTER_MONTHS, SUMMER_MONTHS = (12, 1, 2), (6, 7, 8)
FLOOR = 0.3  # ug m-3, below which logs would look at nothing
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
# Resolution and extent decide which scales can be seen.
LAGS = {36: (36, 72, 144, 288, 500, 750, 1000, 1500), 12: (12, 24, 48, 96, 160, 240), 108: (108, 216, 432, 756, 1080, 1500)}
BANDS = {36: (5000, 2000, 1000, 500, 250, 125, 71), 12: (600, 300, 150, 75, 37, 23)}
WIND_EDGES, RH_EDGES = np.arange(0, 9), np.arange(20, 101, 10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real data")
    parser.add_argument("--simulated", type=Path, help="folder of runs over china12km (default: simulate some)")
    parser.add_argument("--out", type=Path, default=BUILD)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    winters, summers = simulated_runs(options.simulated, options.data, options.out)
    china, atlanta, usa = real_china(options.data), real_atlanta(options.data), real_usa(options.data)
    sets = {
        "CMAQ China, January 2020, 36 km": [china],
        "simulated, winter, 36 km": [coarsened(run) for run in winters],
        "simulated, summer, 36 km": [coarsened(run) for run in summers],
        "CMAQ Atlanta, June 2004, 12 km": [atlanta],
        "simulated, summer, windows at 12 km": [window for run in summers for window in windows(run, atlanta["pm25"].shape[1:])],
        "CMAQ USA, 2016, 108 km": [usa],
        "simulated USA, winter, 108 km": simulated_usa(usa),
    }
    table = {name: summary(runs) for name, runs in sets.items()}
    (options.out / "simulation_realism.json").write_text(json.dumps(table, indent=1, default=lambda a: np.round(a, 4).tolist()))
    draw_statistics(table, options.out / "simulation_statistics.png")
    draw_maps(china, sets["simulated, winter, 36 km"], sets["simulated, summer, 36 km"], options.out / "simulation_maps.png")
    for name, row in table.items():
        print(
            f"{name:38s} days {row['days']:3d}  sd of log {row['sd_log'][1]:.2f} ({row['sd_log'][0]:.2f}-{row['sd_log'][2]:.2f})  "
            f"skewness {row['skewness'][1]:.1f}  of log {row['skewness_log'][1]:.2f}  next day {row['day_correlation'][0]:.2f}  "
            f"elevation {row['with_elevation']:.2f}  urban {row.get('with_urban', np.nan):.2f}"
        )


def summary(runs: list[dict]) -> dict:
    """Statistics of runs of days; lists are (mean over days), or low, middle and high (10, 50, 90 % of days)."""
    cell = runs[0]["cell_km"]
    days = [(run, field) for run in runs for field in run["pm25"]]
    logs = [np.log(np.maximum(field, FLOOR)) for _, field in days]
    masks = [run["land"] for run, _ in days]

    def spread(values):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a bin that is empty in all runs stays NaN
            return np.nanquantile(values, [0.1, 0.5, 0.9], axis=0)

    anomalies = [(log, run["land"]) for run in runs for log in _anomalies(run["pm25"])]
    row = {
        "days": len(days),
        "runs": len(runs),
        "cell_km": cell,
        "mean": spread([field[mask].mean() for (_, field), mask in zip(days, masks)]),
        "sd_log": spread([log[mask].std() for log, mask in zip(logs, masks)]),
        "skewness": spread([skewness(field[mask]) for (_, field), mask in zip(days, masks)]),
        "skewness_log": spread([skewness(log[mask]) for log, mask in zip(logs, masks)]),
        # Over the median, so that the level does not matter.
        "quantiles": spread([np.quantile(field[mask], QUANTILES) / np.median(field[mask]) for (_, field), mask in zip(days, masks)]),
        "lags_km": LAGS[cell],
        "variogram_log": spread([variogram(log, mask, cell, LAGS[cell]) for log, mask in zip(logs, masks)]),
        "with_elevation": np.mean([_related(log, run["elevation"], run["land"]) for log, (run, _) in zip(logs, days)]),
        "day_correlation": np.full(3, np.nan),
    }
    if "urban" in runs[0]:
        row["with_urban"] = np.mean([_related(log, np.sqrt(run["urban"]), run["land"]) for log, (run, _) in zip(logs, days)])
    if cell in BANDS:
        row["bands_km"] = BANDS[cell]
        row["spectrum_log"] = spread([spectrum_shares(run["square"](log), cell, BANDS[cell]) for log, (run, _) in zip(logs, days)])
    if len(runs[0]["pm25"]) > 3:
        row["variogram_anomalies"] = spread([variogram(log, mask, cell, LAGS[cell]) for log, mask in anomalies])
        # Runs of one length, so that taking out their mean costs all of them the same.
        pieces = [(run["pm25"][at : at + DAYS], run["land"]) for run in runs for at in range(0, len(run["pm25"]) - DAYS + 1, DAYS)]
        row["day_correlation"] = np.mean([day_correlation(np.log(np.maximum(p, FLOOR)), m, (1, 2, 3)) for p, m in pieces], axis=0)
    for name, edges in (("wind", WIND_EDGES), ("rh", RH_EDGES)):
        if name in runs[0]:
            row[f"{name}_edges"] = edges
            row[f"by_{name}"] = spread([_response(run, name, edges) for run in runs])
    return row


def _anomalies(fields: np.ndarray) -> np.ndarray:
    logs = np.log(np.maximum(fields, FLOOR))
    return logs - logs.mean(axis=0)


def _related(log: np.ndarray, other: np.ndarray, mask: np.ndarray) -> float:
    return float(np.corrcoef(log[mask], other[mask])[0, 1])


def _response(run: dict, name: str, edges: np.ndarray) -> np.ndarray:
    """PM2.5 by a driver in settled lowland, where weather rather than the map decides."""
    low = run["land"] & (run["elevation"] < 600) & (run.get("lowland", True))
    fields = run["pm25"][:, low] / run["pm25"][:, low].mean(axis=0)
    return response(fields, run[name][:, low], edges)


# --- what is compared


def simulated_runs(folder: Path | None, data: Path, out: Path) -> tuple[list[dict], list[dict]]:
    """Winter and summer runs over China at 12 km."""
    if folder is None:
        folder, terrain = out / "simulated", None
        folder.mkdir(exist_ok=True)
        for start, seed in WINTERS + SUMMERS:
            file = folder / f"simulated_{start:%Y%m}_{seed}.nc"
            if not file.exists():
                terrain = terrain or china_terrain(PRESETS["china12km"], data)
                write_simulation(file, PRESETS["china12km"], start, DAYS, seed, terrain)
    files = sorted(folder.glob("simulated_??????_*.nc"))
    if not files:
        raise SystemExit(f"no simulated_YYYYMM_SEED.nc in {folder}")
    month = {file: int(file.name[14:16]) for file in files}
    return tuple([read_run(file) for file in files if month[file] in months] for months in (WINTER_MONTHS, SUMMER_MONTHS))


def read_run(file: Path) -> dict:
    """Days of one run, with what they are compared by; of the south-east, the settled plains count as lowland."""
    ctm = read_ctm(file)
    lon, lat = ctm.grid.lonlat()
    return {
        "cell_km": 12,
        **ctm.fields,
        "elevation": ctm.static["elevation"],
        "urban": ctm.static["urban"],
        "grid": ctm.grid,
        "land": ctm.static["land"] > 0.5,
        "lowland": (lon > 110) & (lon < 123) & (lat > 23) & (lat < 41),
    }


def coarsened(run: dict) -> dict:
    """The run in cells of 36 km, cut to the square that the spectrum looks at."""

    def coarse(field):
        *lead, rows, columns = field.shape
        return field.reshape(*lead, rows // 3, 3, columns // 3, 3).mean(axis=(-3, -1))

    result = {name: coarse(np.asarray(run[name], float)) for name in ("pm25", "rh", "wind", "elevation", "urban")}
    return {
        **result,
        "cell_km": 36,
        "square": lambda field: field[:, 9:133],
        "land": coarse(run["land"].astype(float)) > 0.5,
        "lowland": coarse(run["lowland"].astype(float)) > 0.5,
    }


def real_china(data: Path) -> dict:
    """CMAQ's days at the cells of `coarsened`: taken from the nearest cell, which smooths nothing."""
    ctm = read_ctm(data / "china_cmaq" / "china36km_cmaq_pm25_20200103-20.nc")
    fine = PRESETS["china12km"]
    x, y = fine.x.reshape(-1, 3).mean(axis=1), fine.y.reshape(-1, 3).mean(axis=1)
    column = np.abs(ctm.grid.x[:, None] - x).argmin(axis=0)
    row = np.abs(ctm.grid.y[:, None] - y).argmin(axis=0)

    def there(field):
        return field[..., row, :][..., column]

    static = {name: there(field) for name, field in ctm.static.items()}
    covered = (np.abs(x - ctm.grid.x[column]) < 18_001)[None, :] & (np.abs(y - ctm.grid.y[row]) < 18_001)[:, None]
    return {
        "cell_km": 36,
        "pm25": there(ctm.fields["pm25"]),
        "elevation": static["elevation"],
        "urban": static["urban"].clip(0),
        "land": (static["land"] > 0.5) & covered,
        "square": lambda field: field[:, 9:133],
    }


def real_atlanta(data: Path) -> dict:
    """CMAQ's days round Atlanta; all is land."""
    ctm = read_ctm(data / "atlanta_cmaq" / "atlanta12km_cmaq_pm25_20040601-20.nc")
    pm25 = ctm.fields["pm25"]
    return {
        "cell_km": 12,
        "pm25": pm25,
        "wind": ctm.fields["wind"],
        "elevation": ctm.static["elevation"],
        "land": np.isfinite(pm25).all(axis=0),
        "square": lambda field: field,
    }


def windows(run: dict, shape: tuple[int, int]) -> list[dict]:
    """Windows of Atlanta's size in the settled plains and hills of China, all land."""
    result = []
    for top in range(0, run["land"].shape[0] - shape[0] + 1, shape[0] // 2):
        for left in range(0, run["land"].shape[1] - shape[1] + 1, shape[1] // 2):
            at = (slice(top, top + shape[0]), slice(left, left + shape[1]))
            if run["land"][at].all() and run["lowland"][at].mean() > 0.6 and run["elevation"][at].mean() < 600:
                result.append(
                    {
                        "cell_km": 12,
                        "square": lambda field: field,
                        **{name: run[name][(slice(None), *at)] for name in ("pm25", "wind", "rh")},
                        **{name: run[name][at] for name in ("elevation", "urban", "land", "lowland")},
                    }
                )
    return result


def real_usa(data: Path) -> dict:
    """One day over the USA; towns from the density of the population, full at 3000 per km2."""
    import xarray as xr

    folder = data / "us_cmaq"
    ctm = read_ctm(folder / "dailyavg.LST.Y_24.2016fh.v531.108US2.01.nc")
    elevation = read_ctm(folder / "GRIDCRO2D.108US2.35L.160101.nc").static["elevation"]
    with xr.open_dataset(folder / "gpw_v4_une_atotpopbt_densy_108US2.IOAPI.nc") as file:
        people = file["DENS"].values[0, 0, ::-1]
    return {
        "cell_km": 108,
        "pm25": next(iter(ctm.fields.values())),
        "grid": ctm.grid,
        "elevation": elevation,
        "urban": np.clip(people / 3000, 0, 1),
        "land": elevation > 0,
    }


def simulated_usa(real: dict) -> list[dict]:
    """Winter days over the same ground, one run per seed."""
    terrain = Terrain.from_arrays(np.maximum(real["elevation"], 0), real["urban"], real["land"])
    return [
        {**real, "pm25": np.array([day.pm25 for day in simulate_days(real["grid"], date(2016, 1, 10), 3, seed, terrain)])}
        for seed in range(1300, 1308)
    ]


if __name__ == "__main__":
    main()
