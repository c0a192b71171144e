"""What is in a CTM file?"""

from __future__ import annotations

import json

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
)

from ..report import lines_of, write_page
from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, check_destination, run_engine
from .table_parameters import VARIABLES, add_air, add_variable_table, air_request

FILE, REPORT = "FILE", "REPORT"
FORMAT, GRID, INFO, ROWS, COLUMNS, TIMES = "FORMAT", "GRID", "INFO", "ROWS", "COLUMNS", "TIMES"


class InspectCTM(EngineAlgorithm):
    """``inspectctm``: how a NetCDF file is understood: grid, times, variables."""

    NAME = "inspectctm"
    TITLE = tr("Inspect a CTM file")
    GROUP = "training"
    SUMMARY = tr(
        "Tells how a NetCDF file of a chemical transport or weather model is understood: its grid, its times, and "
        "its variables with their units and what they are recognised as."
    )
    TAGS = ("inspect", "netcdf", "ctm", "cmaq", "wrf", "ioapi", "grid", "variables")

    def initAlgorithm(self, configuration=None) -> None:
        self.add(
            QgsProcessingParameterFile(FILE, tr("CTM file"), fileFilter=ANY_FILE),
            tr("NetCDF file with any extension, or none: IOAPI (CMAQ, MCIP), WRF or CF."),
        )
        add_variable_table(self)
        add_air(self)
        self.add(
            QgsProcessingParameterFileDestination(REPORT, tr("Report"), "HTML (*.html)", optional=True, createByDefault=False),
            tr("The report as a page to keep or send."),
        )
        for name, label in ((ROWS, tr("Rows")), (COLUMNS, tr("Columns")), (TIMES, tr("Number of times"))):
            self.addOutput(QgsProcessingOutputNumber(name, label))
        for name, label in ((FORMAT, tr("Format")), (GRID, tr("CRS of the grid")), (INFO, tr("Everything, as JSON"))):
            self.addOutput(QgsProcessingOutputString(name, label))

    def check(self, parameters, context) -> str:
        return check_destination(self, parameters, REPORT, context)

    def compute(self, parameters, context, feedback) -> dict:
        request = {name.lower(): self.parameterAsFile(parameters, name, context) for name in (FILE, VARIABLES)}
        request.update(air_request(self, parameters, context))
        info = run_engine("inspect", request, feedback, [])
        grid = info["grid"] or {}  # a GRIDDESC file holds many grids
        lines = [line for line in lines_of(info) if not line[0].endswith("wkt")]
        for label, text in lines:
            feedback.pushInfo(f"{label}: {text}")
        outputs = {
            FORMAT: info["format"],
            GRID: grid.get("proj", ""),
            INFO: json.dumps(info, ensure_ascii=False),
            ROWS: grid.get("rows"),
            COLUMNS: grid.get("columns"),
            TIMES: info["times"]["count"],
        }
        report = self.parameterAsFileOutput(parameters, REPORT, context)
        if report:
            write_page(report, self.TITLE, lines)
            outputs[REPORT] = report
        return outputs
