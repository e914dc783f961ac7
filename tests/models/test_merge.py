"""Merging an adapter: what changes and what does not, and that llama.cpp then computes the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.catalog import Catalog
from models.errors import BadModelFile, ModelError, UnknownModel
from models.gguf import inspect_gguf
from models.merge import merge
from tests.models.adapters import (
    BASE,
    NAMES,
    PACKAGED_SHAPES,
    SCALE,
    SMALL_BLOCKS,
    SMALL_SHAPES,
    random_adapter,
    small_base,
)
from tests.models.gguf_files import PACKAGED

TOKENS = [504, 3575, 282, 260, 2347, 28, 260, 1312, 9256, 335, 253, 1838, 30]  # any text will do
CHANGED = ("self_attn.q_proj", "self_attn.k_proj", "mlp.gate_proj")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_base(tmp_path_factory.mktemp("small") / "small.gguf")


def merged(
    base: Path, adapter: Path, target: Path, *, name: str = "Merged", **options: Any
) -> Path:
    merge(base, adapter, target, name=name, base_name=BASE, **options)
    return target


def weights(path: Path) -> dict[str, np.ndarray]:
    """Every tensor by its name, dequantised."""
    reader = gguf.GGUFReader(path)
    return {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}


def metadata(path: Path) -> dict[str, Any]:
    fields = gguf.GGUFReader(path).fields.items()
    return {k: (f.types, f.contents()) for k, f in fields if not k.startswith("GGUF.")}


def within_rounding(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether it is what Q8_0 makes of it: off by at most half of one of 127 steps in a block."""
    blocks = wanted.reshape(-1, 32)
    step = np.abs(blocks).max(axis=1, keepdims=True) / 127
    # the step itself is kept as float16, which is good to one part in 2,048
    return bool((np.abs(got.reshape(-1, 32) - blocks) <= step * (0.5 + 127 / 2048)).all())


