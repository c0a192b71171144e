"""Messages recognised by the templates that they were made from, and said in another language.

A catalogue maps templates such as ``no field '{name}'; its fields are {fields}`` to templates of the other language. A message is matched
as a whole where that is possible; else its lines, sentences and clauses are, each by itself. What stands for a placeholder is translated in
turn, unless it is quoted: that is a name. What no template fits stays as it is.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Mapping, NamedTuple, Sequence

_PLACEHOLDER = re.compile(r"\{(\w*)(?:[!:][^{}]*)?\}")
_MARKS = {"\n": "\n", ". ": "。", "; ": "；", ": ": "：", ", ": "，"}
_SEPARATOR = re.compile("|".join(re.escape(mark) for mark in _MARKS))
_EDGES = ".;:, "
_EDGES_TOO = _EDGES + "。；：，"
_QUOTES = {"'": "'", '"': '"', "“": "”", "`": "`"}
# A template with fewer letters fits too much: what stands for its placeholders must then be no prose.
_WEAK_LETTERS = 10
_NO_WORD = 3  # a template with fewer letters, such as "at {time}", is for numbers
_PROSE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
# Chinese punctuation brings its own space.
_BESIDE_WIDE = re.compile(r"(?<=[（）“”，。；：、]) +(?=\S)|(?<=\S) +(?=[（）“”，。；：、])")
_COUNTED = re.compile(r"([\d.,]+) (\S.*)", re.DOTALL)
_LONGEST = 5_000  # letters of a text that is looked at
_MOST_PARTS, _MOST_JOINED = 60, 6
_LIST = 3  # so many single words between commas are names, and stay


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

    def match(self, text: str) -> "list[Found] | None":
        """What stands for each placeholder; None where the text is not of this template."""
        first, *middle, last = self.literals
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        at, end, parts = len(first), len(text) - len(last), []
        for number, literal in enumerate(middle):
            following = next((other for other in middle[number:] if other), "")  # of placeholders side by side the first gets all
            start = text.find(following, at, end) if following else end
            if start < 0:
                return None
            parts.append(text[at:start])
            at = start + len(literal)
        parts.append(text[at:end])
        if not all(map(_closes_its_brackets, parts)):
            return None
        if self.letters < _NO_WORD and not all(part[:1].isdigit() or _is_quoted(part[:1], part[-1:]) for part in parts):
            return None
        weak = self.letters < _WEAK_LETTERS
        return [
            Found(
                name,
                part,
                quoted := _is_quoted(before, after),
                "\n" in part and not quoted or weak and bool(_PROSE.search(part)) or not before and _is_clause(part),
            )
            for name, part, before, after in zip(self.names, parts, self.literals, self.literals[1:])
        ]


class Found(NamedTuple):
    """What stands for a placeholder; `doubtful` is what a template may fit by chance: several lines, or prose where the template
    has few words of its own or begins with it."""

    name: str
    text: str
    quoted: bool
    doubtful: bool


def _closes_its_brackets(text: str) -> bool:
    """Whether each bracket is opened and closed within the text."""
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def _is_clause(text: str) -> bool:
    """Whether a text is a clause of its own, and not a path with a colon in it."""
    return (": " in text or "; " in text) and text[0] not in _QUOTES


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
        self._memory = threading.local()  # of one translation
        self._cached = lru_cache(maxsize=2048)(self._translate)

    def __call__(self, text: str) -> str:
        if not text or len(text) > _LONGEST:
            return text
        said = self._cached(text)
        return said if said == text else _BESIDE_WIDE.sub("", said)

    def _translate(self, text: str) -> str:
        self._memory.parts, self._memory.wholes = {}, {}
        return self._parts(text, [template for template in self._templates if template.longest in text])

    def _parts(self, text: str, templates: Sequence[Template], in_place: bool = False) -> str:
        """As `_find_parts`; a part that comes again, as parts of parts do, is not looked for again."""
        known = self._memory.parts
        if (text, in_place) not in known:
            known[text, in_place] = self._find_parts(text, templates, in_place)
        return known[text, in_place]

    def _find_parts(self, text: str, templates: Sequence[Template], in_place: bool) -> str:
        """The text as a whole, or else by its lines, sentences and clauses; `in_place` of a placeholder, a list of words is one of names."""
        whole = self._whole(text, templates)
        if whole is not None:
            return whole
        if in_place and "," in text and " " not in text.replace(", ", ","):
            return text
        for attempt in (self._bracketed, self._with_whole_end, self._split, self._counted):
            said = attempt(text, templates)
            if said is not None:
                return said
        return text

    def _whole(self, text: str, templates: Sequence[Template], least: int = 0) -> str | None:
        """The text by one entry of the catalogue with so many letters; blanks and a full stop at its ends stay."""
        known = self._memory.wholes
        if (text, least) not in known:
            known[text, least] = self._find_whole(text, templates, least)
        return known[text, least]

    def _find_whole(self, text: str, templates: Sequence[Template], least: int) -> str | None:
        bare = text.strip()
        inner = bare.strip(_EDGES)
        lead = _MARKS.get(bare[:2], "") if bare != inner else ""
        for known, start, end in ((bare, "", ""), (bare[:-1], "", "。") if bare.endswith(".") else (bare, "", ""), (inner, lead, "")):
            for spelt in (known, known[:1].lower() + known[1:]):  # of a word that begins a sentence
                if spelt in self._texts:
                    return _framed(text, start + self._texts[spelt] + end)
            for template in templates:
                found = template.match(known) if template.letters >= least else None
                filled = None if found is None else self._filled(template, found, templates)
                if filled is not None:
                    return _framed(text, start + filled + end)
        return None

    def _filled(self, template: Template, found: Sequence[Found], templates: Sequence[Template]) -> str | None:
        """The translation with what was found in place; None where something doubtful is not known itself."""
        said = {}
        for one in found:
            if one.doubtful and self._whole(one.text, templates) is None:
                return None
            translation = one.text if one.quoted else self._parts(one.text, templates, True)
            said[one.name] = one.text if translation == one.text else translation.strip(" ")
        count = iter(range(len(template.names)))
        return _PLACEHOLDER.sub(lambda match: said[match.group(1) or str(next(count))], template.translation)

    def _bracketed(self, text: str, templates: Sequence[Template]) -> str | None:
        """A text with a bracket at its end."""
        bracket = re.fullmatch(r"([^(]*\S) \((.*)\)([.:]?)", text, re.DOTALL)
        if not bracket:
            return None
        several = _SEPARATOR.search(bracket.group(1))
        before = self._whole(bracket.group(1), templates) if several else self._parts(bracket.group(1), templates)
        inside = self._parts(bracket.group(2), templates)
        if before is None or (before, inside) == bracket.groups()[:2]:
            return None
        return f"{before}（{inside}）{bracket.group(3)}"

    def _with_whole_end(self, text: str, templates: Sequence[Template]) -> str | None:
        """A text whose end, from one of its separators on, is one entry of the catalogue: the longest such end."""
        for separator in _outside_brackets(text):
            end = self._whole(text[separator.end() :], templates, _WEAK_LETTERS)
            if end is not None and " " in text[separator.end() :].strip():
                return self._parts(text[: separator.start()], templates) + _MARKS[separator.group()] + end
        return None

    def _split(self, text: str, templates: Sequence[Template]) -> str | None:
        separators = _outside_brackets(text)
        for separator, other in _MARKS.items():
            ends = [match for match in separators if match.group() == separator]
            parts = [
                text[start:end]
                for start, end in zip([0, *(match.end() for match in ends)], [*(match.start() for match in ends), len(text)])
            ]
            if ends and (joined := self._joined(parts, separator, other, templates)) is not None:
                return joined
        return None

    def _counted(self, text: str, templates: Sequence[Template]) -> str | None:
        """A number and what is counted."""
        counted = _COUNTED.fullmatch(text)
        what = self._parts(counted.group(2), templates) if counted else ""
        return f"{counted.group(1)} {what}" if counted and what != counted.group(2) else None

    def _joined(self, parts: Sequence[str], separator: str, other: str, templates: Sequence[Template]) -> str | None:
        """The parts, as many as possible at a time, with the other language's mark between those that were translated; None if none was."""
        is_list = sum(" " not in part for part in parts) >= _LIST
        said: list[tuple[str, bool]] = []
        at = 0
        while at < len(parts):
            for end in range(min(len(parts), at + _MOST_JOINED), at, -1):
                text = separator.join(parts[at:end])
                translation = self._whole(text, templates) if end > at + 1 else self._part(text, templates, is_list)
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

    def _part(self, text: str, templates: Sequence[Template], is_list: bool) -> str:
        return text if is_list and " " not in text else self._parts(text, templates)


def _outside_brackets(text: str) -> list[re.Match]:
    """The separators of a text that stand in no bracket; all of them where brackets are not closed; not more than `_MOST_PARTS`."""
    found, closed = [], text.count("(") == text.count(")")
    for match in _SEPARATOR.finditer(text):
        before = text[: match.start()]
        if not closed or before.count("(") == before.count(")"):
            found.append(match)
    return found[:_MOST_PARTS]


def _framed(text: str, translation: str) -> str:
    start, end = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    return text[:start] + translation + (text[-end:] if end else "")
