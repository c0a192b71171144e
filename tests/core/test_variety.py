"""Days that could have been: still concentrations, and different in the ways that were asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_core.training.variety import more_various, random_field


def world(seed):
    rng = np.random.default_rng(seed)
    field = rng.gamma(2, 20, (40, 52)).astype(np.float32)
    return (
        field,
        {"elevation": rng.uniform(0, 4000, field.shape).astype(np.float32), "urban": rng.random(field.shape).astype(np.float32)},
        rng,
    )


@given(st.integers(0, 1000), st.floats(0, 1))
def test_it_stays_a_concentration_and_unknown_cells_stay_unknown(seed, probability):
    field, maps, rng = world(seed)
    field[3, 4] = np.nan
    changed = more_various(field, field[::-1].copy(), maps, probability, rng)
    known = np.isfinite(field) & np.isfinite(field[::-1])
    assert changed.dtype == np.float32 and (changed[known] >= 0).all() and (changed[known] <= 2000).all()
    assert np.isnan(changed[3, 4])


def test_with_probability_zero_nothing_happens():
    field, maps, rng = world(1)
    np.testing.assert_allclose(more_various(field, field * 2, maps, 0.0, rng), field, rtol=1e-5)


def test_random_fields_have_unit_variance_and_various_smoothness():
    rng = np.random.default_rng(0)
    fields = [random_field((60, 80), rng) for _ in range(30)]
    assert all(abs(f.mean()) < 1e-4 and abs(f.std() - 1) < 1e-3 for f in fields)
    neighbours = [np.mean(f[:, 1:] * f[:, :-1]) for f in fields]
    assert min(neighbours) < 0.8 < max(neighbours)
