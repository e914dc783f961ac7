"""Fit what decides over sentences that no rule objects to, and say how well the check does.

    python -m tests.bench.fit_support [--held-out PAIRS.jsonl …] [--write]

A logistic regression over the trained checker's log odds. It is fitted on pairs of our own that the
checker was not trained on (a fifth of `models/checker/written.jsonl`, by paper), in five-fold
cross-validation over papers. The threshold is the lowest at which, out of fold, at most
`_MOST_PASSED` of their wrong sentences pass the whole check, rules and all. The packaged pairs, on
which `footnote eval --support` scores the check, are not fitted on: here they are scored only.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sklearn.metrics import roc_auc_score

from models.checker.data import WRITTEN, Example
from rag.config import load_config
from rag.edits import is_light_edit
from rag.evaluation.verdicts import Pair, packaged_pairs, read_pairs
from rag.objections import objections
from rag.support import may_restate, reading_features
from rag.types import Checker, Verdict
from rag.wiring import open_checker, stay_offline
from tests.bench.logistic import Row, fit, out_of_fold, write

_MOST_PASSED = 0.025


def main() -> None:
    """Fit, report, and with `--write` keep the weights and the threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], help="more to score")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    stay_offline()
    checker = open_checker(load_config())
    assert checker is not None
    pairs = _own_pairs()
    open_pairs = [p for p in pairs if _is_open(p)]
    rows = [_row(p, checker) for p in open_pairs]
    labels = [int(p.is_right) for p in open_pairs]
    papers = {p.paper: number for number, p in enumerate(pairs)}
    probabilities = out_of_fold(rows, labels, [papers[p.paper] for p in open_pairs])
    print(f"{len(open_pairs)} of {len(pairs)} pairs are left open by the rules")
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"  {name:16} AUC {roc_auc_score(labels, values):.3f}")
    print(f"  {'all, out of fold':16} AUC {roc_auc_score(labels, probabilities):.3f}")
    threshold = _threshold(pairs, open_pairs, probabilities)
    _show(pairs, dict(zip((p.id for p in open_pairs), probabilities, strict=True)), threshold)
    model = replace(fit(rows, labels), threshold=threshold)
    print(model)
    sets = {"the packaged pairs": packaged_pairs()}
    sets |= {str(path): read_pairs(path) for path in arguments.held_out}
    for name, others in sets.items():
        scored = {p.id: model.probability(_row(p, checker)) for p in others if _is_open(p)}
        print(f"{name}:")
        _show(others, scored, threshold)
    if arguments.write:
        write({"supported": model})


def _own_pairs() -> list[Pair]:
    """Restatements and faulty restatements that the checker has not seen, as labelled pairs."""
    found = []
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if Example("", "", 0, "", str(item["title"])).is_held_out:
            for text, label in ((item["same"], Verdict.SUPPORTED), (item["other"], Verdict.PARTLY)):
                kind = "restated" if label is Verdict.SUPPORTED else str(item["kind"])
                found.append(Pair(item["title"], item["source"], text, label, kind))
    return found


def _is_open(pair: Pair) -> bool:
    """Whether the rules alone decide nothing."""
    text, source, paper = pair.sentence, pair.source, pair.paper
    return (
        not _is_edit(pair)
        and not objections(text, source, paper)
        and may_restate(text, source, paper)
    )


def _row(pair: Pair, checker: Checker) -> Row:
    return reading_features(pair.sentence, pair.source, pair.paper, checker)


def _threshold(
    pairs: Sequence[Pair], open_pairs: Sequence[Pair], probabilities: Sequence[float]
) -> float:
    """The lowest threshold at which few enough of the wrong pairs pass."""
    edits = sum(_is_edit(p) for p in pairs if not p.is_right)
    room = max(0, int(_MOST_PASSED * sum(not p.is_right for p in pairs)) - edits)
    wrong = [x for p, x in zip(open_pairs, probabilities, strict=True) if not p.is_right]
    return math.nextafter(sorted(wrong, reverse=True)[room], 1.0)


def _is_edit(pair: Pair) -> bool:
    return is_light_edit(pair.sentence, pair.source, pair.paper)


def _show(pairs: Sequence[Pair], probabilities: dict[str, float], threshold: float) -> None:
    """Shares that pass, by kind."""
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for pair in pairs:
        right = _is_edit(pair) or probabilities.get(pair.id, 0.0) >= threshold
        for name in (pair.kind, "= right" if pair.is_right else "= wrong"):
            total[name] += 1
            passed[name] += right
    print(f"  threshold {threshold:.3f}; passed, by kind:")
    for kind in sorted(total):
        print(f"  {kind:22} {passed[kind]:4} of {total[kind]:4}  {passed[kind] / total[kind]:.3f}")


if __name__ == "__main__":
    main()
