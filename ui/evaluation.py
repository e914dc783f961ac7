"""Runs of `footnote eval`: questions, judged queries, labelled pairs, and parts left out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from rag.errors import EvaluationError
from rag.evaluation.ablate import ablations
from rag.evaluation.baseline import Run, compare, run_of
from rag.evaluation.beir import RANKED as QUERY_RANKED
from rag.evaluation.beir import (
    Corpus,
    RetrievalFigures,
    RetrievalSet,
    score_query,
    summarise_retrieval,
)
from rag.evaluation.model_text import score_text
from rag.evaluation.questions import RANKED, Case, Figures, Scores, score, summarise
from rag.evaluation.verdicts import Judged, Pair, SupportRun, judge, summarise_support
from rag.ingest import Progress
from rag.types import Answer, AnswerSentence, Checker, DraftReady, Llm, Passage
from rag.wiring import Desk
from ui.figures import print_ablations, print_comparison
from ui.terminal import print_json, progress_bar

OnProgress = Callable[[Progress], None]


class _HasJson(Protocol):
    def to_json(self) -> dict[str, object]: ...


_Figures = TypeVar("_Figures", bound=_HasJson)


def run_questions(
    desk: Desk,
    cases: Sequence[Case],
    check: SupportRun | None,
    on_progress: OnProgress,
    *,
    search_only: bool,
) -> Figures:
    """Ask and search every question; the figures are of a session that is under way.

    `check` is what the desk's check is worth; None where no sentence is checked.
    """
    if not search_only:
        with suppress(Exception):  # what is wrong with a model is said by the answers
            desk.llm.count_tokens("warm up")
    desk.embedder.encode(["warm up"])
    scores = []
    for number, case in enumerate(cases, start=1):
        # Before the search, which would make its pages warm.
        answered = None if search_only else _answer(desk, case)
        scores.append(_scored(desk, case, _search(desk, case), answered))
        on_progress(Progress(number, len(cases), "questions"))
    return summarise(scores, check.figures(trained=desk.parts.trained_checker) if check else None)


def run_models(
    desk: Desk,
    cases: Sequence[Case],
    models: Mapping[str, Llm],
    check: SupportRun | None,
    on_progress: OnProgress,
) -> dict[str, Figures]:
    """Ask each question of every model, then the next; Ctrl-C leaves the questions that are done.

    They take turns at being first: a busy machine and cold pages cost all of them alike.
    """
    desk.search("warm up")
    names = list(models)
    scores: list[dict[str, Scores]] = []
    try:
        for case in cases:
            first = len(scores) % len(names)
            answered = {}
            for name in names[first:] + names[:first]:
                with desk.answering_with(models[name]):
                    answered[name] = _answer(desk, case)
                done = len(scores) * len(names) + len(answered)
                on_progress(Progress(done, len(cases) * len(names), "answers"))
            found = _search(desk, case)
            scores.append({name: _scored(desk, case, found, answered[name]) for name in names})
    except KeyboardInterrupt:
        if not scores:
            raise
    worth = check.figures(trained=desk.parts.trained_checker) if check else None
    return {name: summarise([of_all[name] for of_all in scores], worth) for name in names}


@dataclass(frozen=True, slots=True)
class _Answered:
    """An answer, and what it would be without a model."""

    answer: Answer
    extract: tuple[AnswerSentence, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What search gives for a question, and how long the question takes to embed."""

    passages: list[Passage]
    embedding_ms: float


def _answer(desk: Desk, case: Case) -> _Answered:
    extract: tuple[AnswerSentence, ...] = ()
    reply = desk.ask_once(case.question, case.turns, keep=False)
    for event in reply:
        if isinstance(event, DraftReady):
            extract = event.sentences
    return _Answered(reply.answer, extract)


def _search(desk: Desk, case: Case) -> _Found:
    asked, passages = desk.search(case.question, case.turns, RANKED)
    began = time.perf_counter()
    desk.embedder.encode([asked.standalone])
    return _Found(passages, _milliseconds_since(began))


def _scored(desk: Desk, case: Case, found: _Found, answered: _Answered | None) -> Scores:
    scores = score(case, found.passages, answered.answer if answered else None)
    scores = replace(scores, embedding_ms=found.embedding_ms)
    if answered is None:
        return scores
    points = case.points if case.answerable else ()
    checker = desk.checker if desk.parts.trained_checker else None
    text = score_text(answered.answer, answered.extract, points, checker)
    return replace(scores, model_text=text)


