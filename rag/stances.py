"""Which papers support a claim, and which speak against it; by the trained checker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.types import Checker, Paper, Passage, SourceSentence, titled


class Stance(StrEnum):
    """What a paper says of a claim."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class PaperStance:
    """One paper's stance, and the sentence that it is read from."""

    paper: Paper
    stance: Stance
    sentence: SourceSentence  # the one that says most for the stance
    probability: float  # of the stance, by that sentence


def stances(
    claim: str, passages: Sequence[Passage], checker: Checker, sentences: int = 3
) -> list[PaperStance]:
    """The stance of each paper towards a claim, in the order of the passages.

    Each of the `sentences` nearest to the claim is read with it, after the paper's title. The
    paper supports the claim, or contradicts it, when the surest of its sentences does so more
    probably than not.
    """
    read = [(p, s) for p in passages for s in p.best_sentences(sentences)]
    judged = checker.judge([(titled(p.paper.title, s.text), claim) for p, s in read])
    found = []
    for passage in passages:
        rows = [i for i, (p, _) in enumerate(read) if p is passage]
        if not rows:
            continue
        supports = max(rows, key=lambda i: judged[i, 0])
        contradicts = max(rows, key=lambda i: judged[i, 2])
        row, column, stance = max(
            (supports, 0, Stance.SUPPORTS),
            (contradicts, 2, Stance.CONTRADICTS),
            key=lambda option: judged[option[0], option[1]],
        )
        if judged[row, column] <= 0.5:
            row, column, stance = max(rows, key=lambda i: judged[i, 1]), 1, Stance.OPEN
        probability = float(judged[row, column])
        found.append(PaperStance(passage.paper, stance, read[row][1], probability))
    return found
