"""What the bundled model is given after its training, its weights as they are: people near a place for its kriging alone, and no share far away.

    python resources/recipes/kriging_maps.py FILE

The maps ship with the engine (`model_core.world_maps`) and are known everywhere on Earth. They act as external drift where the kriging is taken
alone: in other regions, and where the readings choose it. Under the correction, which was trained without them, they would tell twice what it
has learnt (on held-out CMAQ days 10 to 20 % too low from 50 km on).

The share of the correction far from readings, 0.75 by the mean of simulated and CMAQ days, is set to 0: on the held-out CMAQ days, read at the
stations' places, that of 0.75 is 31 % too low beyond 300 km and has an RMSE over land of 12.6 in place of 11.6 (`land_bias.py`).
The step can be run any number of times.
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
    "After the training the maps of people (population_near, population_far) were given to the kriging for where it is taken alone, and the share "
    "of the correction far from readings was set to 0, as held-out CMAQ days have it."
)
BEFORE = "These scores are of the model before its kriging was given the maps of people, and with a share of the correction far from readings; `make benchmark-skill` makes them anew."


def with_people(network: NetworkConfiguration) -> NetworkConfiguration:
    """The configuration with the maps of people as drift of the kriging alone, and without the correction far from readings."""
    return replace(
        network, drift=tuple(PEOPLE), drift_alone=True, transforms={**network.transforms, **PEOPLE},
        correction_share=(network.correction_share[0], 0.0))


def give_maps(file: Path) -> None:
    """Change a model file."""
    model = load_model(str(file))
    card = {**model.card, CARD_KEY: SENTENCE}
    if "evaluation" in card and model.configuration != with_people(model.configuration):
        card["evaluation"] = {**card["evaluation"], "how": f"{card['evaluation'].get('how', '')} {BEFORE}"}
    replace_card(file, card, with_people(model.configuration))


if __name__ == "__main__":
    give_maps(Path(sys.argv[1]))
