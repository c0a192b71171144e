"""The colours of fields: continuous ramps, and the classes of air-quality indices.

Lightness falls steadily along every ramp, and none sets red against green, so they read in print and to colour-blind eyes.
The indices have the colours that their authorities give them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ..translate import tr

# The engine draws with the same file.
FILE = Path(__file__).resolve().parent.parent.parent / "model_core" / "styles" / "air_quality.json"
CONTINUOUS = "continuous"
STYLES = (CONTINUOUS, "china", "us", "eu")
_TABLES = json.loads(FILE.read_text(encoding="utf-8"))
_CLASS_WORDS = {
    "excellent": tr("excellent"),
    "good": tr("good"),
    "light pollution": tr("light pollution"),
    "moderate pollution": tr("moderate pollution"),
    "heavy pollution": tr("heavy pollution"),
    "severe pollution": tr("severe pollution"),
    "moderate": tr("moderate"),
    "unhealthy for sensitive groups": tr("unhealthy for sensitive groups"),
    "unhealthy": tr("unhealthy"),
    "very unhealthy": tr("very unhealthy"),
    "hazardous": tr("hazardous"),
    "fair": tr("fair"),
    "poor": tr("poor"),
    "very poor": tr("very poor"),
    "extremely poor": tr("extremely poor"),
}


@dataclass(frozen=True)
class Ramp:
    """Colours (hex) at breaks, in `unit`.

    Attributes
    ----------
    breaks, colours : between breaks colours blend; of `classes` each break is the lower end of the class that has the colour
    unit : as people write it
    classes : names of the classes; empty for a ramp that blends
    title : name of the index and of its table, with the averaging time that its limits are for
    """

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str
    classes: tuple[str, ...] = ()
    title: str = ""

    def label(self, number: int) -> str:
        """The legend's text for a break, or for the class that begins there."""
        last = number == len(self.breaks) - 1
        if not self.classes:
            return f"{self.breaks[number]:g}{' +' if last else ''}{' ' + self.unit if self.unit else ''}"
        span = f"> {self.breaks[number]:g}" if last else f"{self.breaks[number]:g} – {self.breaks[number + 1]:g}"
        return f"{span} {self.unit}: {self.classes[number]}"


MASS = "µg m⁻³"
_NEUTRAL = ("#f6f6f3", "#dadfdf", "#b9c5c9", "#93a6b1", "#6b8798", "#45667d", "#22415a")
_POLLUTANTS = {key: Ramp(tuple(breaks), tuple(_TABLES["ramps"]["colours"]), MASS) for key, breaks in _TABLES["ramps"]["breaks"].items()}
_SD = ("#f6f6f2", "#dfe5da", "#b7cfc0", "#82b3aa", "#4d8d98", "#2d6482", "#1d3759")
_SD_BREAKS = (0, 2, 5, 10, 20, 40, 80)  # of PM2.5; those of the others are in proportion to their ramps
RAMPS = {
    **_POLLUTANTS,
    **{
        f"{key}_sd": Ramp(
            tuple(float(f"{value * ramp.breaks[-1] / _POLLUTANTS['pm25'].breaks[-1]:.2g}") for value in _SD_BREAKS), _SD, MASS
        )
        for key, ramp in _POLLUTANTS.items()
    },
    "rh": Ramp((0, 20, 40, 60, 80, 90, 100), ("#f7f2e6", "#d9dcb9", "#a8cdb5", "#64b0ba", "#2f83ae", "#23508c", "#1c2459"), "%"),
    "wind": Ramp((0, 1, 2, 4, 6, 10, 20), ("#f6f5f9", "#cfd8ea", "#94b8d9", "#6f93bd", "#6a6aa6", "#5f3d86", "#471457"), "m s⁻¹"),
    "elevation": Ramp(
        (0, 200, 500, 1000, 2000, 3000, 4500, 6000),
        ("#eef3ea", "#d3e0bd", "#ddd38f", "#cfae68", "#ab7d4e", "#805a45", "#5a4448", "#3a3340"),
        "m",
    ),
    "urban": Ramp((0, 0.02, 0.05, 0.1, 0.3, 0.6, 1), ("#f5f5f3", "#e3dcd6", "#d1b9b3", "#bd8f91", "#9c6177", "#6c3c62", "#341f47"), "1"),
    "count": Ramp((1, 2, 5, 10, 20), ("#dfe8ec", "#a9c8d2", "#6d9fb3", "#3a718f", "#163f63"), ""),
}


def ramp_for(variable: str, style: str = CONTINUOUS, day: date | None = None) -> tuple[Ramp | None, str]:
    """The ramp of a variable in a style, and what the user should know of it, or ''; None for a variable without any.

    Parameters
    ----------
    style : one of STYLES
    day : that the data are of; it decides which table of an index is valid. None: the newest.
    """
    continuous = RAMPS.get(variable)
    if style == CONTINUOUS or variable not in _POLLUTANTS:
        return continuous, ""
    index = _TABLES["indices"][style]
    table = _valid(index["tables"], day)
    limits = table["limits"].get(variable)
    if limits is None:
        return continuous, tr(
            "{index} ({table}) has no limits for {variable} that this plugin knows: the continuous colours are shown."
        ).format(index=tr(index["title"]), table=table["name"], variable=variable)
    title = tr("{index}, {table}, limits for {mean} means").format(index=tr(index["title"]), table=table["name"], mean=limits["mean"])
    note = (
        ""
        if limits["mean"] == "24 h"
        else tr("The classes are those of {title}; a daily mean is compared with them all the same.").format(title=title)
    )
    words = tuple(_CLASS_WORDS[name] for name in index["classes"])
    return Ramp((0.0, *limits["limits"]), tuple(index["colours"]), MASS, words, title), note


def _valid(tables: list[dict], day: date | None) -> dict:
    """The table that is valid on a day, which is the newest where no day is known."""
    day = day.date() if isinstance(day, datetime) else day
    text = "9999" if day is None else day.isoformat()
    return next(table for table in reversed(tables) if table.get("from", "") <= text)


def neutral_ramp(low: float, high: float, unit: str) -> Ramp:
    """A ramp of one hue for what has none of its own: round breaks over values from `low` to `high`, from zero where that is near."""
    low = 0.0 if 0 <= low <= 0.5 * high else low
    rough = ((high - low) or abs(high) or 1.0) / (len(_NEUTRAL) - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.floor(low / step + 1e-9) * step
    return Ramp(tuple(float(f"{first + number * step:.9g}") for number in range(len(_NEUTRAL))), _NEUTRAL, pretty_unit(unit))


def pretty_unit(unit: str) -> str:
    """A unit as people write it: "ug m-3" becomes "µg m⁻³"."""
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    words = []
    for word in unit.split():
        letters = word.rstrip("-0123456789")
        words.append(letters.replace("ug", "µg") + word[len(letters) :].translate(superscripts) if letters else word)
    return " ".join(words)
