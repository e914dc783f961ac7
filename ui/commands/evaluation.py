"""The command that scores search and answers."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import load_config
from rag.folder import cache_folder
from ui import terminal
from ui.commands import STOPPED
from ui.commands.opening import build_model, open_library, settings_of

if TYPE_CHECKING:
    from rag.evaluation.baseline import Run
    from rag.evaluation.beir import RetrievalFigures, RetrievalSet
    from rag.evaluation.questions import Figures
    from rag.evaluation.verdicts import SupportRun
    from rag.ingest import Progress
    from rag.types import Checker, Llm


def evaluate(arguments: Namespace) -> int:
    """`footnote eval QUESTIONS.jsonl`, `… --retrieval FOLDER`, `… --support [PAIRS.jsonl]`"""
    from rag.evaluation.baseline import read_baseline

    if arguments.models:
        return _evaluate_models(arguments)
    if arguments.support is not None:
        return _evaluate_support(arguments)
    baseline = read_baseline(arguments.compare) if arguments.compare else None
    if arguments.retrieval is not None:
        return _evaluate_retrieval(arguments, baseline)
    return _evaluate_questions(arguments, baseline)


def _evaluate_questions(arguments: Namespace, baseline: Run | None) -> int:
    from rag.evaluation.baseline import require_same
    from rag.evaluation.questions import read_cases, require_papers
    from ui.evaluation import ablate, measure, run_questions
    from ui.figures import print_checks, print_figures

    cases = read_cases(arguments.questions)
    if baseline:
        require_same(baseline, arguments.compare, [c.id for c in cases])
    failures: set[str] = set()

    def run(show: Callable[[Progress], None]) -> Figures:
        figures = run_questions(desk, cases, check, show, search_only=arguments.search_only)
        failures.update(s.model_error for s in figures.scores if s.model_error)
        return figures

    with open_library(arguments, "eval", answers=not arguments.search_only) as desk:
        require_papers(cases, desk.library.missing_titles)
        # What the check is worth does not change from run to run, but with its trained checker.
        check = None if arguments.search_only else _packaged_run(desk.checker)
        all_run = True
        if arguments.ablate:
            all_run = ablate(desk, run, search_only=arguments.search_only, as_json=arguments.json)
            if check and not arguments.json:
                print_checks(check)
        else:
            measure(run, print_figures, baseline, as_json=arguments.json)
    _tell(failures)
    return int(bool(failures)) if all_run else STOPPED


def _evaluate_models(arguments: Namespace) -> int:
    from rag.evaluation.questions import read_cases, require_papers
    from ui.evaluation import run_models
    from ui.figures import print_checks, print_models

    for name in ("retrieval", "support", "search_only"):
        if getattr(arguments, name):
            option = name.replace("_", "-")
            arguments.refuse(f"--models compares what chat models answer; leave --{option} out")
    cases = read_cases(arguments.questions)
    with ExitStack() as stack:
        models = _open_models(arguments, stack)
        desk = stack.enter_context(open_library(arguments, "eval"))
        require_papers(cases, desk.library.missing_titles)
        check = _packaged_run(desk.checker)
        with terminal.progress_bar("answers") as show:
            figures = run_models(desk, cases, models, check, show)
    done = next(iter(figures.values())).questions
    if arguments.json:
        documents = {name: of_model.to_json() for name, of_model in figures.items()}
        terminal.print_json({"questions": done, "models": documents})
    else:
        print_models(figures)
        print_checks(check)
    failures = {
        f"{name}: {scores.model_error}"
        for name, of_model in figures.items()
        for scores in of_model.scores
        if scores.model_error
    }
    _tell(failures)
    if done < len(cases):
        print(f"footnote: stopped after {done} of {len(cases)} questions.", file=sys.stderr)
        return STOPPED
    return int(bool(failures))


def _open_models(arguments: Namespace, stack: ExitStack) -> dict[str, Llm]:
    """The models to compare, by name, each loaded; EvaluationError for one that is named twice."""
    from rag.errors import EvaluationError
    from rag.no_model import NO_MODEL
    from rag.wiring import open_llm

    config = settings_of(arguments)
    opened: dict[str, Llm] = {}
    for name in arguments.models:
        build_model(name)
        llm = open_llm(replace(config, models=replace(config.models, llm=name)))
        stack.callback(llm.close)
        known = llm.name or NO_MODEL
        if known in opened:
            raise EvaluationError(
                f"Two of the models to compare are called {known}; name each once, and give .gguf "
                "files names of their own."
            )
        opened[known] = llm
    for llm in opened.values():
        llm.count_tokens("warm up")  # a file that is no model is told before any question is asked
    return opened


def _tell(failures: Iterable[str]) -> None:
    for failure in failures:
        print(f"footnote: these are figures of quotations alone: {failure}", file=sys.stderr)


def _packaged_run(checker: Checker | None) -> SupportRun:
    from rag.evaluation.verdicts import packaged_pairs
    from ui.evaluation import run_pairs

    with terminal.progress_bar("pairs") as show:
        return run_pairs(packaged_pairs(), checker, show)


def _evaluate_support(arguments: Namespace) -> int:
    from rag.evaluation.baseline import read_baseline, require_same
    from rag.evaluation.verdicts import packaged_pairs, read_pairs
    from rag.wiring import open_checker
    from ui.evaluation import measure, run_pairs
    from ui.figures import print_support

    for name in ("ablate", "search_only"):
        if getattr(arguments, name):
            option = name.replace("_", "-")
            arguments.refuse(f"--support scores the check of sentences alone; leave --{option} out")
    baseline = read_baseline(arguments.compare, "pairs") if arguments.compare else None
    pairs = packaged_pairs() if arguments.support is True else read_pairs(arguments.support)
    if baseline:
        require_same(baseline, arguments.compare, [p.id for p in pairs], "pairs")
    checker = open_checker(settings_of(arguments))

    def run(show: Callable[[Progress], None]) -> SupportRun:
        return run_pairs(pairs, checker, show)

    measure(run, print_support, baseline, as_json=arguments.json)
    return 0


def _evaluate_retrieval(arguments: Namespace, baseline: Run | None) -> int:
    from rag.evaluation.baseline import require_same
    from rag.evaluation.beir import read_retrieval_set
    from ui.evaluation import ablate, add_corpus, measure, run_queries
    from ui.figures import print_retrieval

    found = read_retrieval_set(arguments.retrieval)
    if baseline:
        require_same(baseline, arguments.compare, [q.id for q in found.queries])
    if getattr(arguments, "library", None) is None:
        # Never the library that answers: the documents are no papers of its owner.
        arguments.library = _retrieval_library(arguments, found)
    with open_library(arguments, "eval", must_exist=False) as desk:
        with terminal.progress_bar("adding papers") as show:
            corpus = add_corpus(desk, found, show)

        def run(show: Callable[[Progress], None]) -> RetrievalFigures:
            return run_queries(desk, found, corpus, show)

        all_run = True
        if arguments.ablate:
            all_run = ablate(desk, run, search_only=True, as_json=arguments.json)
        else:
            measure(run, print_retrieval, baseline, as_json=arguments.json)
    return 0 if all_run else STOPPED


def _retrieval_library(arguments: Namespace, found: RetrievalSet) -> Path:
    """Where the platform keeps what can be made again; other vectors go to another folder."""
    from rag.ingest import embedding

    mine = getattr(arguments, "config", None)
    config = load_config(*([mine] if mine else []))
    made = embedding(config.models.embedder, config.chunks.max_tokens)
    return cache_folder("retrieval") / found.library_name(made)
