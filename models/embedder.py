"""Texts to unit vectors; the only import of sentence_transformers, made when one is loaded."""

from __future__ import annotations

import copy
import logging
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from models.cores import SHARED_CPU, has_bf16
from models.errors import BadModelFile, UnknownModel

BATCH = 32  # texts; larger ones gain little on a CPU and cost memory
OFFLINE = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class SentenceEmbedder:
    """A sentence-transformers model on the CPU; may be called from any thread."""

    def __init__(self, name: str, model: Any, tokenizer: Any) -> None:
        self._name = name
        self._model = model
        self._tokenizer = tokenizer  # neither cuts nor pads
        self._encoding = threading.Lock()  # the model's own tokenizer is not thread-safe

    @classmethod
    def load(cls, path: Path, *, name: str, threads: int = 0) -> SentenceEmbedder:
        """Load a model from its folder, without network; `threads` 0 leaves the choice to torch.

        Raises UnknownModel where there is no such folder, BadModelFile where it holds no model.
        """
        if not path.is_dir():
            raise UnknownModel(path, f"There is no folder {path} with an embedder in it.")
        os.environ.update({**SHARED_CPU, **os.environ, **OFFLINE})  # before the imports read it
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        logging.getLogger("transformers").setLevel(logging.ERROR)
        if threads:
            torch.set_num_threads(threads)
        try:
            model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
            tokenizer = copy.deepcopy(model.tokenizer.backend_tokenizer)
        except Exception as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise BadModelFile(
                path, f"{path} cannot be loaded as an embedder ({detail}). Install it again."
            ) from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(name, model, tokenizer)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that count, special ones included; it does not read further."""
        return int(self._model.max_seq_length)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32 vectors of unit length, one row a text: (n, dimension)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        import torch

        # bfloat16 is quicker for one question as well as for many abstracts, and the vectors
        # stay within a cosine of 0.9999 of float32 ones.
        with (
            self._encoding,
            torch.inference_mode(),
            torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16()),
        ):
            raw = self._model.encode(
                list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True
            )
        return _unit(np.asarray(raw, dtype=np.float32))

    def word_vectors(self, words: Sequence[str]) -> np.ndarray:
        """float32 vectors of words out of context, of unit length, one row a word.

        The mean of the model's own vectors of the word's pieces, after what all pieces have in
        common is taken away (Mu and Viswanath, "All-but-the-Top", arXiv 1702.01417). Nothing is
        run, so thousands of words cost milliseconds. A word of no piece has a vector of zeros.
        """
        table = self._piece_vectors
        vectors = np.zeros((len(words), table.shape[1]), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(words), add_special_tokens=False)
        for row, encoding in zip(vectors, encodings, strict=True):
            if encoding.ids:
                row[:] = table[encoding.ids].mean(axis=0)
        return _unit(vectors)

    @cached_property
    def _piece_vectors(self) -> np.ndarray:
        """Centred unit vectors of all pieces of the vocabulary: (pieces, dimension)."""
        weights = self._model[0].auto_model.get_input_embeddings().weight
        table: np.ndarray = weights.detach().float().numpy()
        return _unit(table - table.mean(axis=0))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, special ones included, even beyond `max_tokens`."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
