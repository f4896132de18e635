"""Every error that this program raises on purpose, and the exit code each one ends with.

    S2IError                 code, message, hint, retryable            exit 1
    ├── InputError           what the user gave can't be used           exit 2
    │   ├── WorkflowError    a workflow file that can't be used         exit 2
    │   ├── NotFound         there is no such job, picture, utterance   exit 2
    │   └── Conflict         it doesn't fit what came before            exit 2
    ├── MissingError         something needed isn't there or reachable  exit 3
    │   ├── ModelMissing     a model file is missing or broken          exit 3
    │   ├── NetworkError     a host can't be reached, or a download failed  exit 3
    │   └── EngineUnavailable  no such image engine answers             exit 3
    ├── StageError           a stage began and failed                   exit 1
    │   ├── SpeechError
    │   ├── RefineError
    │   └── GenerateError
    ├── OutputError          a picture couldn't be written              exit 1
    └── Cancelled            the user stopped it                        exit 130

`message` is one sentence for people that names the thing; `hint` says the way out; `code` is a
short kebab-case word for programs; `retryable` is False where trying again is pointless.
"""

from __future__ import annotations

from typing import Any

EXIT_MADE = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_MISSING = 3
EXIT_CANCELLED = 130


class S2IError(Exception):
    """Base of all errors of ours. `str(error)` is the sentence for people."""

    exit_code = EXIT_FAILED

    def __init__(self, code: str, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable

    def to_dict(self) -> dict[str, object]:
        """The error as events, the journal and HTTP answers carry it."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
        }


class InputError(S2IError):
    """What the user gave (text, option, file) can't be used."""

    exit_code = EXIT_BAD_INPUT


class WorkflowError(InputError):
    """A ComfyUI workflow file can't be used."""


class NotFound(InputError):
    """There is no such thing as was asked for."""


class Conflict(InputError):
    """It doesn't fit what came before; `extra` says more to programs."""

    def __init__(self, code: str, message: str, *, hint: str = "", **extra: Any) -> None:
        super().__init__(code, message, hint=hint)
        self.extra = extra


class MissingError(S2IError):
    """Something that is needed is not there or can't be reached."""

    exit_code = EXIT_MISSING


class ModelMissing(MissingError):
    """A model file is missing, truncated, altered or doesn't load."""


class NetworkError(MissingError):
    """A host can't be reached, or what it sent can't be used."""


class EngineUnavailable(MissingError):
    """The image engine asked for doesn't answer or isn't set up."""


class StageError(S2IError):
    """A stage of the pipeline began and failed."""


class SpeechError(StageError):
    """Recognising speech failed."""


class RefineError(StageError):
    """Turning the idea into a prompt failed."""


class GenerateError(StageError):
    """Painting failed."""


class OutputError(S2IError):
    """A picture could not be written to disk."""


class Cancelled(S2IError):
    """The user stopped the job. Not a failure, hence no hint."""

    exit_code = EXIT_CANCELLED

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__("cancelled", message, retryable=True)
