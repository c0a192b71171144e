"""The statistics of fields give known answers for known fields."""

from __future__ import annotations

import numpy as np
import pytest

from model_core.errors import InputError
from model_core.evaluation.field_statistics import day_correlation, response, skewness, spectrum_shares, variogram

EDGES = [3000, 300, 100, 20]
ALL = np.ones((100, 120), bool)


def wave(length_km: float, cell_km: float = 10.0, angle: float = 0.0) -> np.ndarray:
    y, x = np.mgrid[:100, :120] * cell_km
    return np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length_km)


@pytest.mark.parametrize("length, band", [(500, 0), (180, 1), (50, 2)])
@pytest.mark.parametrize("angle", [0.0, 0.7, np.pi / 2])
def test_a_wave_lies_in_the_band_of_its_length_whatever_its_direction(length, band, angle):
    assert spectrum_shares(30 + 5 * wave(length, angle=angle), 10.0, EDGES)[band] > 0.9


def test_a_spectrum_knows_neither_level_nor_spread():
    field = np.random.default_rng(0).standard_normal((40, 50))
    np.testing.assert_allclose(spectrum_shares(field, 10, EDGES), spectrum_shares(300 + 20 * field, 10, EDGES))


def test_a_spectrum_of_a_field_with_gaps_or_without_variance_is_refused():
    with pytest.raises(InputError, match="gaps"):
        spectrum_shares(np.where(ALL, np.nan, 0), 10, EDGES)
    with pytest.raises(InputError, match="no variance"):
        spectrum_shares(np.zeros((40, 40)), 10, EDGES)


def test_white_noise_is_unlike_at_any_distance_and_a_wave_is_opposite_half_a_length_away():
    noise = np.random.default_rng(1).standard_normal((100, 120))
    np.testing.assert_allclose(variogram(noise, ALL, 10, [10, 50, 300]), 1, atol=0.05)
    # sin(x) - sin(x + d) has the mean square 1 - cos(d); along the crests nothing changes.
    along_and_across = variogram(wave(400), ALL, 10, [10, 100, 200])
    np.testing.assert_allclose(along_and_across, [(1 - np.cos(2 * np.pi * d / 400)) / 2 for d in (10, 100, 200)], rtol=0.12)


def test_cells_outside_the_mask_have_no_say():
    field, mask = wave(300), ALL.copy()
    mask[:, 60:] = False
    spoilt = field.copy()
    spoilt[:, 60:] = 1e6
    np.testing.assert_array_equal(variogram(field, mask, 10, [10, 80]), variogram(spoilt, mask, 10, [10, 80]))
    assert np.isnan(variogram(field, mask, 10, [5000])).all()


def test_skewness_of_known_distributions():
    rng = np.random.default_rng(2)
    assert abs(skewness(rng.standard_normal(200_000))) < 0.03
    assert skewness(rng.exponential(size=400_000)) == pytest.approx(2, abs=0.1)
    assert skewness(np.array([0.0, 0.0, 3.0])) == pytest.approx(np.sqrt(0.5))


def test_days_of_an_autoregression_are_related_as_it_says():
    rng = np.random.default_rng(3)
    days = [rng.standard_normal(ALL.shape)]
    for _ in range(60):
        days.append(0.8 * days[-1] + 0.6 * rng.standard_normal(ALL.shape))
    np.testing.assert_allclose(day_correlation(np.array(days), ALL, [1, 3]), [0.8, 0.8**3], atol=0.1)
    with pytest.raises(InputError, match="3 days"):
        day_correlation(np.array(days[:3]), ALL, [3])


def test_the_response_is_the_median_per_bin():
    wind = np.array([0.5, 0.5, 1.5, 1.5, 9.0])
    np.testing.assert_allclose(response(np.array([4.0, 4, 2, 2, 2]), wind, [0, 1, 2, 3]), [2, 1, np.nan])
