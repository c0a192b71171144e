"""What a user is told about the steps of a period and their readings."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from model_core.analysis import STRENGTHS
from model_core.applicability import beyond
from model_core.jobs.requests import tell_few, tell_notes, tell_readings
from model_core.missing_inputs import tell_missing
from model_core.model_file import Model
from model_core.period.pipeline import Account
from model_core.period.step_readings import GriddedSeries
from model_core.progress import Progress

_MOST_NAMED = 20


def tell_period(
    account: Account,
    model: Model,
    missing: list[str],
    series: Mapping[str, GriddedSeries],
    covariates: Mapping[str, np.ndarray],
    progress: Progress,
) -> None:
    """Warnings and lines of the log, at the end of a period; `missing` are the steps without readings, as text."""
    seen = {key: np.array([one.report.values.lowest, one.report.values.highest]) for key, one in series.items() if one.report.values}
    for key, values in {**seen, **{key: field[np.isfinite(field)] for key, field in covariates.items()}}.items():
        if note := beyond(model, key, values):
            progress.warn(note)
    for note in account.notes:
        progress.warn(note)
    for key, one in series.items():
        tell_notes(one.report, progress)
        tell_readings(one.report, key, progress, one.seen, one.stations, not_lost="outside the period")
        if key == model.configuration.target:
            tell_few(one.stations, one.grid, progress)
    if missing:
        named = ", ".join(missing[:_MOST_NAMED]) + (f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else "")
        progress.warn(f"{len(missing)} of {account.total} {account.unit}s have no readings and no field: {named}")
    for name, count in sorted(account.missing_inputs.items()):
        tell_missing(model, [name], progress, f"on {count} of {account.computed} {account.unit}s")
    if account.negative_cells:
        progress.log(f"{account.negative_cells} cells were below zero and set to it")
    if account.spread:
        none, half, whole = (account.spread.get(share, 0) for share in STRENGTHS)
        progress.log(
            f"analysis step: residuals spread wholly on {whole}, half on {half}, not on {none} of {account.computed} {account.unit}s"
        )
    progress.log(f"{account.computed} computed at {account.rate:.2f} {account.unit}s a second, {account.kept} kept")
