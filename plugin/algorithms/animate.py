"""A series of fields as moving pictures."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from ..translate import tr
from .base import ANY_FILE, EngineAlgorithm, check_destination, run_engine
from .choices import chosen_word
from .field_parameters import file_of
from .preselected import preselect
from .style_parameters import add_style_parameter, style_of
from .table_parameters import SPECIES, add_species

SERIES, FOLDER, SECONDS, WIDTH, OUTPUT, FRAMES = "SERIES", "FOLDER", "SECONDS", "WIDTH", "OUTPUT", "FRAMES"


class Animate(EngineAlgorithm):
    """``animate``: a GIF, or an MP4 where ffmpeg is installed, of what *Reanalyse a period* has written."""

    NAME = "animate"
    TITLE = tr("Animate")
    GROUP = "after"
    SUMMARY = tr(
        "Makes moving pictures of a period: a GIF, or an MP4 where the program ffmpeg is installed, with a map for each day or hour "
        "in colours that stay the same."
    )
    TAGS = ("animation", "gif", "mp4", "film", "period", "series", "temporal")

    def initAlgorithm(self, configuration=None) -> None:
        series = QgsProcessingParameterFile(SERIES, tr("Series"), fileFilter=f"NetCDF (*.nc);;{ANY_FILE}", optional=True)
        preselect(series, FOLDER)
        self.add(
            series, tr("NetCDF that 'Reanalyse a period' has written. In the dialog: that of the active layer, else of the first series.")
        )
        self.add(
            QgsProcessingParameterFile(FOLDER, tr("Folder of GeoTIFFs"), Qgis.ProcessingFileParameterBehavior.Folder, optional=True),
            tr("Instead of a NetCDF: the folder, or the Zarr store, that it has written."),
        )
        add_species(self)
        add_style_parameter(self)
        self.add(
            QgsProcessingParameterNumber(
                SECONDS,
                tr("Seconds for each step"),
                Qgis.ProcessingNumberParameterType.Double,
                defaultValue=0.5,
                minValue=0.02,
                maxValue=60,
            ),
            tr("How long each map is shown."),
        )
        self.add(
            QgsProcessingParameterNumber(
                WIDTH, tr("Width in pixels"), Qgis.ProcessingNumberParameterType.Integer, defaultValue=900, minValue=300, maxValue=4000
            ),
            tr("Width of the pictures."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFileDestination(OUTPUT, tr("Animation"), "GIF (*.gif);;MP4 (*.mp4)"),
            tr("File to write; the name ends in .gif or .mp4."),
        )
        self.addOutput(QgsProcessingOutputNumber(FRAMES, tr("Pictures")))

    def check(self, parameters, context) -> str:
        if len([name for name in (SERIES, FOLDER) if self.parameterAsString(parameters, name, context)]) != 1:
            return tr("Choose a series or a folder; one of them.")
        if Path(self.parameterAsFileOutput(parameters, OUTPUT, context)).suffix.lower() not in (".gif", ".mp4"):
            return tr("The name of the animation must end in .gif or .mp4.")
        return check_destination(self, parameters, OUTPUT, context)

    def compute(self, parameters, context, feedback) -> dict:
        output = self.parameterAsFileOutput(parameters, OUTPUT, context)
        series = file_of(self.parameterAsString(parameters, SERIES, context)) or self.parameterAsString(parameters, FOLDER, context)
        result = run_engine(
            "animate",
            {
                "series": series,
                "out": output,
                "species": chosen_word(self, parameters, SPECIES, context),
                "style": style_of(self, parameters, context),
                "seconds": self.parameterAsDouble(parameters, SECONDS, context),
                "width": self.parameterAsInt(parameters, WIDTH, context),
            },
            feedback,
            [output],
        )
        feedback.pushInfo(tr("{frames} pictures, {start} to {end}, in {out}").format(**result))
        return {OUTPUT: output, FRAMES: result["frames"]}
