"""Labels of a figure in the language of the process, just before it is drawn."""

from __future__ import annotations

import re
from typing import Any

from model_core.labels_font import font_family
from model_core.language import language, say

_IDEOGRAPHS = 0x2E80  # where the letters begin that fonts for Europe lack

# Formulas have a font of their own, without such letters: PM2.5 is then written plainly.
_SUBSCRIPT = re.compile(r"\$_\{([\d.]+)\}\$")
_PANEL = re.compile(r"\([a-z]\) ")


def _said(words: str) -> str:
    """A label in the language of this process, behind the letter of its panel."""
    panel = _PANEL.match(words)
    letter = panel.group() if panel else ""
    return letter + say(words[len(letter) :])


def say_labels(figure: Any) -> bool:
    """Have a matplotlib figure say its titles, labels, legends and named ticks in the language of this process.

    Where no font of this machine has the letters, all labels stay English: boxes in the place of letters tell nothing.

    Returns
    -------
    Whether the figure speaks the language now.
    """
    if not language():
        return True
    from matplotlib.dates import ConciseDateFormatter
    from matplotlib.text import Text

    axes = {axis: axis.get_major_formatter() for one in figure.axes for axis in (one.xaxis, one.yaxis)}
    dates = [formatter for formatter in axes.values() if isinstance(formatter, ConciseDateFormatter)]
    ticks = {axis: [label.get_text() for label in axis.get_ticklabels()] for axis, formatter in axes.items() if formatter not in dates}
    ticks = {axis: [say(label) for label in labels] for axis, labels in ticks.items() if any(say(label) != label for label in labels)}
    texts = {text: _SUBSCRIPT.sub(r"\1", text.get_text()) for text in figure.findobj(Text) if text.get_text()}
    said = {text: _said(words) for text, words in texts.items() if "$" not in words and _said(words) != words}
    letters = {letter for label in [*said.values(), *(label for labels in ticks.values() for label in labels)] for letter in label}
    family = font_family(["".join(letter for letter in letters if ord(letter) >= _IDEOGRAPHS)])  # the others are in the figure's own font
    if family is None:
        return False
    for text, words in said.items():
        text.set_text(words)
        text.set_fontfamily([*text.get_fontfamily(), family])
    for axis, labels in ticks.items():
        axis.set_ticks(axis.get_ticklocs(), labels)
        for label in axis.get_ticklabels():
            label.set_fontfamily([*label.get_fontfamily(), family])
    for formatter in dates:  # months by their numbers
        for formats in (formatter.formats, formatter.zero_formats, formatter.offset_formats):
            formats[:] = [one.replace("%b", "%m") for one in formats]
    return True
