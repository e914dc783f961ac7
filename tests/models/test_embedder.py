"""The packaged embedder: unit vectors that mean something, and honest token counts."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import models.embedder
from models.catalog import Catalog
from models.child import child_environment
from models.embedder import SentenceEmbedder
from models.errors import BadModelFile, UnknownModel

NAME = "all-MiniLM-L6-v2"
TEXTS = [
    "Retrieval brings passages to a language model.",
    "Passages are fetched for a text generator.",
    "The tax on sugar was raised in spring.",
    "word " * 600,
    "",
]


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder.load(Catalog.open().find(NAME, "embedder").path, name=NAME)


def test_vectors_are_unit_length_and_mean_something(embedder: SentenceEmbedder) -> None:
    """One float32 row a text, of length 1; alike texts are nearer than unlike ones."""
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert embedder.encode([]).shape == (0, 384)
    assert embedder.name == NAME


def test_half_precision_changes_next_to_nothing(
    embedder: SentenceEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With bfloat16 and without, the vectors agree to a cosine above 0.9999."""
    monkeypatch.setattr(models.embedder, "has_bf16", lambda: True)
    half = embedder.encode(TEXTS)
    monkeypatch.setattr(models.embedder, "has_bf16", lambda: False)
    full = embedder.encode(TEXTS)
    assert not np.array_equal(half, full)
    assert (half * full).sum(axis=1).min() > 0.9999


def test_the_order_of_the_texts_does_not_matter(embedder: SentenceEmbedder) -> None:
    """A text has the same vector alone and among others, up to rounding."""
    together = embedder.encode(TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.9995


def test_token_counts_include_what_is_cut_off(embedder: SentenceEmbedder) -> None:
    """Special tokens count, and a text beyond the limit is counted whole."""
    assert embedder.max_tokens == 256
    assert embedder.count_tokens(["", "hello world", "word " * 600]) == [2, 4, 602]
    embedder.encode(["word " * 600])
    assert embedder.count_tokens(["word " * 600]) == [602]


def test_threads_may_share_it(embedder: SentenceEmbedder) -> None:
    """Encoding and counting from several threads give what one thread gives."""
    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(embedder.count_tokens, [TEXTS] * 8)
        vectors = list(pool.map(embedder.encode, [TEXTS[:2]] * 8))
        assert len({tuple(c) for c in counts}) == 1
    assert all(np.allclose(v, vectors[0], atol=1e-3) for v in vectors)


def test_words_have_vectors_of_unit_length(embedder: SentenceEmbedder) -> None:
    """One float32 row a word, also for a word of several pieces; zeros for one of none."""
    words = ["retrieval", "memorisation", "ndcg", "", " "]
    vectors = embedder.word_vectors(words)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0, 0], abs=1e-5)
    assert embedder.word_vectors([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("cost", "price", "retrieval"),
        ("doctor", "physician", "keyboard"),
        ("faster", "quicker", "abstract"),
        ("rumour", "gossip", "lattice"),
    ],
)
def test_words_near_in_meaning_are_nearer(
    embedder: SentenceEmbedder, word: str, near: str, far: str
) -> None:
    """Out of context; what all pieces have in common does not make them near."""
    one, other, third = embedder.word_vectors([word, near, far])
    assert one @ other > one @ third + 0.15
    assert abs(one @ third) < 0.3


def test_a_word_has_one_vector(embedder: SentenceEmbedder) -> None:
    """Alone or among others, and from any thread."""
    words = ["moss", "stones", "memorisation"]
    together = embedder.word_vectors(words)
    alone = np.concatenate([embedder.word_vectors([w]) for w in words])
    assert np.array_equal(together, alone)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(embedder.word_vectors, [words] * 16):
            assert np.array_equal(vectors, together)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    """A missing folder and one without a model each get a sentence."""
    with pytest.raises(UnknownModel, match="no folder"):
        SentenceEmbedder.load(tmp_path / "none", name="x")
    (tmp_path / "modules.json").write_text("{ not json")
    with pytest.raises(BadModelFile, match="cannot be loaded as an embedder") as caught:
        SentenceEmbedder.load(tmp_path, name="x")
    assert "\n" not in str(caught.value)


def test_it_keeps_quiet() -> None:
    """Loading and encoding print nothing at all."""
    code = (
        "from models.catalog import Catalog\n"
        "from models.embedder import SentenceEmbedder\n"
        f"path = Catalog.open().find({NAME!r}, 'embedder').path\n"
        "SentenceEmbedder.load(path, name='x').encode(['a', 'b ' * 600])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
