"""Errors that a user can act on: each says what was wrong, where, and what to do."""


class ReanalysisError(Exception):
    """Base of every error whose message is meant for the user, without a traceback."""


class InputError(ReanalysisError):
    """An input file, field, unit or option can't be used as given."""


class ModelFileError(ReanalysisError):
    """A model file is missing, damaged, foreign, or of another format version."""


class OutputError(ReanalysisError):
    """A result can't be written where it was asked for."""


class Cancelled(ReanalysisError):
    """The user stopped the job; nothing was left under the final name."""


class ClusterError(ReanalysisError):
    """A cluster can't be reached, or its workers can't do the work."""
