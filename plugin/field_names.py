"""Which field of a table holds what, told by the names, kinds and first values of its fields.

Nothing of QGIS is needed here: `reading_fields` hands in what a layer holds.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Iterable, Sequence

NUMBER, TEXT, DATE, OTHER = "number", "text", "date", "other"
_SHAPEFILE_LETTERS = 10

# Names of what is read, as regular expressions for a name in lower case whose signs are blanks.
_SPECIES = {
    "pm25": r"pm ?2 ?p? ?5|fine particulate",
    "pm10": r"pm ?10(?!\d)",
    "o3": r"\bo ?3\b|ozone?\b",
    "no2": r"\bno ?2\b|nitrogen dioxide",
    "so2": r"\bso ?2\b|sul(f|ph)ur dioxide",
    "co": r"\bco\b|carbon monoxide",
}
_RH = r"\brh\d?\b|humidity|rel ?hum|relative h$|相对湿度|湿度"
_WIND = r"\bwind\b|\bws(pd)?\d*\b|wind ?speed|风速"
_NOT_WIND = r"\bdir(ection)?\b|\bwd\b|gust|deg"
# Readings of whatever a column beside them, or nobody, names.
_GENERAL = (
    "value",
    "reading",
    "concentration",
    "conc",
    "measurement",
    "measured value",
    "observation",
    "observed",
    "obs",
    "wert",
    "messwert",
    "valeur",
    "valor",
    "arithmetic mean",
    "sample measurement",
    "浓度",
    "监测值",
)
_PARAMETER = ("parameter", "parameter name", "pollutant", "species", "variable", "component", "contaminant", "pollutant name", "污染物")
_TIME = (
    "time",
    "datetime",
    "date time",
    "timestamp",
    "date",
    "day",
    "date local",
    "datetime local",
    "local time",
    "obs time",
    "observed at",
    "valid time",
    "date utc",
    "datetime utc",
    "time utc",
    "utc",
    "datum",
    "fecha",
    "data",
    "jour",
    "heure",
    "时间",
    "日期",
    "监测时间",
)
# Dates that say when a row was written, not when the air was measured.
_RECORD = re.compile(
    r"\b(created?|creation|modified|updated?|edit(ed)?|imported?|inserted?|valid (from|to|until)|installed|start|opened|closed|end)\b"
)
_UNIT = ("unit", "units", "unit of measure", "units of measure", "unit of measurement", "einheit", "unidad")
# Words of fields that stand beside a reading and are none.
_BESIDE = re.compile(
    r"\b(aqi|iaqi|index|flag|qc|qa|quality|valid|count|n|hours|sd|std|stdev|error|min|max|unit|units|code|id|name|"
    r"fc|forecast|bias|rank|level|class|category|colou?r|limit|residual|difference|predicted|q05|q50|q95)\b"
)
_ISO_DATE = re.compile(r"\s*(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})")
_LOCAL_DATE = re.compile(r"\s*\d{1,2}[./-]\d{1,2}[./-]\d{4}(?!\d)")  # day or month first: the engine tells which
_UNIT_IN_NAME = re.compile(r"(µg|ug|mg|ng) ?/ ?m ?\^?3|\bppb\b|\bppm\b")
_OTHER_UNIT = re.compile(r"^\s*[kmn]?g\W*m|\bpp[bm]v?\b")
_DAILY = re.compile(r"\b24 ?h|\bdaily\b|\bday\b|\bmean 24\b")


@dataclass(frozen=True)
class FieldSample:
    """A field: its name, its kind (NUMBER, TEXT, DATE, OTHER) and its first values that are not empty, as text."""

    name: str
    kind: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What the fields of a table hold, as far as it could be told.

    Attributes
    ----------
    value, time, unit_field, rh, wind : names of fields, '' where none was found
    unit, rh_unit : units that the name or the values tell, else ''
    where : condition on rows, such as ``parameter=pm25``, where the readings of several species share a column; '' for none
    others : further fields that could hold the reading
    times : fields of dates where `time` is '' because none of several could be told from the others
    doubtful : whether the reading is only the one field of numbers that is left
    other_unit : whether the field of units holds one of concentration that is not µg/m³
    """

    value: str = ""
    time: str = ""
    unit_field: str = ""
    rh: str = ""
    wind: str = ""
    unit: str = ""
    rh_unit: str = ""
    where: str = ""
    others: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    doubtful: bool = False
    other_unit: bool = False


