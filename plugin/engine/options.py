"""What the user chose on the options page: how the engine is started, and what a request asks for where its algorithm says nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from typing import Any, Mapping

PREFIX = "ctm_reanalysis/"
MODELS_VARIABLE = "CTM_REANALYSIS_MODELS"
# PyTorch, NumPy and SciPy ask one or another of these.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class EngineOptions:
    """The options; each has its default where the user chose nothing.

    Attributes
    ----------
    device : "auto", "cpu" or "cuda"
    threads : 0 for as many as the libraries choose
    memory : most memory of a prediction in MB; 0 for as much as it needs
    idle_minutes : after which an engine that has nothing to do ends
    models : folder with the user's model files; '' for none but the usual ones
    cache : folder for prepared CTM days; '' for one beside each output
    """

    device: str = "auto"
    threads: int = 0
    memory: int = 0
    idle_minutes: int = 15
    models: str = ""
    cache: str = ""

    def start(self) -> tuple[int, int, str]:
        """What an engine that runs can't change any more."""
        return self.threads, self.idle_minutes, self.models

    def arguments(self) -> tuple[str, ...]:
        """Further arguments of the engine's command line."""
        return "--idle-seconds", str(60 * self.idle_minutes)

    def environ(self, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """Variables for the engine's process; `environ` (default: this process's) may name folders of models already."""
        chosen = dict.fromkeys(THREAD_VARIABLES, str(self.threads)) if self.threads else {}
        if self.models:
            known = (os.environ if environ is None else environ).get(MODELS_VARIABLE, "")
            chosen[MODELS_VARIABLE] = os.pathsep.join(part for part in (self.models, known) if part)
        return chosen

    def complete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The request with what the options say where it leaves device, memory or cache open; what an algorithm was told goes first."""
        own = {"device": self.device, "memory": self.memory, "cache": self.cache}
        left_open = [name for name in own if name in request and request[name] in (None, "", "auto")]
        return {**request, **{name: own[name] for name in left_open if own[name]}}


def engine_options() -> EngineOptions:
    """The options of this QGIS; outside QGIS the defaults."""
    core = sys.modules.get("qgis.core")
    if core is None:
        return EngineOptions()
    settings = core.QgsSettings()
    kinds = {name: type(default) for name, default in vars(EngineOptions()).items()}
    found = {name: settings.value(PREFIX + name, None) for name in kinds}
    return EngineOptions(**{name: kinds[name](value) for name, value in found.items() if value not in (None, "")})


def save_options(options: EngineOptions) -> None:
    """Keep the options in this profile of QGIS; the next run starts an engine with them."""
    core = sys.modules["qgis.core"]
    settings = core.QgsSettings()
    for one in fields(options):
        if getattr(options, one.name) == one.default:
            settings.remove(PREFIX + one.name)
        else:
            settings.setValue(PREFIX + one.name, getattr(options, one.name))
