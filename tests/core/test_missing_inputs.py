"""A model says what it does without, and refuses what its training never took away from it."""

from dataclasses import replace

import numpy as np
import pytest
from listening import Listening

from model_core.configuration import read_configuration
from model_core.ctm.fields import read_ctm
from model_core.errors import InputError
from model_core.jobs import JOBS
from model_core.missing_inputs import does_without, require_inputs, tell_missing
from model_core.model_file import list_models, load_model, save_model
from model_core.progress import Progress


def carded(model, **training):
    """The model with another account of its training, and nothing measured."""
    card = {key: value for key, value in model.card.items() if key != "missing_inputs"}
    return replace(model, card={**card, "training": {**card["training"], **training}})


@pytest.fixture
def model(tiny_model):
    return load_model(str(tiny_model))


@pytest.fixture
def never_removed(model):
    """The tiny model as if nothing had ever been taken away in its training."""
    return carded(model, remove_variable=0.0, remove_covariate=0.0)


@pytest.fixture
def file_of_never_removed(never_removed, tmp_path):
    save_model(tmp_path / "always_all.safetensors", never_removed)
    return str(tmp_path / "always_all.safetensors")


@pytest.fixture
def pm25_only(tiny_ctm, tmp_path):
    """A table of the tiny CTM's first two days at sixty places, without humidity or wind."""
    ctm = read_ctm(tiny_ctm)
    cells = np.argwhere(ctm.static["land"] > 0.5)[::9][:60]
    lon, lat = (values[tuple(cells.T)] for values in ctm.grid.lonlat())
    rows = [
        f"s{i},2019-01-0{5 + day},{lon[i]},{lat[i]},{ctm.fields['pm25'][day][tuple(cells[i])]}" for day in (0, 1) for i in range(len(cells))
    ]
    path = tmp_path / "pm25.csv"
    path.write_text("id,day,lon,lat,pm25\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return {"stations": str(path), "value": "pm25", "time": "day", "id": "id", "grid": str(tiny_ctm), "device": "cpu"}


# What a card tells


def test_a_training_that_took_inputs_away_taught_to_do_without(model):
    assert {does_without(model, name) for name in ("rh", "wind", "elevation", "urban")} == {"learnt"}


def test_variables_and_maps_are_learnt_to_be_missed_apart(model):
    only_weather = carded(model, remove_covariate=0.0)
    assert does_without(only_weather, "rh") == "learnt" and does_without(only_weather, "urban") == "never learnt"


def test_what_some_of_the_data_never_had_was_missed_too(never_removed):
    data = never_removed.card["training"]["data"]
    dry = carded(never_removed, data=[{**data[0], "variables": ["pm25", "wind"], "maps": ["elevation"]}, *data])
    assert does_without(dry, "rh") == does_without(dry, "urban") == "learnt"
    assert does_without(dry, "wind") == does_without(dry, "elevation") == "never learnt"


def test_the_bundled_model_learnt_to_do_without_every_input():
    if not any(found.name == "bundled" for found in list_models()):
        pytest.skip("no bundled model in resources/models")
    bundled = load_model("bundled")
    assert {does_without(bundled, name) for name in ("rh", "wind", "elevation", "urban")} == {"learnt"}


@pytest.mark.parametrize("configuration, state", [("paper", 0), ("improved", 0.6)])
def test_the_two_configurations_differ_in_this(configuration, state):
    assert read_configuration(configuration)[1].remove_variable == state


# What is said and refused


def test_a_card_that_does_not_tell_is_a_warning(model):
    silent, progress = replace(model, card={}), Listening()
    require_inputs(silent, ["rh"])
    tell_missing(silent, ["rh"], progress)
    assert "does not say whether the model was trained to do without" in progress.warnings[0] and not progress.lines


def test_the_refusal_names_the_inputs_and_the_remedies(never_removed):
    with pytest.raises(InputError) as refused:
        require_inputs(never_removed, ["rh", "urban"])
    for words in ("never trained to do without rh, urban", "readings of rh", "urban in a covariates file", "bundled", "remove_variable"):
        assert words in str(refused.value)
    require_inputs(never_removed, [])


def test_a_measured_loss_is_warned_of_and_nothing_is_refused(never_removed):
    entry = {"without": "rh, wind", "rmse": 12.1, "rmse_with_all": 7.3}
    measured, progress = replace(never_removed, card={**never_removed.card, "missing_inputs": [entry]}), Listening()
    require_inputs(measured, ["rh", "wind"])
    tell_missing(measured, ["rh", "wind"], progress)
    assert progress.warnings == [
        "without rh, wind: the model was never trained to do without; "
        "on held-out days its RMSE is 12.1 ug m-3 without rh, wind, 7.3 with all"
    ]
    with pytest.raises(InputError, match="without rh, wind, elevation"):  # that was never measured
        require_inputs(measured, ["rh", "wind", "elevation"])


@pytest.mark.parametrize("job, out", [("reanalyse", "f.tif"), ("reanalyse-period", "f.nc"), ("crossvalidate", "folder")])
def test_every_prediction_refuses_alike_and_writes_nothing(job, out, pm25_only, file_of_never_removed, tmp_path):
    request = {**pm25_only, "model": file_of_never_removed, "out": str(tmp_path / out)}
    if job != "reanalyse-period":
        request["date"] = "2019-01-05"
    with pytest.raises(InputError, match="never trained to do without rh, wind"):
        JOBS[job](request, Progress())
    assert not (tmp_path / out).exists()


@pytest.mark.parametrize("job, out", [("reanalyse", "f.tif"), ("reanalyse-period", "f.nc"), ("crossvalidate", "folder")])
def test_every_prediction_says_the_same_of_a_model_that_learnt_it(job, out, pm25_only, tiny_model, tmp_path):
    progress = Listening()
    request = {**pm25_only, "model": str(tiny_model), "out": str(tmp_path / out), "baselines": ""}
    if job != "reanalyse-period":
        request["date"] = "2019-01-05"
    JOBS[job](request, progress)
    assert any(line.startswith("without ") and line.endswith("the model does without, less surely") for line in progress.lines)
    assert not any("without" in warning for warning in progress.warnings)


def test_a_day_of_a_period_that_lacks_humidity_is_named(pm25_only, file_of_never_removed, tmp_path):
    table = tmp_path / "pm25.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    weather = [lines[0] + ",rh,wind"] + [line + (",60,3" if "01-05" in line else ",,3") for line in lines[1:]]
    table.write_text("\n".join(weather) + "\n", encoding="utf-8")
    request = {**pm25_only, "model": file_of_never_removed, "out": str(tmp_path / "f.nc"), "rh": f"{table}:rh", "wind": f"{table}:wind"}
    with pytest.raises(InputError, match="never trained to do without rh, and there is none on 2019-01-06"):
        JOBS["reanalyse-period"](request, Progress())


def test_a_reproduction_without_them_is_a_warning_since_its_scores_show_the_cost(tiny_ctm, file_of_never_removed, tmp_path):
    import xarray as xr

    with xr.open_dataset(tiny_ctm, decode_cf=False) as data:
        data.load().drop_vars(["RH", "WSPD10"]).to_netcdf(tmp_path / "dry.nc")
    result = JOBS["reproduce"](
        {
            "ctm": [str(tmp_path / "dry.nc")],
            "model": file_of_never_removed,
            "points": 40,
            "start": "2019-01-12",
            "device": "cpu",
            "out": str(tmp_path / "evaluation"),
        },
        Progress(),
    )
    assert any("never trained to do without" in warning for warning in result["warnings"])


# What training measures


def test_a_training_measures_what_each_missing_input_costs(model):
    measured = {entry["without"]: entry for entry in model.card["missing_inputs"]}
    assert {"rh", "wind", "rh, wind", "elevation", "urban", "elevation, urban", "rh, wind, elevation, urban"} == set(measured)
    assert all(np.isfinite(entry["rmse"]) and entry["rmse"] > 0 for entry in measured.values())
    assert len({entry["rmse_with_all"] for entry in measured.values()}) == 1


def test_a_training_without_removals_ends_in_a_model_that_warns_with_its_own_loss(tiny_ctm, tiny_configuration, pm25_only, tmp_path):
    text = tiny_configuration.read_text(encoding="utf-8").replace("remove_variable = 0.3\nremove_covariate = 0.3\n", "")
    (tmp_path / "all.toml").write_text(text, encoding="utf-8")
    model = str(tmp_path / "all.safetensors")
    JOBS["train"]({"ctm": [str(tiny_ctm)], "config": str(tmp_path / "all.toml"), "iterations": 3, "out": model}, Progress())
    assert does_without(load_model(model), "rh") == "never learnt"
    result = JOBS["reanalyse"]({**pm25_only, "date": "2019-01-05", "model": model, "out": str(tmp_path / "f.tif")}, Progress())
    assert result["missing_inputs"] == ["rh", "wind"]
    assert any("never trained to do without; on held-out days its RMSE is" in warning for warning in result["warnings"])
