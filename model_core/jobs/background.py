"""The background that a request names, for the jobs that predict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date as Date
from typing import TYPE_CHECKING, Any, Iterator, Mapping

import numpy as np

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.period.pipeline import Account
from model_core.period.step_readings import StepReadings
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import GriddedReadings

if TYPE_CHECKING:
    from model_core.background.reading import BackgroundDays
    from model_core.background.trust import BackgroundTrust

_MOST_NAMED = 20


def require_kriging(model: Model) -> None:
    """Raise `InputError` if a model has nothing that a background could enter by."""
    if not model.configuration.kriging:
        raise InputError(
            f"model '{model.name}' does not krige, and a background enters a field as drift of its kriging: leave the background out, or "
            "choose a model that kriges, such as bundled"
        )


def requested_background(request: Mapping[str, Any], model: Model, grid: Grid, progress: Progress) -> BackgroundDays | None:
    """The days of the request's background, None without one; `InputError` as `background_days`, or if the model does not krige."""
    if not any(request.get(key) for key in ("background", "background_variable", "background_lead_day")):
        return None
    from model_core.background.reading import background_days  # brings all that reads CTM files, which most runs can do without

    if request.get("background"):
        require_kriging(model)
    return background_days(request, model.configuration.target, grid, progress)


def with_requested_background(
    request: Mapping[str, Any], readings: dict[str, GriddedReadings], day: Date | None, predictor: Predictor, progress: Progress
) -> BackgroundTrust | None:
    """Give the day's readings of the target, in `readings`, the background that is asked for; what of it is taken, None without one."""
    days = requested_background(request, predictor.model, predictor.grid, progress)
    if days is None:
        return None
    from model_core.background.given import with_background
    from model_core.background.reading import background_of, tell_coverage

    field, target = background_of(days, day, progress), predictor.model.configuration.target
    tell_coverage(field, progress)
    readings[target], found = with_background(readings[target], field, predictor)
    progress.log(f"background: {found.in_words()}")
    return found


def steps_with_background(
    steps: Iterator[tuple[int, StepReadings | None]], background: BackgroundDays | None, lacking: list[Date]
) -> Iterator[tuple[int, StepReadings | None]]:
    """The steps of a period, each with what stands for its background; days with readings that the background lacks are added to `lacking`."""
    for number, one in steps:
        if one is not None and background is not None:
            day = one.step.astype("datetime64[D]").item()
            one = replace(one, background=background.fingerprint(day))
            if not one.background:
                lacking.append(day)
        yield number, one


def tell_backgrounds(account: Account, lacking: list[Date], progress: Progress) -> dict[str, Any]:
    """What became of the backgrounds of a period: told, and as plain values for the result."""
    shares = np.array(account.backgrounds)
    if lacking:
        named = ", ".join(map(str, lacking[:_MOST_NAMED])) + (
            f" and {len(lacking) - _MOST_NAMED} more" if len(lacking) > _MOST_NAMED else ""
        )
        progress.warn(f"the background lacks {len(lacking)} day(s), whose fields are made without it: {named}")
    if len(shares):
        progress.log(
            f"background: taken on {np.count_nonzero(shares)} of {len(shares)} computed days, {shares.mean():.0%} of the difference that it "
            "makes on average; on the others left-out readings were met no better with it"
        )
    return {
        "computed_with": len(shares),
        "taken_on": int(np.count_nonzero(shares)),
        "mean_share": float(shares.mean()) if len(shares) else None,
        "lacking": [str(day) for day in lacking],
    }
