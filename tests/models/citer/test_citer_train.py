"""What is trained is what Footnote runs: its tokens, its weights; and only on the answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch.nn import functional

from models.citer import train as module
from models.citer.data import REFUSAL, STEPS, Example
from models.citer.train import (
    ALPHA,
    BASE,
    RANK,
    Encoded,
    Plan,
    answer_loss,
    encode,
    open_base,
    train,
    with_low_rank,
)
from models.errors import BadModelFile
from models.llama import LlamaModel
from models.merge import merge, read_adapter
from rag.types import Paper, Source, SourceSentence, Span
from tests.models.adapters import (
    SMALL_BLOCKS,
    SMALL_HEADS,
    SMALL_KV_HEADS,
    SMALL_SHAPES,
    small_base,
)
from tests.models.gguf_files import PACKAGED

LAYERS = {f"model.layers.{n}.{name}" for n in range(SMALL_BLOCKS) for name in SMALL_SHAPES}
WORDS = 512


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model is slower on several, most of all where other work goes on."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(PACKAGED.parent, gguf_file=PACKAGED.name)


class FewerWords:
    """The packaged tokenizer with many tokens for one, so that a small model is quickly run."""

    def __init__(self, tokenizer: Any) -> None:
        self.apply_chat_template = tokenizer.apply_chat_template
        self.eos_token_id = tokenizer.eos_token_id
        self._tokenizer = tokenizer

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        return {"input_ids": [t % WORDS for t in self._tokenizer(text, **options)["input_ids"]]}


def small_model(seed: int = 0) -> Any:
    """Random, of the shapes of the small base."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=WORDS, hidden_size=64, intermediate_size=96, num_hidden_layers=SMALL_BLOCKS,
        num_attention_heads=SMALL_HEADS, num_key_value_heads=SMALL_KV_HEADS,
        tie_word_embeddings=True, initializer_range=0.5, attn_implementation="eager",
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def example(answer: str, *texts: str) -> Example:
    said = tuple(SourceSentence(t, n, Span(0, 0)) for n, t in enumerate(texts))
    sources = (Source(3, Paper("", "", ""), said, 0.0),)
    return Example("What of lamps?", sources, answer, "phrase", "k", "d")


LAMPS = "We light 12 lamps on the quay, which helps small boats."
STRANGE = "Lamps – of 1,200.5 µm (≈ 37%) – say “naïve”  things: don't they? α-β … 灯 [x]"


# -- tokens


@pytest.mark.parametrize(("answer", "texts"), [
    ("The authors light 12 lamps on the quay. [3]", (LAMPS,)),
    (f"{STRANGE} [3] Lamps burn oil. [3]", (STRANGE, "Lamps burn oil.", LAMPS)),
    (REFUSAL, (LAMPS, STRANGE)),
])  # fmt: skip
def test_the_tokens_are_those_of_llama_cpp(
    llama: LlamaModel, tokenizer: Any, answer: str, texts: tuple[str, ...]
) -> None:
    """The prompt as Footnote asks it, then the answer and its end, and a weight for that alone."""
    asked = example(answer, *texts)
    chat = [{"role": m.role, "content": m.content} for m in asked.messages]
    prompt = llama.prompt_tokens(chat, 100)
    written = [*llama._tokenize(answer, special=False), llama._llama.token_eos()]
    found = encode(asked, tokenizer)
    assert found.tokens == [*prompt, *written]
    assert found.weights[: len(prompt)] == [0.0] * len(prompt)
    assert len(found.weights) == len(found.tokens)
    assert min(found.weights[len(prompt) :]) >= 1


@pytest.fixture(scope="module")
def llama() -> LlamaModel:
    return LlamaModel.load(
        PACKAGED, context_tokens=512, threads=0, temperature=0.0, repeat_penalty=1.0
    )


