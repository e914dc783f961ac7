"""config -> real parts: the only composer, and the only package of `rag` that imports `models`."""

from rag.wiring.choosing import (
    Choice,
    choose_model,
    measure_model,
    model_choices,
    save_model,
    usual_wait,
)
from rag.wiring.desk import (
    Desk,
    Kept,
    kept_answer,
    open_desk,
    open_to_read,
    settings_files,
    status,
)
from rag.wiring.parts import open_checker, open_embedder, open_llm, stay_offline

__all__ = [
    "Choice",
    "Desk",
    "Kept",
    "choose_model",
    "kept_answer",
    "measure_model",
    "model_choices",
    "open_checker",
    "open_desk",
    "open_embedder",
    "open_llm",
    "open_to_read",
    "save_model",
    "settings_files",
    "status",
    "stay_offline",
    "usual_wait",
]
