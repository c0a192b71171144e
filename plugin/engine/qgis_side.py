"""The two things that the engine's side of the plugin asks of QGIS: its setting and its translator.

Outside QGIS (command line set-up, tests) there is no setting and texts stay English.
"""

from __future__ import annotations

# Where the Processing options keep the provider's setting ctm_reanalysis/engine_python.
SETTING = "Processing/Configuration/ctm_reanalysis/engine_python"


def engine_setting() -> str:
    """The interpreter that the user chose in the provider's options; empty if none."""
    try:
        from qgis.core import QgsSettings
    except ImportError:
        return ""
    return str(QgsSettings().value(SETTING, "") or "").strip()


def tr(text: str) -> str:
    """The text in the user's language."""
    try:
        from qgis.PyQt.QtCore import QCoreApplication
    except ImportError:
        return text
    return QCoreApplication.translate("CTMReanalysis", text)
