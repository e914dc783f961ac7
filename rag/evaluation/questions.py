"""Question set -> retrieval, citation, abstention and latency figures.

Every figure is the mean of what single questions score. A paper that may be cited but need not be
is neither rewarded nor punished: rankings are scored without it. Refusal is all that an
unanswerable question says something about. Citing nothing says nothing about precision, and misses
every paper.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean

from rag.errors import EvaluationError
from rag.evaluation.averages import Spread, mean, median, spread
from rag.evaluation.files import read_objects
from rag.evaluation.model_text import ModelText, ModelTextFigures, summarise_texts
from rag.evaluation.points import points_stated, without_markers
from rag.evaluation.verdicts import SupportFigures
from rag.identity import title_key
from rag.types import Answer, Origin, Passage, Turn, Verdict

RANKED = 20  # papers asked of search: ten, and room for the acceptable ones that are taken out
_MISSING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a set, with what a right answer has."""

    id: str
    type: str
    question: str
    turns: tuple[Turn, ...]
    gold: tuple[str, ...]  # titles of papers that answer
    acceptable: tuple[str, ...]  # titles that may be cited too
    points: tuple[tuple[str, ...], ...]  # facts a right answer states, each in several wordings

    @property
    def answerable(self) -> bool:
        return self.type != "unanswerable"


@dataclass(frozen=True, slots=True)
class Scores:
    """What one question scored; None where the figure is not defined for it."""

    id: str
    type: str
    abstained: bool = False
    words: int = 0
    sentences_supported: float | None = None
    sentences_of_model: float | None = None  # share of the shown ones; the others are quotations
    citations_invented_shown: int = 0  # they stand in the answer, but for no source
    citations_invented_removed: int = 0  # the model wrote them, and nobody saw them
    evidence_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    embedding_ms: float | None = None
    ndcg10: float | None = None
    recall5: float | None = None
    cited_right: float | None = None
    gold_cited: float | None = None
    points_stated: float | None = None
    model_error: str | None = None  # the answer is made of quotations alone, and why
    model_text: ModelText | None = None  # what the model wrote, where one was asked

    def to_json(self) -> dict[str, object]:
        """Everything but the id."""
        return {name: value for name, value in asdict(self).items() if name != "id"}


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a question set; None where no question defines one."""

    questions: int
    ndcg10: float | None
    recall5: float | None
    cited_right: float | None
    gold_cited: float | None
    points_stated: float | None
    sentences_supported: float | None
    sentences_of_model: float | None
    check: SupportFigures | None  # what the check is worth on which the two above rest
    citations_invented_shown: int  # must be 0
    citations_invented_removed: int
    words: float | None
    words_max: int | None
    refusal_precision: float | None
    refusal_recall: float | None
    refusal_f1: float | None
    answerable_refused: float | None
    evidence_ms: Spread | None
    first_token_ms: Spread | None
    total_ms: Spread | None
    embedding_ms: float | None  # median of embedding one question alone, in the same run
    evidence_per_embedding: float | None  # medians; says more than milliseconds on a busy machine
    evidence_share: float | None  # median part of the whole time until the evidence is on screen
    model_text: ModelTextFigures | None = None  # None where no model wrote
    by_type: dict[str, dict[str, float | None]] = field(default_factory=dict)
    scores: tuple[Scores, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The figures as `footnote eval --json` prints them, with what each question scored."""
        return {
            **asdict(replace(self, scores=(), check=None)),
            "check": self.check.to_json() if self.check else None,
            "scores": {s.id: s.to_json() for s in self.scores},
        }


def read_cases(path: Path) -> list[Case]:
    """The questions of a JSON Lines file; EvaluationError names the line that is wrong."""
    wanted = "a question with id, type, question, gold_titles and answer_points"
    cases: dict[str, Case] = {}
    for number, case in read_objects(path, "the questions in", wanted, _case):
        if case.id in cases:
            raise EvaluationError(
                f"{path}, line {number} repeats the id {case.id}; give each question its own."
            )
        cases[case.id] = case
    if not cases:
        raise EvaluationError(f"{path} holds no questions.")
    return list(cases.values())


def _case(item: dict[str, object]) -> Case:
    def strings(key: str) -> tuple[str, ...]:
        values = item.get(key) or []
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise TypeError(f"{key} must be a list of texts")
        return tuple(values)

    return Case(
        str(item["id"]),
        str(item.get("type", "single")),
        str(item["question"]),
        read_turns(item.get("history")),
        strings("gold_titles"),
        strings("also_ok_titles"),
        tuple(tuple(v for v in p.split(" | ") if v.strip()) for p in strings("answer_points")),
    )


def read_turns(history: object) -> tuple[Turn, ...]:
    """Turns from `[["what was asked", "what was answered"], …]`, oldest first."""
    if history is None:
        return ()
    if not isinstance(history, list) or not all(
        isinstance(t, list | tuple) and len(t) == 2 and all(isinstance(x, str) for x in t)
        for t in history
    ):
        raise TypeError("history must be a list of [question, answer] pairs")
    return tuple(Turn(q, a) for q, a in history)


