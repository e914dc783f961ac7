"""What a terminal shows: answers, papers and progress; colour only where there is a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING

from rag.evaluate import Figures
from rag.ingest import AddReport, Progress
from rag.types import Answer, AnswerSentence, Evidence, Origin, Paper, Passage

if TYPE_CHECKING:
    from rich.console import Console

    from models.catalog import Listed
    from rag.config import ModelsConfig

_SHOWN_BAD = 5
_AUTHORS = 4


def consoles() -> tuple[Console, Console]:
    """Standard output and standard error; `NO_COLOR` and pipes switch colour off by themselves."""
    from rich.console import Console

    return (
        Console(highlight=False, soft_wrap=not sys.stdout.isatty(), markup=False),
        Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty(), markup=False),
    )


def print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error; nothing but its end where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(label, total=None)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=progress.stage,
                completed=progress.done,
                total=progress.total or None,
            )

        yield show


def paper_line(paper: Paper) -> str:
    """One line a paper: id, title, who and when."""
    return f"{paper.id}  {paper.title}{_by(paper)}"


def _by(paper: Paper) -> str:
    names = ", ".join(paper.authors[:_AUTHORS]) + (
        " and others" if len(paper.authors) > _AUTHORS else ""
    )
    known = "; ".join(x for x in (names, str(paper.year or "")) if x)
    return f" ({known})" if known else ""


def paper_card(paper: Paper) -> str:
    """All that is known of a paper."""
    kind = "Note (not the abstract)" if paper.is_note else "Abstract"
    lines = [paper.title + _by(paper), f"id {paper.id}"]
    lines += [f"{name} {value}" for name, value in (
        ("link", paper.url), ("DOI", paper.doi), ("arXiv", paper.arxiv_id),
        ("tags", ", ".join(paper.tags)), ("from", paper.source),
    ) if value]  # fmt: skip
    return "\n".join([*lines, "", f"{kind}:", fill(paper.abstract, 88)])


def print_passages(out: Console, passages: list[Passage]) -> None:
    for rank, passage in enumerate(passages, start=1):
        out.print(f"{rank:2}. ", style="dim", end="")
        out.print(passage.paper.title, style="bold", end="")
        out.print(f"{_by(passage.paper)}  {passage.score:.2f}  {passage.paper.id}", style="dim")
        for sentence in passage.best_sentences(2):
            out.print(fill(sentence.text, 88, initial_indent="    ", subsequent_indent="    "))


def print_evidence(out: Console, evidence: Evidence) -> None:
    """The sources, before the model has read a token."""
    for source in evidence.sources:
        out.print(f"[{source.number}] {source.paper.title}", style="dim")


def print_sentence(out: Console, sentence: AnswerSentence) -> None:
    if sentence.origin is Origin.QUOTATION:
        out.print(f"“{sentence.text}” " + " ".join(f"[{n}]" for n in sentence.citations))
    else:
        out.print(sentence.marked())


def print_end(out: Console, answer: Answer) -> None:
    """What follows the sentences of an answer: the refusal, the nearest papers, or the footer."""
    if answer.abstained:
        out.print(answer.text, style="bold")
        if answer.evidence.nearest:
            out.print("Nearest papers:", style="dim")
        for paper in answer.evidence.nearest:
            out.print(f"  {paper_line(paper)}", style="dim")
        return
    cited = [s for s in answer.evidence.sources if s.number in answer.cited]
    if cited:
        out.print()
    for source in cited:
        out.print(f"[{source.number}] {source.paper.title}{_by(source.paper)}", style="dim")
    seconds = answer.timings.total_ms / 1000
    by = f"{answer.model}, {seconds:.1f} s." if answer.model else ""
    out.print(
        f"From abstracts only; “…” quotes a source. {by}" + (" Stopped." if answer.stopped else ""),
        style="dim",
    )


def print_report(err: Console, report: AddReport) -> None:
    """What came of adding files, with what was wrong."""
    for file in report.files:
        for bad in file.bad[:_SHOWN_BAD]:
            err.print(f"{file.path.name}, line {bad.line}: {bad.reason}", style="yellow")
        if len(file.bad) > _SHOWN_BAD:
            more = len(file.bad) - _SHOWN_BAD
            err.print(f"{file.path.name}: {more:,} more records skipped", style="yellow")
        if file.error:
            err.print(file.error, style="red")
    if report.index_error:
        err.print(report.index_error, style="red")


def print_figures(figures: Figures) -> None:
    """The figures of `footnote eval`, and the main ones by type of question."""
    from rich.table import Table

    out, _ = consoles()
    for name, value in figures.to_json().items():
        if isinstance(value, dict) and name != "by_type":
            out.print(
                f"{name:20} median {value['median']:,.0f}  95th percentile {value['p95']:,.0f}"
            )
        elif name != "by_type" and value is not None:
            out.print(
                f"{name:20} {value:.3f}" if isinstance(value, float) else f"{name:20} {value}"
            )
    names = [n for n in next(iter(figures.by_type.values()), {}) if n != "questions"]
    table = Table("type", "n", *names)
    for kind, row in figures.by_type.items():
        table.add_row(kind, f"{row['questions']:.0f}", *(_cell(row[n]) for n in names))
    out.print(table)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removesuffix(".000")


@contextmanager
def byte_bar(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar in bytes on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_models(models: Sequence[Listed], chosen: ModelsConfig) -> None:
    """The catalogue: what is installed, what is in use, and what the others cost."""
    from rich.table import Table

    out, _ = consoles()
    table = Table("", "name", "size", "memory", "installed", "licence", box=None)
    table.columns[1].no_wrap = True
    for model in models:
        entry = model.entry
        table.add_row(
            "*" if entry.name in (chosen.embedder, chosen.llm) else "",
            entry.name,
            f"{entry.size_bytes / 1e6:,.0f} MB" if entry.size_bytes else "",
            f"{entry.memory_gb:g} GB" if entry.memory_gb else "",
            "yes" if model.path else "",
            entry.license,
        )
    out.print(table)
    if chosen.llm not in {m.entry.name for m in models}:
        out.print(f"* {chosen.llm}")
    out.print("* in use. 'footnote models pull NAME' fetches one.", style="dim")
