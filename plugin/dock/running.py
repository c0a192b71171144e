"""An algorithm run in a thread of its own, so that QGIS stays usable; its results are loaded as the dialog loads them."""

from __future__ import annotations

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..translate import tr


class Feedback(QgsProcessingFeedback):
    """Collects what a run says; it says it from another thread, and signals bring it to this one."""

    said = pyqtSignal(str)
    step = pyqtSignal(str)

    def __init__(self):
        super().__init__(False)
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def pushInfo(self, text: str) -> None:
        self.said.emit(text)

    def pushWarning(self, text: str) -> None:
        self.warnings.append(text)
        self.said.emit(text)

    def reportError(self, text: str, fatalError: bool = False) -> None:
        self.errors.append(text)
        self.said.emit(text)

    def setProgressText(self, text: str) -> None:
        self.step.emit(text)


class Run(QObject):
    """One run of an algorithm.

    Signals
    -------
    progressed(float) : percent
    stepped(str) : what it is doing
    said(str) : a line of its log
    done(dict) : it succeeded; its results, whose layers are in the project by now
    failed(str) : why not; '' where the user cancelled
    """

    progressed, stepped, said = pyqtSignal(float), pyqtSignal(str), pyqtSignal(str)
    done, failed = pyqtSignal(dict), pyqtSignal(str)

    def __init__(self, algorithm: QgsProcessingAlgorithm, parameters: dict, parent: QObject | None = None):
        super().__init__(parent)
        self._algorithm, self._parameters = algorithm, parameters
        self._context, self.feedback = QgsProcessingContext(), Feedback()
        self._context.setProject(QgsProject.instance())
        self._context.setFeedback(self.feedback)
        self.feedback.progressChanged.connect(self.progressed)
        self.feedback.step.connect(self.stepped)
        self.feedback.said.connect(self.said)
        self._task: QgsProcessingAlgRunnerTask | None = None

    def start(self) -> None:
        """Check the parameters and begin; what is wrong with them is told by `failed` before this returns."""
        possible, why = self._algorithm.canExecute()
        if possible:
            possible, why = self._algorithm.checkParameterValues(self._parameters, self._context)
        if not possible:
            self.failed.emit(why)
            return
        self._task = QgsProcessingAlgRunnerTask(self._algorithm, self._parameters, self._context, self.feedback)
        self._task.executed.connect(self._executed)
        if self._task.isCanceled():  # preparing failed
            self.failed.emit(self._reason())
            return
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """Ask it to end; `failed` follows."""
        self.feedback.cancel()

    def _executed(self, well: bool, results: dict) -> None:
        if not well:
            self.failed.emit("" if self.feedback.isCanceled() else self._reason())
            return
        from processing.gui.Postprocessing import handleAlgorithmResults

        handleAlgorithmResults(self._algorithm, self._context, self.feedback, parameters=self._parameters)
        self.done.emit(results)

    def _reason(self) -> str:
        return "\n".join(self.feedback.errors) or tr("The run failed and said nothing; its log is in QGIS's log messages.")
