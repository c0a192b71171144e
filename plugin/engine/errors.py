"""What can go wrong between QGIS and the engine; every message is for the user."""


class EngineError(Exception):
    """A run that failed.

    Attributes
    ----------
    kind : what it was: a class name of `model_core.errors`, OutOfMemory, MissingLibrary, Internal, Crash or Start.
    details : traceback or the engine's last lines, for the log; empty if there is nothing to add.
    """

    def __init__(self, message: str, kind: str = "Internal", details: str = ""):
        super().__init__(message)
        self.kind, self.details = kind, details


class EngineCancelled(EngineError):
    """The user stopped the run."""

    def __init__(self, message: str):
        super().__init__(message, "Cancelled")


class EngineMissing(EngineError):
    """No Python can run the engine; the message names the fix."""

    def __init__(self, message: str):
        super().__init__(message, "Start")


class EngineNotSetUp(EngineMissing):
    """Nobody has set up or named a Python for the engine yet."""


class SetUpError(Exception):
    """The engine environment can't be made; the message gives reason and remedy.

    Attributes
    ----------
    reason : what a failed step said itself, in short
    lines : all that it said
    """

    def __init__(self, message: str, reason: str = "", lines: tuple[str, ...] = ()):
        super().__init__(message)
        self.reason, self.lines = reason, lines


class SetUpCancelled(SetUpError):
    """The user stopped the set-up."""
