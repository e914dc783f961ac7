"""Train the citer and report how it does on the fifth of the documents that was kept apart.

    python -m models.citer.train --data FOLDER --minutes 60
    python -m models.citer.train --data FOLDER --minutes 30 --go-on --steps choose,refuse
    python -m models.citer.train --data FOLDER --minutes 20 --device cuda --steps all

Low-rank changes (LoRA, arXiv 2106.09685) of all linear layers of the packaged chat model, read from
its GGUF, are trained to write the answers of `models.citer.data`. The loss is taken on the answer
alone, and most where it leaves its source. The changes are written to `adapter.safetensors` as they
are made, and training can go on from them, with another seed lest it see the same examples again;
the log beside them is a JSON line every few steps.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any

from models.catalog import Catalog
from models.checker.data import folded
from models.citer.data import STEPS, Example, Maker
from models.citer.report import ADAPTER, BASE, report_on
from models.cores import SHARED_CPU
from models.errors import BadModelFile

os.environ.update({**SHARED_CPU, **os.environ})  # before torch reads it
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from models.lowrank import LowRank, add_low_rank

RANK, ALPHA = 16, 32
WARM_UP = 0.05
_BATCH_TOKENS = 2560
_POOL = 120  # examples that batches of one length are made of
_PADDED_TO = 64  # lengths that vary freely make the memory grow without end
_EDIT_WEIGHT = 4.0  # of a token with which the answer leaves its source; most tokens are copied
_LOGGED, _SAVED = 10, 50  # steps


@dataclass(frozen=True, slots=True)
class Plan:
    """One stretch of training."""

    data: Path  # folder of the public sets
    minutes: float
    steps: tuple[str, ...]  # kinds of examples; each place in the list is drawn alike
    learning_rate: float
    device: str
    seed: int
    leave_out: frozenset[str]  # folded titles of abstracts not to train on
    go_on: bool  # begin with the adapter that is there
    adapter: Path = ADAPTER  # what is written


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example as tokens, with the weight of each in the loss; 0 for those of the prompt."""

    tokens: list[int]
    weights: list[float]


def open_base(path: Path) -> tuple[Any, Any]:
    """The tokenizer and the model of a GGUF, in float32."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # Step by step, for `from_pretrained(gguf_file=...)` asks for a package that is not needed here.
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")  # type: ignore[no-untyped-call]
    model = model.float().eval()
    read = load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)  # type: ignore[no-untyped-call]
    tensors = read["tensors"]
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if missing != ["lm_head.weight"] or unexpected:  # the head is tied to the embeddings
        raise BadModelFile(path, f"{path} holds other weights than a {BASE}.")
    return tokenizer, model


def with_low_rank(model: Any) -> dict[str, LowRank]:
    """Put the changes that are trained beside all linear layers but the head."""
    return add_low_rank(model, RANK, ALPHA / RANK, besides={"lm_head"})


def train(plan: Plan, base: Path) -> None:
    """Train as planned and write the adapter."""
    torch.manual_seed(plan.seed)
    tokenizer, model = open_base(base)
    model.to(plan.device)
    layers = with_low_rank(model)
    parameters = [p for layer in layers.values() for p in (layer.down, layer.up)]
    if plan.go_on:
        _take_up(layers, plan.adapter)
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0.0)
    maker = Maker(plan.data, plan.leave_out, Random(plan.seed))
    batches = _batches(maker, tokenizer, plan)
    log = plan.adapter.with_name("train.log.jsonl")
    if not plan.go_on:
        log.unlink(missing_ok=True)
    began, seen, total = time.monotonic(), 0, 0.0
    for step in range(1, 10**9):
        done = (time.monotonic() - began) / (60 * plan.minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
        batch = next(batches)
        loss = answer_loss(model, batch, plan.device)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        seen += sum(len(e.tokens) for e in batch)
        total += float(loss.detach())
        if step % _LOGGED == 0:
            seconds = time.monotonic() - began
            line = {
                "step": step,
                "done": round(done, 3),
                "loss": round(total / _LOGGED, 4),
                "tokens": seen,
                "tokens_per_second": round(seen / seconds),
            }
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(line, flush=True)
            total = 0.0
        if step % _SAVED == 0:
            _save(layers, plan.adapter)
    _save(layers, plan.adapter)


def answer_loss(model: Any, batch: Sequence[Encoded], device: str) -> torch.Tensor:
    """Weighted cross-entropy over the tokens of the answers; the head sees no others."""
    longest = max(len(e.tokens) for e in batch)
    width = -(-longest // _PADDED_TO) * _PADDED_TO
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    weights = torch.zeros(len(batch), width)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    for row, example in enumerate(batch):
        length = len(example.tokens)
        tokens[row, :length] = torch.tensor(example.tokens)
        weights[row, :length] = torch.tensor(example.weights)
        mask[row, :length] = 1
    tokens, weights, mask = tokens.to(device), weights.to(device), mask.to(device)
    with torch.autocast(device, dtype=torch.bfloat16):
        hidden = model.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        wanted = weights[:, 1:] > 0
        logits = model.lm_head(hidden[:, :-1][wanted])
    losses = functional.cross_entropy(logits.float(), tokens[:, 1:][wanted], reduction="none")
    weight = weights[:, 1:][wanted]
    return (losses * weight).sum() / weight.sum()


def encode(example: Example, tokenizer: Any) -> Encoded:
    """Prompt and answer in the model's chat template, as llama.cpp writes it."""
    messages = [{"role": m.role, "content": m.content} for m in example.messages]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    source = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    answer = tokenizer(example.answer, add_special_tokens=False)["input_ids"]
    answer = [*answer, tokenizer.eos_token_id]
    weights = [0.0] * len(source) + _edit_weights(source, answer)
    return Encoded([*source, *answer], weights)


