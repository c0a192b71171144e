"""A progress that keeps what a user would read in the log."""

from model_core.progress import Progress


class Listening(Progress):
    """Keeps the lines of the log, in order, in `lines`."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def on_log(self, message):
        self.lines.append(message)
