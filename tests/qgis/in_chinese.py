"""QGIS in Chinese, started by test_languages: what its users read of the plugin, as JSON on the last line of stdout.

python3 in_chinese.py FOLDERS_OF_PLUGINS PROFILE WORK MODEL
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

plugins, profile, work, model = sys.argv[1:5]
sys.path[:0] = plugins.split(os.pathsep)

from qgis.core import QgsApplication, QgsProcessingException, QgsProcessingFeedback, QgsSettings  # noqa: E402  after the folders of plugins

application = QgsApplication([], False, profile)
application.initQgis()
settings = QgsSettings()  # as the dialog of QGIS's options leaves them
settings.setValue("locale/overrideFlag", True)
settings.setValue("locale/userLocale", "zh-Hans")

import processing  # noqa: E402
from processing.core.Processing import Processing  # noqa: E402

Processing.initialize()
from ctm_reanalysis import classFactory  # noqa: E402

plugin = classFactory(None)
plugin.initProcessing()


class Log(QgsProcessingFeedback):
    def __init__(self):
        super().__init__()
        self.lines = []

    def pushInfo(self, text):
        self.lines.append(text)

    pushWarning = setProgressText = pushInfo


def run(name, **parameters):
    """What a run said, and its error."""
    log = Log()
    try:
        processing.run(f"ctm_reanalysis:{name}", parameters, feedback=log)
    except QgsProcessingException as error:
        return {"said": log.lines, "error": str(error)}
    return {"said": log.lines, "error": ""}


algorithms = {
    algorithm.name(): {
        "title": algorithm.displayName(),
        "group": algorithm.group(),
        "summary": algorithm.shortDescription(),
        "help": algorithm.shortHelpString(),
        "parameters": {p.name(): [p.description(), p.help()] for p in algorithm.parameterDefinitions()},
        "outputs": {o.name(): o.description() for o in algorithm.outputDefinitions()},
    }
    for algorithm in plugin.provider.algorithms()
}
registry = QgsApplication.processingRegistry()
models = [registry.createAlgorithmById(model.id()) for model in plugin.models.algorithms()]  # as a dialog makes them
table = Path(work) / "stations.csv"
told = {
    "models": {
        model.name(): [
            model.displayName(),
            *(text for key, text in model.helpContent().items() if key not in ("ALG_CREATOR", "ALG_VERSION")),
            *(text for p in model.parameterDefinitions() for text in (p.description(), p.help()) if text),
            *(o.description() for o in model.outputDefinitions()),
            *(child.description() for child in model.childAlgorithms().values()),
        ]
        for model in models
    },
    "names in models": {
        model.name(): [one.name() for one in (*model.parameterDefinitions(), *model.outputDefinitions())] for model in models
    },
    "algorithms": algorithms,
    "provider": plugin.provider.longName(),
    "column": run("readstations", FILE=str(table), VALUE="pm10", OUTPUT=str(Path(work) / "readings.csv")),
    "reanalysis": run(
        "reanalyse",
        STATIONS=str(table),
        VALUE="pm25",
        MODEL=model,
        GRID=(Path(work) / "grid.txt").read_text(),
        DEVICE="cpu",
        OUTPUT=str(Path(work) / "field.tif"),
        REPORT=str(Path(work) / "report.html"),
    ),
}
from mistakes import mistakes  # noqa: E402

told["mistakes"] = {name: run(mistake.algorithm, **mistake.parameters) for name, mistake in mistakes(Path(work), model).items()}
from ctm_reanalysis.plugin.engine import locate  # noqa: E402

del os.environ[locate.VARIABLE]
os.environ["XDG_DATA_HOME"] = work  # where no engine was set up
locate.forget()
told["mistakes"]["no engine"] = run("readstations", FILE=str(table), OUTPUT=str(Path(work) / "readings.csv"))
plugin.unload()
print(json.dumps(told))
