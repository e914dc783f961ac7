"""Pairs are judged alike in any company, and a bad adapter is told in one sentence."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import models.crossencoder
from models.catalog import Catalog
from models.crossencoder import BASE, MAX_TOKENS, CrossEncoder, encode_pairs, open_base
from models.errors import BadModelFile, ModelError, UnknownModel

PAIRS = [
    ("Lamps shine at night.", "Lamps shine."),
    ("Gulls sleep on one leg.", "Gulls never sleep."),
    ("Moss keeps the stones of the old northern harbour damp for weeks.", "Moss dries stones."),
    ("Oil is dear.", ""),
    ("", "Oil is dear."),
    ("oil " * 400, "dear " * 400),
]
SHORT = PAIRS[:5]
TENSORS = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def base() -> Path:
    path = Catalog.open().find(BASE, "embedder").path
    assert path is not None
    return path


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Batches this small wait longer for a busy second core than they are computed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def opened(base: Path) -> tuple[Any, Any]:
    return open_base(base)


@pytest.fixture(scope="module")
def plain(opened: tuple[Any, Any]) -> TENSORS:
    """The encoder's own weights."""
    return dict(opened[1].state_dict())


@pytest.fixture
def quick(opened: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder is copied from memory, which is quicker than its folder."""
    monkeypatch.setattr(
        models.crossencoder, "open_base", lambda _: (opened[0], copy.deepcopy(opened[1]))
    )


def adapter_tensors(plain: TENSORS, up: float = 0.02, rank: int = 2) -> TENSORS:
    """Low-rank changes of two layers, and heads; all by chance, `up` says how strong."""
    chance = torch.Generator().manual_seed(5)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=chance)

    found: TENSORS = {}
    for layer in ("encoder.layer.0.attention.self.query", "encoder.layer.5.intermediate.dense"):
        rows, columns = plain[f"{layer}.weight"].shape
        found[f"{layer}.down"] = random(rank, columns)
        found[f"{layer}.up"] = up * random(rows, rank)
    size = plain["embeddings.word_embeddings.weight"].shape[1]
    shapes = {"hidden": (128, 3 * size), "judge": (3, 128), "token": (1, size)}
    for head, shape in shapes.items():
        found[f"{head}.weight"] = random(*shape) / shape[1] ** 0.5
        found[f"{head}.bias"] = random(shape[0])
    return {name: tensor.half() for name, tensor in found.items()}


def saved(path: Path, tensors: TENSORS, scale: str | None = "2.0") -> Path:
    save_file(tensors, path, {"scale": scale} if scale else None)
    return path


@pytest.fixture(scope="module")
def checker(base: Path, plain: TENSORS, tmp_path_factory: pytest.TempPathFactory) -> CrossEncoder:
    path = saved(tmp_path_factory.mktemp("adapter") / "a.safetensors", adapter_tensors(plain))
    return CrossEncoder.load(base, path)


def test_a_judgement_is_three_probabilities(checker: CrossEncoder) -> None:
    """One float32 row a pair, adding up to 1; of no pairs no rows; empty and long texts too."""
    judged = checker.judge(PAIRS)
    assert (judged.shape, judged.dtype) == ((len(PAIRS), 3), np.float32)
    assert np.allclose(judged.sum(axis=1), 1.0, atol=1e-5)
    assert (judged > 0).all()
    assert checker.judge([]).shape == (0, 3)
    # Padded to the longest, the others are judged as without it.
    assert np.abs(checker.judge(SHORT) - judged[: len(SHORT)]).max() < 0.03


def test_pairs_are_told_apart(checker: CrossEncoder) -> None:
    """Other texts, and the same two texts the other way round, are judged otherwise."""
    one, other, turned = checker.judge([PAIRS[0], PAIRS[1], PAIRS[0][::-1]])
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one - turned).max() > 1e-3


@pytest.mark.parametrize("half", [True, False])
def test_company_does_not_matter(
    checker: CrossEncoder, monkeypatch: pytest.MonkeyPatch, half: bool
) -> None:
    """A pair is judged alike alone, padded, in another order and in a second batch."""
    monkeypatch.setattr(models.crossencoder, "has_bf16", lambda: half)
    near = 0.03 if half else 1e-4
    together = checker.judge(SHORT)
    assert np.abs(checker.judge(SHORT[::-1])[::-1] - together).max() < near
    alone = np.concatenate([checker.judge([pair]) for pair in SHORT])
    assert np.abs(alone - together).max() < near
    monkeypatch.setattr(models.crossencoder, "_BATCH", 3)
    assert np.abs(checker.judge(SHORT) - together).max() < near


def test_half_precision_changes_little(
    checker: CrossEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With bfloat16 and without, probabilities agree to three in a hundred."""
    judged = []
    for half in (True, False):
        monkeypatch.setattr(models.crossencoder, "has_bf16", lambda half=half: half)
        judged.append(checker.judge(SHORT))
    assert not np.array_equal(*judged)
    assert np.abs(judged[0] - judged[1]).max() < 0.03


def test_the_longer_text_is_cut(opened: tuple[Any, Any]) -> None:
    """A long source leaves a short sentence whole, and nothing exceeds the room."""
    tokenizer, _ = opened
    inputs = encode_pairs(tokenizer, [("oil " * 400, "Moss dries stones.")])
    assert inputs["input_ids"].shape == (1, MAX_TOKENS)
    mine = inputs["input_ids"][0][inputs["token_type_ids"][0].bool()]
    assert tokenizer.decode(mine, skip_special_tokens=True) == "moss dries stones."


def test_an_adapter_changes_the_layers_it_names_and_no_other(
    checker: CrossEncoder, plain: TENSORS
) -> None:
    """By the scale times the product of its two matrices."""
    tensors = adapter_tensors(plain)
    for name, weight in checker._encoder.state_dict().items():
        layer = name.removesuffix(".weight")
        if name.endswith(".weight") and f"{layer}.up" in tensors:
            change = 2.0 * tensors[f"{layer}.up"].float() @ tensors[f"{layer}.down"].float()
            assert torch.allclose(weight, plain[name] + change, atol=1e-5)
            assert not torch.equal(weight, plain[name])
        else:
            assert torch.equal(weight, plain[name])


def test_a_zero_adapter_changes_nothing(base: Path, plain: TENSORS, tmp_path: Path) -> None:
    """The encoder's weights are as they were packaged."""
    path = saved(tmp_path / "zero.safetensors", adapter_tensors(plain, up=0.0))
    loaded = CrossEncoder.load(base, path)
    for name, weight in loaded._encoder.state_dict().items():
        assert torch.equal(weight, plain[name])


def without(*names: str) -> Callable[[TENSORS], TENSORS]:
    return lambda tensors: {n: t for n, t in tensors.items() if n not in names}


def reshaped(name: str, *shape: int) -> Callable[[TENSORS], TENSORS]:
    return lambda tensors: {**tensors, name: torch.zeros(*shape)}


LAYER = "encoder.layer.0.attention.self.query"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("spoil", [
    pytest.param(reshaped(f"{LAYER}.down", 2, 7), id="too narrow"),
    pytest.param(reshaped(f"{LAYER}.down", 2, 1), id="one column, which would be spread"),
    pytest.param(reshaped(f"{LAYER}.up", 1, 2), id="one row, which would be spread"),
    pytest.param(reshaped(f"{LAYER}.up", 384, 3), id="another rank"),
    pytest.param(without(f"{LAYER}.up"), id="half of a change"),
    pytest.param(without(f"{LAYER}.down"), id="the other half"),
    pytest.param(lambda t: {**t, "nowhere.down": t[f"{LAYER}.down"].clone(),
                            "nowhere.up": t[f"{LAYER}.up"].clone()}, id="unknown layer"),
    pytest.param(without("judge.weight", "judge.bias"), id="no judge"),
    pytest.param(without("hidden.bias"), id="no bias"),
    pytest.param(reshaped("judge.weight", 2, 128), id="two judgements"),
    pytest.param(reshaped("judge.bias", 1), id="one bias"),
    pytest.param(reshaped("hidden.weight", 128, 384), id="head of another encoder"),
    pytest.param(lambda t: {}, id="empty"),
])  # fmt: skip
def test_an_adapter_that_does_not_fit_is_refused(
    base: Path, plain: TENSORS, tmp_path: Path, spoil: Callable[[TENSORS], TENSORS]
) -> None:
    """When it is loaded, not at the first question."""
    path = saved(tmp_path / "a.safetensors", spoil(adapter_tensors(plain)))
    told(BadModelFile, base, path, path)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("content", [b"", b"not an adapter", b"\x00" * 64])
def test_a_file_that_is_no_adapter_is_refused(base: Path, tmp_path: Path, content: bytes) -> None:
    """Empty, text, or zeros."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    told(BadModelFile, base, path, path)


@pytest.mark.usefixtures("quick")
def test_an_adapter_without_its_scale_is_refused(
    base: Path, plain: TENSORS, tmp_path: Path
) -> None:
    """How strong its changes are cannot be guessed."""
    path = saved(tmp_path / "a.safetensors", adapter_tensors(plain), scale=None)
    told(BadModelFile, base, path, path)


@pytest.mark.usefixtures("quick")
def test_a_rightful_adapter_is_not_refused(base: Path, plain: TENSORS, tmp_path: Path) -> None:
    """What the tests above spoil is right before, and its hidden layer may have another width."""
    tensors = adapter_tensors(plain)
    for name in ("hidden.weight", "hidden.bias"):
        tensors[name] = tensors[name][:64].clone()
    tensors["judge.weight"] = tensors["judge.weight"][:, :64].clone()
    loaded = CrossEncoder.load(base, saved(tmp_path / "a.safetensors", tensors))
    assert loaded.judge(SHORT[:1]).shape == (1, 3)


def test_what_is_not_there_is_named(base: Path, tmp_path: Path) -> None:
    """The encoder's folder or the adapter; an empty folder is no encoder."""
    missing = tmp_path / "missing"
    told(UnknownModel, base, missing, missing)
    told(UnknownModel, missing, missing, missing)
    adapter = tmp_path / "a.safetensors"
    adapter.write_bytes(b"")
    told(BadModelFile, tmp_path, adapter, adapter)


def told(kind: type[ModelError], base: Path, adapter: Path, named: Path) -> None:
    """The error names the file, says what to do, and stays on one line."""
    with pytest.raises(kind) as caught:
        CrossEncoder.load(base, adapter)
    message = str(caught.value)
    assert caught.value.model == str(named)
    assert str(named) in message
    assert "nstall" in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 400 + 2 * len(str(named))


def test_loading_touches_no_network(base: Path, plain: TENSORS, tmp_path: Path) -> None:
    """In a fresh process in which nothing may be connected to, pairs are judged."""
    path = saved(tmp_path / "a.safetensors", adapter_tensors(plain))
    code = f"""
import socket
def refuse(*_): raise SystemExit("the network was asked for")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pathlib import Path
from models.crossencoder import CrossEncoder
judged = CrossEncoder.load(Path({str(base)!r}), Path({str(path)!r})).judge([("Oil burns.", "Oil.")])
assert judged.shape == (1, 3)
"""
    root = Path(models.crossencoder.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
