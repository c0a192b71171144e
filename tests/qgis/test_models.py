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


def test_training_leaves_its_curve_and_its_kernels(training):
    for name in ("HISTORY_CSV", "HISTORY_PNG", "KERNELS_PNG"):
        assert Path(training[name]).stat().st_size > 50
    assert (training["DAYS_TRAINED"], training["DAYS_HELD_OUT"]) == (5, 1)


def test_training_takes_the_choices_of_the_command_line(run, ctm_file, tiny_configuration, tmp_path, stations):
    result = run(
        "trainmodel",
        CTM=[ctm_file],
        CONFIG="file",
        CONFIG_FILE=tiny_configuration,
        ITERATIONS=1,
        DEVICE="cpu",
        INPUTS="wind",
        MAPS="none",
        BATCH=1,
        LAYOUT=stations,
        VALIDATION_SHARE=0.5,
        OUTPUT=str(tmp_path / "m.safetensors"),
    )
    assert (result["ITERATIONS_DONE"], result["DAYS_HELD_OUT"]) == (1, 3)
    header = Path(result["OUTPUT"]).read_bytes()[:100_000].replace(b"\\", b"")
    assert b'"station_variables": ["pm25", "wind"]' in header and b'"layouts": "network"' in header


def test_held_out_days_are_a_share_or_a_period(refusal, ctm_file, tmp_path):
    message = refusal(
        "trainmodel", CTM=[ctm_file], VALIDATION_SHARE=0.2, VALIDATION_START="2019-01-03", OUTPUT=str(tmp_path / "m.safetensors")
    )
    assert "not both" in message


def test_training_needs_its_configuration_file(refusal, ctm_file, tmp_path):
    message = refusal("trainmodel", CTM=[ctm_file], CONFIG="file", OUTPUT=str(tmp_path / "m.safetensors"))
    assert "configuration file" in message


def test_training_takes_iterations_or_epochs(refusal, ctm_file, tmp_path):
    message = refusal("trainmodel", CTM=[ctm_file], ITERATIONS=5, EPOCHS=1, OUTPUT=str(tmp_path / "m.safetensors"))
    assert "not both" in message
