"""The published forms of tables that the engine knows, as far as the plugin must know them: names, and how a layer may be one."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Iterable

from .translate import tr

# Written by tools/list_forms.py.
FILE = Path(__file__).resolve().parent.parent / "resources" / "forms.json"
AUTO, NONE = "auto", "none"


@lru_cache(maxsize=None)
def _forms() -> list[dict]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def choices() -> list[str]:
    """Options of a choice (see `Choice`): ``auto``, ``none`` and the forms, each with what it stands for."""
    general = {AUTO: tr("recognised by the header"), NONE: tr("the columns are those named here")}
    titles = {form["name"]: _without_comma(form["title"]) for form in _forms()}
    return [f"{name}: {title}" for name, title in {**general, **titles}.items()]


def may_be_known(fields: Iterable[str]) -> bool:
    """Whether a table with these fields may be of a known form; the engine tells for sure."""
    found = {_plain(field) for field in fields}
    return any(found.issuperset(map(_plain, needs)) for form in _forms() for needs in form["needs"])


def _plain(name: str) -> str:
    """A name as the engine compares them: case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).replace("μ", "u").split()).casefold()


def _without_comma(title: str) -> str:
    """QGIS takes a comma in an option for one between two options."""
    source, comma, where = title.partition(", ")
    return f"{source} ({where.replace(',', ' ')})" if comma else source
