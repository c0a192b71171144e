"""Translation of what the user reads: the plugin speaks QGIS's language where there is a catalogue of it."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QLocale

from .engine.language import tr, use

__all__ = ["qgis_locale", "tr", "use_language"]


def qgis_locale() -> str:
    """QGIS's locale: that of its option ``--lang``, else of its settings, else of the system."""
    settings = QgsSettings()
    asked = QgsApplication.instance().translation() if QgsApplication.instance() else ""
    if asked and asked != "C":
        return asked
    if settings.value("locale/overrideFlag", False, type=bool):
        return settings.value("locale/userLocale", "") or "en"
    return QLocale().name()


def use_language(locale: str | None = None) -> str:
    """Speak the language of a locale, by default of QGIS's; the name of its catalogue, '' for English."""
    return use(qgis_locale() if locale is None else locale)
