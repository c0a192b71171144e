"""Give the kriging inside the bundled model the people who live near a place as further maps; its weights stay as they are.

    python resources/recipes/kriging_maps.py FILE

The maps ship with the engine (`model_core.world_maps`) and are known everywhere on Earth. They act as external drift alone: the network does
not see them, only the kriged field that it corrects changes, so that a model that was trained without them can have them. The step can be run
any number of times.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from model_core.configuration import NetworkConfiguration, Transform  # noqa: E402
from model_core.model_file import load_model, replace_card  # noqa: E402

# log10 of the people: three decades lie between the country and a large city, and the prior of a slope (`variogram.DRIFT_PRIOR`) is that of a
# map that goes from 0 to 1 between them.
PEOPLE = {"population_near": Transform("linear", 0.0, 3.0), "population_far": Transform("linear", 0.0, 3.0)}
CARD_KEY = "kriging_maps"
SENTENCE = (
    "The maps of people (population_near, population_far) were given to the kriging after the training, which had elevation and urban fraction alone."
)


def with_people(network: NetworkConfiguration) -> NetworkConfiguration:
    """The configuration with the maps of people as drift."""
    return replace(network, drift=tuple(PEOPLE), transforms={**network.transforms, **PEOPLE})


def give_maps(file: Path) -> None:
    """Change a model file."""
    model = load_model(str(file))
    replace_card(file, {**model.card, CARD_KEY: SENTENCE}, with_people(model.configuration))


if __name__ == "__main__":
    give_maps(Path(sys.argv[1]))
