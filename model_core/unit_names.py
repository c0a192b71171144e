"""Units as files and agencies spell them, written in pint's grammar."""

from __future__ import annotations

import html
import re
import unicodedata

MOLE_RATIO, MASS_RATIO = "mole ratio", "mass ratio"

# Words that pint lacks or reads as something else ('C' coulomb, 'pa' pico-year, 'M' molar), in lower case.
_WORDS = {
    "percent": "percent",
    "pct": "percent",
    "%": "percent",
    "fraction": "dimensionless",
    "decimal": "dimensionless",
    "category": "dimensionless",
    "unitless": "dimensionless",
    "none": "dimensionless",
    "logical": "dimensionless",
    "1": "dimensionless",
    "c": "degC",
    "celsius": "degC",
    "centigrade": "degC",
    "degc": "degC",
    "摄氏度": "degC",
    "f": "degF",
    "fahrenheit": "degF",
    "degf": "degF",
    "k": "kelvin",
    "kelvins": "kelvin",
    "degk": "kelvin",
    "mcg": "microgram",
    "ug": "microgram",
    "m": "meter",
    "pa": "pascal",
    "hpa": "hectopascal",
    "mb": "millibar",
    "hr": "hour",
    "hrs": "hour",
    "kt": "knot",
    "kts": "knot",
    "kmh": "kilometer/hour",
    "纳克": "nanogram",
    "微克": "microgram",
    "毫克": "milligram",
    "克": "gram",
    "米": "meter",
    "立方米": "meter**3",
    "每": "/",
    "нг": "nanogram",
    "мкг": "microgram",
    "мг": "milligram",
    "г": "gram",
    "м": "meter",
    "микрограмм": "microgram",
    "миллиграмм": "milligram",
}
_PARTS = {
    **dict.fromkeys(("ppm", "ppmv", "partspermillion", "partspermillionbyvolume"), 1e-6),
    **dict.fromkeys(("ppb", "ppbv", "partsperbillion", "partsperbillionbyvolume"), 1e-9),
    **dict.fromkeys(("ppt", "pptv", "partspertrillion", "partspertrillionbyvolume"), 1e-12),
}
# Said in brackets or behind the unit of a concentration: how it was measured, or the state of the air that it is told for.
_REMARKS = (
    r"lc|sc|stp|ntp|local|standard|std|actual|ambient|conditions?|ref(?:erence)?|eq(?:uivalent)?|ind(?:icative)?|"
    r"grav(?:imetric)?|fdms|teom|bam|beta|optical|hourly|daily|measured|mean|at|and|[-+]?\d+(?:\.\d+)?|°?c|k|kpa|hpa|mbar|mb|atm"
)
_ALIKE = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2013": "-", "µ": "u", "μ": "u", "º": "°", "·": "*", "\u22c5": "*"})
_REMARK = re.compile(rf"(?:\s*[(\[]\s*(?:(?:{_REMARKS})[\s.,;/]*)+[)\]]|\s+(?:LC|SC|STP|NTP))$", re.IGNORECASE)
_TEMPERATURE = re.compile(r"^(?:°|deg(?:ree)?s?)?[\s._]*(c|celsius|centigrade|f|fahrenheit|k|kelvins?)$", re.IGNORECASE)
_MASS = r"[kmunp]?g|mcg"
_GLUED = re.compile(rf"^({_MASS})[\s.*-]*[NS]?m\s*(?:\*\*)?-\s*3$")  # ugm-3, ug-m-3
_VOLUME = re.compile(r"(?<=[/*\s])(?:cu(?:bic)?[\s._]*(?:m|meters?|metres?)|cbm|scm|[ns]?m3n?|[ns]\.?m\*\*3)\.?$", re.IGNORECASE)
_POWER_OF_TEN = re.compile(r"^(1(?:\.0*)?e[-+]?\d+|10\*\*[-+]?\d+)[\s*.x]*(?=[a-z])", re.IGNORECASE)
_RATIO = re.compile(
    r"^(?P<over>(?:nano|micro|milli|pico|[nump])?(?:mol(?:e)?s?)|(?:nano|micro|milli|kilo|[numkp])?(?:g|grams?))\s*(?:/|\s|\*|\bper\b)\s*"
    r"(?P<under>mol(?:e)?s?|(?:kilo|k)?(?:g|grams?))\s*\^?(?:\*\*)?(?P<power>-1)?[\s_-]*(?:dry)?[\s_-]*(?:air)?$",
    re.IGNORECASE,
)


