"""A configuration is one readable file, and a mistake in it is named by its key."""

import json
import math

import pytest

from model_core.configuration import NetworkConfiguration, TrainingConfiguration, read_configuration
from model_core.errors import InputError


@pytest.mark.parametrize("name", ["paper", "paper_literal", "improved"])
def test_named_configurations_survive_json(name):
    network, training = read_configuration(name)
    assert NetworkConfiguration.from_dict(json.loads(json.dumps(network.to_dict()))) == network
    assert TrainingConfiguration.from_dict(json.loads(json.dumps(training.to_dict()))) == training


@pytest.mark.parametrize(
    "text, message",
    [
        ("[network]\nwidht = 3", "network.widht"),
        ("[training]\nbatch = 'ten'", "training.batch must be of type int"),
        ("[training]\nbatch = 0", "training.batch must be positive"),
        ("[training]\nstations = [50, 20]", "training.stations"),
        ("[training]\nloss = 'mse'", "training.loss must be one of mae, mixed"),
        ("[network]\nkernels = [20, 11]", "network.kernels"),
        ("[network]\nstation_variables = ['pm25', 'humidty']", "humidty"),
        ("[network]\ntarget = 'o3'", "network.target"),
        ("[network]\noutput = 'correction'", "coarse_factors"),
        ("[network]\nepsilon_in = 'kernels'", "network.epsilon_in must be one of weights, denominators"),
        ("[network]\noutput = 'relu'\nstandardise = 'day'", "network.output: 'relu' needs standardise = 'none'"),
        ("[network]\noutput = 'relu'\n[network.transforms]\npm25 = { kind = 'log', offset = 1.0 }", "zero is a concentration of zero"),
        ("[network.transforms]\npm25 = { kind = 'log' }", "network.transforms.pm25"),
        ("[network.transforms]\npm25 = { kindd = 'log' }", "network.transforms.pm25.kindd"),
        ("[network]\ntransforms = true", "'network.transforms' must be a table"),
        ("[network.transforms]\npm25 = 3", "'network.transforms.pm25' must be a table"),
        ("training = [1]", "'training' must be a table"),
        ("[network]\nwidth = 100000000", "network.width 100000000 with network.levels 5 makes more than 4096 channels"),
        ("[network]\nwidth = 10000000000000000000000", "network.width"),
        ("[network]\nlevels = 1000", "network.levels 1000"),
        ("[network]\nkernels = [9999999, 9999999]", "none may be more than 1000"),
        ("[network]\navailability = '" + "x" * 100 + "'", "network.availability must be of type bool"),
        ("[netwrok]\nwidth = 3", "netwrok"),
        ("[network\n", "not a valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=message.replace("[", r"\[")) as error:
        read_configuration(str(file))
    assert str(file) in str(error.value)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="improved, paper"):
        read_configuration("perfect")


def test_the_literal_paper_differs_from_the_paper_only_where_the_text_is_taken_at_its_word():
    (literal, schedule), (paper, same_schedule) = map(read_configuration, ("paper_literal", "paper"))
    assert schedule == same_schedule
    differing = {key: value for key, value in literal.to_dict().items() if value != paper.to_dict()[key]}
    assert differing == {
        "epsilon": pytest.approx(math.exp(-5)),
        "epsilon_in": "denominators",
        "second_denominator": "literal",
        "output": "relu",
    }
