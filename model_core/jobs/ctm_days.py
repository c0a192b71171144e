"""The days that a CTM and the readings of stations have in common."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any, Sequence

from model_core.ctm.daily_store import CACHE_FOLDER, DailyStore, open_store
from model_core.errors import InputError
from model_core.evaluation.report import evaluation_folder
from model_core.grid import Grid
from model_core.progress import Progress
from model_core.training.series import find_files
from model_core.variables import get_variable


def open_ctm(
    request: dict[str, Any], species: str, grid: Grid | None, out: Path, progress: Progress, maps: Sequence[str] = ()
) -> DailyStore:
    """Daily means of the species in the request's `ctm` files, at the surface or the level that it names, in its time zone;
    prepared once and kept in the folder `cache`, by default in one beside the output.

    Parameters
    ----------
    grid : None keeps the grid of the files
    maps : that are wanted too, where the files have them

    Raises
    ------
    InputError
        As `open_store`; if the files do not hold the species.
    """
    cache, lead_day = Path(request.get("cache") or out / CACHE_FOLDER), request.get("lead_day")
    with evaluation_folder(cache, shared=True):
        store = open_store(
            list(dict.fromkeys(find_files(request["ctm"]))),
            [species, *maps],
            grid,
            cache,
            progress,
            request.get("time_zone") or "UTC",
            None if lead_day in (None, "") else int(lead_day),
        )
    if species not in store.variables:
        raise InputError(f"the CTM files hold no {get_variable(species).long_name}")
    return store


def common_days(store: DailyStore, dates: Sequence[Date | None], progress: Progress, lacking: str) -> dict[Date | None, int]:
    """Of the days of the readings those that the CTM has, with their number in the store.

    Readings without a day are those of a CTM that has a single one. `lacking` says what becomes of other days, for the warning.

    Raises
    ------
    InputError
        If there is none.
    """
    if list(dates) == [None] and len(store.times) == 1:
        progress.log(f"the readings have no day: they are compared with the only one of the CTM, {store.times[0]}")
        return {None: 0}
    found = {date: number for number, date in enumerate(store.times) if date in dates}
    if not found:
        remedy = "name the day or the time column" if list(dates) == [None] else "choose other files"
        raise InputError(
            f"the CTM files hold {store.times[0]} to {store.times[-1]}, none of the days of the readings ({dates[0]} to {dates[-1]}); "
            f"{remedy}"
        )
    if len(found) < len(dates):
        progress.warn(f"the CTM files lack {len(dates) - len(found)} of {len(dates)} days; {lacking}")
    return found