def plain(unit: str) -> str:
    """A unit without what does not change it: HTML, raised digits, kinds of mu, remarks on the method or the state of the air."""
    text = unicodedata.normalize("NFKC", re.sub(r"</?su[pb]>|[{}]", "", html.unescape(unit)))
    text = text.translate(_ALIKE).strip()
    return _REMARK.sub("", text).strip()


def ratio(unit: str) -> tuple[str, float, str] | None:
    """(MOLE_RATIO or MASS_RATIO, factor, unit in pint's grammar) of a mixing ratio in air, else None."""
    text = plain(unit)
    if part := _PARTS.get(re.sub(r"[\s_-]", "", text.lower())):
        return MOLE_RATIO, part, "dimensionless"
    found = _RATIO.match(text.lower() if text.isupper() else text)
    if not found or ("/" in text or "per" in text.lower()) == bool(found["power"]):
        return None
    over, under = found["over"], found["under"]
    if ("mol" in over.lower()) != ("mol" in under.lower()):
        return None
    return (MOLE_RATIO if "mol" in under.lower() else MASS_RATIO), 1.0, f"{over}/{under}"


def expression(unit: str) -> tuple[float, str]:
    """Factor and unit in pint's grammar: ``1e-9 kg m-3`` -> 1e-9, ``kg*meter**-3``; `ValueError` if it is empty."""
    text = plain(unit)
    if not text:
        raise ValueError("empty unit")
    if temperature := _TEMPERATURE.match(text):
        return 1.0, {"c": "degC", "f": "degF", "k": "kelvin"}[temperature[1][0].lower()]
    if re.fullmatch(r"(?:percent|%)\s*(?:relative humidity|rh)", text, re.IGNORECASE):
        return 1.0, "percent"
    if text.isupper():  # IOAPI and MCIP shout: M/S, KG/M**3
        text = text.lower()
    text = re.sub(r"\s+per\s+", "/", text, flags=re.IGNORECASE).replace("^", "**").replace("每", "/")
    text = re.sub(r"\bmicro\s*g(?=[\s/*.]|$)", "ug", text)
    text = re.sub(r"\bu(?=grams?\b)", "micro", text)
    text = re.sub(r"(gram)m(?:e?s?)\b", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*/\s*", "/", text)
    factor = 1.0
    if power := _POWER_OF_TEN.match(text):
        factor, text = float(re.sub(r"^10\*\*", "1e", power[1])), text[power.end() :]
    text = _GLUED.sub(r"\1*m**-3", text)
    text = _VOLUME.sub("m**3", text)
    text = re.sub(r"\bcubic\s+(\w+)", r"\1**3", text, flags=re.IGNORECASE)
    text = re.sub(r"([^\W\d])([-+]?\d+)", r"\1**\2", text)
    text = re.sub(r"(?<=[\w)])(\s+|\.|-(?=[^\W\d]))(?=[^\W\d]|\()", "*", text)
    return factor, re.sub(r"[^\W\d]+|%|^1$", _pint_word, text)


def _pint_word(match: re.Match) -> str:
    word = match.group()
    # Case tells Mg from mg, but says nothing in a word such as Micrograms.
    return _WORDS.get(word.lower(), word.lower() if len(word) > 4 and word.istitle() else word)
