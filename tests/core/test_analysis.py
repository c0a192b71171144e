"""The analysis step does what the left-out readings support, and no more."""

import numpy as np
import pytest
import torch

from model_core.analysis import STRENGTHS, Analysis, analyse, spread_residuals
from model_core.grid import PRESETS, Grid
from model_core.model_file import load_model
from model_core.prediction import Predictor, Reanalysis
from model_core.stations.gridding import GriddedReadings
from model_core.stations.observations import ReadingReport

GRID = Grid.from_lower_left(PRESETS["china12km"].crs, -180_000.0, -720_000.0, (36_000.0, 36_000.0), (40, 48))


def gridded(values: np.ndarray, mask: np.ndarray) -> GriddedReadings:
    return GriddedReadings(
        np.where(mask, values, 0).astype(np.float32), mask.astype(np.int32), ReadingReport(int(mask.sum()), int(mask.sum()), {})
    )


def readings(seed=0, stations=120, noise=0.0):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(GRID.shape)
    field = 60 + 40 * np.sin(rows / 6) * np.cos(columns / 7)
    mask = np.zeros(GRID.shape, bool)
    mask.ravel()[rng.choice(mask.size, stations, replace=False)] = True
    return gridded(field * np.exp(noise * rng.standard_normal(field.shape)), mask), field


@pytest.fixture(scope="module")
def predictor(tiny_model):
    return Predictor(load_model(tiny_model), GRID, torch.device("cpu"))


def test_spreading_moves_the_field_to_its_stations_and_leaves_it_alone_where_they_agree_with_it():
    own, _ = readings(stations=300)
    cluster = np.zeros(GRID.shape, bool)
    cluster[:8, :8] = True
    changed = spread_residuals(np.full(GRID.shape, 50.0, np.float32), gridded(np.where(cluster, 80.0, 50.0), own.mask | cluster), 1.0)
    assert abs(changed[3, 3] - 80) < 4
    assert abs(changed[-8:, -8:] - 50).max() < 3


def test_no_strength_no_change():
    own, _ = readings()
    field = np.linspace(5, 90, own.values.size, dtype=np.float32).reshape(GRID.shape)
    np.testing.assert_allclose(spread_residuals(field, own, 0.0), field, rtol=1e-5)


def test_auto_takes_what_meets_the_left_out_readings_best(predictor):
    own, _ = readings()
    analysis = analyse(predictor, {"pm25": own})
    assert set(analysis.rmse) == set(STRENGTHS) and analysis.strength in STRENGTHS
    assert analysis.rmse[analysis.strength] <= analysis.rmse[0.0]
    if analysis.strength:
        assert analysis.rmse[analysis.strength] * 1.01 < analysis.rmse[0.0]
    assert analysis.summary()["left_out_rmse"].keys() == {"0", "0.5", "1"}


def test_off_is_the_plain_prediction_and_the_same_seed_gives_the_same(predictor):
    own, _ = readings()
    plain = predictor.predict([{"pm25": own}])[0].field
    np.testing.assert_array_equal(analyse(predictor, {"pm25": own}, "off").reanalysis.field, plain)
    one, two = (analyse(predictor, {"pm25": own}).reanalysis.field for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_with_few_readings_nothing_is_chosen_by_them(predictor):
    own, _ = readings(stations=6)
    analysis = analyse(predictor, {"pm25": own})
    assert (analysis.strength, analysis.rmse, analysis.sd_factor) == (0.0, {}, 1.0)


def test_an_unknown_choice_is_refused(predictor):
    with pytest.raises(ValueError, match="choice"):
        analyse(predictor, {"pm25": readings()[0]}, "sometimes")


def test_its_words_say_what_was_done_and_why():
    errors, field = {0.0: 8.124, 0.5: 8.31, 1.0: 8.94}, np.zeros((2, 2), np.float32)
    sure, unsure = Reanalysis(field, [], 0, []), Reanalysis(field, [], 0, [], field)
    assert Analysis(unsure, 0.0, errors, 1.07).in_words() == (
        "residuals not spread (left-out RMSE 8.12, with half 8.31, whole 8.94); interval width x 1.07"
    )
    assert Analysis(sure, 0.5, errors, 1.0).in_words() == "half of the residuals spread (left-out RMSE 8.12, with half 8.31, whole 8.94)"
    assert Analysis(sure, 1.0, {}, 1.0).in_words() == "the whole residuals spread, as asked"
    assert Analysis(sure, 0.0, {}, 1.0).in_words() == "not done: fewer than 20 cells have readings"
