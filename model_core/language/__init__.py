"""The language of what the engine says: English, or that of a catalogue in ``resources/i18n``.

The code says everything in English; what leaves the engine for people (log, warnings, progress, errors, pages, labels of figures) passes
`say` on its way out. Names in results, attributes of files, the run log and the help of the command line stay English.

    say          a text in the language of this process
    sentences    what the texts in a result are in that language
    use          choose it: by a locale such as zh_CN, '' for English
    translator   how a message is recognised by its template and said in the other language
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from model_core.language.translator import Translator

__all__ = ["VARIABLE", "language", "languages", "say", "sentences", "use"]

# The environment variable that chooses the language of a process: the plugin sets it for its engine, and a user may.
VARIABLE = "CTM_REANALYSIS_LANGUAGE"
_PACKAGE = Path(__file__).resolve().parents[1]
# Of an installed package the catalogues lie inside, of a checkout or the plugin beside it.
_I18N = _PACKAGE / "i18n" if (_PACKAGE / "i18n").is_dir() else _PACKAGE.parent / "resources" / "i18n"

_MOST_SENTENCES, _LONGEST_SENTENCE = 300, 1000

_language: str | None = None  # not chosen yet
_translator: Translator | None = None


def languages() -> list[str]:
    """The catalogues that there are, by the names of their folders."""
    return sorted(path.parent.name for path in _I18N.glob("*/engine.json"))


def use(locale: str) -> str:
    """Speak the language of a locale from now on; the name of its catalogue, '' for English.

    A locale without a catalogue, such as ``zh_TW`` or ``fr``, is given English.
    """
    global _language, _translator
    _language = _catalogue_of(locale)
    _translator = None
    if _language:
        _translator = Translator(json.loads((_I18N / _language / "engine.json").read_text(encoding="utf-8")))
    return _language


def language() -> str:
    """The name of the catalogue in use, '' for English; the environment variable chooses where `use` was not called."""
    return use(os.environ.get(VARIABLE, "")) if _language is None else _language


def say(text: str) -> str:
    """The text in the language of this process; as it is where the catalogue does not know it."""
    return _translator(text) if language() and _translator else text


def sentences(result: Any) -> dict[str, str]:
    """Of a result, which stays English: its texts that are more than a word, with their translations; {} where nothing is to translate."""
    if not language():
        return {}
    found: dict[str, str] = {}
    todo = [result]
    while todo and len(found) < _MOST_SENTENCES:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, (list, tuple)):
            todo += value
        elif isinstance(value, str) and " " in value and len(value) < _LONGEST_SENTENCE:
            found[value] = say(value)
    return {text: said for text, said in found.items() if said != text}


def _catalogue_of(locale: str) -> str:
    parts = locale.replace("-", "_").partition(".")[0].split("_")
    if parts[0].lower() == "zh":
        traditional = {"hant", "tw", "hk", "mo"} & {part.lower() for part in parts[1:]}
        return "" if traditional and "Hans" not in parts or "zh_CN" not in languages() else "zh_CN"
    return next((name for name in ("_".join(parts), parts[0]) if name in languages()), "")
