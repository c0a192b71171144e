"""Names of a table's columns, as users can write them: on one line, each once."""

from __future__ import annotations

import re
from typing import Sequence


def distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names without line breaks and outer blanks, doubled ones numbered; and what to tell the user.

    The second column of a name is called ``NAME (2)``, a column without a name ``column 3`` after its place.
    """
    tidy = [re.sub(r"\s*[\r\n]+\s*", " ", str(name).replace("\xa0", " ")).strip().lstrip("\ufeff") for name in names]
    taken, result, doubled = set(tidy), [], []
    seen: set[str] = set()
    for place, name in enumerate(tidy, 1):
        name = name or f"column {place}"
        unique, number = name, 2
        while unique in seen or (number > 2 and unique in taken):
            unique, number = f"{name} ({number})", number + 1
        if unique != name:
            doubled.append(unique)
        seen.add(unique)
        result.append(unique)
    notes = [f"several columns have the same name; the later ones are called {', '.join(doubled)}"] if doubled else []
    return result, notes
