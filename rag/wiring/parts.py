"""config -> embedder, checker and chat model."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rag.config import Config
from rag.no_model import NO_MODEL, NoModel
from rag.types import (
    Checker,
    Embedder,
    Llm,
)

if TYPE_CHECKING:
    from models.catalog import ModelFile
    from models.process import LlmProcess


def stay_offline() -> None:
    """Switch off every look-up and report of the libraries below; call before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def open_embedder(config: Config) -> Embedder:
    """The embedder that the settings name."""
    from models.catalog import Catalog
    from models.embedder import SentenceEmbedder

    model = Catalog.open().find(config.models.embedder, "embedder")
    return SentenceEmbedder.load(model.path, name=model.name, threads=config.models.threads)


def open_checker(config: Config) -> Checker | None:
    """The trained checker of sentences, if the settings wish for one; it loads at first use."""
    return _LateChecker() if config.models.checker == "packaged" else None


class _LateChecker:
    """The packaged checker, loaded when the first sentence is read: evidence does not wait.

    Where it cannot be loaded it leaves every sentence open, so that the rules decide alone.
    """

    def __init__(self) -> None:
        self.error: str | None = None
        self._loading = threading.Lock()
        self._loaded: Checker | None = None
        # A sentence is checked against what it cites, and once more against each source of it.
        self._judge_one = lru_cache(maxsize=256)(self._judge)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        if len(pairs) == 1:
            return self._judge_one((pairs[0],))
        return self._judge(tuple(pairs))

    def _judge(self, pairs: tuple[tuple[str, str], ...]) -> np.ndarray:
        from models.errors import ModelError

        with self._loading:
            if self._loaded is None and self.error is None:
                try:
                    self._loaded = _load_checker()
                except ModelError as error:
                    self.error = str(error)
        if self._loaded is None:
            return np.tile(np.array([0, 1, 0], dtype=np.float32), (len(pairs), 1))
        return self._loaded.judge(pairs)


def _load_checker() -> Checker:
    from models.catalog import Catalog
    from models.crossencoder import ADAPTER, BASE, CrossEncoder

    return CrossEncoder.load(Catalog.open().find(BASE, "embedder").path, ADAPTER)


def open_llm(config: Config) -> Llm:
    """The chat model that the settings name, in a process of its own that starts at first use.

    One that comes as an adapter is built first, where it is not there; that takes seconds.
    """
    if config.models.llm == NO_MODEL:
        return NoModel(config.models.context_tokens)
    from models.catalog import Catalog

    return start_llm(Catalog.open().ready(config.models.llm), config)


def start_llm(model: ModelFile, config: Config) -> LlmProcess:
    from models.process import LlmProcess

    return LlmProcess(
        model.path,
        name=model.name,
        reads_quotations=model.reads_quotations,
        context_tokens=config.models.context_tokens,
        threads=config.models.threads,
        load_seconds=config.models.load_seconds,
    )
