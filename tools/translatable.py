"""The texts that people read, collected from the source: what a catalogue in resources/i18n has to hold.

Of the plugin they are the arguments of ``tr``, and names, labels and help of the models that ship. Of the engine they are the string literals and f-strings of `model_core` that read like
words for people, and the texts of its report templates; in an f-string each value becomes a placeholder with a name made from the code.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Iterator
from xml.etree import ElementTree  # of our own files  # nosec B405

ROOT = Path(__file__).resolve().parents[1]
# Texts of the engine that read like words and are none for people: fonts, places in a figure, attributes in files, names of months in tables.
LEFT_AS_IS = ROOT / "resources" / "i18n" / "left_as_is.json"
# Single words that results and messages of the engine hold, such as the reasons for which readings are not used.
WORDS = ROOT / "resources" / "i18n" / "words.json"
_HEADS_OF_TABLES = re.compile(r"parts\.table\(\[(.*?)\]")
_SAID_BY_TEMPLATE = re.compile(r"\{% filter say %\}(.*?)\{% endfilter %\}", re.DOTALL)
PLACEHOLDER = re.compile(r"\{(\w*)(?:[!:][^{}]*)?\}")
_WORDS = re.compile(r"[A-Za-z’']{2,}[,:;.)]*\s+[(“'\"]*[A-Za-z{]|\}[')”,:;]*\s+[(“'\"]*[A-Za-z]{2,}")
# Folders and files of `model_core` whose texts are for files and programs: the help of the command line stays English like its options,
# and so do the attributes of NetCDF files, so that equal runs write equal files in any language.
NOT_SHOWN = ("cli/", "language/", "output/cf.py", "simulation/chemistry.py", "provenance/record.py", "provenance/inputs.py", "run_log.py")
# Where single words are shown too: pages and the labels of figures.
_PAGES = ("report/", "card/", "figure", "chart", "colours", "variables.py", "frames")
_SHOWN_OF_MODELS = ("model_name", "description", "help", "component_description")
_PANEL = re.compile(r"^\([a-z]\) ")  # the letter of a figure's panel, which no translation has
# Calls whose texts are shown even where they are one word.
_SAID = {"step", "log", "warn"}


def plugin_texts(root: Path = ROOT) -> dict[str, str]:
    """Texts of the plugin, each with the file that has it first; raises `ValueError` for a ``tr`` of anything but a literal."""
    texts: dict[str, str] = {}
    for path in sorted((root / "plugin").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                for text in _literals(node.args[0]):
                    texts.setdefault(text, path.relative_to(root).as_posix())
    for path in sorted((root / "resources" / "modeler").glob("*.model3")):
        for text in _texts_of_model(ElementTree.parse(path).getroot()):
            texts.setdefault(text, path.relative_to(root).as_posix())
    return texts


def _texts_of_model(option: ElementTree.Element, in_help: bool = False) -> Iterator[str]:
    """What people read of a model of the graphical modeler, in its file's nested options."""
    for part in option:
        name, text = part.get("name"), part.get("value", "")
        if text and (name in _SHOWN_OF_MODELS or in_help and name not in ("ALG_CREATOR", "ALG_VERSION")):
            yield text
        yield from _texts_of_model(part, name == "help")


