"""The Processing provider: which algorithms there are."""

from __future__ import annotations

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms.aggregate import Aggregate
from .algorithms.animate import Animate
from .algorithms.checkengine import CheckEngine
from .algorithms.compareraster import CompareRaster
from .algorithms.covariates import Covariates
from .algorithms.crossvalidate import CrossValidate
from .algorithms.describe import Describe
from .algorithms.evaluatectm import EvaluateCTM
from .algorithms.exposure import Exposure
from .algorithms.gridstations import GridStations
from .algorithms.inspectctm import InspectCTM
from .algorithms.loadreanalysis import LoadReanalysis
from .algorithms.modelcard import ModelCard
from .algorithms.readstations import ReadStations
from .algorithms.reanalyse import Reanalyse
from .algorithms.reanalyseperiod import ReanalysePeriod
from .algorithms.reproducectm import ReproduceCTM
from .algorithms.restyle import Restyle
from .algorithms.setupengine import SetUpEngine
from .algorithms.simulatectm import SimulateCTM
from .algorithms.trainmodel import TrainModel
from .translate import tr

ICON = Path(__file__).resolve().parent.parent / "resources" / "icons" / "provider.svg"

ALGORITHMS = (
    ReadStations,
    GridStations,
    Reanalyse,
    ReanalysePeriod,
    LoadReanalysis,
    Aggregate,
    Exposure,
    CompareRaster,
    Restyle,
    Animate,
    CrossValidate,
    ReproduceCTM,
    EvaluateCTM,
    Describe,
    TrainModel,
    ModelCard,
    SimulateCTM,
    InspectCTM,
    Covariates,
    CheckEngine,
    SetUpEngine,
)


class ReanalysisProvider(QgsProcessingProvider):
    """Provider ``ctm_reanalysis``; its algorithms are listed with or without an engine."""

    def id(self) -> str:
        return "ctm_reanalysis"

    def name(self) -> str:
        return "CTM Reanalysis"

    def longName(self) -> str:
        return tr("CTM Reanalysis: complete air-quality fields from station readings")

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return ["tif", "nc"]

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        return ["gpkg", "csv", "parquet"]

    def load(self) -> bool:
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        self.refreshAlgorithms()
        return True

    def loadAlgorithms(self) -> None:
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
