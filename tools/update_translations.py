"""Brings the catalogues in resources/i18n up to date with the source, and lists what is to be translated.

    python3 tools/update_translations.py            write new texts with an empty translation, take obsolete ones out
    python3 tools/update_translations.py --check    change nothing; exit status 1 where something is to do

A text whose placeholders alone were renamed keeps its translation.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from translatable import ROOT, engine_texts, placeholders, plugin_texts, skeleton

I18N = ROOT / "resources" / "i18n"


def read(path: Path) -> dict[str, str]:
    """A catalogue; empty where the file is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, catalogue: dict[str, str]) -> None:
    """Write a catalogue, a text on each line, in the order of the alphabet: merges then meet few conflicts."""
    path.write_text(json.dumps(dict(sorted(catalogue.items())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def updated(catalogue: dict[str, str], texts: dict[str, str]) -> dict[str, str]:
    """The catalogue of these texts; '' for what is not translated yet."""
    renamed = {skeleton(text): text for text in catalogue}
    return {text: catalogue.get(text) or _carried_over(renamed.get(skeleton(text), ""), text, catalogue) for text in texts}


def _carried_over(old: str, new: str, catalogue: dict[str, str]) -> str:
    """The translation of a text that differs in the names of its placeholders alone."""
    names = dict(zip(placeholders(old, all_of_them=True), placeholders(new, all_of_them=True)))
    translation = catalogue.get(old, "")
    for former, name in names.items():
        translation = translation.replace(f"{{{former}", f"{{\0{name}")
    return translation.replace("\0", "")


def faults(catalogue: dict[str, str], texts: dict[str, str]) -> list[str]:
    """What is missing, obsolete, or has other placeholders than its source."""
    told = [f"missing: {text!r} ({file})" for text, file in texts.items() if not catalogue.get(text)]
    told += [f"obsolete: {text!r}" for text in catalogue if text not in texts]
    for text, translation in catalogue.items():
        wanted, found = set(placeholders(text)), set(placeholders(translation, all_of_them=True))
        if translation and not wanted <= found <= set(placeholders(text, all_of_them=True)):
            told.append(f"placeholders: {text!r} -> {translation!r}")
    return told


def main(check: bool) -> int:
    told = []
    sources = {"plugin.json": plugin_texts(), "engine.json": engine_texts()}
    for folder in sorted(path for path in I18N.iterdir() if path.is_dir()):
        for name, texts in sources.items():
            path = folder / name
            if not check:
                write(path, updated(read(path), texts))
            told += [f"{folder.name}/{name}: {fault}" for fault in faults(read(path), texts)]
    print("\n".join([*told, f"{len(told)} texts to look at"]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
