"""Inference is faster than the network as it was trained, and says the same."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from model_core.ctm.fields import read_ctm
from model_core.device import choose_device
from model_core.errors import InputError
from model_core.grid import PRESETS
from model_core.inference.batches import in_batches, is_out_of_memory
from model_core.inference.folded_unet import FoldedUNet
from model_core.inference.precision import PRECISIONS, choose_precision, processor_lacks
from model_core.model_file import load_model
from model_core.network.pointconv import NormalisedConvolution, PointConv
from model_core.network.unetplusplus import RegrUNetPP
from model_core.prediction import Predictor
from model_core.stations.gridding import grid_observations
from model_core.stations.observations import from_arrays, read_observations

CPU = torch.device("cpu")


def trained_like(inputs: int = 6, outputs: int = 2, width: int = 8, levels: int = 4) -> RegrUNetPP:
    """A UNet++ whose batch normalisation has seen data."""
    torch.manual_seed(0)
    unet = RegrUNetPP(inputs, outputs, width, levels)
    for module in unet.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
            module.running_mean.normal_()
            module.running_var.uniform_(0.2, 3)
    return unet.eval()


@pytest.mark.parametrize("shape", [(48, 40), (37, 51), (3, 5)])
@torch.no_grad()
def test_folding_batch_normalisation_changes_nothing(shape):
    unet, x = trained_like(), torch.randn(2, 6, *shape)
    expected, found = unet(x), FoldedUNet(unet)(x)
    assert found.shape == expected.shape and found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.std()))


@torch.no_grad()
def test_the_kept_buffer_carries_nothing_from_call_to_call():
    unet = trained_like()
    folded = FoldedUNet(unet)
    x = [torch.randn(batch, 6, *shape) for batch, shape in ((1, (40, 48)), (3, (64, 64)), (1, (16, 24)), (1, (40, 48)))]
    together = [folded(one) for one in x]
    for one, found in zip(x, together):
        torch.testing.assert_close(found, FoldedUNet(unet)(one), rtol=0, atol=0)


def test_folding_leaves_the_trained_network_as_it_was_and_wants_it_in_evaluation_mode():
    unet = trained_like()
    before = {key: value.clone() for key, value in unet.state_dict().items()}
    FoldedUNet(unet, torch.bfloat16)
    assert all(torch.equal(before[key], value) for key, value in unet.state_dict().items())
    with pytest.raises(ValueError, match="eval"):
        FoldedUNet(unet.train())


@pytest.mark.parametrize("short, bound", [("bf16", 0.04), ("fp16", 0.005)])
@torch.no_grad()
def test_half_precision_is_near_full_precision(short, bound):
    if processor_lacks(short):
        pytest.skip(f"{short}: {processor_lacks(short)}")
    unet, x = trained_like(), torch.randn(1, 6, 64, 64)
    full = FoldedUNet(unet)(x)
    error = FoldedUNet(unet, PRECISIONS[short])(x) - full
    assert float(error.abs().max()) < bound * float(full.std()) * 3


def test_reach_is_that_of_a_direct_search():
    generator = torch.Generator().manual_seed(3)
    for size in (1, 3, 5, 9, 11, 21):
        mask = (torch.rand(2, 2, 30, 26, generator=generator) < 0.01).float()
        expected = F.max_pool2d(mask, size, stride=1, padding=size // 2) > 0
        assert torch.equal(NormalisedConvolution(2, size).reach(mask), expected)


@torch.no_grad()
def test_pointconv_leaves_out_variables_without_readings_and_gives_the_same():
    pointconv = PointConv(3, (9, 5)).eval()
    nn.init.normal_(pointconv.first.raw)
    values, mask = torch.rand(2, 3, 40, 30), (torch.rand(2, 3, 40, 30) < 0.02).float()
    mask[:, 1] = 0
    partly = mask.clone()
    partly[0, 1, 4, 4] = 1  # now the second variable is there on one day, and convolved on both
    for one, other in zip(pointconv(values, mask), pointconv(values, partly)):
        assert not one[:, 1].any() and not other[1, 1].any()
        torch.testing.assert_close(one[:, ::2], other[:, ::2])
    nothing = pointconv(values, torch.zeros_like(mask))
    assert not any(field.any() for field in nothing)


def test_kept_spectra_follow_the_weights():
    convolution = NormalisedConvolution(1, 5).eval()
    field, weights = torch.rand(1, 1, 20, 20), torch.ones(1, 1, 20, 20)
    with torch.no_grad():
        before = convolution.sums(field, weights)[0]
        assert torch.equal(before, convolution.sums(field, weights)[0])
        convolution.raw.add_(1)
        after = convolution.sums(field, weights)[0]
        other_shape = convolution.sums(field[..., :11], weights[..., :11])[0]
    assert not torch.allclose(before, after)
    with torch.inference_mode():
        assert np.allclose(convolution.sums(field, weights)[0], after)
    assert other_shape.shape == (1, 1, 20, 11)
    trained = convolution.sums(field, weights)[0]
    trained.sum().backward()
    assert torch.allclose(trained.detach(), after) and convolution.raw.grad.abs().min() > 0


def test_batches_shrink_where_memory_runs_out_and_every_item_is_done_once():
    seen, told = [], []

    def work(batch):
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        seen.extend(batch)
        return [item * 10 for item in batch]

    assert in_batches(work, list(range(11)), 8, told.append) == [item * 10 for item in range(11)]
    assert seen == list(range(11)) and told == [4, 2]


def test_memory_that_does_not_suffice_for_one_is_an_error_and_so_is_any_other_trouble():
    def exhausted(batch):
        torch.empty(1 << 60, dtype=torch.uint8)  # more than any machine has

    told = []
    with pytest.raises(RuntimeError) as error:
        in_batches(exhausted, [1, 2], 2, told.append)
    assert is_out_of_memory(error.value) and told == [1]
    with pytest.raises(ZeroDivisionError):
        in_batches(lambda batch: [1 / 0], [1, 2], 2, told.append)


class Misfortune:
    """A network that fails as cards do, until it is replaced or, with `while_`, as long as that holds."""

    def __init__(self, network, error, while_=lambda: True):
        self.network, self.error, self.while_, self.unet = network, error, while_, network.unet

    def __call__(self, *inputs, **others):
        self._fail()
        return self.network(*inputs, **others)

    def survey(self, *inputs, **others):
        self._fail()
        return self.network.survey(*inputs, **others)

    def _fail(self):
        if self.while_():
            raise self.error


@pytest.fixture
def small_world(tiny_model, tiny_ctm):
    """A model, its grid and three days of readings."""
    ctm, model = read_ctm(tiny_ctm), load_model(str(tiny_model))
    days = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        cells = rng.choice(ctm.grid.shape[0] * ctm.grid.shape[1], 50, replace=False)
        x, y = ctm.grid.x[cells % ctm.grid.shape[1]], ctm.grid.y[cells // ctm.grid.shape[1]]
        days.append(
            {
                key: grid_observations(from_arrays(x, y, ctm.fields[key][seed].ravel()[cells], ctm.grid.crs, key), ctm.grid)
                for key in (("pm25", "rh") if seed else ("pm25",))
            }
        )
    return model, ctm.grid, days


def test_a_day_comes_out_the_same_to_the_last_bit_whatever_days_are_asked_for_with_it(small_world):
    model, grid, days = small_world
    predictor = Predictor(model, grid, CPU)
    together = predictor.predict(days)
    for day, expected in zip(days, together):
        alone = Predictor(model, grid, CPU).predict([day])[0]
        np.testing.assert_array_equal(alone.field, expected.field)
        assert alone.missing_inputs == expected.missing_inputs
    assert predictor.predict([]) == []


def test_a_batch_too_large_for_the_memory_is_halved_and_the_user_told(small_world):
    model, grid, days = small_world
    expected = [day.field for day in Predictor(model, grid, CPU).predict(days)]
    predictor = Predictor(model, grid, CPU)
    predictor._days_at_once = 3  # as on a card
    predictor._network = Misfortune(
        predictor._network, torch.OutOfMemoryError("CUDA out of memory"), while_=lambda: predictor._days_at_once > 1
    )
    found = predictor.predict(days)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.field, other)
    assert "memory ran out; now 1 day is predicted at once" in found[-1].notes


def test_several_days_at_once_are_the_days_one_by_one(small_world):
    model, grid, days = small_world
    predictor = Predictor(model, grid, CPU, precision="fp32")
    expected = predictor.predict(days)
    with torch.inference_mode():
        together = predictor._together(days)  # as on a card
    for field, other in zip(together.field, expected):
        np.testing.assert_allclose(np.maximum(field, 0), other.field, rtol=1e-5, atol=1e-4)


def test_a_day_is_the_same_to_the_last_bit_by_itself_and_among_others(small_world):
    model, grid, days = small_world
    predictor = Predictor(model, grid, CPU)
    for at_once in (1, 2, 3):
        predictor._days_at_once = at_once
        found = predictor.predict(days)
        for day, among in zip(days, found):
            alone = predictor.predict([day])[0]
            np.testing.assert_array_equal(among.field, alone.field)


def test_a_card_that_fails_is_replaced_by_the_processor(small_world):
    model, grid, days = small_world
    expected = Predictor(model, grid, CPU).predict(days)
    predictor = Predictor(model, grid, CPU, precision="fp32")
    predictor._network = Misfortune(predictor._network, RuntimeError("CUDA error: an illegal memory access\nmore"))
    with pytest.raises(RuntimeError, match="illegal"):  # on the processor nothing could take over
        predictor.predict(days)
    predictor.device = torch.device("meta")  # torch's device without hardware stands for the card
    found = predictor.predict(days)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.field, other.field)
    assert predictor.device == CPU and "illegal memory access" in found[0].notes[-1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU on this machine")
def test_a_card_gives_the_processors_fields(small_world):
    model, grid, days = small_world
    expected = Predictor(model, grid, CPU, precision="fp32").predict(days)
    for precision, bound in (("fp32", 1e-3), ("auto", 0.2)):
        predictor = Predictor(model, grid, torch.device("cuda"), precision=precision)
        assert predictor._days_at_once > 1
        for one, other in zip(predictor.predict(days), expected):
            assert np.abs(one.field - other.field).max() < bound * max(1.0, float(other.field.std()))


def test_precisions_are_what_the_processor_has():
    assert choose_precision("auto", CPU) == ("fp32" if processor_lacks("bf16") else "bf16")
    assert choose_precision("fp32", CPU) == "fp32"
    with pytest.raises(InputError, match="auto, fp32, bf16, fp16"):
        choose_precision("half", CPU)


@pytest.mark.parametrize("short, instructions", [("bf16", ("amx_bf16", "avx512_bf16")), ("fp16", ("amx_fp16", "avx512_fp16"))])
def test_a_precision_that_is_not_there_is_full_precision_and_a_warning(short, instructions, small_world):
    has = any(torch.cpu.get_capabilities().get(name) for name in instructions)
    told = []
    chosen = choose_precision(short, CPU, told.append)
    assert chosen == ("fp32" if processor_lacks(short) else short) and bool(told) == (chosen == "fp32")
    if not has:
        assert chosen == "fp32" and all(name in told[0] for name in instructions)
    model, grid, days = small_world
    found = Predictor(model, grid, CPU, precision=short).predict(days[:1])[0]
    assert np.isfinite(found.field).all() and set(told) <= set(found.notes)


def test_a_setting_that_holds_the_library_back_is_obeyed():
    """In a process of its own, since the library reads its settings once."""
    code = "from model_core.inference.precision import *; print(choose_precision('auto', torch.device('cpu')), processor_lacks('bf16'))"
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout.split(" ", 1)
    assert told[0] == "fp32" and told[1].strip()


def test_a_precision_that_the_library_refuses_at_run_time_gives_way_to_full_precision(small_world):
    model, grid, days = small_world
    expected = Predictor(model, grid, CPU, precision="fp32").predict(days)
    predictor = Predictor(model, grid, CPU, precision="fp32")
    predictor.precision = "bf16"
    predictor._network = Misfortune(predictor._network, RuntimeError("could not create a primitive\nmore"))
    found = predictor.predict(days)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.field, other.field)
    assert "refused bf16 (could not create a primitive)" in found[0].notes[-1] and predictor.precision == "fp32"


def test_half_precision_that_overflows_gives_way_to_full_precision(small_world):
    model, grid, days = small_world
    predictor = Predictor(model, grid, CPU, precision="fp32")
    expected = predictor.predict(days)
    predictor = Predictor(model, grid, CPU, precision="fp32")
    predictor.precision = "fp16"
    with torch.no_grad():
        predictor._network.unet.head.bias.fill_(float("nan"))  # as an overflow leaves it
    found = predictor.predict(days)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one.field, other.field)
    assert "fp16 was not wide enough" in found[0].notes[-1] and predictor.precision == "fp32"


@pytest.mark.parametrize("name", ["cnemc_snapshot_20180220T07.csv", "cnemc_snapshot_20190718T12.csv"])
def test_the_bundled_model_says_the_same_in_half_precision(shared_data, name):
    if choose_precision("auto", CPU) == "fp32":
        pytest.skip(f"float32 only: {processor_lacks('bf16')}")
    grid, model = PRESETS["china12km"], load_model("bundled")
    readings = {"pm25": grid_observations(read_observations(shared_data / "cnemc" / name, "pm2_5_24h", species="pm25"), grid)}
    half, full = (Predictor(model, grid, CPU, precision=p).predict([readings])[0] for p in ("auto", "fp32"))
    difference = np.abs(half.field - full.field)
    assert difference.max() < 0.5 and np.percentile(difference, 99.9) < 0.2


def test_a_card_that_is_seen_and_does_not_work_is_not_used(monkeypatch):
    if torch.cuda.is_available():
        pytest.skip("the card here works")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # and computing on it fails, as here
    told = []
    assert choose_device("auto", told.append) == CPU
    assert "does not work" in told[0] and "the processor is used" in told[0]
    with pytest.raises(InputError, match="does not work.*'auto' or 'cpu'"):
        choose_device("cuda")
    assert choose_device("cpu", told.append) == CPU and len(told) == 1
