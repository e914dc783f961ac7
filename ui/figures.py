"""The tables of `footnote eval`, narrow enough for eighty columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rag.baseline import Comparison, Difference, Run, run_of
from rag.beir import RetrievalFigures
from rag.evaluate import Figures
from ui.terminal import consoles

if TYPE_CHECKING:
    from rich.console import JustifyMethod
    from rich.table import Table

# The main figures of questions and of retrieval sets, with a heading on two short lines.
_COLUMNS = {
    "ndcg10": "nDCG\n@10",
    "recall5": "recall\n@5",
    "recall10": "recall\n@10",
    "recall100": "recall\n@100",
    "cited_right": "cited\nright",
    "gold_cited": "gold\ncited",
    "points_stated": "points\nstated",
    "sentences_supported": "sup-\nported",
    "words": "words",
    "abstained": "re-\nfused",
    "answerable_refused": "wrongly\nrefused",
}
_BEYOND_NOISE = "* the 95 % interval of the difference excludes zero"


def print_figures(figures: Figures) -> None:
    """The figures of a question set, and the main ones by type of question."""
    out, _ = consoles()
    run = run_of(figures.to_json())
    _print_list(run)
    columns = [n for n in _COLUMNS if any(n in row for row in run.by_type.values())]
    table = _table("type", "n", *(_COLUMNS[n] for n in columns))
    for kind, row in run.by_type.items():
        table.add_row(kind, f"{row['questions']:.0f}", *(_cell(n, row.get(n)) for n in columns))
    out.print()
    out.print(table)


def print_retrieval(figures: RetrievalFigures) -> None:
    """The figures of a retrieval set, and what of it was left out."""
    out, _ = consoles()
    out.print(
        f"{figures.name}: {figures.documents:,} documents, {figures.questions:,} judged queries"
    )
    for count, what in (
        (figures.questions_unjudged, "queries have no judgments and are left out"),
        (figures.documents_not_added, "documents lack a title or a text and could not be added"),
        (figures.documents_merged, "documents share a paper with another of the same title"),
    ):
        if count:
            out.print(f"{count:,} {what}", style="dim")
    run = run_of(figures.to_json())
    shown = {n: v for n, v in run.figures.items() if n in _COLUMNS or n.startswith("search_ms")}
    _print_list(Run(shown, {}, {}))


def print_comparison(compared: Comparison) -> None:
    """What differs from an earlier run, over all questions and by their type."""
    out, _ = consoles()
    table = _table("figure", "baseline", "now", "difference", "95 % interval", "")
    for name, difference in compared.figures.items():
        if difference.baseline is None and difference.now is None:
            continue
        table.add_row(
            name.replace(".", " "),
            _number(name, difference.baseline),
            _number(name, difference.now),
            _signed(difference),
            _interval(difference),
            {True: "better", False: "worse", None: ""}[difference.better],
        )
    out.print()
    out.print("Compared with the baseline:", style="bold")
    out.print(table)
    names = [n for n in _COLUMNS if any(n in row for row in compared.by_type.values())]
    if names:
        by_type = _table("differences", *(_COLUMNS[n] for n in names))
        for kind, row in compared.by_type.items():
            by_type.add_row(kind, *(_signed(row[n]) if n in row else "" for n in names))
        out.print()
        out.print(by_type)
    _explain(any(d.beyond_noise for d in compared.figures.values()))


def print_ablations(full: Run, rows: Mapping[str, Comparison]) -> None:
    """The main figures with everything on, then with each part off and what that changes."""
    out, _ = consoles()
    names = [n for n in _COLUMNS if n in full.figures]
    table = _table("switched off", *(_COLUMNS[n] for n in names))
    table.add_row("nothing", *(_cell(n, full.figures[n]) for n in names))
    for off, compared in rows.items():
        found = [compared.figures[n] for n in names]
        table.add_row(off, *(f"{_cell(d.name, d.now)}\n{_signed(d)}" for d in found))
    out.print(table)
    _explain(any(d.beyond_noise for c in rows.values() for d in c.figures.values()))


def _explain(marked: bool) -> None:
    out, _ = consoles()
    if marked:
        out.print(_BEYOND_NOISE, style="dim")


def _print_list(run: Run) -> None:
    out, _ = consoles()
    spreads = {n.removesuffix(".p95") for n in run.figures if n.endswith(".p95")}
    for name, value in run.figures.items():
        spread, _, part = name.partition(".")
        if spread not in spreads:
            out.print(f"{name:27} {_number(name, value)}")
        elif part == "median":
            p95 = run.figures[f"{spread}.p95"]
            out.print(f"{spread:27} median {value:,.0f}  95th percentile {p95:,.0f}")


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for number, heading in enumerate(headings):
        # A long name in the first column is folded; a figure never is.
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(heading, justify=justify, no_wrap=number > 0, overflow="fold")
    return table


def _number(name: str, value: float | None) -> str:
    """A figure with as many digits as mean something."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if name == "words" or "_ms" in name:
        return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    return f"{value:.3f}"


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if name == "words" else f"{value:.3f}"


def _signed(difference: Difference) -> str:
    change = difference.change
    if change is None:
        return ""
    sign = "+" if change > 0 else "-" if change < 0 else ""
    mark = "*" if difference.beyond_noise else ""
    return f"{sign}{_number(difference.name, abs(change))}{mark}"


def _interval(difference: Difference) -> str:
    return "" if difference.interval is None else "{:+.3f}…{:+.3f}".format(*difference.interval)
