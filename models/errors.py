"""What can go wrong with a model, told in sentences that say what to do next.

ModelError            `.model` names the model: a catalogue name or a path
├── UnknownModel      neither a name of the catalogue nor a file
├── BadModelFile      the file is not a GGUF that can be run
├── ModelDied         its process ended, hung or was closed
├── PromptTooLong     prompt and answer do not fit what the model sees at once
├── BuildFailed       a model made on this machine could not be written
├── ModelInUse        it answers now, so it is not removed
├── MeasureFailed     its speed was not measured, or could not be kept
└── DownloadFailed    a pull that stopped; what arrived stays for the next one
"""

from __future__ import annotations

from pathlib import Path


class ModelError(Exception):
    """The base of every error of `models`; its message is fit for a user."""

    def __init__(self, model: str | Path, message: str) -> None:
        super().__init__(message)
        self.model = str(model)


class UnknownModel(ModelError):
    """A name that is not in the catalogue, or a path where there is no file."""


class BadModelFile(ModelError):
    """A file that is not the model it should be, or one that cannot be run."""


class ModelDied(ModelError):
    """The process of a model ended before it had answered."""


class PromptTooLong(ModelError):
    """A prompt that, with its answer, exceeds the context of the model."""


class BuildFailed(ModelError):
    """A model that is made from a packaged one and an adapter could not be written."""


class ModelInUse(ModelError):
    """A model that the library answers with cannot be removed."""


class MeasureFailed(ModelError):
    """The speed of a model was not measured: stopped, or it wrote nothing; or not kept."""


class DownloadFailed(ModelError):
    """A model could not be pulled, or what arrived is not what was promised."""
