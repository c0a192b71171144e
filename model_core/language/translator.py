"""Messages recognised by the templates that they were made from, and said in another language.

A catalogue maps templates such as ``no field '{name}'; its fields are {fields}`` to templates of the other language. A message is matched
as a whole where that is possible; else its lines, sentences and clauses are, each by itself. What stands for a placeholder is translated in
turn, unless it is quoted: that is a name. What no template fits stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{(\w*)(?:[!:][^{}]*)?\}")
_SEPARATORS = (("\n", "\n"), (". ", "。"), ("; ", "；"), (": ", "："), (", ", "，"))
_EDGES = ".;:, "
_EDGES_TOO = _EDGES + "。；：，"
_QUOTES = {"'": "'", '"': '"', "“": "”", "`": "`"}
# A template with fewer letters fits too much: what stands for its placeholders must then be no prose.
_WEAK_LETTERS = 10
_PROSE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
_COUNTED = re.compile(r"([\d.,]+) (\S.*)", re.DOTALL)
_LONGEST = 20_000  # letters of a text that is looked at
_MOST_PARTS, _MOST_JOINED = 60, 6


@dataclass(frozen=True)
class Template:
    """A template, cut at its placeholders: `names` has an entry less than `literals`."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    @cached_property
    def letters(self) -> int:
        """How many letters it says itself."""
        return sum(letter.isalpha() for literal in self.literals for letter in literal)

    @cached_property
    def longest(self) -> str:
        """Its longest literal, without which no text can be of it."""
        return max(self.literals, key=len)

    def match(self, text: str) -> dict[str, tuple[str, bool]] | None:
        """What stands for each placeholder, and whether it is quoted; None where the text is not of this template."""
        first, *middle, last = self.literals
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        at, end, found = len(first), len(text) - len(last), []
        for literal in middle:
            start = text.find(literal, at, end) if literal else at
            if start < 0:
                return None
            found.append(text[at:start])
            at = start + len(literal)
        found.append(text[at:end])
        if self.letters < _WEAK_LETTERS and any(_PROSE.search(part) for part in found):
            return None
        if not first and ": " in found[0]:  # what stands before a colon is a clause of its own
            return None
        return {name: (part, _is_quoted(before, after)) for name, part, before, after in zip(self.names, found, self.literals, self.literals[1:])}


def _is_quoted(before: str, after: str) -> bool:
    return bool(before and after) and _QUOTES.get(before[-1]) == after[0]


def _template(text: str, translation: str) -> Template:
    pieces = _PLACEHOLDER.split(text)
    names = [name or str(number) for number, name in enumerate(pieces[1::2])]
    return Template(tuple(pieces[::2]), tuple(names), translation)


class Translator:
    """Called with a text, returns it in the language of the catalogue."""

    def __init__(self, catalogue: Mapping[str, str]):
        self._texts: dict[str, str] = {}
        templates: dict[str, Template] = {}
        for text, translation in catalogue.items():
            for source, target in ((text, translation), (text.strip(_EDGES), translation.strip(_EDGES_TOO))):
                if not translation:
                    continue
                if _PLACEHOLDER.search(source):
                    templates.setdefault(source, _template(source, target))
                else:
                    self._texts.setdefault(source, target)
        self._templates = sorted(templates.values(), key=lambda template: -template.letters)
        self._cached = lru_cache(maxsize=2048)(self._translate)

    def __call__(self, text: str) -> str:
        return self._cached(text) if text and len(text) <= _LONGEST else text

    def _translate(self, text: str) -> str:
        return self._parts(text, [template for template in self._templates if template.longest in text])

    def _parts(self, text: str, templates: Sequence[Template], in_place: bool = False) -> str:
        """The text as a whole, or else by its lines, sentences and clauses; `in_place` of a placeholder, a list of words is one of names."""
        whole = self._whole(text, templates)
        if whole is not None:
            return whole
        if in_place and "," in text and " " not in text.replace(", ", ","):
            return text
        for separator, other in _SEPARATORS:
            if separator in text and (joined := self._joined(text.split(separator), separator, other, templates)) is not None:
                return joined
        bracket = re.fullmatch(r"(.*\S) \((.*)\)([.:]?)", text, re.DOTALL)
        if bracket:
            before, inside = (self._parts(part, templates) for part in bracket.groups()[:2])
            if before != bracket.group(1):
                return f"{before}（{inside}）{bracket.group(3)}"
        counted = _COUNTED.fullmatch(text)
        if counted and (what := self._parts(counted.group(2), templates)) != counted.group(2):
            return f"{counted.group(1)} {what}"
        return text

    def _whole(self, text: str, templates: Sequence[Template]) -> str | None:
        """The text by one entry of the catalogue; blanks and a full stop at its ends stay."""
        bare = text.strip()
        for known, end in ((bare, ""), (bare[:-1], "。") if bare.endswith(".") else (bare, ""), (bare.strip(_EDGES), "")):
            if known in self._texts:
                return self._framed(text, self._texts[known] + end)
            for template in templates:
                found = template.match(known)
                if found is not None:
                    return self._framed(text, self._filled(template, found, templates) + end)
        return None

    @staticmethod
    def _framed(text: str, translation: str) -> str:
        start, end = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
        return text[:start] + translation + (text[-end:] if end else "")

    def _filled(self, template: Template, found: Mapping[str, tuple[str, bool]], templates: Sequence[Template]) -> str:
        said = {name: part if quoted else self._parts(part, templates, True) for name, (part, quoted) in found.items()}
        count = iter(range(len(template.names)))
        return _PLACEHOLDER.sub(lambda match: said[match.group(1) or str(next(count))], template.translation)

    def _joined(self, parts: Sequence[str], separator: str, other: str, templates: Sequence[Template]) -> str | None:
        """The parts, as many as possible at a time, with the other language's mark between those that were translated; None if none was."""
        if len(parts) > _MOST_PARTS:
            return None
        said: list[tuple[str, bool]] = []
        at = 0
        while at < len(parts):
            for end in range(min(len(parts), at + _MOST_JOINED), at, -1):
                text = separator.join(parts[at:end])
                translation = self._whole(text, templates) if end > at + 1 else self._parts(text, templates)
                if translation is not None and (translation != text or end == at + 1):
                    break
            said.append((translation, translation != text))
            at = end
        if not any(changed for _, changed in said):
            return None
        joined, before = said[0]
        for text, changed in said[1:]:
            joined += (other if before or changed else separator) + text
            before = changed
        return joined
