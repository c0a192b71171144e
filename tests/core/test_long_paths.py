"""Everything in a folder with spaces, umlauts and Chinese letters whose path is longer than Windows' old limit: engine, input, output."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from test_engine_client import Feedback

from plugin.engine.client import Engine

OLD_LIMIT = 260


@pytest.fixture
def far_down(tmp_path) -> Path:
    folder = tmp_path
    while len(str(folder)) < OLD_LIMIT:
        folder = folder / "Messungen für März µg 空气质量 再分析"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def engine(far_down, monkeypatch):
    """One whose environment lies there; its libraries are this Python's."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(far_down / "engine")], check=True)
    site = next((far_down / "engine").rglob("site-packages"))
    (site / "libraries.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    monkeypatch.setenv("CTM_REANALYSIS_ENGINE_PYTHON", str(site.parents[2] / "bin" / "python"))
    engine = Engine()
    yield engine
    engine.stop()


def test_a_day_is_analysed_there_through_the_worker(engine, far_down, tiny_ctm, tiny_model):
    rng = np.random.default_rng(0)
    stations = {"lon": rng.uniform(114, 120, 40), "lat": rng.uniform(31, 38, 40), "pm25": 60.0, "day": "2019-01-05"}
    pd.DataFrame(stations).to_csv(far_down / "测站 2019.csv", index=False)
    grid, model = (shutil.copy(path, far_down / f"{name}{path.suffix}") for path, name in ((tiny_ctm, "网格"), (tiny_model, "Modell µ")))
    request = {"stations": far_down / "测站 2019.csv", "value": "pm25", "time": "day", "date": "2019-01-05", "grid": grid, "model": model}
    fields = []
    for out, read in (("场.tif", _raster), ("Feld µ.nc", _netcdf)):
        asked = {**request, "out": far_down / out, "report": far_down / f"{out}.html"}
        engine.run("reanalyse", {"device": "cpu", **{key: str(value) for key, value in asked.items()}}, Feedback(), [])
        assert (far_down / f"{out}.html").stat().st_size > 0
        fields.append(read(far_down / out))
    np.testing.assert_array_equal(*fields)
    assert fields[0].shape == (40, 48) and not [path for path in far_down.iterdir() if path.name.startswith(".")]


def _raster(path: Path) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read(1)


def _netcdf(path: Path) -> np.ndarray:
    with xr.open_dataset(path) as data:
        return data["pm25"].values.squeeze()[::-1] if data["y"].values[0] < data["y"].values[-1] else data["pm25"].values.squeeze()
