"""The colour ramps: breaks in the variable's unit, and a colour at each.

Lightness falls steadily along every ramp, and none sets red against green, so they read in print and to
colour-blind eyes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Ramp:
    """Colours (hex) at breaks, in `unit`; between breaks they blend."""

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str


_CLASSES = ("#f4f8fb", "#c0e2da", "#f2c85b", "#ee9b3f", "#dd6236", "#a8273f", "#6b1549", "#2d0a2e")
_NEUTRAL = ("#f6f6f3", "#dadfdf", "#b9c5c9", "#93a6b1", "#6b8798", "#45667d", "#22415a")

RAMPS = {
    # Breaks of the species: class limits of China's daily index, HJ 633-2012; of ozone, those of the largest mean of 8 hours.
    "pm25": Ramp((0, 35, 75, 115, 150, 250, 350, 500), _CLASSES, "µg m⁻³"),
    "pm10": Ramp((0, 50, 150, 250, 350, 420, 500, 600), _CLASSES, "µg m⁻³"),
    "o3": Ramp((0, 100, 160, 215, 265, 800), _CLASSES[:6], "µg m⁻³"),
    "no2": Ramp((0, 40, 80, 180, 280, 565, 750, 940), _CLASSES, "µg m⁻³"),
    "so2": Ramp((0, 50, 150, 475, 800, 1600, 2100, 2620), _CLASSES, "µg m⁻³"),
    "co": Ramp((0, 2000, 4000, 14000, 24000, 36000, 48000, 60000), _CLASSES, "µg m⁻³"),
    "pm25_sd": Ramp(
        (0, 2, 5, 10, 20, 40, 80),
        ("#f6f6f2", "#dfe5da", "#b7cfc0", "#82b3aa", "#4d8d98", "#2d6482", "#1d3759"), "µg m⁻³"),
    "rh": Ramp(
        (0, 20, 40, 60, 80, 90, 100),
        ("#f7f2e6", "#d9dcb9", "#a8cdb5", "#64b0ba", "#2f83ae", "#23508c", "#1c2459"), "%"),
    "wind": Ramp(
        (0, 1, 2, 4, 6, 10, 20),
        ("#f6f5f9", "#cfd8ea", "#94b8d9", "#6f93bd", "#6a6aa6", "#5f3d86", "#471457"), "m s⁻¹"),
    "elevation": Ramp(
        (0, 200, 500, 1000, 2000, 3000, 4500, 6000),
        ("#eef3ea", "#d3e0bd", "#ddd38f", "#cfae68", "#ab7d4e", "#805a45", "#5a4448", "#3a3340"), "m"),
    "urban": Ramp(
        (0, 0.02, 0.05, 0.1, 0.3, 0.6, 1),
        ("#f5f5f3", "#e3dcd6", "#d1b9b3", "#bd8f91", "#9c6177", "#6c3c62", "#341f47"), "1"),
    "count": Ramp(
        (1, 2, 5, 10, 20),
        ("#dfe8ec", "#a9c8d2", "#6d9fb3", "#3a718f", "#163f63"), ""),
}


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
        words.append(letters.replace("ug", "µg") + word[len(letters):].translate(superscripts) if letters else word)
    return " ".join(words)
