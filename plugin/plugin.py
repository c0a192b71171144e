"""The plugin as QGIS sees it: it comes, registers its Processing provider, and goes without a trace."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from .translate import use_language


class QgisPlugin:
    """Registers the provider; stops the engine's worker when the plugin is unloaded or QGIS quits."""

    def __init__(self, iface=None):
        self.iface = iface
        self.provider = None
        self.menu = None
        use_language()

    def initProcessing(self) -> None:
        """Register the provider; all that `qgis_process` asks for."""
        from .provider import ReanalysisProvider  # after the translator, so that labels are translated

        self.provider = ReanalysisProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)
        QCoreApplication.instance().aboutToQuit.connect(self._stop_worker)

    def initGui(self) -> None:
        """Register the provider in QGIS with its windows, and a menu that opens the main dialogs."""
        self.initProcessing()
        from .menu import Menu

        self.menu = Menu(self.iface)

    def unload(self) -> None:
        """Stop the worker and take back all that was registered."""
        self._stop_worker()
        if self.menu is not None:
            self.menu.remove()
            self.menu = None
        if self.provider is not None:
            QCoreApplication.instance().aboutToQuit.disconnect(self._stop_worker)
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None

    @staticmethod
    def _stop_worker() -> None:
        from .engine.client import stop_worker

        stop_worker()
