"""PointConv is a local, positive, normalised mean that knows where it knows nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d
from torch.nn import functional as F

from model_core.network.pointconv import NormalisedConvolution, PointConv

SHAPE = (40, 55)


def stations(seed: int, number: int, shape=SHAPE) -> torch.Tensor:
    """A mask with `number` stations, shape (1, 1, rows, columns)."""
    cells = np.random.default_rng(seed).choice(shape[0] * shape[1], number, replace=False)
    mask = np.zeros(shape[0] * shape[1], np.float32)
    mask[cells] = 1
    return torch.from_numpy(mask.reshape(1, 1, *shape))


def trained_like(seed: int, **options) -> PointConv:
    """PointConv with kernels far from their first bell, as training may leave them."""
    torch.manual_seed(seed)
    pointconv = PointConv(1, **options)
    with torch.no_grad():
        for kernel in (pointconv.first, pointconv.second):
            kernel.raw.add_(3 * torch.randn_like(kernel.raw))
    return pointconv


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), number=st.integers(1, 60), value=st.floats(-300, 1000, allow_nan=False, width=32))
def test_a_constant_field_stays_constant_wherever_it_is_known(seed, number, value):
    mask = stations(seed, number)
    fields = trained_like(seed)(torch.full_like(mask, value), mask)
    for field, support in ((fields.first, fields.first_support), (fields.second, fields.second_support)):
        assert torch.allclose(field[support], torch.tensor(value), rtol=1e-5, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), number=st.integers(1, 60))
def test_the_first_field_lies_within_the_range_of_the_readings(seed, number):
    mask = stations(seed, number)
    values = torch.rand(mask.shape, generator=torch.Generator().manual_seed(seed)) * 300
    field = trained_like(seed)(values, mask)
    readings = values[mask > 0]
    assert field.first[field.first_support].min() >= readings.min() - 1e-3
    assert field.first[field.first_support].max() <= readings.max() + 1e-3


def test_no_reading_in_reach_is_no_data_and_not_zero():
    mask = torch.zeros(1, 1, *SHAPE)
    mask[0, 0, 20, 5] = 1
    fields = PointConv(1)(torch.full_like(mask, 50.0), mask)
    assert not fields.first_support[0, 0, :, 16:].any()
    assert fields.first_support[0, 0, 10:31, :16].all()
    assert not fields.second_support[0, 0, :, 21:].any()
    assert (fields.density[~fields.first_support] == 0).all()


def test_a_reading_of_zero_is_a_reading():
    mask = stations(1, 5)
    fields = PointConv(1)(torch.zeros_like(mask), mask)
    assert fields.first_support.any() and fields.density[fields.first_support].min() > 0


def test_values_where_the_mask_is_empty_play_no_part():
    mask = stations(2, 20)
    values = torch.rand_like(mask) * 100
    there = PointConv(1)(values * mask, mask)
    elsewhere = PointConv(1)(torch.where(mask > 0, values, 12345.0), mask)
    assert torch.allclose(there.first, elsewhere.first) and torch.allclose(there.second, elsewhere.second)


def test_a_reading_acts_near_itself_and_not_beyond_the_kernels():
    mask = stations(3, 80)
    values = torch.rand_like(mask) * 100
    mask[0, 0, 20, 27] = 1
    higher = values.clone()
    higher[0, 0, 20, 27] += 100
    pointconv = trained_like(3)
    before, after = pointconv(values, mask), pointconv(higher, mask)
    change = (after.first - before.first).abs()[0, 0]
    assert change[20, 27] > 0.1
    beyond = torch.ones(SHAPE, dtype=bool)
    beyond[10:31, 17:38] = False  # 21 x 21
    assert change[beyond].max() < 1e-4
    second_change = (after.second - before.second).abs()[0, 0]
    beyond = torch.ones(SHAPE, dtype=bool)
    beyond[5:36, 12:43] = False  # 21 x 21, widened by 11 x 11
    assert second_change[beyond].max() < 1e-4


def test_window_sums_equal_a_direct_convolution():
    torch.manual_seed(0)
    convolution = NormalisedConvolution(3, 21)
    with torch.no_grad():
        convolution.raw.add_(torch.randn_like(convolution.raw))
    values, weights = torch.rand(2, 3, 33, 47) * 50, (torch.rand(2, 3, 33, 47) < 0.03).float()
    weighted, total = convolution.sums(values, weights)
    kernel = convolution.kernel.double()
    direct = F.conv2d((values * weights).double(), kernel, padding=10, groups=3)
    assert torch.allclose(weighted, direct, atol=1e-9)
    assert torch.allclose(total, F.conv2d(weights.double(), kernel, padding=10, groups=3), atol=1e-9)


def test_reach_is_where_a_window_holds_a_reading():
    mask = stations(4, 7)
    counted = F.conv2d(mask, torch.ones(1, 1, 11, 11), padding=5) > 0.5
    assert torch.equal(NormalisedConvolution(1, 11).reach(mask), counted)


def test_the_literal_second_denominator_is_no_mean():
    mask = stations(5, 30)
    values = torch.full_like(mask, 50.0)
    literal = PointConv(1, second_denominator="literal")(values, mask)
    assert literal.second[literal.second_support].max() > 100


def test_kernels_are_positive_and_start_as_a_bell():
    pointconv = PointConv(2)
    for kernel in (pointconv.first.kernel, pointconv.second.kernel):
        middle = kernel.shape[-1] // 2
        assert (kernel > 0).all()
        assert kernel[0, 0, middle, middle] == kernel.max()
        assert torch.allclose(kernel, kernel.flip(-1), atol=1e-6)
    assert (trained_like(1).first.kernel > 0).all()


@pytest.mark.parametrize("size", [0, 4, -3])
def test_even_or_empty_kernels_are_refused(size):
    with pytest.raises(ValueError, match="odd"):
        NormalisedConvolution(1, size)


def published(x, one, w1, w2, eps):
    """Eqs. 1-2 to the letter by scipy: PC1 = Conv(w1, x) / (Conv(w1, one) + eps), PC2 = Conv(w2, PC1) / (Conv(w2, one) + eps)."""

    def conv(w, field):
        return correlate2d(field, w, mode="same")

    first = conv(w1, x) / (conv(w1, one) + eps)
    return first, conv(w2, first) / (conv(w2, one) + eps)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), number=st.integers(1, 60), eps=st.sampled_from([1e-5, np.exp(-5), 0.5]))
def test_the_literal_options_are_the_published_equations(seed, number, eps):
    mask = stations(seed, number)
    readings = torch.rand(mask.shape, generator=torch.Generator().manual_seed(seed)) * 100
    literal = trained_like(seed, epsilon=eps, epsilon_in="denominators", second_denominator="literal")
    fields = literal(readings, mask)
    x, one = (readings * mask)[0, 0].double().numpy(), mask[0, 0].double().numpy()
    w1, w2 = (torch.log1p(torch.exp(part.raw.detach().double()))[0, 0].numpy() for part in (literal.first, literal.second))
    first, second = published(x, one, w1, w2, eps)
    np.testing.assert_allclose(fields.first.detach()[0, 0].numpy(), first, rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(fields.second.detach()[0, 0].numpy(), second, rtol=2e-4, atol=1e-3 * second.max())


def test_with_the_support_as_second_mask_eps_stands_in_both_denominators_too():
    mask, eps = stations(11, 25), float(np.exp(-5))
    readings = torch.rand_like(mask) * 100
    pointconv = trained_like(2, epsilon=eps, epsilon_in="denominators")
    fields = pointconv(readings, mask)
    w2 = torch.log1p(torch.exp(pointconv.second.raw.detach().double()))[0, 0].numpy()
    first, support = fields.first.detach()[0, 0].double().numpy(), fields.first_support[0, 0].double().numpy()
    expected = correlate2d(first, w2, mode="same") / (correlate2d(support, w2, mode="same") + eps)
    np.testing.assert_allclose(fields.second.detach()[0, 0].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_eps_in_the_denominators_draws_a_constant_field_to_zero_and_in_the_weights_it_does_not():
    mask = stations(12, 20)
    values = torch.full_like(mask, 50.0)
    for place, given_back in (("weights", True), ("denominators", False)):
        fields = PointConv(1, epsilon=0.0067, epsilon_in=place)(values, mask)
        assert torch.allclose(fields.first[fields.first_support], torch.tensor(50.0)) == given_back
        assert fields.first.max() <= 50.001


def test_an_unknown_place_for_eps_is_refused():
    with pytest.raises(ValueError, match="epsilon_in"):
        PointConv(1, epsilon_in="somewhere")
