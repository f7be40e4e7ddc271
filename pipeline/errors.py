"""Errors a user can put right: what went wrong, where, expected against found, the next step."""


class PipelineError(Exception):
    """The base of every error that is shown to the user as one message, without a traceback."""


class RequestError(PipelineError):
    """The request itself is wrong: a missing path, an unwritable folder, contradicting options."""


class ConfigError(PipelineError):
    """A configuration, codebook or lexicon file does not say what it should."""


class DataError(PipelineError):
    """A table of sentences (training, gold or ready units) cannot be used."""


class ModelError(PipelineError):
    """A model folder is incomplete, damaged, or made for another codebook."""


class DocumentError(PipelineError):
    """One document cannot be read; the batch goes on without it.

    Args:
        code: Short upper-case code for ``documents.csv``, such as ``NO_TEXT``.
        message: What was found, what was expected, and the next step.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class EngineError(PipelineError):
    """A process that did part of the work died; what was finished is kept for the next run."""
