"""What the bundled model is given after its training, its weights as they are: people near a place for its kriging, slopes that differ
from place to place, the width of kriging's own intervals, and no share far away.

    python resources/recipes/kriging_maps.py FILE

The maps ship with the engine (`model_core.world_maps`) and are known everywhere on Earth. They act as external drift where the kriging is taken
alone: in other regions, and where the readings choose it. Under the correction, which was trained without them, they would tell twice what it
has learnt (on held-out CMAQ days 10 to 20 % too low from 50 km on).
What they say is mixed in instead (`drift_share`): near readings the field is half the corrected kriging, and half kriging with all maps and no
correction. On the held-out CMAQ days its RMSE at left-out cities is 1.1 % lower than without, and over land 1 % (docs/skill.md).

The share of the correction far from readings, 0.75 by the mean of simulated and CMAQ days, is set to 0: on the held-out CMAQ days, read at the
stations' places, that of 0.75 is 31 % too low beyond 300 km and has an RMSE over land of 12.6 in place of 11.6 (`land_bias.py`).
The slopes on maps may differ from place to place (`network.local_slopes`): by half of their own prior (`variogram.DRIFT_PRIOR`) and over the
distance of the covariance's prior (`variogram.RANGE_PRIOR`). Of some variants of the kriging this one was better or as good nearly everywhere.

Where the kriging is taken alone, a reading counts as at most 2.5 standard deviations from what the others say of it (`network.outlying`): around
Atlanta, on 16 days that are not judged, the RMSE of left-out monitors is 1.3 % lower with it.

The correction to kriging's standard deviation, of which the training had chosen a share of 0.75, is not applied: it was learnt on CTM fields,
whose stations differ from one another by what the training gave them and by no more. The nugget of a day's own readings tells how much they do.
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
LOCAL_SLOPES = (0.25, 25.0)
DRIFT_SHARE = 0.5
OUTLIER_LIMIT = 2.5
CARD_KEY = "kriging_maps"
SENTENCE = (
    "After the training the maps of people (population_near, population_far) were given to the kriging for where it is taken alone. Where the "
    "correction acts, half of the field near readings is kriging with all maps, without a correction. The share of the correction far from readings "
    "was set to 0, as held-out CMAQ days have it. Where the kriging is taken alone, slopes on maps may differ from place to place, and a reading that "
    "is far from what the others say of it is moved nearer. The standard deviation is that of the kriging."
)
BEFORE = "These scores are of the model before its kriging was changed (see kriging_maps); `make benchmark-skill` makes them anew."


def after_training(network: NetworkConfiguration) -> NetworkConfiguration:
    """The configuration with the maps of people as drift of the kriging alone and mixed in, local slopes, a limit for odd readings, and without the correction far from
    readings and that of the standard deviation."""
    return replace(
        network,
        drift=tuple(PEOPLE),
        drift_alone=True,
        drift_share=DRIFT_SHARE,
        transforms={**network.transforms, **PEOPLE},
        local_slopes=LOCAL_SLOPES,
        outlier_limit=OUTLIER_LIMIT,
        correction_share=(network.correction_share[0], 0.0),
        uncertainty_share=0.0,
    )


def give_maps(file: Path) -> None:
    """Change a model file."""
    model = load_model(str(file))
    card = {**model.card, CARD_KEY: SENTENCE}
    if "evaluation" in card and model.configuration != after_training(model.configuration):
        how = card["evaluation"].get("how", "").partition(BEFORE[: BEFORE.index("before")])[0].strip()
        card["evaluation"] = {**card["evaluation"], "how": f"{how} {BEFORE}".strip()}
    replace_card(file, card, after_training(model.configuration))


if __name__ == "__main__":
    give_maps(Path(sys.argv[1]))
