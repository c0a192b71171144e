"""The language of what the plugin says: a catalogue of its English texts, one file for each language.

Texts stay English until `use` is told of another locale. QGIS is never imported here: setting up the engine outside QGIS uses the same texts.
"""

from __future__ import annotations

import json
from pathlib import Path

I18N = Path(__file__).resolve().parents[2] / "resources" / "i18n"
# What the engine reads its own language from; see model_core/language.
VARIABLE = "CTM_REANALYSIS_LANGUAGE"

_language = ""
_texts: dict[str, str] = {}
_learnt: dict[str, str] = {}


def folder_of(locale: str) -> str:
    """The catalogue for a locale such as ``zh_CN``, ``zh-Hans`` or ``de``; '' where there is none, which means English.

    Chinese is one that is written in simplified letters: ``zh_TW`` and ``zh-Hant`` are given English.
    """
    parts = locale.replace("-", "_").partition(".")[0].split("_")
    if parts[0].lower() == "zh":
        traditional = {"hant", "tw", "hk", "mo"} & {part.lower() for part in parts[1:]}
        return "" if traditional and "Hans" not in parts else "zh_CN"
    names = ("_".join(parts), parts[0])
    return next((name for name in names if name and (I18N / name).is_dir()), "")


def use(locale: str) -> str:
    """Speak the language of a locale from now on; returns the name of its catalogue, '' for English."""
    global _language, _texts
    _language = folder_of(locale)
    _texts = {}
    if _language:
        for name in ("engine.json", "plugin.json"):  # the plugin's own words go first
            _texts.update(json.loads((I18N / _language / name).read_text(encoding="utf-8")))
    return _language


def language() -> str:
    """The name of the catalogue in use, '' for English."""
    return _language


def learn(texts: dict[str, str]) -> None:
    """Know what the engine said of the texts of a result, beside the catalogue; those of the result before are forgotten."""
    _learnt.clear()
    _learnt.update(texts)


def tr(text: str) -> str:
    """A text of the plugin in the user's language; a word that the engine's results hold, too."""
    return _texts.get(text) or _learnt.get(text) or text
