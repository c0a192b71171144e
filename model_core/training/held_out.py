"""What a network makes of the days that were held out: its scores, and the shares of its corrections that they support."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator, Sequence

import numpy as np
import torch

from model_core.device import training_autocast
from model_core.network.network_output import NetworkOutput
from model_core.network.reanalysis_network import ReanalysisNetwork
from model_core.network.trust import Trust
from model_core.progress import Progress
from model_core.scores import scores
from model_core.training.backgrounds import stations_with_backgrounds
from model_core.training.plan import TrainingPlan
from model_core.training.samples import Sample, TrainingDays, draw_sample, stack, without_inputs
from model_core.training.shrinkage import best_share, best_shares, errors_by_share, unlikelihood_by_share

MOST_VALIDATION_DAYS = 12
MOST_SHRINKAGE_DAYS = 36


def validate(network: ReanalysisNetwork, plan: TrainingPlan) -> dict[str, float]:
    """Mean of the daily scores on land, over at most twelve held-out days, with the same stations each time.

    `rmse_to_background` is against the kriged field; where only backgrounds are learnt from, against the field without what they add.
    """
    daily = []
    for days, sample, output in predicted(network, plan, MOST_VALIDATION_DAYS):
        evaluated = days.land & (sample.valid > 0)
        daily.append(scores(np.maximum(output.field[0].float().cpu().numpy()[evaluated], 0), sample.truth[evaluated]))
        if plan.only_background:
            output = _adding(output)
        if output.background is not None:
            daily[-1]["rmse_to_background"] = errors_by_share(days, sample, output, plan.network)[-1, -1]
    kinds = [key for key in ("rmse", "mae", "r2_det", "nme", "rmse_to_background") if daily and key in daily[0]]
    return {key: float(np.mean([s[key] for s in daily])) for key in kinds}


def predicted(
    network: ReanalysisNetwork, plan: TrainingPlan, most: int, without: Sequence[str] = (), background: bool | None = None
) -> Iterator[tuple[TrainingDays, Sample, NetworkOutput]]:
    """Held-out days, spread over all of them, with the same stations each time, and what the network makes of them.

    Inputs that are named in `without` are taken away. The days have a background, or have none, as `background` says; None: as many of them as
    batches of the training.
    """
    share = plan.configuration.background_batches if background is None else float(background)
    network.eval()
    held_out = plan.split.validation
    chosen = np.unique(np.linspace(0, len(held_out) - 1, min(len(held_out), most)).round().astype(int))
    for number in chosen if held_out else ():
        source, day = held_out[number]
        # The offset keeps these generators apart from those of the iterations.
        rng = np.random.default_rng([plan.seed, 10**9 + int(number)])
        with_background = bool(share) and np.random.default_rng([plan.seed, 2 * 10**9 + int(number)]).random() < share
        sample = draw_sample(plan.data[source], day, plan.network, plan.configuration, rng, whole=True, with_background=with_background)
        sample = without_inputs(sample, plan.network, without)
        batch = stack([sample], plan.device)
        with torch.inference_mode(), training_autocast(plan.device, plan.precision):
            stations = stations_with_backgrounds(network, batch, plan.cell_km)
            yield plan.data[source], sample, network(batch.values, batch.mask, batch.maps, batch.maps_known, stations=stations)


def shrunk(network: ReanalysisNetwork, plan: TrainingPlan, progress: Progress) -> ReanalysisNetwork:
    """The network with the share of its correction to kriging that held-out days support."""
    if not (plan.network.kriging and plan.network.output == "correction" and plan.split.validation):
        return network
    network = network.to(plan.device)
    network.trust = plan.trust
    chosen: dict[str, Any] = {}
    if not plan.only_background:
        errors, unlikelihoods = [], []
        for held_out in predicted(network, plan, MOST_SHRINKAGE_DAYS, background=False):
            errors.append(errors_by_share(*held_out, plan.network, plan.network.correction_reach))
            if plan.network.uncertainty:
                unlikelihoods.append(unlikelihood_by_share(*held_out, plan.network))
        near, far = best_shares(errors)
        of_sd = best_share(unlikelihoods) if unlikelihoods else 1.0
        told = f" and {of_sd:.0%} of that to the standard deviation" if unlikelihoods else ""
        progress.log(f"{near:.0%} of the correction is applied near stations, {far:.0%} far from them{told}: the best on held-out days")
        chosen = {"correction_share": (near, far), "uncertainty_share": of_sd}
    if plan.configuration.background_batches:
        network.configuration = replace(plan.network, background_share=(1.0, 1.0))
        with_one = predicted(network, plan, MOST_SHRINKAGE_DAYS, background=True)
        errors = [errors_by_share(days, sample, _adding(output), plan.network) for days, sample, output in with_one]
        near, far = best_shares(errors)
        progress.log(f"{near:.0%} of what backgrounds add to it is applied near stations, {far:.0%} far from them")
        chosen["background_share"] = (near, far)
    network.configuration, network.trust = replace(plan.network, **chosen), Trust()
    return network.cpu()


def _adding(output: NetworkOutput) -> NetworkOutput:
    """What a background adds to the field, as if that were all of the correction."""
    return output if output.before_background is None else output._replace(background=output.before_background)
