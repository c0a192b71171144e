"""Inference is faster than the network as it was trained, and says the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from model_core.inference.folded_unet import FoldedUNet
from model_core.network.pointconv import NormalisedConvolution, PointConv
from model_core.network.unetplusplus import RegrUNetPP


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


@torch.no_grad()
def test_half_precision_is_near_full_precision():
    unet, x = trained_like(), torch.randn(1, 6, 64, 64)
    full = FoldedUNet(unet)(x)
    for dtype, bound in ((torch.bfloat16, 0.04), (torch.float16, 0.005)):
        error = FoldedUNet(unet, dtype)(x) - full
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
