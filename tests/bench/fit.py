"""Fit two small models of `rag/fitted.yaml` on labelled questions, and say how well they do.

    python -m tests.bench.fit QUESTIONS.jsonl --library DIR [--foreign FILE.jsonl …] [--write]

Every figure is out of fold: five-fold cross-validation over questions, each scored by a model that
has not seen it. `--foreign` names questions of another field, of which the library holds nothing:
they show where the gate "nothing near" stands. Without `--write` nothing is changed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from sklearn.metrics import roc_auc_score

from rag.assistant import understand
from rag.compare import sides
from rag.evaluation.questions import Case, read_cases, require_papers
from rag.evidence import FoundSide, NearPapers, citable_features, find_near, nearness
from rag.fitted import Logistic
from rag.identity import title_key
from rag.types import Passage
from rag.wiring import Desk, open_desk, stay_offline
from tests.bench.logistic import Row, fit, out_of_fold, write

_PAPERS = 12  # best papers of a question that the first model is fitted on
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
_BAR = 40  # characters of the longest bar


def main() -> None:
    """Fit, report, and with `--write` keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--foreign", type=Path, nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    stay_offline()
    cases = read_cases(arguments.questions)
    with open_desk(arguments.library) as desk:
        require_papers(cases, desk.library.missing_titles)
        found = [_search(desk, case) for case in cases]
        citable = _fit_citable(cases, [near.passages for near in found])
        answered = _fit_answered(cases, found)
        _show_nearness(desk, cases, [near.passages for near in found], arguments.foreign)
    if arguments.write:
        write({"citable": citable, "answered": answered})


def _search(desk: Desk, case: Case) -> NearPapers:
    """What an answer to the question would rest on, as the assistant finds it."""
    question = understand(case.question, case.turns, desk.config.answer).standalone
    compared = sides(question) or ()
    queries = [question, *(side.query for side in compared)]
    passages, *of_sides = desk.searcher.search_all(queries, 20)
    found = [FoundSide(s.name, p) for s, p in zip(compared, of_sides, strict=True)]
    return find_near(question, passages, desk.config.evidence, found)


def _fit_citable(cases: Sequence[Case], found: Sequence[Sequence[Passage]]) -> Logistic:
    """Is a paper worth citing? Fitted on whether it is among those that answer or may be cited."""
    rows: list[Row] = []
    labels: list[int] = []
    owners: list[int] = []
    ranks: list[int] = []
    for number, (case, passages) in enumerate(zip(cases, found, strict=True)):
        if not case.answerable:
            continue
        right = {title_key(t) for t in (*case.gold, *case.acceptable)}
        for rank, passage in enumerate(passages[:_PAPERS]):
            rows.append(citable_features(passage, passages[0]))
            labels.append(int(title_key(passage.paper.title) in right))
            owners.append(number)
            ranks.append(rank)
    probabilities = out_of_fold(rows, labels, owners)
    print(f"citable: {len(rows)} papers, AUC {roc_auc_score(labels, probabilities):.3f}")
    for threshold in _THRESHOLDS:
        precisions, recalls, sizes = [], [], []
        for number in dict.fromkeys(owners):
            gold = {title_key(t) for t in cases[number].gold}
            cited = [
                k for k, owner in enumerate(owners)
                if owner == number and (ranks[k] == 0 or probabilities[k] >= threshold)
            ]  # fmt: skip
            titles = {title_key(found[number][ranks[k]].paper.title) for k in cited}
            precisions.append(fmean(labels[k] for k in cited))
            recalls.append(len(gold & titles) / len(gold))
            sizes.append(len(cited))
        print(
            f"  threshold {threshold:.2f}: cited right {fmean(precisions):.3f}, gold cited "
            f"{fmean(recalls):.3f}, {fmean(sizes):.2f} papers a question"
        )
    return fit(rows, labels)


def _fit_answered(cases: Sequence[Case], found: Sequence[NearPapers]) -> Logistic:
    """Do near papers give what is asked? Fitted on which questions the library answers."""
    rows = [near.features for near in found]
    labels = [int(case.answerable) for case in cases]
    probabilities = out_of_fold(rows, labels, list(range(len(rows))))
    print(f"answered: {len(rows)} questions, AUC {roc_auc_score(labels, probabilities):.3f}")
    unanswerable = labels.count(0)
    for threshold in _THRESHOLDS:
        refused = [label for label, p in zip(labels, probabilities, strict=True) if p < threshold]
        right = refused.count(0)
        f1 = 2 * right / (len(refused) + unanswerable)
        print(
            f"  threshold {threshold:.2f}: refusal F1 {f1:.3f}, {right} of {unanswerable} "
            f"unanswerable and {refused.count(1)} of {labels.count(1)} answerable refused"
        )
    print("  risk (share of answers to unanswerable questions) by coverage (share answered):")
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    for share in np.linspace(0.5, 1.0, 11):
        answered = [labels[k] for k in order[: max(1, round(share * len(order)))]]
        risk = answered.count(0) / len(answered)
        print(f"  {share:4.0%} {risk:6.3f} {'#' * round(risk * _BAR / (1 - fmean(labels)))}")
    return fit(rows, labels)


def _show_nearness(
    desk: Desk,
    cases: Sequence[Case],
    found: Sequence[Sequence[Passage]],
    foreign: Sequence[Path],
) -> None:
    own = np.array([nearness(p) for c, p in zip(cases, found, strict=True) if c.answerable])
    other = [
        nearness(desk.search(json.loads(line)["question"], (), 20)[1])
        for path in foreign
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    print(f"nothing near: {len(own)} answerable questions, {len(other)} of another field")
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5):
        refused = f", {np.mean(np.array(other) < threshold):.3f} of the others" if other else ""
        print(f"  below {threshold:.2f}: {np.mean(own < threshold):.3f} of the answerable{refused}")


if __name__ == "__main__":
    main()
