"""A model is made ready once, and anew when its file, its grid or its maps have changed."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import torch

from model_core import ready
from model_core.errors import ModelFileError
from model_core.grid import Grid
from model_core.model_file import load_model

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def nothing_kept():
    ready.forget()
    yield
    ready.forget()


@pytest.fixture
def model_file(tiny_model, tmp_path):
    path = tmp_path / "model.safetensors"
    shutil.copy(tiny_model, path)
    return path


def smaller(grid: Grid) -> Grid:
    return Grid(grid.crs, grid.transform, (grid.shape[0] - 4, grid.shape[1]))


def test_a_file_is_read_once(model_file):
    model = ready.ready_model(str(model_file))
    assert ready.ready_model(str(model_file)) is model
    assert model.sha256 == load_model(str(model_file)).sha256 and model.name == "model"


def test_a_file_that_changed_is_read_again(model_file):
    model = ready.ready_model(str(model_file))
    time = model_file.stat().st_mtime_ns + 1_000_000_000
    os.utime(model_file, ns=(time, time))
    again = ready.ready_model(str(model_file))
    assert again is not model and again.sha256 == model.sha256
    model_file.write_bytes(model_file.read_bytes()[:5000])
    with pytest.raises(ModelFileError):
        ready.ready_model(str(model_file))


def test_a_predictor_is_for_its_model_grid_and_maps(model_file):
    model = ready.ready_model(str(model_file))
    grid = model.grid
    first = ready.ready_predictor(model, grid, CPU)
    assert ready.ready_predictor(model, Grid(grid.crs, grid.transform, grid.shape), CPU) is first
    assert ready.ready_predictor(model, smaller(grid), CPU) is not first
    high = {"elevation": np.full(grid.shape, 2000.0)}
    mapped = ready.ready_predictor(model, grid, CPU, covariates=high)
    assert mapped is not first and ready.ready_predictor(model, grid, CPU, covariates=dict(high)) is mapped
    assert ready.ready_predictor(model, grid, CPU, covariates={"elevation": np.zeros(grid.shape)}) is not mapped


def test_no_more_are_kept_than_said(model_file):
    model = ready.ready_model(str(model_file))
    for rows in range(5):
        ready.ready_predictor(model, Grid(model.grid.crs, model.grid.transform, (20 + rows, 20)), CPU)
    assert len(ready._predictors) == ready.KEPT
