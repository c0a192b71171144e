"""What a trained network loses on held-out days where an input is missing; it goes onto the model's card."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.training.held_out import predicted
from model_core.training.plan import TrainingPlan

MOST_DAYS = 6


def errors_without_inputs(network: ReanalysisNetwork, plan: TrainingPlan) -> list[dict[str, Any]]:
    """RMSE without each input of the data, without all further variables, without all maps, and without both.

    Returns
    -------
    list of dict
        `without` (keys with commas), `rmse` and `rmse_with_all` (mean of the daily RMSE over land, in the target's unit);
        empty where no day was held out.
    """
    c = plan.network
    readings = [name for name in c.station_variables if name != c.target and any(name in days.fields for days in plan.data)]
    maps = [name for name in c.maps if any(name in days.maps for days in plan.data)]
    if not plan.split.validation or not readings + maps:
        return []
    network = network.to(plan.device)
    with_all = _rmse(network, plan, ())
    groups = dict.fromkeys(map(tuple, (*([name] for name in readings + maps), readings, maps, readings + maps)))
    measured = [{"without": ", ".join(names), "rmse": _rmse(network, plan, names), "rmse_with_all": with_all} for names in groups if names]
    network.cpu()
    return measured


def _rmse(network: ReanalysisNetwork, plan: TrainingPlan, without: Sequence[str]) -> float:
    daily = []
    for days, sample, output in predicted(network, plan, MOST_DAYS, without):
        evaluated = days.land & (sample.valid > 0)
        error = np.maximum(output.field[0].float().cpu().numpy()[evaluated], 0) - sample.truth[evaluated]
        daily.append(float(np.sqrt(np.mean(error.astype(float) ** 2))))
    return float(np.mean(daily))