def _edit_weights(source: Sequence[int], answer: Sequence[int]) -> list[float]:
    """More for what is not copied, and for the first token after something was left out."""
    weights = [1.0] * len(answer)
    matcher = SequenceMatcher(None, source, answer, autojunk=False)
    for kind, _, _, begin, end in matcher.get_opcodes():
        if kind != "equal":
            weights[begin:end] = [_EDIT_WEIGHT] * (end - begin)
        else:
            weights[begin] = _EDIT_WEIGHT
    return weights


def _batches(maker: Maker, tokenizer: Any, plan: Plan) -> Iterator[list[Encoded]]:
    """Batches without end, each of examples of about one length."""
    chance = Random(plan.seed)
    while True:
        pool = [encode(maker.make(chance.choice(plan.steps)), tokenizer) for _ in range(_POOL)]
        pool.sort(key=lambda e: len(e.tokens))
        batches: list[list[Encoded]] = [[]]
        for example in pool:
            if (len(batches[-1]) + 1) * len(example.tokens) > _BATCH_TOKENS:
                batches.append([])
            batches[-1].append(example)
        yield from chance.sample(batches, len(batches))


def _save(layers: dict[str, LowRank], path: Path) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers.items():
        tensors |= {f"{name}.down": layer.down, f"{name}.up": layer.up}
    halves = {name: t.detach().half().cpu().contiguous() for name, t in tensors.items()}
    part = path.with_suffix(".part")
    save_file(halves, part, {"scale": str(ALPHA / RANK), "base": BASE})
    part.replace(path)


def _take_up(layers: dict[str, LowRank], path: Path) -> None:
    """Begin with the adapter that is there."""
    tensors = load_file(path)
    with torch.no_grad():
        for name, layer in layers.items():
            layer.down.copy_(tensors[f"{name}.down"])
            layer.up.copy_(tensors[f"{name}.up"])


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--minutes", type=float, default=60, help="how long to train")
    parser.add_argument(
        "--steps",
        default="phrase,phrase,join",
        help=f"of {', '.join(STEPS)}, with commas, or all; named twice, drawn twice as often",
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--learning-rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--leave-out", type=Path, help="file of titles, one a line, not to train on"
    )
    parser.add_argument("--go-on", action="store_true", help="begin with the adapter there is")
    parser.add_argument(
        "--adapter", type=Path, default=ADAPTER, help="file to write; by default what is packaged"
    )
    parser.add_argument("--report", type=int, default=30, help="examples a step of the report")
    arguments = parser.parse_args()
    steps = STEPS if arguments.steps == "all" else tuple(arguments.steps.split(","))
    if unknown := set(steps) - set(STEPS):
        parser.error(f"no such steps: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    if arguments.go_on and not arguments.adapter.is_file():
        parser.error(f"there is no {arguments.adapter} to go on from; train without --go-on first")
    titles = (
        arguments.leave_out.read_text(encoding="utf-8").splitlines() if arguments.leave_out else []
    )
    plan = Plan(
        arguments.data, arguments.minutes, steps, arguments.learning_rate, arguments.device,
        arguments.seed, frozenset(map(folded, titles)), arguments.go_on, arguments.adapter,
    )  # fmt: skip
    train(plan, Catalog.open().find(BASE).path)
    if arguments.report:
        found = report_on(plan.adapter, plan.data, plan.leave_out, STEPS, arguments.report)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