def rows_as_in_llama_cpp(change: np.ndarray, heads: int) -> np.ndarray:
    """The permutation, written out row by row."""
    size = len(change) // heads
    order = [
        head * size + half * size // 2 + pair
        for head in range(heads)
        for pair in range(size // 2)
        for half in (0, 1)
    ]
    return change[order]


def test_no_change_leaves_every_tensor(small: Path, tmp_path: Path) -> None:
    """An adapter of zeros gives the base in Q8_0: each tensor is there, with its values."""
    adapter = random_adapter(tmp_path / "zero.safetensors", SMALL_SHAPES, size=0)
    path = merged(small, adapter, tmp_path / "merged.gguf")
    before, after = weights(small), weights(path)
    assert list(after) == list(before)
    assert "output.weight" in after
    for name, tensor in before.items():
        if tensor.ndim == 2:
            assert within_rounding(after[name], tensor), name
        else:
            assert np.array_equal(after[name], tensor), name
    kinds = {t.name: t.tensor_type.name for t in gguf.GGUFReader(path).tensors}
    assert {kind for name, kind in kinds.items() if "norm" not in name} == {"Q8_0"}
    assert {kind for name, kind in kinds.items() if "norm" in name} == {"F32"}
    assert inspect_gguf(path).has_chat_template


def test_metadata_are_carried_over(small: Path, tmp_path: Path) -> None:
    """All of it, tokenizer and chat template too; only the name and the file type are new."""
    adapter = random_adapter(tmp_path / "zero.safetensors", SMALL_SHAPES, size=0)
    before = metadata(small)
    after = metadata(merged(small, adapter, tmp_path / "merged.gguf"))
    assert list(after) == list(before)
    assert {k for k in before if before[k] != after[k]} == {"general.name", "general.file_type"}
    assert after["general.name"][1] == "Merged"
    assert after["general.file_type"][1] == gguf.LlamaFileType.MOSTLY_Q8_0


def test_a_change_reaches_its_weights_and_no_other(small: Path, tmp_path: Path) -> None:
    """`scale * up @ down` is added to q, k and the gate of each block, q and k permuted."""
    shapes = {module: SMALL_SHAPES[module] for module in CHANGED}
    adapter = random_adapter(tmp_path / "random.safetensors", shapes)
    zero = random_adapter(tmp_path / "zero.safetensors", shapes, size=0)
    before = weights(merged(small, zero, tmp_path / "zero.gguf"))
    after = weights(merged(small, adapter, tmp_path / "merged.gguf"))
    exact = weights(small)
    parts = load_file(adapter)
    changed = set()
    for block in range(SMALL_BLOCKS):
        for module in CHANGED:
            name = f"blk.{block}.{NAMES[module]}.weight"
            up, down = (
                parts[f"model.layers.{block}.{module}.{part}"].astype(np.float32)
                for part in ("up", "down")
            )
            change = SCALE * up @ down
            if module != "mlp.gate_proj":
                change = rows_as_in_llama_cpp(change, 4 if module == "self_attn.q_proj" else 2)
            assert within_rounding(after[name], exact[name] + change), name
            assert not within_rounding(after[name], exact[name]), name
            changed.add(name)
    assert {name for name in after if not np.array_equal(after[name], before[name])} == changed


@pytest.mark.parametrize(("quantisation", "size"), [("F16", 16), ("Q4_0", 4.5), ("Q4_1", 5)])
def test_other_quantisations(small: Path, tmp_path: Path, quantisation: str, size: float) -> None:
    """Every matrix takes the one that is asked for; `size` is in bits for a weight."""
    adapter = random_adapter(tmp_path / "a.safetensors", SMALL_SHAPES)
    path = merged(small, adapter, tmp_path / "merged.gguf", quantisation=quantisation)
    tensors = [t for t in gguf.GGUFReader(path).tensors if len(t.shape) == 2]
    assert {t.tensor_type.name for t in tensors} == {quantisation}
    assert all(t.n_bytes * 8 == t.n_elements * size for t in tensors)
    wanted = weights(merged(small, adapter, tmp_path / "q8.gguf"))
    for name, tensor in weights(path).items():
        assert np.corrcoef(tensor.ravel(), wanted[name].ravel())[0, 1] > 0.99, name


def test_it_tells_how_far_it_is(small: Path, tmp_path: Path) -> None:
    """Tensors done, of all; from none to the last."""
    seen: list[tuple[int, int]] = []
    adapter = random_adapter(tmp_path / "a.safetensors", SMALL_SHAPES)
    merged(
        small, adapter, tmp_path / "m.gguf", on_progress=lambda done, of: seen.append((done, of))
    )
    total = len(weights(small))
    assert seen == [(done, total) for done in range(total + 1)]


def shapes_of(**changes: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return {name.replace("__", "."): shape for name, shape in changes.items()}


BAD_ADAPTERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "not safetensors": (lambda p: p.write_bytes(b"no tensors at all"), "cannot be used"),
    "cut off": (
        lambda p: p.write_bytes(random_adapter(p, SMALL_SHAPES).read_bytes()[:-100]),
        "cannot be used",
    ),
    "empty": (lambda p: p.write_bytes(b""), "cannot be used"),
    "for another base": (
        lambda p: random_adapter(p, SMALL_SHAPES, metadata={"scale": "1", "base": "Other-1B"}),
        "made for Other-1B",
    ),
    "without a base": (lambda p: random_adapter(p, SMALL_SHAPES, metadata={"scale": "1"}), "base"),
    "without a scale": (
        lambda p: random_adapter(p, SMALL_SHAPES, metadata={"base": BASE}),
        "scale",
    ),
    "a scale that is none": (
        lambda p: random_adapter(p, SMALL_SHAPES, metadata={"base": BASE, "scale": "two"}),
        "two",
    ),
    "of another shape": (
        lambda p: random_adapter(p, shapes_of(self_attn__q_proj=(64, 32))),
        "no model.layers.0.self_attn.q_proj of its shape",
    ),
    "a row to be spread": (
        lambda p: random_adapter(p, shapes_of(mlp__gate_proj=(1, 64))),
        "no model.layers.0.mlp.gate_proj of its shape",
    ),
    "too many layers": (
        lambda p: random_adapter(p, SMALL_SHAPES, blocks=SMALL_BLOCKS + 1),
        "no model.layers.2",
    ),
    "an unknown module": (
        lambda p: random_adapter(p, shapes_of(mlp__middle_proj=(64, 64))),
        "middle_proj",
    ),
    "half a pair": (
        lambda p: save_file(
            {"model.layers.0.mlp.up_proj.up": np.zeros((96, 4), np.float16)},
            p,
            {"scale": "1", "base": BASE},
        ),
        "up_proj.down",
    ),
    "nothing": (lambda p: save_file({}, p, {"scale": "1", "base": BASE}), "nothing"),
    "two ranks": (
        lambda p: save_file(
            {
                "model.layers.0.mlp.up_proj.up": np.zeros((96, 4), np.float16),
                "model.layers.0.mlp.up_proj.down": np.zeros((5, 64), np.float16),
            },
            p,
            {"scale": "1", "base": BASE},
        ),
        "ranks",
    ),
    "no numbers": (
        lambda p: random_adapter(p, SMALL_SHAPES, size=float("nan")),
        "no number",
    ),
}


@pytest.mark.parametrize(("spoil", "says"), BAD_ADAPTERS.values(), ids=BAD_ADAPTERS)
def test_an_adapter_that_does_not_fit(
    small: Path, tmp_path: Path, spoil: Callable[[Path], object], says: str
) -> None:
    """It is refused in a sentence that names it, before a byte is written."""
    adapter = tmp_path / "bad.safetensors"
    spoil(adapter)
    with pytest.raises(BadModelFile, match=re.escape(says)) as caught:
        merged(small, adapter, tmp_path / "merged.gguf")
    assert str(adapter) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "merged.gguf").exists()