@pytest.mark.parametrize(("answer", "weights"), [
    ([1, 2, 3, 4], [4, 1, 1, 1]),  # where it begins to copy must be learned
    ([1, 2, 5, 6], [4, 1, 4, 1]),  # the first after what was left out
    ([1, 2, 9, 3, 4], [4, 1, 4, 4, 1]),  # what is new, and where it goes on
    ([9, 8], [4, 4]),
    ([1, 2, 3, 9], [4, 1, 1, 4]),
])  # fmt: skip
def test_edits_weigh_more(answer: list[int], weights: list[float]) -> None:
    """Than what is copied from the source."""
    assert module._edit_weights([1, 2, 3, 4, 5, 6], answer) == weights


# -- the changes


def test_a_base_of_other_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is not all there is not trained: it would learn to mend what is lacking."""
    from transformers import modeling_gguf_pytorch_utils as gguf

    load = gguf.load_gguf_checkpoint

    def without_weights(path: Path, *, return_tensors: bool = False, **options: Any) -> Any:
        return {"tensors": {}} if return_tensors else load(path, **options)

    monkeypatch.setattr(gguf, "load_gguf_checkpoint", without_weights)
    with pytest.raises(BadModelFile, match=f"other weights than a {BASE}"):
        open_base(PACKAGED)


def test_changes_begin_as_none() -> None:
    """The model says the same as before, and only the changes of the inner layers are trained."""
    model = small_model()
    tokens = torch.arange(20)[None]
    before = model(tokens).logits.detach()
    layers = with_low_rank(model)
    assert set(layers) == LAYERS
    assert torch.equal(model(tokens).logits, before)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained == {f"{name}.{part}" for name in LAYERS for part in ("down", "up")}
    for name, layer in layers.items():
        rows, columns = SMALL_SHAPES[name.split(".", 3)[3]]
        assert layer.up.shape == (rows, RANK)
        assert layer.down.shape == (RANK, columns)
    with torch.no_grad():
        layers["model.layers.1.mlp.up_proj"].up.fill_(0.1)
    assert not torch.allclose(model(tokens).logits, before, atol=0.1)


# -- the loss

SHORT = Encoded([5, 9, 7, 30, 11, 2], [0, 0, 0, 4, 1, 1])
LONG = Encoded([*range(40, 110), 7, 31, 2], [0.0] * 70 + [1, 4, 4])  # past one width of padding


def counted(model: Any, batch: list[Encoded]) -> tuple[float, float]:
    """The weighted sum of the losses, and that of the weights, each token by itself."""
    total = weights = 0.0
    for one in batch:
        logits = model(torch.tensor([one.tokens])).logits[0].float()
        for place in range(1, len(one.tokens)):
            loss = functional.cross_entropy(logits[place - 1], torch.tensor(one.tokens[place]))
            total += one.weights[place] * float(loss.detach())
            weights += one.weights[place]
    return total, weights


@pytest.mark.parametrize("batch", [[SHORT], [LONG], [SHORT, LONG, SHORT]])
def test_the_loss_is_of_the_answer(batch: list[Encoded]) -> None:
    """As counted token by token, whatever is padded; the head reads the answers' tokens alone."""
    model = small_model()
    rows: list[int] = []
    model.lm_head.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    found = float(answer_loss(model, batch, "cpu").detach())
    assert rows == [sum(w > 0 for one in batch for w in one.weights)]
    total, weights = counted(model, batch)
    assert found == pytest.approx(total / weights, rel=0.02)  # bfloat16


@pytest.mark.parametrize("fault", [
    Encoded(SHORT.tokens, [1.0] * 6),  # the prompt too
    Encoded(SHORT.tokens, [0, 0, 0, 1, 1, 1]),  # every token alike
    Encoded(SHORT.tokens, [0, 0, 0, 0, 4, 1]),  # one too late
])  # fmt: skip
def test_the_comparison_sees_a_planted_fault(fault: Encoded) -> None:
    """Each weight that is off would have moved the loss."""
    model = small_model()
    total, weights = counted(model, [SHORT])
    found = float(answer_loss(model, [fault], "cpu").detach())
    assert found != pytest.approx(total / weights, rel=0.02)


# -- a run


def plan(data: Path, **changes: Any) -> Plan:
    known = {"data": data, "minutes": 1.0, "steps": STEPS, "learning_rate": 0.01, "device": "cpu",
             "seed": 0, "leave_out": frozenset(), "go_on": False,
             "adapter": module.ADAPTER}  # fmt: skip
    return Plan(**{**known, **changes})


