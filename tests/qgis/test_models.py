"""From a simulated CTM to a trained model, all by algorithms."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal


def test_simulation_has_the_days_and_the_grid_asked_for(ctm_file):
    dataset = gdal.Open(f'NETCDF:"{ctm_file}":PM25_TOT')
    assert (dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize) == (6, 48, 64)
    assert dataset.GetSpatialRef().GetSemiMajor() == 6_370_000


def test_training_reports_what_it_did(training):
    assert Path(training["OUTPUT"]).stat().st_size > 1000
    assert training["ITERATIONS_DONE"] == 5
    assert training["LOSS"] > 0 and training["VALIDATION"] > 0


def test_training_needs_its_configuration_file(refusal, ctm_file, tmp_path):
    message = refusal("trainmodel", CTM=[ctm_file], CONFIG="file", OUTPUT=str(tmp_path / "m.safetensors"))
    assert "configuration file" in message


def test_training_takes_iterations_or_epochs(refusal, ctm_file, tmp_path):
    message = refusal("trainmodel", CTM=[ctm_file], ITERATIONS=5, EPOCHS=1, OUTPUT=str(tmp_path / "m.safetensors"))
    assert "not both" in message
