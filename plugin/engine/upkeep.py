"""Mending the engine environment, and taking it away."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

if __package__:
    from . import environment
    from .errors import SetUpCancelled, SetUpError
    from .installer import Installer, Report
    from .managed_folder import exclusive, remove
    from .qgis_side import tr
    from .room import megabytes_in
else:
    import environment
    from errors import SetUpCancelled, SetUpError
    from installer import Installer, Report
    from managed_folder import exclusive, remove
    from qgis_side import tr
    from room import megabytes_in


def repair(
    folder: Path | None = None,
    *,
    report: Report = lambda fraction, message: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    **options,
) -> environment.Status:
    """Import every library of the environment; where one can't be imported, or the environment is not ready, make it as `create` does.

    `options` and errors are those of `create`.
    """
    folder = Path(folder or environment.default_folder()).expanduser().absolute()
    if environment.status(folder).state == "ready":
        with exclusive(folder), open(folder / environment.LOG, "a", encoding="utf-8") as log:
            installer = Installer(log, report, is_cancelled, folder)
            installer.say(tr("Importing every library once"), 0.1)
            try:
                environment.import_all(installer, str(environment.python_in(folder)))
                installer.say(tr("Every library can be imported: nothing is to be repaired."), 1.0)
                return environment.status(folder)
            except SetUpCancelled:
                raise
            except SetUpError as error:
                installer.say(tr("A library is broken, and the environment is made anew: {reason}").format(reason=error.reason), 0.1)
        options["rebuild"] = True
    return environment.create(folder, report=report, is_cancelled=is_cancelled, **options)


def remove_environment(folder: Path | None = None) -> int:
    """Take the environment away, if there is one; the MB that it took.

    Raises
    ------
    SetUpError
        If the folder was not made by a set-up, or another program uses it.
    """
    folder = Path(folder or environment.default_folder()).expanduser().absolute()
    if not folder.exists():
        return 0
    with exclusive(folder):
        size = megabytes_in(folder)
        remove(folder, (environment.MARKER, environment.LOG))
    return size