def find_fields(fields: Sequence[FieldSample], species: str = "pm25") -> Found:
    """Tell the fields of a table of readings.

    The name of the species goes before a general one such as ``value``, numbers before text that holds numbers, and a daily mean
    before a value of another averaging time.
    """
    numeric = [one for one in fields if holds_numbers(one)]
    value, others, where, doubtful = _value(fields, numeric, species)
    unit_field = _by_name(_UNIT, [one for one in fields if one.kind == TEXT])
    rh = _first(_RH, [one for one in numeric if not _BESIDE.search(plain(one.name))])
    wind = _first(_WIND, [one for one in numeric if not re.search(_NOT_WIND, plain(one.name)) and not _BESIDE.search(plain(one.name))])
    unit = unit_of(value)
    units = [text.casefold() for one in fields if one.name == unit_field for text in one.values]
    time, times = _time(fields)
    return Found(
        value,
        time,
        unit_field if value and not unit else "",
        rh if rh != value else "",
        wind if wind != value else "",
        unit,
        "1" if rh and _all_below(rh, numeric, 1.0) else "",
        where,
        others,
        times,
        doubtful,
        any(_OTHER_UNIT.search(text) for text in units),
    )


def _value(fields: Sequence[FieldSample], numeric: Sequence[FieldSample], species: str) -> tuple[str, tuple[str, ...], str, bool]:
    """The field with the reading, other candidates, the condition on rows, and whether it is doubtful."""
    own = _SPECIES.get(species, rf"\b{re.escape(species)}\b")
    named = [one for one in numeric if re.search(own, plain(one.name)) and not _BESIDE.search(plain(one.name))]
    if named:
        ordered = sorted(named, key=lambda one: (one.kind != NUMBER, not _DAILY.search(plain(one.name))))
        return ordered[0].name, tuple(one.name for one in ordered[1:]), "", False
    general = [one for name in _GENERAL for one in numeric if _without_unit(one.name) == name or _is_cut(one.name, name)]
    if general:
        parameter = next((one for name in _PARAMETER for one in fields if one.kind == TEXT and plain(one.name) == name), None)
        words = sorted({value for value in parameter.values if re.search(own, plain(value))}) if parameter else []
        if parameter is None or words:
            where = f"{parameter.name}={','.join(words)}" if parameter else ""
            return general[0].name, tuple(one.name for one in general[1:]), where, False
        return "", (), "", False  # readings of other species
    left = [one for one in numeric if one.kind == NUMBER and not _names_another(one, species)]
    return (left[0].name, (), "", True) if len(left) == 1 else ("", (), "", False)


def _names_another(one: FieldSample, species: str) -> bool:
    """Whether the name says that the field holds something else than readings of the species: places, codes, weather, other species."""
    name = plain(one.name)
    elsewhere = "|".join(pattern for key, pattern in _SPECIES.items() if key != species)
    places = (
        r"\b(fid|ogc fid|x|y|z|lon|lat|long|lng|longitude|latitude|easting|northing|elev|elevation|altitude|height|alt|year|month|day|hour|"
    )
    return bool(
        re.search(places + r"station|site|pop|population|area|temp|temperature|pressure)\b", name)
        or _BESIDE.search(name)
        or re.search(f"{elsewhere}|{_RH}|{_WIND}|{_NOT_WIND}", name)
    )


