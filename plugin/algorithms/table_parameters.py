"""The parameters that say how a table of readings is to be understood; the words are those of the engine's requests.

Those of `add_reading_options` hold for a layer and for a file alike; columns of a file are named by text, since QGIS does not open it.
"""

from __future__ import annotations

from typing import NamedTuple

from qgis.core import Qgis, QgsProcessingParameterFile, QgsProcessingParameterNumber, QgsProcessingParameterString

from .. import forms
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm
from .choices import Choice, chosen_word

FORM, SPECIES, WHERE, SITES, SITES_ID = "FORM", "SPECIES", "WHERE", "SITES", "SITES_ID"
DATE_ORDER, STAMP, WIDE, ENCODING, DECIMAL = "DATE_ORDER", "STAMP", "WIDE", "ENCODING", "DECIMAL"
GAS_TEMPERATURE, GAS_PRESSURE = "GAS_TEMPERATURE", "GAS_PRESSURE"
OTHER_SPECIES, VARIABLES = "OTHER_SPECIES", "VARIABLES"
ERROR, NETWORK = "ERROR", "NETWORK"
# Words of the engine.
SPECIES_WORDS = (
    "pm25: PM2.5",
    "pm10: PM10",
    f"o3: {tr('ozone')}",
    f"no2: {tr('nitrogen dioxide')}",
    f"so2: {tr('sulfur dioxide')}",
    f"co: {tr('carbon monoxide')}",
)
DATE_ORDERS = ("auto", f"dmy: {tr('day month year')}", f"mdy: {tr('month day year')}", f"ymd: {tr('year month day')}")
STAMPS, DECIMALS, WIDES = ("auto", "start", "end"), ("auto", "point", "comma"), ("auto", "yes", "no")
_SIGNS = {"point": ".", "comma": ","}


class Column(NamedTuple):
    """A column of a file: its parameter, its key in the engine's request, and what the dialog says."""

    name: str
    key: str
    label: str
    help_text: str


COLUMNS = (
    Column(
        "VALUE",
        "value",
        tr("Column with the reading"),
        tr(
            "Empty: as the form has it, else the one that is called like the species. In a table with a column per station: the name of the "
            "variable."
        ),
    ),
    Column(
        "TIME",
        "time",
        tr("Column with the time"),
        tr("Or several joined with +, such as Date Local+Time Local. Empty: as the form has it, or the date in the files' names."),
    ),
    Column(
        "ID",
        "id",
        tr("Column with the station code"),
        tr("Or several joined with +, such as State Code+County Code+Site Num. Empty: as the form has it, else stations are places."),
    ),
    Column("X", "x", tr("Column with x or longitude"), tr("Empty: found by its name.")),
    Column("Y", "y", tr("Column with y or latitude"), tr("Empty: found by its name.")),
    Column("CRS", "crs", tr("CRS of the coordinates"), tr("Such as EPSG:3857. Empty: as the file says, else longitude and latitude.")),
    Column("UNIT_COLUMN", "unit_column", tr("Column with the unit"), tr("Where the unit changes from row to row.")),
    Column(NETWORK, "network", tr("Column with the network"), tr("For errors that are told network by network.")),
    Column("GROUP", "group", tr("Column with the city or other group"), tr("What groups stations.")),
)


def add_species(algorithm: EngineAlgorithm) -> None:
    """What is read."""
    algorithm.add(
        Choice(SPECIES, tr("Species"), SPECIES_WORDS), tr("What is read. Of a table with several species its rows or column are taken.")
    )
    algorithm.add(
        QgsProcessingParameterString(OTHER_SPECIES, tr("Other species"), optional=True),
        tr("Instead of the species above: a variable that the table of variables defines, such as nh3."),
        advanced=True,
    )


def add_form(algorithm: EngineAlgorithm, advanced: bool = True) -> None:
    """The published form of the table."""
    algorithm.add(
        Choice(FORM, tr("Form of the table"), forms.choices()),
        tr(
            "Published form, which says what the columns mean. 'auto' recognises it by the header and says so in the log; 'none': the "
            "columns are those named here. What is named here overrules the form."
        ),
        advanced=advanced,
    )


def add_reading_options(algorithm: EngineAlgorithm) -> None:
    """Where stations are, how dates and numbers are written, and how gases convert; all advanced."""
    algorithm.add(
        QgsProcessingParameterFile(SITES, tr("Table of sites"), fileFilter=ANY_FILE, optional=True),
        tr("File with the places of the stations by their code, where the readings have none."),
        advanced=True,
    )
    algorithm.add(
        QgsProcessingParameterString(SITES_ID, tr("Station code in the table of sites"), optional=True),
        tr("Its column. Empty: the one that holds the codes of the readings."),
        advanced=True,
    )
    algorithm.add(
        Choice(DATE_ORDER, tr("Order of dates"), DATE_ORDERS),
        tr("For dates such as 05/04/22. 'auto': by the other dates of the column, or by the day that is asked for."),
        advanced=True,
    )
    algorithm.add(
        Choice(STAMP, tr("Hourly times: start or end of the hour"), STAMPS),
        tr("'start' or 'end' of the hour that is meant. 'auto': as the form has it, else the start."),
        advanced=True,
    )
    algorithm.add(Choice(DECIMAL, tr("Decimal sign"), DECIMALS), tr("Of numbers written as text. 'auto': found."), advanced=True)
    add_variable_table(algorithm)
    add_air(algorithm)


