"""A QGIS without windows in this process, with Processing and this checkout's plugin."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start():
    """The application, Processing initialised as the desktop does; keep it until the end."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qgis.core import QgsApplication

    app = QgsApplication([], False)
    app.initQgis()
    sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
    from processing.core.Processing import Processing

    Processing.initialize()
    return app


def load_plugin():
    """The plugin, its provider registered; its folder gets the name that it has when installed."""
    folder = Path(tempfile.mkdtemp(prefix="ctm-reanalysis-plugins-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "ctm_reanalysis").symlink_to(ROOT, target_is_directory=True)
    sys.path.insert(0, str(folder))
    from ctm_reanalysis import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    return plugin