def add_corpus(desk: Desk, found: RetrievalSet, on_progress: OnProgress) -> Corpus:
    """Add the documents that the library does not have yet; stopped, it goes on the next time.

    EvaluationError when the library holds other papers: they would take ranks of the documents,
    and the documents would stay among somebody's papers.
    """
    find = desk.library.find_same
    others = desk.library.count() - Corpus(found.documents, find).papers
    if others:
        raise EvaluationError(
            f"The library {desk.folder} holds {others:,} papers that are not of {found.name}; a "
            "retrieval set needs a library of its own: name a new folder with --library, or none."
        )
    desk.ingest.add_records(list(found.documents.values()), found.name, on_progress)
    return Corpus(found.documents, find)


def run_queries(
    desk: Desk, found: RetrievalSet, corpus: Corpus, on_progress: OnProgress
) -> RetrievalFigures:
    """Search for every judged query."""
    desk.embedder.encode(["warm up"])
    scores = []
    for number, query in enumerate(found.queries, start=1):
        began = time.perf_counter()
        _, passages = desk.search(query.text, (), QUERY_RANKED)
        took = _milliseconds_since(began)
        scores.append(score_query(query, corpus.ranking(query, passages), took))
        on_progress(Progress(number, len(found.queries), "queries"))
    return summarise_retrieval(found, corpus, scores)


def run_pairs(
    pairs: Sequence[Pair], checker: Checker | None, on_progress: OnProgress
) -> SupportRun:
    """Judge every pair, and with a trained checker by the rules alone as well."""
    if checker is not None:
        checker.judge([("a source", "a sentence")])  # it loads at first use, which is no sentence's
    checkers = [None] if checker is None else [checker, None]
    judged: list[list[Judged]] = [[] for _ in checkers]
    for number, pair in enumerate(pairs, start=1):
        for found, one in zip(judged, checkers, strict=True):
            began = time.perf_counter()
            verdict = judge(pair, one)
            found.append(Judged(pair, verdict, _milliseconds_since(began)))
        on_progress(Progress(number, len(pairs), "pairs"))
    if checker is not None and checker.error:
        raise EvaluationError(checker.error)  # its figures would be those of the rules
    check, *rules = (
        summarise_support(found, trained=one is not None)
        for found, one in zip(judged, checkers, strict=True)
    )
    return SupportRun(check, rules[0] if rules else None)


def measure(
    run: Callable[[OnProgress], _Figures],
    print_all: Callable[[_Figures], None],
    baseline: Run | None,
    *,
    as_json: bool,
) -> None:
    """Run once and print the figures, and what differs from an earlier run if there is one."""
    with progress_bar("scoring") as show:
        figures = run(show)
    document = figures.to_json()
    compared = compare(baseline, run_of(document)) if baseline else None
    if as_json:
        print_json(document | ({"compared": compared.to_json()} if compared else {}))
        return
    print_all(figures)
    if compared:
        print_comparison(compared)


def ablate(
    desk: Desk, run: Callable[[OnProgress], _HasJson], *, search_only: bool, as_json: bool
) -> bool:
    """Run with everything, then with each part off, and print one table; whether all were run.

    Ctrl-C leaves the runs that are done.
    """
    planned = ablations(desk.config, search_only=search_only)
    documents: dict[str, dict[str, object]] = {}
    with progress_bar("everything") as show:

        def show_all(progress: Progress) -> None:
            done = len(documents) * progress.total + progress.done
            stage = f"without {off}" if off else "everything"
            show(Progress(done, len(planned) * progress.total, stage))

        try:
            for ablation in planned:
                off = ablation.off
                with desk.ablated(ablation.config, ablation.parts):
                    documents[off] = run(show_all).to_json()
        except KeyboardInterrupt:
            if not documents:
                raise
    whole, *others = documents
    full = run_of(documents[whole])
    rows = {off: compare(full, run_of(documents[off])) for off in others}
    if as_json:
        ablated = [{"off": off, "compared": row.to_json()} for off, row in rows.items()]
        print_json({**documents[whole], "ablations": ablated})
    else:
        print_ablations(full, rows)
    if len(documents) < len(planned):
        message = f"footnote: stopped after {len(documents)} of {len(planned)} runs."
        print(message, file=sys.stderr)
    return len(documents) == len(planned)


def _milliseconds_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 2)