def test_a_base_that_cannot_be_merged_into(small: Path, tmp_path: Path) -> None:
    """No file, no GGUF, half a GGUF, another architecture: a sentence each."""
    adapter = random_adapter(tmp_path / "a.safetensors", SMALL_SHAPES)
    with pytest.raises(UnknownModel, match="no file"):
        merged(tmp_path / "none.gguf", adapter, tmp_path / "m.gguf")
    with pytest.raises(UnknownModel, match="no adapter"):
        merged(small, tmp_path / "none.safetensors", tmp_path / "m.gguf")
    content = small.read_bytes()
    other = content.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0qwen2", 1)
    for spoiled in (b"no model", content[: len(content) // 2], other):
        base = tmp_path / "bad.gguf"
        base.write_bytes(spoiled)
        with pytest.raises(ModelError, match=re.escape(str(base))):
            merged(base, adapter, tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


def test_merging_needs_no_torch(small: Path, tmp_path: Path) -> None:
    """The first start does not wait for it to be imported."""
    adapter = random_adapter(tmp_path / "a.safetensors", SMALL_SHAPES)
    code = (
        "import sys; from pathlib import Path; from models.merge import merge\n"
        "base, adapter, target = map(Path, sys.argv[1:])\n"
        f"merge(base, adapter, target, name='Merged', base_name={BASE!r})\n"
        "print(sorted({'torch', 'transformers', 'gguf'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, small, adapter, tmp_path / "m.gguf"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['gguf']"


# -- the packaged model, as llama.cpp and transformers compute it


@pytest.fixture(scope="module")
def packaged_adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shapes = {module: PACKAGED_SHAPES[module] for module in CHANGED}
    path = tmp_path_factory.mktemp("packaged") / "adapter.safetensors"
    return random_adapter(path, shapes, blocks=30, size=0.3)


@pytest.fixture(scope="module")
def packaged_merged(packaged_adapter: Path) -> Path:
    path = packaged_adapter.with_name("merged.gguf")
    return merged(PACKAGED, packaged_adapter, path, name="Footnote-135M")


@pytest.fixture(scope="module")
def wanted(packaged_adapter: Path) -> np.ndarray:
    """(tokens, words): what transformers computes with the changes added to its weights."""
    import torch

    from models.citer.train import open_base

    _, model = open_base(PACKAGED)
    parts = {name: torch.from_numpy(t).float() for name, t in load_file(packaged_adapter).items()}
    with torch.inference_mode():
        for name in (n.removesuffix(".up") for n in parts if n.endswith(".up")):
            weight = model.get_submodule(name).weight
            weight += SCALE * parts[f"{name}.up"] @ parts[f"{name}.down"]
        logits: np.ndarray = model(torch.tensor([TOKENS])).logits[0].numpy()
    return logits


def agreement(wanted: np.ndarray, path: Path) -> tuple[float, float]:
    """How the logits of llama.cpp go with those of transformers.

    The lowest correlation over the tokens, and the share of them with the same top word.
    """
    from llama_cpp import Llama

    model = Llama(str(path), n_ctx=64, logits_all=True, verbose=False)
    model.eval(TOKENS)
    got = np.array(model.scores[: len(TOKENS)])
    model.close()
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(wanted, got, strict=True)]
    return min(correlations), float((wanted.argmax(1) == got.argmax(1)).mean())


def test_llama_cpp_computes_what_transformers_does(
    wanted: np.ndarray, packaged_merged: Path
) -> None:
    """The merged file gives the logits of the changed model: q and k are permuted rightly."""
    correlation, same_word = agreement(wanted, packaged_merged)
    assert correlation > 0.99
    assert same_word >= 0.9


def test_without_the_permutation_they_differ(
    wanted: np.ndarray, packaged_adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: the comparison above would have seen it."""
    monkeypatch.setattr("models.merge.permuted", lambda rows, heads: rows)
    correlation, same_word = agreement(
        wanted, merged(PACKAGED, packaged_adapter, tmp_path / "fault.gguf")
    )
    assert correlation < 0.95
    assert same_word < 0.8


def test_the_packaged_model_has_the_size_that_is_listed(packaged_merged: Path) -> None:
    """The size in the catalogue is that of the built file, whatever the adapter holds."""
    sizes = [e.size_bytes for e in Catalog.open().entries if e.name == "Footnote-135M"]
    assert sizes == [packaged_merged.stat().st_size]
