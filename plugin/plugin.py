"""The plugin as QGIS sees it: it comes, registers its Processing provider, and goes without a trace."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from .translate import use_language


class QgisPlugin:
    """Registers the provider; stops the engine's worker when the plugin is unloaded or QGIS quits."""

    def __init__(self, iface=None):
        self.iface = iface
        self.provider = self.models = None
        self.windows = None
        use_language()

    def initProcessing(self) -> None:
        """Register the provider; all that `qgis_process` asks for."""
        from .models import ModelsProvider
        from .provider import ReanalysisProvider  # after the translator, so that labels are translated

        self.provider, self.models = ReanalysisProvider(), ModelsProvider()
        for provider in (self.provider, self.models):  # the models' steps are algorithms of the first
            QgsApplication.processingRegistry().addProvider(provider)
        QCoreApplication.instance().aboutToQuit.connect(self._stop_worker)

    def initGui(self) -> None:
        """Register the provider in QGIS with its windows; a menu that opens the main dialogs, the dock panel and the options page."""
        self.initProcessing()
        from .windows import Windows

        self.windows = Windows(self.iface, self.provider.icon())

    def unload(self) -> None:
        """Stop the worker and take back all that was registered."""
        self._stop_worker()
        if self.windows is not None:
            self.windows.remove()
            self.windows = None
        if self.provider is not None:
            QCoreApplication.instance().aboutToQuit.disconnect(self._stop_worker)
            for provider in (self.models, self.provider):
                QgsApplication.processingRegistry().removeProvider(provider)
            self.provider = self.models = None

    @staticmethod
    def _stop_worker() -> None:
        from .engine.client import stop_worker

        stop_worker()
