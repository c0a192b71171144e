"""A template and its contents to one HTML page that needs no other file, no script and no network."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from model_core import __version__
from model_core.atomic_file import atomic_file, check_target
from model_core.errors import InputError
from model_core.evaluation.figures import pretty_unit
from model_core.language import language, say
from model_core.provenance.writing import HTML_ID

SUFFIXES = (".html", ".htm")
_WORDS = {
    "r2_det": "R² (1 − SSE/SST)",
    "r2_pearson": "R² (squared correlation)",
    "rmse": "RMSE",
    "mae": "MAE",
    "nme": "NME",
    "nmb": "NMB",
    "ioa": "IOA",
    "mfb": "MFB",
    "mfe": "MFE",
    "crps": "CRPS",
    "n": "n",
    "coverage_50": "in the 50 % interval",
    "coverage_90": "in the 90 % interval",
    "width_50": "width of the 50 % interval",
    "width_90": "width of the 90 % interval",
    "nme_above_75": "NME above 75",
    "nme_above_150": "NME above 150",
    "rmse_to_kriging": "RMSE relative to kriging",
    "rmse_to_background": "RMSE relative to the background",
    "idw": "inverse distance",
    "ok": "kriging",
    "oklog": "kriging of logs",
    "vna": "Voronoi neighbours",
    "avna": "aVNA",
    "evna": "eVNA",
    "model": "model",
    "ked": "kriging with drift",
    "kedlog": "kriging of logs with drift",
    "ctm": "CTM",
    "rk": "regression kriging",
    "rklog": "regression kriging of logs",
}
_IN_THE_UNIT = {"rmse", "mae", "crps"}


def check_report(path: Path) -> None:
    """Raise `InputError` if the name of a report is none of an HTML file, `OutputError` if there can be no such file."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"report '{path.name}': the name must end in .html")
    check_target(path)


def write_report(path: Path, template: str, contents: Mapping[str, Any]) -> None:
    """Write a page under its final name when it is complete.

    Parameters
    ----------
    template : name of a file in ``templates``, less its ``.html``
    contents : what the template asks for; texts are escaped, whatever they hold. ``record`` is how it was made (`Record.to_dict`)

    Raises
    ------
    OutputError
        If it can't be written.
    """
    page = render(template, contents)
    with atomic_file(path) as partial:
        partial.write_text(page, encoding="utf-8")


def render(template: str, contents: Mapping[str, Any]) -> str:
    """The page as text."""
    made = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return (
        _environment()
        .get_template(f"{template}.html")
        .render(
            **{
                "software": f"CTM Reanalysis {__version__}",
                "made": made,
                "lang": (language() or "en").replace("_", "-"),
                "record_id": HTML_ID,
                **contents,
            }
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("model_core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: say(value) if type(value) is str else value,  # what is Markup was made by a template
    )
    environment.filters.update(number=number, unit=pretty_unit, word=word, say=_say_markup, data=_data)
    return environment


def _say_markup(text: Markup) -> Markup:
    """A piece of a template in the language of the process; Jinja has escaped the values in it."""
    return Markup(say(str(text)))  # escaped before  # nosec B704


def _data(value: Any) -> Markup:
    """Plain values as JSON, which no language changes."""
    return Markup(escape(json.dumps(value, indent=1, ensure_ascii=False)))  # escaped here  # nosec B704


def word(key: str) -> str:
    """The name of a score or a method as people write it."""
    return _WORDS.get(key, str(key).replace("_", " "))


def with_unit(key: str, unit: str) -> str:
    """The name of a score, with the unit of the variable where it has it."""
    return f"{word(key)} ({pretty_unit(unit)})" if key in _IN_THE_UNIT else word(key)


def number(value: Any, digits: int = 4) -> str:
    """A number as people read it; a dash for None and NaN, text as it is."""
    if value is None or value != value:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    if "e" in text and abs(value) < 1e9:
        text = f"{value:.0f}" if abs(value) >= 1 else f"{value:.{digits}f}"
    return text.replace("-", "−", 1)