@pytest.fixture
def adapter(tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the changes of a small model are written by runs of some forty steps."""
    path = tmp_path / "adapter.safetensors"
    clock = count()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock) * 1.5))
    monkeypatch.setattr(module, "_POOL", 16)
    monkeypatch.setattr(module, "_BATCH_TOKENS", 512)
    words = FewerWords(tokenizer)
    monkeypatch.setattr(module, "open_base", lambda base: {PACKAGED: (words, small_model())}[base])
    return path


def test_a_run_lowers_the_loss_and_is_taken_up(adapter: Path, public_sets: Path) -> None:
    """What it writes is read, with its scale, and merged; another run begins where it ended."""
    train(plan(public_sets, adapter=adapter), PACKAGED)
    lines = [json.loads(x) for x in adapter.with_name("train.log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30]
    assert lines[-1]["loss"] < lines[0]["loss"] - 1
    changes = read_adapter(adapter, BASE)
    assert set(changes) == LAYERS
    for name, change in changes.items():
        rows, columns = SMALL_SHAPES[name.split(".", 3)[3]]
        assert (change.up.shape, change.down.shape) == ((rows, RANK), (RANK, columns))
        assert np.abs(change.up).max() > 0

    model = small_model()
    layers = with_low_rank(model)
    module._take_up(layers, adapter)
    for name, layer in layers.items():
        scaled = ALPHA / RANK * layer.up.detach().numpy()
        assert np.array_equal(changes[name].up, scaled)
        assert np.array_equal(changes[name].down, layer.down.detach().numpy())
    merged = adapter.with_name("merged.gguf")
    merge(small_base(adapter.with_name("small.gguf")), adapter, merged, name="m", base_name=BASE)
    assert merged.is_file()


def test_going_on(adapter: Path, public_sets: Path) -> None:
    """A run that learns nothing leaves what it took up, and adds to the log; a new one does not."""
    train(plan(public_sets, adapter=adapter), PACKAGED)
    before, log = load_file(adapter), adapter.with_name("train.log.jsonl")
    lines = len(log.read_text().splitlines())

    def again(go_on: bool) -> tuple[bool, int]:
        train(plan(public_sets, learning_rate=0.0, go_on=go_on, adapter=adapter), PACKAGED)
        same = all(np.array_equal(before[name], part) for name, part in load_file(adapter).items())
        return same, len(log.read_text().splitlines())

    assert again(go_on=True) == (True, 2 * lines)
    assert again(go_on=False) == (False, lines)


# -- the command


@pytest.mark.parametrize(("arguments", "steps"), [
    ([], ("phrase", "phrase", "join")),
    (["--steps", "all"], STEPS),
    (["--steps", "choose,refuse"], ("choose", "refuse")),
])  # fmt: skip
def test_the_command(
    arguments: list[str], steps: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It trains the packaged model on the steps that are named, without the titles left out."""
    seen: list[tuple[Plan, Path]] = []
    titles = tmp_path / "titles"
    titles.write_text("On Moss!\n", encoding="utf-8")
    monkeypatch.setattr(module, "train", lambda *given: seen.append(given))
    monkeypatch.setattr(module, "report_on", lambda *given: {"steps": given[3]})
    command = ["train", "--data", "sets", "--minutes", "2", "--leave-out", str(titles), *arguments]
    monkeypatch.setattr(sys, "argv", command)
    module.main()
    ((found, base),) = seen
    assert base == PACKAGED
    assert (found.steps, found.minutes, found.leave_out) == (steps, 2.0, {"onmoss"})


@pytest.mark.parametrize(("arguments", "says"), [
    (["--steps", "phrase,dance"], "no such steps: dance"),
    (["--go-on", "--adapter", "none"], "train without --go-on first"),
])  # fmt: skip
def test_what_cannot_be_trained(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A sentence that says what to do."""
    monkeypatch.setattr(sys, "argv", ["train", "--data", "sets", *arguments])
    with pytest.raises(SystemExit):
        module.main()
    assert says in capsys.readouterr().err
