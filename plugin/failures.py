"""What a user is told when something fails that nobody foresaw: a message, and the log file with the rest."""

from __future__ import annotations

import os
import platform
import traceback
from datetime import datetime
from pathlib import Path

from qgis.core import Qgis, QgsApplication

from .translate import tr

_KEPT = 20  # logs; older ones are removed


def explain(error: Exception, what: str) -> str:
    """A message for the user, with the path of a log that holds the traceback.

    Parameters
    ----------
    what : what was being done, for the log
    """
    told = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else '-'}"
    log = _write(error, what)
    if log is None:
        return tr("The plugin failed, which is a fault of its own; please report it: {}").format(told)
    return tr("The plugin failed, which is a fault of its own; please report it with the log file {log}: {told}").format(log=log, told=told)


def _write(error: Exception, what: str) -> Path | None:
    """Write the log into the user's profile; None where that can't be: the message must reach the user anyway."""
    now = datetime.now()
    folder = Path(QgsApplication.qgisSettingsDirPath()) / "ctm_reanalysis" / "logs"
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.log"))[:-_KEPT]:
            old.unlink()
        path = folder / f"{now:%Y%m%d-%H%M%S-%f}.log"
        versions = f"QGIS {Qgis.QGIS_VERSION}, Python {platform.python_version()}, {platform.platform()}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{versions}\n{now:%Y-%m-%d %H:%M:%S}\n{what}\n\n{trace}")
    except OSError:
        return None
    return path
