"""Kriging with all maps mixed with the corrected kriging: the mean in logs of two fields, and without it nothing changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_core.configuration import NetworkConfiguration, Transform
from model_core.errors import InputError
from model_core.network.background_drift import Background
from model_core.network.kriging import krige
from model_core.network.reading_maps import at_places
from model_core.network.reading_quantities import StationReadings
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.trust import KRIGING_ALONE, Trust

SHAPE, LOGS = (32, 48), Transform("log", 2.0, 1.0)
CONFIGURATION = NetworkConfiguration(
    station_variables=("pm25",),
    covariates=("elevation",),
    drift=("population_near",),
    drift_alone=True,
    drift_share=0.5,
    kernels=(5, 3),
    combine="channels",
    width=2,
    levels=2,
    output="correction",
    kriging=True,
    uncertainty=True,
    standardise="day",
    transforms={"pm25": LOGS, "elevation": Transform("linear", 0.0, 1000.0)},
)


@pytest.fixture(scope="module")
def day():
    """A field that follows two rough maps, read at 60 places: the network's arguments."""
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    maps = np.stack([800 + 700 * np.sin(rows / 2) * np.cos(columns / 3), np.sin(rows / 1.5 + 1) * np.cos(columns / 2)])
    maps = torch.from_numpy(maps).float()[None]
    places = torch.from_numpy(np.stack([rng.uniform(0, size - 1, 60) for size in SHAPE], axis=1)).float()
    truth = torch.exp(3 + 0.5 * torch.from_numpy(np.sin(rows / 9)).float() + 0.8 * maps[0, 1])
    readings = StationReadings(places, at_places(truth[None], places)[:, 0], torch.ones(60))
    values, counts = torch.zeros(2, 1, 1, *SHAPE)
    row, column = (places + 0.5).long().T
    values[0, 0, row, column], counts[0, 0, row, column] = readings.values, 1.0
    return values, counts, maps, torch.ones_like(maps), readings


def field(day, share=0.5, trust=None, background=None, correction=0.0):
    torch.manual_seed(1)
    network = ReanalysisNetwork(replace(CONFIGURATION, drift_share=share)).eval()
    torch.nn.init.constant_(network.unet.head.bias, correction)
    network.trust = trust or Trust()
    with torch.inference_mode():
        return network(*day[:4], stations=[day[4]._replace(background=background)])


def test_it_lies_between_the_corrected_kriging_and_kriging_with_all_maps_as_far_as_readings_tell(day):
    none, half, whole = (field(day, share, correction=0.3) for share in (0.0, 0.5, 1.0))
    torch.testing.assert_close(half.standardised, (none.standardised + whole.standardised) / 2)
    survey = ReanalysisNetwork(CONFIGURATION).survey(*day[:4], stations=[day[4]])
    kriged = (torch.log(survey.kriged.with_maps[:, 0] + 2) - survey.level) / survey.spread
    torch.testing.assert_close(whole.standardised, torch.lerp(none.standardised, kriged, 1 - none.doubt), atol=1e-5, rtol=1e-4)
    assert (whole.field - none.field).abs().max() > 1


def test_where_the_readings_chose_or_kriging_is_taken_alone_nothing_is_mixed_in(day):
    for trust in (KRIGING_ALONE, Trust(shares=(0.5, 0.2)), Trust(drift=("elevation",))):
        assert torch.equal(field(day, trust=trust, correction=0.3).field, field(day, share=0.0, trust=trust, correction=0.3).field)


def test_a_background_that_is_wholly_believed_leaves_no_room_for_it(day):
    truth = torch.exp(3 + 0.5 * torch.from_numpy(np.sin(np.arange(SHAPE[0]) / 9)).float()[:, None] + 0.8 * day[2][0, 1])
    with_it, without = (field(day, share, background=Background(truth)).field for share in (0.5, 0.0))
    torch.testing.assert_close(with_it, without, rtol=1e-4, atol=1e-3)


def test_slopes_beside_are_those_of_kriging_with_these_maps_and_the_same_covariance(day):
    places, maps = day[4].places, day[2][0] / torch.tensor([1000.0, 1.0])[:, None, None]
    read = torch.cat([day[4].values.log()[:, None], at_places(maps, places)], dim=1)
    kriged = krige(places, read, SHAPE, first_map=1, drift=torch.tensor([True, False]), beside=torch.tensor([True, True]))
    v, x = kriged.variogram, np.column_stack([np.ones(60), read[:, 1:].numpy()]).astype(float)
    apart = torch.cdist(places.double(), places.double()).numpy()
    inverse = np.linalg.inv((1 - v.nugget) * np.exp(-apart / v.distance) + v.nugget * np.eye(60))
    slopes = np.linalg.solve(x.T @ inverse @ x + np.diag([0, 4, 4]), x.T @ inverse @ read[:, 0].numpy().astype(float))[1:]
    np.testing.assert_allclose(kriged.beside[0], slopes, rtol=2e-3)
    assert kriged.slopes[0, 1] == 0 and abs(float(kriged.slopes[0, 0]) - slopes[0]) > 1e-4


def test_a_model_made_before_mixes_nothing_in():
    before = {key: value for key, value in replace(CONFIGURATION, drift_share=0.0).to_dict().items() if key != "drift_share"}
    assert NetworkConfiguration.from_dict(before).drift_share == 0


@pytest.mark.parametrize("wrong", [{"drift_share": 1.1}, {"drift_share": -0.1}, {"drift": ()}, {"drift_alone": False}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match="drift_share"):
        replace(CONFIGURATION, **wrong)
