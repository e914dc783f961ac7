"""What a terminal shows: answers, papers and progress; colour only where there is a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from rag.ingest import AddReport, FileReport, Progress
from rag.no_model import NO_MODEL
from rag.refusal import basis, explain, one_sided
from rag.types import Answer, AnswerSentence, Event, Origin, Paper, Passage
from ui.render.models import memory_words, size_words, speed_words, wait_words
from ui.render.view import View

if TYPE_CHECKING:
    from rich.console import Console

    from rag.wiring import Choice

_SHOWN_BAD = 5
_AUTHORS = 4
_SHOWN_FILES = 20
_LONGEST_NAME = 40


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
    missing = "" if paper.abstract else "  (no abstract)"
    return f"{paper.id}  {paper.title}{_by(paper)}{missing}"


def _by(paper: Paper) -> str:
    names = ", ".join(paper.author_names[:_AUTHORS]) + (
        " and others" if len(paper.authors) > _AUTHORS else ""
    )
    known = "; ".join(x for x in (names, str(paper.year or "")) if x)
    return f" ({known})" if known else ""


def paper_card(paper: Paper) -> str:
    """All that is known of a paper."""
    published = paper.publication
    pages = f"pages {published.pages}" if published.pages else ""
    where = (published.venue, published.volume and f"volume {published.volume}", pages)
    lines = [paper.title + _by(paper), f"id {paper.id}"]
    lines += [f"{name} {value}" for name, value in (
        ("key", paper.key), ("link", ", ".join(paper.links)), ("DOI", paper.doi),
        ("arXiv", paper.arxiv_id and f"{paper.arxiv_id}{_version(paper)}"),
        ("in", ", ".join(filter(None, where))),
        ("tags", ", ".join(paper.tags)), ("from", ", ".join(paper.sources)),
        ("read", "yes" if paper.is_read else ""),
    ) if value]  # fmt: skip
    if paper.notes:
        lines += ["", "Your notes:", paper.notes]
    if not paper.abstract:
        return "\n".join([*lines, "", _NO_ABSTRACT])
    kind = "Note (not the abstract)" if paper.is_note else "Abstract"
    return "\n".join([*lines, "", f"{kind}:", fill(paper.abstract, 88)])


_NO_ABSTRACT = "No abstract: it is found by its title and can be exported, but not quoted."


def _version(paper: Paper) -> str:
    return f"v{paper.arxiv_version}" if paper.arxiv_version else ""


def print_passages(out: Console, passages: list[Passage]) -> None:
    for rank, passage in enumerate(passages, start=1):
        out.print(f"{rank:2}. ", style="dim", end="")
        out.print(passage.paper.title, style="bold", end="")
        out.print(f"{_by(passage.paper)}  {passage.score:.2f}  {passage.paper.id}", style="dim")
        for sentence in passage.best_sentences(2):
            out.print(fill(sentence.text, 88, initial_indent="    ", subsequent_indent="    "))


@contextmanager
def growing(out: Console, err: Console) -> Iterator[Callable[[Event], None]]:
    """Show an answer while it grows, and take it away at the end for the finished one to stand.

    On a terminal the extract stands at once and changes in place. Where only standard error is a
    terminal there is one line on what is being done, and in a pipe nothing.
    """
    from rich.console import Group
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    view = View("", "")
    at_work = Spinner("dots", Text("Searching your papers…"), style="dim")
    console = out if out.is_terminal else err
    with Live(at_work, console=console, transient=True) as live:

        def show(event: Event) -> None:
            nonlocal view
            view = view.after(event)
            at_work.update(text=Text(view.status, "dim"))
            if console is out:
                live.update(Group(at_work, *(Text(*line) for line in _lines(view))))

        yield show


def _lines(view: View) -> Iterator[tuple[str, str]]:
    """An answer as lines of text, each with its style."""
    if view.question is not None and view.question.standalone != view.question.text:
        yield f"Searched for: {view.question.standalone}", "dim"
    if view.question is not None and view.question.note:
        yield view.question.note, "dim"
    if view.evidence is not None and view.evidence.sources and (side := one_sided(view.evidence)):
        yield side, "yellow"
    for theme, sentences in groupby(view.sentences, key=lambda s: s.theme):
        if theme:
            yield "", ""
            yield theme, "bold"
        yield from ((_marked(sentence), "") for sentence in sentences)


def _marked(sentence: AnswerSentence) -> str:
    if sentence.origin is Origin.QUOTATION:
        return f"“{sentence.text}” " + " ".join(f"[{n}]" for n in sentence.citations)
    return sentence.marked()


def print_answer(out: Console, answer: Answer) -> None:
    """A finished answer with the papers it cites, or a refusal with the nearest papers."""
    for text, style in _lines(View.of(answer.id, answer)):
        out.print(text, style=style)
    if answer.abstained:
        _print_refusal(out, answer)
        return
    cited = [s for s in answer.evidence.sources if s.number in answer.cited]
    if cited:
        out.print()
    is_summary = any(s.theme for s in answer.sentences)
    for source in cited:
        link = f"  {source.paper.link}" if is_summary and source.paper.link else ""
        paper = source.paper
        out.print(f"[{source.number}] {paper.title}{_by(paper)}  {paper.id}{link}", style="dim")
    notes = (
        basis(answer),
        "“…” quotes a source." if answer.quotes else "",
        f"{answer.model}, {answer.timings.total_ms / 1000:.1f} s." if answer.model else "",
        "Stopped." if answer.stopped else "",
    )
    out.print(" ".join(filter(None, notes)), style="dim")
    for told in answer.dropped.withheld:
        out.print(f"Not shown: {told.text} ({told.reason})", style="dim", markup=False)


def _print_refusal(out: Console, answer: Answer) -> None:
    words = explain(answer.question, answer.evidence)
    out.print(words.verdict, style="bold")
    out.print(words.why)
    for advice in words.advice:
        out.print(f"- {advice}")
    if words.link:
        out.print(f"The nearest paper is at {words.link}")
    out.print(words.searched, style="dim")
    if answer.evidence.nearest:
        out.print("Nearest papers:", style="dim")
    for paper in answer.evidence.nearest:
        out.print(f"  {paper_line(paper)}", style="dim")


def print_report(err: Console, report: AddReport) -> None:
    """What came of adding files: what was wrong, and a table with a row for each file."""
    for file in report.files:
        for bad in file.bad[:_SHOWN_BAD]:
            err.print(f"{file.name}, line {bad.line}: {bad.reason}", style="yellow")
        if len(file.bad) > _SHOWN_BAD:
            more = len(file.bad) - _SHOWN_BAD
            err.print(f"{file.name}: {more:,} more records skipped", style="yellow")
        if file.error:
            err.print(file.error, style="red")
    skipped = [file.name for file in report.files if file.skipped]
    if skipped:
        named = ", ".join(skipped[:_SHOWN_BAD]) + (", …" if len(skipped) > _SHOWN_BAD else "")
        err.print(f"Without papers, passed over: {named} ({len(skipped):,} in all)", style="dim")
    if report.index_error:
        err.print(report.index_error, style="red")
    rows = [file for file in report.files if not file.skipped]
    if rows:
        for line in _table(rows):
            err.print(line)


_COLUMNS = ("read", "added", "updated", "duplicate", "without abstract", "bad")


def _table(files: Sequence[FileReport]) -> Iterator[str]:
    """Rows of files, the rest of many in one, and the sum; in lines that no pipe cuts."""
    shown = [(_short(file.name), _numbers([file])) for file in files[:_SHOWN_FILES]]
    if rest := files[_SHOWN_FILES:]:
        shown.append((f"{len(rest):,} more files", _numbers(rest)))
    if len(files) > 1:
        shown.append(("all", _numbers(files)))
    width = max(len(name) for name, _ in shown)
    yield "  ".join([" " * width, *_COLUMNS])
    for name, numbers in shown:
        cells = (f"{n:>{len(c)},}" for n, c in zip(numbers, _COLUMNS, strict=True))
        yield "  ".join([name.ljust(width), *cells])


def _numbers(files: Sequence[FileReport]) -> list[int]:
    return [
        sum(numbers)
        for numbers in zip(
            *((f.read, f.added, len(f.updated), f.duplicates, f.without_abstract, len(f.bad))
              for f in files),
            strict=True,
        )
    ]  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


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


def print_models(choices: Sequence[Choice], in_use: str) -> None:
    """Every model: whether it is here, what it costs, how fast it is and how long one waits.

    Lines of its own rather than a table, which a narrow terminal or a pipe would cut.
    """
    out, _ = consoles()
    longest = max(len(choice.model.name) for choice in choices)
    for choice in choices:
        model = choice.model
        here = "installed" if model.path else "made when first used"
        costs = (
            f"{size_words(model.size_bytes):>7}",
            f"memory {memory_words(model)}" if model.memory_gb else "",
            model.license or "licence not known",
            here if model.path or model.origin == "built" else "not installed",
        )
        mark = "*" if choice.in_use else " "
        out.print(f"{mark} {model.name:{longest}}  {', '.join(filter(None, costs))}")
        if model.kind == "llm":
            speed = speed_words(model.speed)
            out.print(
                "; ".join([f"    {speed}", *filter(None, wait_words(choice.wait, model.speed))]),
                style="dim",
            )
    if not any(choice.in_use and choice.model.kind == "llm" for choice in choices):
        alone = ": answers are quotations alone" if in_use == NO_MODEL else ""
        out.print(f"* {in_use}{alone}")
    out.print(
        "* in use. 'footnote models pull NAME' fetches one, 'footnote models measure NAME' "
        "measures one, 'footnote models use NAME' chooses it.",
        style="dim",
    )
