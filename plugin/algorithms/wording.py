"""What the engine says in the words of its command line, said in those of a dialog."""

from __future__ import annotations

import re

from ..translate import tr

_OPTION = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)", re.ASCII)
# Options whose parameter has another name.
_PARAMETERS = {
    "from": ("FORM",),
    "stations": ("STATIONS", "FILE"),
    "unit-column": ("UNIT_COLUMN", "UNIT_FIELD"),
    "where": ("WHERE", "FILES_WHERE"),
    "x": ("X", "FILES_X"),
    "y": ("Y", "FILES_Y"),
    "wide": ("WIDE", "FILES_WIDE"),
    "encoding": ("ENCODING", "FILES_ENCODING"),
}


def in_own_words(algorithm, text: str) -> str:
    """The text with the label of the algorithm's parameter for each option that has one: ``--sites FILE`` -> ``'Table of sites' FILE``.

    Where an algorithm that takes a layer has no parameter for the rows to keep, a filter of the layer does that.
    """

    def label(match: re.Match) -> str:
        option = match.group(1)
        names = _PARAMETERS.get(option, (option.replace("-", "_").upper(),))
        found = (algorithm.parameterDefinition(name) for name in names)
        if words := next((tr("'{}'").format(parameter.description()) for parameter in found if parameter is not None), ""):
            return words
        return tr("a filter of the layer") if option == "where" and algorithm.parameterDefinition("STATIONS") else match.group(0)

    return _OPTION.sub(label, text)


class OwnWords:
    """A feedback that says what it is told in the algorithm's words, and else is the feedback that it stands for."""

    def __init__(self, feedback, algorithm):
        self._feedback, self._algorithm = feedback, algorithm

    def pushInfo(self, text: str) -> None:
        self._feedback.pushInfo(in_own_words(self._algorithm, text))

    def pushWarning(self, text: str) -> None:
        self._feedback.pushWarning(in_own_words(self._algorithm, text))

    def __getattr__(self, name: str):
        return getattr(self._feedback, name)
