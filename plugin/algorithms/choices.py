"""A choice from a list, by its word or by its number in the list."""

from __future__ import annotations

from typing import Any, Sequence

from qgis.core import QgsProcessingParameterEnum


class Choice(QgsProcessingParameterEnum):
    """A choice whose value is a word, as the engine's requests have it, and not a number that changes when the list does.

    QGIS offers the numbers in its help and takes only the words; this takes both. A word may be followed by a colon and what it
    stands for, without a comma, which the dialog shows.
    """

    def __init__(
        self, name: str, label: str, options: Sequence[str], default: Any = None, *, multiple: bool = False, optional: bool = False
    ):
        default = options[0] if default is None and not optional else default
        super().__init__(name, label, options, allowMultiple=multiple, defaultValue=default, optional=optional, usesStaticStrings=True)

    def checkValueIsAcceptable(self, value: Any, context=None) -> bool:
        return super().checkValueIsAcceptable(self.named(value), context)

    def named(self, value: Any) -> Any:
        """The value with numbers and words in the place of which their options stand; what is neither stays."""
        if self.allowMultiple() and isinstance(value, str) and value not in self.options():
            value = [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, (list, tuple)):
            return [self._option(item) for item in value]
        return self._option(value)

    def _option(self, value: Any) -> Any:
        options = self.options()
        if isinstance(value, bool) or value in options:
            return value
        if isinstance(value, str) and value.strip().isdigit() or isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int):
            return options[value] if 0 <= value < len(options) else value
        word = str(value).partition(":")[0]  # what it stands for may have been said in another language
        return next((option for option in options if option.partition(":")[0] == word), value)


def chosen_word(algorithm, parameters: dict, name: str, context) -> str:
    """The word of a choice, without what it stands for; '' where none was chosen."""
    return algorithm.parameterAsEnumString(parameters, name, context).partition(":")[0]


def chosen_words(algorithm, parameters: dict, name: str, context) -> list[str]:
    """The words of a choice of several, without what they stand for."""
    return [option.partition(":")[0] for option in algorithm.parameterAsEnumStrings(parameters, name, context)]
