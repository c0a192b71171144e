"""The log-normal predictive distribution against its definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import lognorm

from model_core.uncertainty import crps, quantiles

positive = st.floats(0.5, 400)
ratio = st.floats(0.02, 1.5)


@given(positive, ratio)
def test_half_of_the_readings_are_below_the_median_and_a_tenth_outside_the_interval(mean, relative):
    low, median, high = quantiles(np.array([mean]), np.array([mean * relative]))[:, 0].astype(float)
    sigma = np.sqrt(np.log1p(relative**2))
    distribution = lognorm(sigma, scale=mean / np.sqrt(1 + relative**2))
    np.testing.assert_allclose(distribution.cdf([low, median, high]), [0.05, 0.5, 0.95], atol=1e-5)
    np.testing.assert_allclose(distribution.mean(), mean, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.floats(5, 200), st.floats(0.05, 1.0), st.floats(0.2, 4))
def test_the_score_is_the_integral_that_defines_it(mean, relative, factor):
    observed = mean * factor
    distribution = lognorm(np.sqrt(np.log1p(relative**2)), scale=mean / np.sqrt(1 + relative**2))
    far = max(observed, float(distribution.ppf(1 - 1e-9)))
    below = quad(lambda x: distribution.cdf(x) ** 2, 0, observed, limit=200)[0]
    above = quad(lambda x: (1 - distribution.cdf(x)) ** 2, observed, far, limit=200)[0]
    np.testing.assert_allclose(crps(np.array([mean]), np.array([mean * relative]), np.array([observed])), below + above, rtol=1e-4)


def test_a_certain_forecast_scores_its_absolute_error():
    np.testing.assert_allclose(crps(np.array([10.0, 10.0]), np.array([0.0, 0.0]), np.array([13.0, 10.0])), [3.0, 0.0], atol=1e-4)


def test_a_reading_of_zero_and_a_mean_of_zero_have_scores():
    assert np.isfinite(crps(np.array([0.0, 10.0]), np.array([1.0, 3.0]), np.array([0.0, 0.0]))).all()