def add_error(algorithm: EngineAlgorithm, prefix: str = "") -> None:
    """The error of readings; `prefix` is that of the parameter's name."""
    algorithm.add(
        QgsProcessingParameterString(f"{prefix}{ERROR}", tr("Error of the readings"), multiLine=True, optional=True),
        tr(
            "Standard deviation of a reading about the truth: the name of its field (in the readings' unit, or, with % behind it, in per cent), a "
            "number or per cent for all such as 20%, or a line for each network, such as reference=5% and sensor=30%. Readings count by it."
        ),
        advanced=True,
    )


def error_lines(algorithm: EngineAlgorithm, parameters: dict, context, prefix: str = "") -> list[str]:
    """What is said of the error, a line each."""
    text = algorithm.parameterAsString(parameters, f"{prefix}{ERROR}", context)
    return [line.strip() for line in text.splitlines() if line.strip()]


def add_variable_table(algorithm: EngineAlgorithm) -> None:
    """The file that defines further variables."""
    algorithm.add(
        QgsProcessingParameterFile(VARIABLES, tr("Table of variables"), fileFilter="TOML (*.toml)", optional=True),
        tr("File that extends or overrides the known variables: names in files, units, limits."),
        advanced=True,
    )


def add_air(algorithm: EngineAlgorithm) -> None:
    """At which gases convert."""
    for name, label, help_text in (
        (
            GAS_TEMPERATURE,
            tr("Temperature of gases in K"),
            tr("At which ppb and ppm become µg/m³ where the files do not know their air. Empty: 293.15 K; 298.15 K is usual too."),
        ),
        (GAS_PRESSURE, tr("Pressure of gases in hPa"), tr("Likewise. Empty: 1013.25 hPa.")),
    ):
        algorithm.add(
            QgsProcessingParameterNumber(name, label, Qgis.ProcessingNumberParameterType.Double, optional=True, minValue=1),
            help_text,
            advanced=True,
        )


def air_request(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for the parameters of `add_air`."""
    return {
        name.lower(): algorithm.parameterAsDouble(parameters, name, context)
        for name in (GAS_TEMPERATURE, GAS_PRESSURE)
        if parameters.get(name) is not None
    }


def add_file_options(
    algorithm: EngineAlgorithm, prefix: str = "", columns: tuple[Column, ...] = COLUMNS, foremost: tuple[str, ...] = ()
) -> None:
    """Columns, rows, layout and encoding of a file; advanced, but for the `foremost` columns. `prefix` is that of the parameters' names."""
    for name, _, label, help_text in columns:
        algorithm.add(QgsProcessingParameterString(f"{prefix}{name}", label, optional=True), help_text, advanced=name not in foremost)
    add_error(algorithm, prefix)
    algorithm.add(
        QgsProcessingParameterString(f"{prefix}{WHERE}", tr("Rows to keep"), multiLine=True, optional=True),
        tr("Conditions, one a line, all of which must hold: parameter=pm25, Validity>=1, flag!=V,W."),
        advanced=True,
    )
    algorithm.add(Choice(f"{prefix}{WIDE}", tr("One column per station"), WIDES), tr("'auto': by the header."), advanced=True)
    algorithm.add(
        QgsProcessingParameterString(f"{prefix}{ENCODING}", tr("Encoding"), optional=True),
        tr("Of a text file, such as cp1252 or GBK. Empty: found."),
        advanced=True,
    )


def reading_options(algorithm: EngineAlgorithm, parameters: dict, context) -> dict:
    """The engine's words for form, species and the parameters of `add_reading_options`."""
    request = {"from": chosen_word(algorithm, parameters, FORM, context)}
    if algorithm.parameterDefinition(SPECIES) is not None:
        other = algorithm.parameterAsString(parameters, OTHER_SPECIES, context).strip()
        request["species"] = other or chosen_word(algorithm, parameters, SPECIES, context)
    request["variables"] = algorithm.parameterAsFile(parameters, VARIABLES, context)
    request["sites"] = algorithm.parameterAsFile(parameters, SITES, context)
    request["sites_id"] = algorithm.parameterAsString(parameters, SITES_ID, context).strip()
    request["date_order"] = chosen_word(algorithm, parameters, DATE_ORDER, context)
    stamp = chosen_word(algorithm, parameters, STAMP, context)
    request["stamp"] = "" if stamp == "auto" else stamp
    request["decimal"] = _SIGNS.get(chosen_word(algorithm, parameters, DECIMAL, context), "")
    request.update(air_request(algorithm, parameters, context))
    return {key: value for key, value in request.items() if value != ""}


def file_options(algorithm: EngineAlgorithm, parameters: dict, context, prefix: str = "", columns: tuple[Column, ...] = COLUMNS) -> dict:
    """The engine's words for the parameters of `add_file_options`."""
    where = algorithm.parameterAsString(parameters, f"{prefix}{WHERE}", context).splitlines()
    request = {column.key: algorithm.parameterAsString(parameters, f"{prefix}{column.name}", context).strip() for column in columns}
    request["error"] = error_lines(algorithm, parameters, context, prefix)
    request["where"] = [condition.strip() for condition in where if condition.strip()]
    request["wide"] = chosen_word(algorithm, parameters, f"{prefix}{WIDE}", context)
    request["encoding"] = algorithm.parameterAsString(parameters, f"{prefix}{ENCODING}", context).strip()
    return {key: value for key, value in request.items() if value not in ("", [])}
