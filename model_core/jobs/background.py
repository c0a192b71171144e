"""The background that a request names, for the jobs that predict."""

from __future__ import annotations

from datetime import date as Date
from typing import TYPE_CHECKING, Any, Mapping

from model_core.errors import InputError
from model_core.grid import Grid
from model_core.model_file import Model
from model_core.prediction import Predictor
from model_core.progress import Progress
from model_core.stations.gridding import GriddedReadings

if TYPE_CHECKING:
    from model_core.background.reading import BackgroundDays
    from model_core.background.trust import Trust


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
) -> Trust | None:
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
