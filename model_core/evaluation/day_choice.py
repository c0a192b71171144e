"""Which days of a CTM say something about a model: those that it was not trained on, as far as its card tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Mapping, Sequence

from model_core.errors import InputError

TRAINED, HELD_OUT, UNSEEN, UNKNOWN = "trained on", "held out", "not in the training data", "unknown"


@dataclass(frozen=True)
class DayChoice:
    """Days to evaluate on.

    Attributes
    ----------
    indices : positions in the list of days
    kind : "held out", "not trained on", "trained on", "unknown" or "mixed": what the model's card says of them
    explanation : for people
    doubtful : whether the model may have seen some of these days in training
    """

    indices: list[int]
    kind: str
    explanation: str
    doubtful: bool


def choose_days(
    card: Mapping[str, Any], files: Sequence[str], times: Sequence[Date], start: Date | None = None, end: Date | None = None
) -> DayChoice:
    """Without limits the days that were not trained on, else all; with limits every day within them.

    Parameters
    ----------
    card : of the model
    files : names, without folders, of the files that the days come from
    times : the days, in order

    Raises
    ------
    InputError
        If there is no day, or none within the limits.
    """
    if not times:
        raise InputError("the CTM files hold no days")
    if start and end and start > end:
        raise InputError(f"the first day, {start}, is after the last, {end}")
    states = day_states(card, files, times)
    indices = [i for i, day in enumerate(times) if (not start or day >= start) and (not end or day <= end)]
    if not indices:
        raise InputError(
            f"no day lies within {start or 'the beginning'} to {end or 'the end'}; the CTM files hold {times[0]} to {times[-1]}"
        )
    if start or end:
        return _describe(indices, states, f"the {len(indices)} days asked for")
    untouched = [i for i in indices if states[i] in (HELD_OUT, UNSEEN)]
    if untouched:
        return _describe(untouched, states, f"{len(untouched)} of {len(times)} days")
    return _describe(indices, states, f"all {len(times)} days")


def day_states(card: Mapping[str, Any], files: Sequence[str], times: Sequence[Date]) -> list[str]:
    """What the card says of each day: trained on, held out, not in the training data, or unknown.

    A file is known by its name. The same day of a file that the card does not name is unknown: it may be the same
    field in a copy. A day that one data set held out and another trained on was trained on.
    """
    training = card.get("training") or {}
    sources = [source for source in training.get("data") or [] if source.get("first") and source.get("last")]
    if not sources:
        return [UNKNOWN] * len(times)
    names = set(files)
    said: list[set[str]] = [set() for _ in times]
    for source in sources:
        first, last = Date.fromisoformat(source["first"]), Date.fromisoformat(source["last"])
        inside = [i for i, day in enumerate(times) if first <= day <= last]
        ours = bool(names & {source.get("file"), *(source.get("files") or ())})
        held = _held_out(source, [times[i] for i in inside], training.get("validation_share")) if ours else None
        for i in inside:
            said[i].add(UNKNOWN if held is None else HELD_OUT if times[i] in held else TRAINED)
    return [next((state for state in (TRAINED, HELD_OUT, UNKNOWN) if state in states), UNSEEN) for states in said]


def _held_out(source: Mapping[str, Any], days: list[Date], share: float | None) -> set[Date] | None:
    """The days of a data set that were held out; None where that can't be told."""
    if "held_out" in source:
        return {Date.fromisoformat(day) for day in source["held_out"]}
    # Cards that don't name them are of trainings that held out the last `share` of each file, a day at least.
    if share is None or len(days) != source.get("days"):
        return None
    count = min(max(round(len(days) * share), 1), len(days) - 1) if share and len(days) > 1 else 0
    return set(days[len(days) - count :])


def _describe(indices: list[int], states: list[str], which: str) -> DayChoice:
    found = {states[i] for i in indices}
    if found <= {HELD_OUT, UNSEEN}:
        kind = HELD_OUT if found == {HELD_OUT} else "not trained on"
        return DayChoice(indices, kind, f"{which}: those that the model was not trained on, says its card", False)
    trained = sum(states[i] == TRAINED for i in indices)
    kind = found.pop() if len(found) == 1 else "mixed"
    if trained:
        doubt = f"the model was trained on {trained} of them: they show what it remembers, not what it can"
    else:
        doubt = "the model's card does not tell whether it was trained on them; if it was, the scores are too good"
    return DayChoice(indices, kind, f"{which}; {doubt}", True)