def _literals(node: ast.AST) -> list[str]:
    """The literal of a ``tr``; of a choice both; none of a name, which stands for a word of the engine."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return _literals(node.body) + _literals(node.orelse) if isinstance(node, ast.IfExp) else []


def engine_texts(root: Path = ROOT) -> dict[str, str]:
    """Texts of the engine, as templates with named placeholders, each with the file that has it first."""
    texts: dict[str, str] = {}
    folder = root / "model_core"
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if not any(part in name for part in NOT_SHOWN):
            for text in _shown(ast.parse(path.read_text(encoding="utf-8")), any(part in name for part in _PAGES)):
                texts.setdefault(text, f"model_core/{name}")
    for path in sorted(folder.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        heads = [head for row in _HEADS_OF_TABLES.findall(page) for head in re.findall(r'"([^"]*)"', row) if re.search("[a-z]{2}", head)]
        for text in _SAID_BY_TEMPLATE.findall(page) + heads:
            texts.setdefault(_template_of_jinja(text), path.relative_to(root).as_posix())
    for file, text in _texts_of_data(root):
        texts.setdefault(text, file)
    texts.update(dict.fromkeys(json.loads(WORDS.read_text(encoding="utf-8")), "resources/i18n/words.json"))
    for text in json.loads(LEFT_AS_IS.read_text(encoding="utf-8")):
        texts.pop(text, None)
    seen: dict[str, str] = {}  # placeholders with other names make no other text
    return {seen.setdefault(skeleton(text), text): file for text, file in texts.items() if skeleton(text) not in seen}


def _template_of_jinja(text: str) -> str:
    """The text of a Jinja template with each value as a placeholder named after its variable."""
    names = _Names()
    return re.sub(r"\{\{\s*(\w+)[^}]*\}\}", lambda match: names.placeholder(match.group(1)), text).strip()


def _texts_of_data(root: Path) -> Iterator[tuple[str, str]]:
    """Titles and classes of indices, titles of limits, and what the cards of the models that ship say: (file, text)."""
    indices = "model_core/styles/air_quality.json"
    for index in json.loads((root / indices).read_text(encoding="utf-8"))["indices"].values():
        yield from ((indices, text) for text in [index["title"], *index["classes"]])
    limits = "model_core/aggregate/limits.toml"
    for table in tomllib.loads((root / limits).read_text(encoding="utf-8")).values():
        if isinstance(table, dict) and "title" in table:
            yield limits, table["title"]
    for card in sorted((root / "resources" / "recipes").glob("*_card.toml")):
        told = tomllib.loads(card.read_text(encoding="utf-8"))
        texts = [text for key in _TOLD_BY_CARDS for text in _strings(told.get(key, [])) if reads_like_words(text)]
        yield from ((card.relative_to(root).as_posix(), text) for text in texts)
    for name, constants in _SENTENCES_OF_RECIPES.items():
        script = root / "resources" / "recipes" / name
        for node in ast.parse(script.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in constants:
                yield script.relative_to(root).as_posix(), ast.literal_eval(node.value)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(part)


def skeleton(text: str) -> str:
    """A text without the names of its placeholders."""
    return PLACEHOLDER.sub("{}", text)


def _shown(tree: ast.AST, is_page: bool) -> Iterator[str]:
    skipped = set(_not_shown(tree))
    said = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _SAID
        for argument in node.args
        for part in ast.walk(argument)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if reads_like_words(text) or ((is_page or id(node) in said) and re.match(r"[A-Z][a-z]+\b|\w+ [a-z]", text)):
            yield _PANEL.sub("", text.strip())


def _not_shown(tree: ast.AST) -> Iterator[int]:
    """Docstrings, the pieces of f-strings, keys of lookups, and what is compared or raised for programmers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from (id(part) for part in node.values if isinstance(part, ast.Constant))
            yield from (
                id(part)
                for value in node.values
                if isinstance(value, ast.FormattedValue) and value.format_spec
                for part in ast.walk(value.format_spec)
            )
        elif isinstance(node, ast.Subscript):
            yield id(node.slice)
        elif isinstance(node, ast.Compare):
            yield from (id(part) for part in ast.walk(node))
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and getattr(node.exc.func, "id", "") in _FOR_PROGRAMMERS:
            yield from (id(part) for part in ast.walk(node))


# What people wrote in cards, and the sentences that a recipe's scripts put there.
_TOLD_BY_CARDS = ("summary", "intended_use", "limits", "failures", "recipe", "licences", "experiments", "side_by_side")
_SENTENCES_OF_RECIPES = {
    "after_training.py": ("SENTENCE",),
    "scores_for_card.py": ("_HOW", "_ERROR_MAP"),
    "ranges_of_training.py": ("HOW",),
}
_FOR_PROGRAMMERS = {"AssertionError", "NotImplementedError", "KeyError", "TypeError"}


def reads_like_words(text: str) -> bool:
    """Whether a text is for people: two words in a row, or a word beside a placeholder, and no code, pattern or address."""
    if re.fullmatch(r"[dMyHhms\W]+", text):  # how Qt is told to write a date
        return False
    return bool(_WORDS.search(text)) and not re.search(r"\+proj|\(\?|\\[dw]|^https?:|^<|font-family|[{;] ?[a-z-]+: ", text)


def template(node: ast.JoinedStr) -> str:
    """An f-string as a template whose placeholders have names."""
    names, parts = _Names(), []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(value.value)
            continue
        parts.append(names.placeholder(_name_of(value.value)))
    return "".join(parts)


class _Names(dict):
    """Names of placeholders, numbered where they come again."""

    def placeholder(self, name: str) -> str:
        self[name] = self.get(name, 0) + 1
        return f"{{{name}{self[name] if self[name] > 1 else ''}}}"


def _name_of(node: ast.AST) -> str:
    """A name for the value of an expression; ``either`` where the code chooses between words, which another language need not use."""
    if isinstance(node, ast.Name):
        return node.id.strip("_")
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_")
    if isinstance(node, ast.Subscript):
        key = node.slice
        return (
            key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.isidentifier() else _name_of(node.value)
        )
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not (node.func.attr == "join" and node.args):
            return _name_of(node.func.value)
        return _name_of(node.args[0]) if node.args else _name_of(node.func)
    if isinstance(node, ast.IfExp) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.Constant)
    ):
        return "either"
    if isinstance(node, ast.BinOp):
        return _name_of(node.right if isinstance(node.left, ast.Constant) else node.left)
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        return _name_of(node.elt)
    return "value"


def placeholders(text: str, all_of_them: bool = False) -> list[str]:
    """The names of the placeholders that a translation has to have, those without a name numbered.

    Another language needs no choices between English words (``either``) and no English endings (``day{}``); they come with `all_of_them`.
    """
    names, count = [], 0
    for found in PLACEHOLDER.finditer(text):
        name, is_ending = found.group(1), False
        if not name:
            name, count, is_ending = str(count), count + 1, text[: found.start()][-1:].isalpha()
        if all_of_them or not (name.startswith("either") or is_ending):
            names.append(name)
    return names
