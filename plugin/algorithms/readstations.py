"""A table of readings in any published form to a clean point layer."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFile,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..layers.points import load_readings
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, check_destination, day_text, is_temporary, run_engine
from .choices import Choice
from .day_parameters import add_day_parameters, day_request
from .period_parameters import END, START, STEP, STEPS, check_period
from .reading_outputs import add_counts, counts
from .table_parameters import add_file_options, add_form, add_reading_options, add_species, file_options, reading_options

FILE, FOLDER, UNIT, OUTPUT = "FILE", "FOLDER", "UNIT", "OUTPUT"
COUNT_STATIONS, FIRST_DAY, LAST_DAY = "STATIONS", "FIRST_DAY", "LAST_DAY"
SUFFIXES = (".gpkg", ".csv", ".parquet")


class ReadStations(EngineAlgorithm):
    """``readstations``: what the engine understands of a table, as a layer, and what became of each of its rows."""

    NAME = "readstations"
    TITLE = tr("Read station table")
    GROUP = "stations"
    SUMMARY = tr(
        "Reads a table of station readings as its source hands it out (OpenAQ, EPA, EEA, CNEMC, CPCB and many others, or any "
        "table with named columns), and makes a clean point layer: a row for each station and day with value, unit, species, "
        "valid hours and what was assumed. The log tells what became of each row of the table."
    )
    TAGS = ("stations", "table", "csv", "import", "openaq", "aqs", "airnow", "eea", "cnemc", "cpcb", "purpleair", "units", "daily mean")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterFile(FILE, tr("Table of readings"), fileFilter=ANY_FILE, optional=True),
            tr("Text table, spreadsheet, Parquet or vector file, compressed or not; or a pattern such as DIR/{date:%Y%m%d}.csv."),
        )
        self.add(
            QgsProcessingParameterFile(FOLDER, tr("Folder of tables"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("Instead of one table: all tables of a folder."),
        )
        add_form(self, advanced=False)
        add_species(self)
        add_file_options(self, foremost=("VALUE", "TIME", "ID"))
        self.add(
            QgsProcessingParameterString(UNIT, tr("Unit of the readings"), optional=True),
            tr("Such as µg/m³ or ppb; the result is in µg/m³. Empty: as the form or the table says, else µg/m³."),
        )
        for name, label, help_text in (
            (
                START,
                tr("First day"),
                tr("Empty: that of the first reading. One day as first and last also decides dates such as 05-03-2019."),
            ),
            (END, tr("Last day"), tr("Empty: that of the last reading.")),
        ):
            self.add(QgsProcessingParameterDateTime(name, label, Qgis.ProcessingDateTimeParameterDataType.Date, optional=True), help_text)
        self.add(Choice(STEP, tr("Step"), STEPS), tr("A row for each day, or for each hour."))
        add_reading_options(self)
        add_day_parameters(self)
        self.add(
            QgsProcessingParameterVectorDestination(OUTPUT, tr("Readings"), Qgis.ProcessingSourceType.VectorPoint),
            tr("GeoPackage to write; a name that ends in .csv or .parquet gives such a table."),
        )
        add_counts(self)
        self.addOutput(QgsProcessingOutputNumber(COUNT_STATIONS, tr("Stations")))
        for name, label in ((FIRST_DAY, tr("First day")), (LAST_DAY, tr("Last day"))):
            self.addOutput(QgsProcessingOutputString(name, label))

    def check(self, parameters, context) -> str:
        named = [name for name in (FILE, FOLDER) if self.parameterAsString(parameters, name, context).strip()]
        if len(named) != 1:
            return tr("Choose a table of readings, or a folder of tables; one of them.")
        if not is_temporary(parameters.get(OUTPUT)):
            output = Path(self.parameterAsOutputLayer(parameters, OUTPUT, context))
            if output.suffix.lower() not in SUFFIXES:
                return tr("The name of the readings must end in {}.").format(", ".join(SUFFIXES))
        return check_period(self, parameters, context) or check_destination(self, parameters, OUTPUT, context)

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        table = self.parameterAsString(parameters, FILE, context) or self.parameterAsString(parameters, FOLDER, context)
        request = {
            "stations": table.strip(),
            "unit": self.parameterAsString(parameters, UNIT, context).strip(),
            "step": self.parameterAsEnumString(parameters, STEP, context),
            "out": output,
            **self._days(parameters, context),
            **file_options(self, parameters, context),
            **reading_options(self, parameters, context),
            **day_request(self, parameters, context),
        }
        result = run_engine("read-stations", request, feedback, [output])
        days = result["days"]
        feedback.pushInfo(
            tr("{stations} stations, {rows} rows, {first} to {last}").format(
                stations=result["stations"], rows=result["rows"], first=days["first"], last=days["last"]
            )
        )
        return {
            OUTPUT: load_readings(output, result, context),
            **counts(result["readings"], feedback),
            COUNT_STATIONS: result["stations"],
            FIRST_DAY: days["first"] or "",
            LAST_DAY: days["last"] or "",
        }

    def _days(self, parameters, context) -> dict:
        """The period; one day alone as the date, which then also decides the order of dates."""
        start, end = (day_text(self, parameters, name, context) for name in (START, END))
        return {"date": start} if start and start == end else {"start": start, "end": end}
