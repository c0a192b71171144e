"""Labels of a figure in the language of the process, just before it is drawn."""

from __future__ import annotations

from typing import Any

from model_core.labels_font import font_family
from model_core.language import language, say


def say_labels(figure: Any) -> bool:
    """Have a matplotlib figure say its titles, labels, legends and named ticks in the language of this process.

    Where no font of this machine has the letters, all labels stay English: boxes in the place of letters tell nothing.

    Returns
    -------
    Whether the figure speaks the language now.
    """
    if not language():
        return True
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    texts = [text for text in figure.findobj(Text) if text.get_text() and "$" not in text.get_text()]
    said = {text: say(text.get_text()) for text in texts}
    changed = {text: words for text, words in said.items() if words != text.get_text()}
    formatters = {axis: axis.get_major_formatter() for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)}
    named = {axis: [say(str(label)) for label in formatter.seq] for axis, formatter in formatters.items() if isinstance(formatter, FixedFormatter)}
    family = font_family([*changed.values(), *(label for labels in named.values() for label in labels)])
    if family is None:
        return False
    for text, words in changed.items():
        text.set_text(words)
        text.set_fontfamily([*text.get_fontfamily(), family])
    for axis, labels in named.items():
        formatters[axis].seq = labels
        for label in axis.get_ticklabels():
            label.set_fontfamily([*label.get_fontfamily(), family])
    return True
