"""Translation of what the user reads: one context for the whole plugin."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, QTranslator

from .engine.qgis_side import tr

__all__ = ["install_translator", "tr"]
_I18N = Path(__file__).resolve().parent.parent / "resources" / "i18n"


def install_translator(locale: str) -> QTranslator | None:
    """Install the translation for a locale such as ``zh_CN``; None where there is none."""
    for name in dict.fromkeys((locale, locale.split("_")[0])):
        file, translator = _I18N / f"{name}.qm", QTranslator()
        if name and file.exists() and translator.load(str(file)):
            QCoreApplication.installTranslator(translator)
            return translator
    return None
