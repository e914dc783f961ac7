"""Pairs of texts read together -> what one says of the other; an encoder with a small adapter.

The encoder is the embedder's own (packaged) model. What is added is small: low-rank changes of its
linear layers (LoRA, arXiv 2106.09685) and two heads, one that judges the pair and one that says
which tokens of the second text the first does not bear out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.cores import SHARED_CPU, has_bf16
from models.embedder import OFFLINE
from models.errors import BadModelFile, UnknownModel

BASE = "all-MiniLM-L6-v2"  # in the catalogue; what the packaged adapter was trained on
ADAPTER = Path(__file__).parent / "checker" / "adapter.safetensors"
MAX_TOKENS = 160  # of both texts; what is longer is cut from the end of the longer one
_BATCH = 16


class CrossEncoder:
    """Judges pairs of a source and a sentence on the CPU; may be called from any thread."""

    error: str | None = None  # what cannot be read is said when it is loaded

    def __init__(self, tokenizer: Any, encoder: Any, heads: Mapping[str, Any]) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._heads = heads
        self._reading = threading.Lock()  # the tokenizer is not thread-safe

    @classmethod
    def load(cls, base: Path, adapter: Path) -> CrossEncoder:
        """Load the encoder from its folder and put the adapter's changes into its weights.

        Raises UnknownModel where one of them is not there, BadModelFile where they do not fit.
        """
        for path in (base, adapter):
            if not path.exists():
                raise UnknownModel(
                    path, f"There is no {path} to check sentences with. Install Footnote again."
                )
        os.environ.update({**SHARED_CPU, **os.environ, **OFFLINE})  # before the imports read it
        try:
            import torch
            from safetensors import safe_open

            tokenizer, encoder = open_base(base)
            with safe_open(str(adapter), framework="pt") as file:
                scale = float(file.metadata()["scale"])
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            linear = dict(encoder.named_modules())
            with torch.no_grad():
                for name in [n.removesuffix(".down") for n in tensors if n.endswith(".down")]:
                    change = tensors.pop(f"{name}.up") @ tensors.pop(f"{name}.down")
                    weight = linear[name].weight
                    if change.shape != weight.shape:  # a row or a column would be spread in silence
                        raise ValueError(f"{name} is of another shape")
                    weight += scale * change
            if _shapes(tensors) != _head_shapes(tensors, encoder.config.hidden_size):
                raise ValueError("its heads do not fit the encoder")
        except Exception as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise BadModelFile(
                adapter, f"{adapter} cannot be loaded as a checker ({detail}). Install it again."
            ) from None
        return cls(tokenizer, encoder.eval(), tensors)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """float32 (n, 3), rows adding up to 1, for pairs of (source, sentence).

        The columns are how probably the source entails the sentence, leaves it open, and
        contradicts it.
        """
        import torch

        found = np.zeros((len(pairs), 3), dtype=np.float32)
        for start in range(0, len(pairs), _BATCH):
            batch = pairs[start : start + _BATCH]
            with (
                self._reading,
                torch.inference_mode(),
                torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16()),
            ):
                inputs = encode_pairs(self._tokenizer, batch)
                logits, _ = read(self._encoder, self._heads, inputs)
            found[start : start + len(batch)] = torch.softmax(logits.float(), dim=1).numpy()
        return found


def _shapes(tensors: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _head_shapes(heads: Mapping[str, Any], size: int) -> dict[str, tuple[int, ...]]:
    """What `read` needs for an encoder of that size; how wide the hidden layer is, is free."""
    hidden = len(heads["hidden.bias"])
    return {
        "hidden.weight": (hidden, 3 * size),
        "hidden.bias": (hidden,),
        "judge.weight": (3, hidden),
        "judge.bias": (3,),
        "token.weight": (1, size),
        "token.bias": (1,),
    }


def open_base(base: Path) -> tuple[Any, Any]:
    """Tokenizer and encoder of a folder, in float32, without network."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    # Else it reports, to the user's terminal, that the pooling layer is left out.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    # The plain form of attention is the quicker one on a CPU, in training by a third.
    encoder = AutoModel.from_pretrained(
        base, local_files_only=True, add_pooling_layer=False, attn_implementation="eager"
    )
    return tokenizer, encoder


def encode_pairs(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> Any:
    """Token ids, attention mask and segments of pairs, padded to the longest."""
    sources, sentences = [list(side) for side in zip(*pairs, strict=True)]
    return tokenizer(
        sources,
        sentences,
        truncation="longest_first",
        max_length=MAX_TOKENS,
        padding=True,
        return_tensors="pt",
    )


def read(encoder: Any, heads: Mapping[str, Any], inputs: Any) -> tuple[Any, Any]:
    """Logits of the three judgements (n, 3), and of each token being unfounded (n, tokens).

    The pair is judged by the first token, and by the mean and the maximum over the tokens of the
    sentence: one unfounded word is enough.
    """
    import torch
    from torch.nn.functional import gelu, linear

    states = encoder(**inputs).last_hidden_state
    mine = (inputs["token_type_ids"] * inputs["attention_mask"]).unsqueeze(-1).bool()
    mean = (states * mine).sum(1) / mine.sum(1).clamp(min=1)
    highest = states.masked_fill(~mine, -1e4).amax(1)
    pooled = torch.cat([states[:, 0], mean, highest], dim=1)
    hidden = gelu(linear(pooled, heads["hidden.weight"], heads["hidden.bias"]))
    logits = linear(hidden, heads["judge.weight"], heads["judge.bias"])
    doubts = linear(states, heads["token.weight"], heads["token.bias"]).squeeze(-1)
    return logits, doubts
