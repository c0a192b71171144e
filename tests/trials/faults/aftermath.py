"""What must hold after every fault: nothing half-written under a final name, nobody left behind, the next run as if nothing had been."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from trials.faults.contents import digest
from trials.faults.forked import Ended, run
from trials.faults.jobs import Sound
from trials.outcome import CLEAN, CRASH, HANG, SANE, WRONG, Outcome, of_error

_OF_LIBRARIES = ("torchinductor_",)  # a folder for compiled code, which torch keeps for its user


def half_written(out: Path, sound: Sound, renewed: tuple[str, ...] = ()) -> str:
    """Which file under a final name is another than it should be, in words; "" if none.

    Hidden files are not under a final name. `renewed` are names that rightly change while a job goes on, such as the best model
    so far: these need only be whole.
    """
    for path in sorted(out.rglob("*")) if out.exists() else []:
        name = str(path.relative_to(out))
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(out).parts) or path.suffix == ".checkpoint":
            continue
        try:
            found = digest(path)
        except Exception as error:
            return f"'{name}' is under its name and damaged ({type(error).__name__}: {error})"
        if name not in sound.contents and not name.startswith(renewed or ("\0",)):
            return f"'{name}' is there, which a whole run does not write"
        if not name.startswith(renewed or ("\0",)) and found != sound.contents[name]:
            return f"'{name}' is under its name and not what a whole run writes"
    return ""


def judged(ended: Ended) -> Outcome:
    """The outcome of a job that a fault befell and that was left to end by itself."""
    if ended.worked:
        return Outcome(SANE)
    if ended.error:
        return of_error(Exception(), ended.error)
    if ended.status == -14:
        return Outcome(HANG, "the job did not end")
    return Outcome(CRASH, f"status {ended.status}: {ended.words[-400:]}")


def left_in(temporary: Path) -> str:
    """What a run that ended by itself left in its temporary folder, in words; "" if nothing."""
    names = [path.name for path in temporary.iterdir() if not path.name.startswith(_OF_LIBRARIES)] if temporary.exists() else []
    return f"left in the temporary folder: {names}" if names else ""


def as_if_nothing_had_been(
    job: tuple[str, dict[str, Any]], out: Path, temporary: Path, sound: Sound, renewed: tuple[str, ...] = ()
) -> Outcome | None:
    """Run the job again: None if it gives what it gives otherwise and nothing more lies there, else what failed.

    In the temporary folder of the run before: what that left, because it was killed, must be gone afterwards. It is made to look old,
    since what is young might be in use.
    """
    for path in temporary.iterdir() if temporary.exists() else ():
        os.utime(path, (0, 0), follow_symlinks=False)
    ended = run(*job, temporary)
    if not ended.worked:
        outcome = judged(ended)
        return Outcome(WRONG if outcome.kind == CLEAN else outcome.kind, f"the next run does not work: {outcome.told}", outcome.traceback)
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    if found != set(sound.contents):
        more, less = sorted(found - set(sound.contents)), sorted(set(sound.contents) - found)
        return Outcome(WRONG, f"after the next run there is more: {more}, or less: {less}")
    other = [name for name in sorted(found) if digest(out / name) != sound.contents[name] and not (renewed and name.startswith(renewed))]
    if other:
        return Outcome(WRONG, f"the next run gives another result in {', '.join(other)}")
    left = left_in(temporary)
    return Outcome(WRONG, left) if left else None