def _time(fields: Sequence[FieldSample]) -> tuple[str, tuple[str, ...]]:
    """The field with the time, and where there is none the fields of dates that it could be.

    Names that are known go first, fields of dates before text; else the only field of dates, or of text that holds dates alone, is
    taken whatever its name. Numbers such as 20180220 need a name that is known, since codes look alike.
    """
    dated = [one for one in fields if one.kind == DATE]
    texts = [one for one in fields if one.kind in (TEXT, NUMBER) and one.values and all(_is_date(value) for value in one.values)]
    known = _by_name(_TIME, dated) or _by_name(_TIME, texts)
    if known:
        return known, ()
    left = [
        [one.name for one in some if not _RECORD.search(plain(one.name))] for some in (dated, [one for one in texts if one.kind == TEXT])
    ]
    names = left[0] or left[1]
    return (names[0], ()) if len(names) == 1 else ("", tuple(names))


def _is_date(text: str) -> bool:
    return bool(day_in(text) or _LOCAL_DATE.match(text))


def day_in(text: str) -> tuple[int, ...]:
    """Year, month and day that a text begins with, such as ``2018-02-20 08:00`` or ``20180220``; () where it does not."""
    found = _ISO_DATE.match(text)
    year, month, day = map(int, found.groups()) if found else (0, 0, 0)
    return (year, month, day) if 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31 else ()


def holds_numbers(one: FieldSample) -> bool:
    """Whether a field is of numbers, or of text of which at least half is numbers."""
    if one.kind == NUMBER:
        return True
    numbers = sum(bool(re.fullmatch(r"\s*[-+\u2212]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*", value)) for value in one.values)
    return one.kind == TEXT and bool(one.values) and 2 * numbers >= len(one.values)


def plain(name: str) -> str:
    """A name in lower case with blanks for signs: ``PM2.5 (µg/m³)`` -> ``pm2 5 ug m3``."""
    simple = unicodedata.normalize("NFKC", name).casefold().replace("μ", "u").replace("µ", "u")
    return " ".join(re.sub(r"[\W_]+", " ", simple).split())


def tells_species(name: str) -> bool:
    """Whether a field of this name says row by row what is measured."""
    return plain(name) in _PARAMETER


def is_station_table(names: Iterable[str]) -> bool:
    """Whether fields are those of a layer that 'Read station table' has made, in which a code stands for one station."""
    return {"station", "value", "unit", "species", "hours", "flags", "group"} <= set(names)


def _without_unit(name: str) -> str:
    return plain(re.sub(r"[(\[].*?[)\]]", "", name))


def _by_name(names: Iterable[str], fields: Sequence[FieldSample]) -> str:
    names = tuple(names)
    whole = next((one.name for name in names for one in fields if plain(one.name) == name), "")
    return whole or next((one.name for name in names for one in fields if _is_cut(one.name, name)), "")


def _is_cut(field: str, name: str) -> bool:
    """Whether a field has the first ten letters of a longer name, which are all that a shapefile keeps."""
    return len(field) == _SHAPEFILE_LETTERS and len(name) > _SHAPEFILE_LETTERS and name.startswith(plain(field))


def _first(pattern: str, fields: Sequence[FieldSample]) -> str:
    return next((one.name for one in sorted(fields, key=lambda one: one.kind != NUMBER) if re.search(pattern, plain(one.name))), "")


def unit_of(name: str) -> str:
    """The unit that the name of a field tells, such as ``mg/m3``; '' where it tells none."""
    found = _UNIT_IN_NAME.search(unicodedata.normalize("NFKC", name).casefold().replace("μ", "u").replace("µ", "u"))
    return found.group(0).replace(" ", "").replace("^", "") if found else ""


def _all_below(name: str, fields: Sequence[FieldSample], limit: float) -> bool:
    values = next(one.values for one in fields if one.name == name)
    return bool(values) and all(float(value.replace(",", ".")) <= limit for value in values if re.fullmatch(r"\s*\d*[.,]?\d+\s*", value))
