"""A model file holds all that a prediction needs, and says what is wrong when it can't be used."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from model_core import model_file
from model_core.errors import ModelFileError, OutputError
from model_core.model_file import find_model, list_models, load_model, save_model


def rewritten(source, target, change, sealed=False):
    """The model file with its header changed; without a seal, as files of earlier versions are, or with a new one."""
    with safe_open(source, framework="pt") as file:
        header = json.loads(file.metadata()["ctm_reanalysis"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    header["hashes"].pop("sealed")
    change(header, tensors)
    if sealed:
        header["hashes"] = {
            "weights": model_file.weights_hash({k: v for k, v in tensors.items() if k.startswith("network.")}),
            "sealed": True,
        }
        target.write_bytes(model_file.sealed(tensors, json.dumps(header)))
    else:
        save_file(tensors, target, metadata={"ctm_reanalysis": json.dumps(header)})
    return str(target)


def test_what_is_saved_is_what_is_loaded(tiny_model, tmp_path):
    model = load_model(str(tiny_model))
    copy = tmp_path / "copy.safetensors"
    save_model(copy, model)
    again = load_model(str(copy))
    assert again.configuration == model.configuration and again.card == model.card and again.grid.matches(model.grid)
    for key, value in model.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[key])
    for key, value in model.maps.fields.items():
        np.testing.assert_array_equal(value, again.maps.fields[key])
    assert again.name == "copy" and len(again.sha256) == 64


def test_maps_that_can_not_be_written_to_are_saved_without_a_warning(tiny_model, tmp_path, recwarn):
    """Those of the world that ship are such."""
    model = load_model(str(tiny_model))
    fields = {name: np.array(field) for name, field in model.maps.fields.items()}
    for field in fields.values():
        field.flags.writeable = False
    save_model(tmp_path / "model.safetensors", replace(model, maps=replace(model.maps, fields=fields)))
    assert not recwarn.list and set(load_model(str(tmp_path / "model.safetensors")).maps.fields) == set(fields)


def test_a_file_from_before_epsilon_had_a_place_loads_and_predicts_the_same_to_the_bit(tiny_model, tmp_path):
    def as_then(header, tensors):
        del header["network"]["epsilon_in"]

    old, new = load_model(rewritten(tiny_model, tmp_path / "old.safetensors", as_then)), load_model(str(tiny_model))
    assert old.configuration == new.configuration
    kernel = new.network.pointconv.first
    assert torch.equal(kernel.kernel, torch.nn.functional.softplus(kernel.raw) + 1e-5)
    mask = (torch.rand(1, 3, 30, 40, generator=torch.Generator().manual_seed(0)) < 0.1).float()
    given = mask * 40, mask, torch.ones(1, 2, 30, 40), torch.ones(1, 2, 30, 40)
    with torch.inference_mode():
        assert torch.equal(old.network(*given).field, new.network(*given).field)
        fields, (weighted, weights) = kernel.reach(mask), kernel.sums(mask * 40, mask)
        exact = torch.where(fields, weighted / torch.where(fields, weights, 1.0), 0.0).float()
        assert torch.equal(new.network.pointconv(mask * 40, mask).first, exact)


def test_a_model_says_what_it_is(tiny_model):
    model = load_model(str(tiny_model))
    assert model.card["target"] == "pm25" and model.card["unit"] == "ug m-3"
    assert model.card["inputs"] == {"pm25": "ug m-3", "rh": "%", "wind": "m s-1", "elevation": "m", "urban": "1"}
    data = model.card["training"]["data"][0]
    assert (data["days"], data["first"]) == (8, "2019-01-05") and "SIMULATED" in data["source"]
    assert set(model.card["scores"]) >= {"iteration", "loss", "rmse", "mae", "r2_det", "nme"}
    assert set(model.maps.fields) == {"elevation", "urban"}


def test_a_missing_model_lists_those_there_are():
    with pytest.raises(ModelFileError, match="no model 'nowhere'.*bundled"):
        load_model("nowhere")


def test_models_are_found_by_name_in_a_folder_of_ones_own(tiny_model, monkeypatch):
    monkeypatch.setenv("CTM_REANALYSIS_MODELS", str(tiny_model.parent))
    assert find_model("tiny") == tiny_model
    assert "tiny" in [model.name for model in list_models()]


def test_a_truncated_model_is_no_model(tiny_model, tmp_path):
    short = tmp_path / "short.safetensors"
    content = tiny_model.read_bytes()
    for length in (0, 4, 200, len(content) // 2, len(content) - 1):
        short.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="truncated|damaged"):
            load_model(str(short))


def test_another_format_version_is_named(tiny_model, tmp_path):
    newer = rewritten(tiny_model, tmp_path / "newer.safetensors", lambda h, t: h.update(format_version=99))
    with pytest.raises(ModelFileError, match="format version 99.*reads 1.*update"):
        load_model(newer)


def test_changed_weights_are_noticed(tiny_model, tmp_path):
    def nudge(header, tensors):
        tensors["network.unet.head.bias"] += 0.1

    with pytest.raises(ModelFileError, match="hash"):
        load_model(rewritten(tiny_model, tmp_path / "nudged.safetensors", nudge))


def test_no_bit_of_a_model_file_can_change_unnoticed(tiny_model, tmp_path):
    content, target = tiny_model.read_bytes(), tmp_path / "turned.safetensors"
    random = np.random.default_rng(3)
    header = int.from_bytes(content[:8], "little") + 8
    for at in (
        *random.integers(0, header, 40),
        *random.integers(header, len(content), 40),
        content.index(b"maps.elevation"),
        content.index(b"seal"),
    ):
        turned = bytearray(content)
        turned[at] ^= 1 << int(random.integers(8))
        target.write_bytes(turned)
        with pytest.raises(ModelFileError, match="turned.safetensors"):
            load_model(str(target))


def test_the_seal_can_not_be_taken_off(tiny_model, tmp_path):
    def keep_the_mark(header, tensors):
        header["hashes"]["sealed"] = True

    with pytest.raises(ModelFileError, match="header, maps or weights don't match"):
        load_model(rewritten(tiny_model, tmp_path / "bare.safetensors", keep_the_mark))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda h, t: h.update(card=7), "its card is int, not a table"),
        (lambda h, t: h["card"].update(training="µ"), "card.training is str, not a table"),
        (lambda h, t: h["card"].update(missing_inputs=[None]), "card.missing_inputs: entry 1 is NoneType, not a table"),
        (lambda h, t: h.update(network="x"), "damaged"),
        (lambda h, t: h["network"].update(transforms=[1]), "damaged"),
        (lambda h, t: h["grid"].update(wkt="nonsense"), "damaged"),
        (lambda h, t: h["grid"].update(rows="many"), "damaged"),
        (lambda h, t: h.update(maps=3), "damaged"),
        (lambda h, t: t.update({"maps.nonsense": torch.zeros(3)}), r"its map 'nonsense' has \(3,\) cells"),
        (lambda h, t: t.update({"maps.elevation": torch.zeros(3)}), r"its map 'elevation' has \(3,\) cells"),
        (lambda h, t: t["maps.elevation"].fill_(np.inf), "its map 'elevation' holds infinite numbers"),
        (lambda h, t: t["network.unet.head.bias"].fill_(np.nan), "holds weights that are no numbers .'network.unet.head.bias'"),
        (lambda h, t: t.pop("network.unet.head.bias"), "damaged"),
    ],
)
def test_a_sealed_file_with_nonsense_in_it_is_refused(tiny_model, tmp_path, change, message):
    with pytest.raises(ModelFileError, match=message):
        load_model(rewritten(tiny_model, tmp_path / "nonsense.safetensors", change, sealed=True))


def test_a_header_that_does_not_fit_its_weights_is_refused(tiny_model, tmp_path):
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(rewritten(tiny_model, tmp_path / "wide.safetensors", lambda h, t: h["network"].update(width=8)))


def test_other_tensors_are_no_model(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelFileError, match="no ctm-reanalysis-model header"):
        load_model(str(tmp_path / "other.safetensors"))


def test_a_pickle_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was executed",))

    trap = tmp_path / "trap.safetensors"
    trap.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ModelFileError, match="not a complete safetensors file"):
        load_model(str(trap))


def test_a_model_that_can_not_be_written_says_why(tiny_model, tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        save_model(tmp_path / "nowhere" / "model.safetensors", load_model(str(tiny_model)))


def test_the_bundled_model_is_trained_small_and_complete():
    model = load_model("bundled")
    path = find_model("bundled")
    assert path.stat().st_size < 20e6
    assert model.card["training"]["data"] and model.card["scores"]["r2_det"] > 0.5
    assert {"elevation", "urban"} <= set(model.maps.fields)
    assert model.grid.shape == (372, 426)