def require_papers(cases: Iterable[Case], missing: Callable[[list[str]], list[str]]) -> None:
    """EvaluationError, naming them, when gold papers are not in the library."""
    titles = list(dict.fromkeys(t for c in cases for t in c.gold))
    absent = missing(titles)
    if absent:
        more = len(absent) - _MISSING_SHOWN
        named = "; ".join(absent[:_MISSING_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise EvaluationError(
            f"{len(absent)} of the {len(titles)} papers that answer these questions are not in the "
            f"library: {named}. Add them first with 'footnote add'."
        )


def score(case: Case, passages: Sequence[Passage], answer: Answer | None) -> Scores:
    """The scores of one question: of its ranking, and of its answer if there is one."""
    scores = Scores(case.id, case.type)
    if case.answerable:
        scores = _score_ranking(scores, case, passages)
    if answer is not None:
        scores = _score_answer(scores, case, answer)
    return scores


def _score_ranking(scores: Scores, case: Case, passages: Sequence[Passage]) -> Scores:
    gold, acceptable = _keys(case.gold), _keys(case.acceptable)
    ranking = [title_key(p.paper.title) for p in passages]
    ranking = [t for t in dict.fromkeys(ranking) if t in gold or t not in acceptable]
    return replace(
        scores,
        ndcg10=ndcg(ranking, gold, 10),
        recall5=len(gold & set(ranking[:5])) / len(gold) if gold else None,
    )


def _score_answer(scores: Scores, case: Case, answer: Answer) -> Scores:
    shown = answer.sentences
    scores = replace(
        scores,
        abstained=answer.abstained,
        words=0 if answer.abstained else len(without_markers(answer.text).split()),
        sentences_supported=(
            fmean(s.verdict is Verdict.SUPPORTED for s in shown) if shown else None
        ),
        sentences_of_model=fmean(s.origin is Origin.MODEL for s in shown) if shown else None,
        citations_invented_shown=len(_invented(answer)),
        citations_invented_removed=answer.dropped.invented_citations,
        evidence_ms=answer.timings.evidence_ms,
        first_token_ms=answer.timings.first_token_ms,
        total_ms=answer.timings.total_ms,
        model_error=answer.model_error,
    )
    if not case.answerable:
        return scores
    gold, right = _keys(case.gold), _keys((*case.gold, *case.acceptable))
    cited = _keys(s.paper.title for s in answer.evidence.sources if s.number in answer.cited)
    return replace(
        scores,
        cited_right=len(cited & right) / len(cited) if cited else None,
        gold_cited=len(gold & cited) / len(gold) if gold else None,
        points_stated=points_stated(case.points, answer.text) if case.points else None,
    )


def _invented(answer: Answer) -> list[str]:
    """Citations that stand in the text for no source; read from the text, as a reader does."""
    known = {str(s.number) for s in answer.evidence.sources}
    groups = re.findall(r"\[(\d+(?:,\s*\d+)*)\]", answer.text)
    return [n for group in groups for n in re.split(r",\s*", group) if n not in known]


def _keys(titles: Iterable[str]) -> set[str]:
    return {title_key(t) for t in titles}


def ndcg(ranking: Sequence[str], gold: set[str], depth: int) -> float | None:
    """Normalised discounted cumulative gain, binary relevance (Järvelin and Kekäläinen 2002)."""
    if not gold:
        return None
    gain = sum(1 / math.log2(i + 2) for i, t in enumerate(ranking[:depth]) if t in gold)
    ideal = sum(1 / math.log2(i + 2) for i in range(min(depth, len(gold))))
    return gain / ideal


def summarise(cases: Sequence[Scores], check: SupportFigures | None = None) -> Figures:
    """Figures over all questions, and the main ones by type of question.

    `check` is what the check is worth that judged their sentences.
    """
    refused = [s for s in cases if s.abstained]
    answered = [s for s in cases if s.total_ms is not None]  # none when search alone is scored
    unanswerable = [s for s in answered if s.type == "unanswerable"]
    right = sum(s.type == "unanswerable" for s in refused)
    precision = right / len(refused) if refused else None
    recall = right / len(unanswerable) if unanswerable else None
    f1 = None
    if unanswerable:
        f1 = 2 * right / (len(refused) + len(unanswerable))
    types = dict.fromkeys(s.type for s in cases)
    evidence_ms = spread(s.evidence_ms for s in cases)
    embedding_ms = median(s.embedding_ms for s in cases)
    return Figures(
        questions=len(cases),
        **{name: mean(getattr(s, name) for s in cases) for name in _MEANS},
        sentences_of_model=mean(s.sentences_of_model for s in cases),
        check=check,
        citations_invented_shown=sum(s.citations_invented_shown for s in cases),
        citations_invented_removed=sum(s.citations_invented_removed for s in cases),
        words=mean(s.words for s in cases if s.words),
        words_max=max((s.words for s in cases if s.words), default=None),
        refusal_precision=precision,
        refusal_recall=recall,
        refusal_f1=f1,
        answerable_refused=mean(float(s.abstained) for s in answered if s.type != "unanswerable"),
        evidence_ms=evidence_ms,
        first_token_ms=spread(s.first_token_ms for s in cases),
        total_ms=spread(s.total_ms for s in cases),
        embedding_ms=embedding_ms,
        evidence_per_embedding=(
            round(evidence_ms.median / embedding_ms, 2) if evidence_ms and embedding_ms else None
        ),
        evidence_share=median(map(_evidence_share, cases)),
        model_text=summarise_texts(s.model_text for s in cases),
        by_type={t: _of_type([s for s in cases if s.type == t]) for t in types},
        scores=tuple(cases),
    )


def _evidence_share(scores: Scores) -> float | None:
    """None without a model's words: a refusal is complete with its evidence, which says nothing."""
    if scores.first_token_ms is None or not scores.evidence_ms or not scores.total_ms:
        return None
    return scores.evidence_ms / scores.total_ms


_MEANS = (
    "ndcg10", "recall5", "cited_right", "gold_cited", "points_stated", "sentences_supported",
)  # fmt: skip


def _of_type(scores: Sequence[Scores]) -> dict[str, float | None]:
    return {
        "questions": len(scores),
        **{name: mean(getattr(s, name) for s in scores) for name in _MEANS},
        "words": mean(s.words for s in scores if s.words),
        "abstained": mean(float(s.abstained) for s in scores if s.total_ms is not None),
    }
