"""The tables of `footnote eval`, narrow enough for eighty columns."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING

from rag.evaluation.baseline import MODEL_TEXT, Comparison, Difference, Run, run_of
from rag.evaluation.beir import RetrievalFigures
from rag.evaluation.questions import Figures
from rag.evaluation.verdicts import Share, SupportFigures, SupportRun
from rag.types import Verdict
from ui.terminal import consoles

if TYPE_CHECKING:
    from rich.console import JustifyMethod
    from rich.table import Table

# The main figures of each kind of set, with a heading on two short lines.
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
    "passed": "wrong\npassed",
    "kept": "right\nkept",
}
_BY_MODEL = ("points_stated", "cited_right", "gold_cited", "words")  # by type of question
_OF_TEXT = "What the model itself wrote:"
_HEADING = 12  # characters of a model's name on one line
_BEYOND_NOISE = "* the 95 % interval of the difference excludes zero"


def print_figures(figures: Figures) -> None:
    """The figures of a question set, and the main ones by type of question."""
    out, _ = consoles()
    run = run_of(figures.to_json())
    whole, of_text = _apart(run.figures)
    _print_list(whole, _worth(figures.check) if figures.check else {})
    if of_text:
        out.print()
        out.print(_OF_TEXT, style="bold")
        _print_list(of_text, {})
    columns = [n for n in _COLUMNS if any(n in row for row in run.by_type.values())]
    table = _table("type", "n", *(_COLUMNS[n] for n in columns))
    for kind, row in run.by_type.items():
        table.add_row(kind, f"{row['questions']:.0f}", *(_cell(n, row.get(n)) for n in columns))
    out.print()
    out.print(table)


def print_models(models: Mapping[str, Figures]) -> None:
    """One column a model: every figure, those of what it wrote, and the main ones by type."""
    out, _ = consoles()
    runs = [run_of(figures.to_json()) for figures in models.values()]
    table = _table("", *("\n".join(wrap(name, _HEADING)) for name in models))
    apart = [_apart(run.figures) for run in runs]
    blocks: dict[str, list[dict[str, float]]] = {
        "": [{n: v for n, v in whole.items() if not n.startswith("check_")} for whole, _ in apart],
        _OF_TEXT: [of_text for _, of_text in apart],
    }
    for kind, row in runs[0].by_type.items():
        rows = [run.by_type[kind] for run in runs]
        main = [{n: of_kind[n] for n in _BY_MODEL if n in of_kind} for of_kind in rows]
        blocks[f"{kind} ({row['questions']:.0f})"] = main
    for heading, columns in blocks.items():
        if heading and any(columns):
            table.add_row()
            table.add_row(heading, style="bold")
        fullest_first = sorted(columns, key=len, reverse=True)
        for name in dict.fromkeys(name for column in fullest_first for name in column):
            cells = [_number(name, column.get(name)) for column in columns]
            table.add_row(name.replace(".", " "), *cells)
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
    _print_list(shown, {})


def print_support(run: SupportRun) -> None:
    """What the check of sentences is worth, over all pairs, by label and by kind."""
    out, _ = consoles()
    check = run.check
    out.print(
        f"{check.pairs:,} pairs: {check.kept.of:,} right, which the source bears out, and "
        f"{check.passed.of:,} wrong"
    )
    checks = {_name_of(check): check} | ({_name_of(run.rules): run.rules} if run.rules else {})
    out.print()
    table = _table("", *checks)
    table.add_row("wrong pairs passed", *(_share(c.passed) for c in checks.values()))
    table.add_row("right pairs kept", *(_share(c.kept) for c in checks.values()))
    table.add_row("accuracy", *(f"{c.accuracy:.3f}" for c in checks.values()))
    table.add_row("F1, mean of the verdicts", *(f"{c.f1:.3f}" for c in checks.values()))
    table.add_row("ms a sentence, median", *(f"{c.sentence_ms:,.2f}" for c in checks.values()))
    out.print(table)
    for name, figures in checks.items():
        out.print()
        out.print(f"Labels, and the verdicts of {name}:", style="bold")
        out.print(_verdicts(figures))
    out.print()
    out.print(_kinds(checks))


def _verdicts(figures: SupportFigures) -> Table:
    """One row a label: how many pairs got which verdict, and how the verdict of that name does."""
    table = _table("label", "n", *(v.value for v in Verdict), "precision", "recall", "F1")
    for label, row in figures.by_verdict.items():
        verdicts = [f"{figures.confusion.count(label, verdict):,}" for verdict in Verdict]
        scores = [_number("", score) for score in (row.precision, row.recall, row.f1)]
        table.add_row(label.value, f"{row.labelled:,}", *verdicts, *scores)
    return table


def _kinds(checks: Mapping[str, SupportFigures]) -> Table:
    """One row a kind: how many of its wrong and right pairs pass, by the rules alone too."""
    headings = [_COLUMNS["passed"], _COLUMNS["kept"]]
    first, *others = checks.values()
    if others:
        headings += [f"rules:\n{what}" for what in ("passed", "kept")]
    table = _table("kind", "n", *headings)
    for kind, row in first.by_kind.items():
        rows = [check.by_kind[kind] for check in checks.values()]
        counts = [_count(share) for r in rows for share in (r.passed, r.kept)]
        table.add_row(kind, f"{row.pairs:,}", *counts)
    return table


def print_checks(run: SupportRun) -> None:
    """What the check is worth that stands behind a table, and its rules alone."""
    out, _ = consoles()
    for figures in filter(None, (run.check, run.rules)):
        out.print(*_worth(figures).values(), sep="\n")


def _worth(figures: SupportFigures) -> dict[str, str]:
    """In words, what the figures of a run say of its check."""
    passed, kept = figures.passed, figures.kept
    s, es = ("s", "es") if figures.trained else ("", "")
    return {
        "check_passed": f"  {_name_of(figures)} pass{es} {_share(passed)} of {passed.of:,} wrong "
        "pairs",
        "check_kept": f"  and keep{s} {_share(kept)} of {kept.of:,} right ones",
    }


def _name_of(figures: SupportFigures) -> str:
    return "the check" if figures.trained else "the rules alone"


def _share(share: Share) -> str:
    """A share with its interval, in per cent."""
    if share.value is None or share.interval is None:
        return "no such pairs"
    low, high = share.interval
    return f"{share.value:.1%} ({low * 100:.1f}-{high * 100:.1f})"


def _count(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}" if share.of else ""


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
            difference.word,
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


def _apart(figures: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of whole answers, and by their short names those of what the model wrote."""
    of_text = {n.removeprefix(MODEL_TEXT): v for n, v in figures.items() if MODEL_TEXT in n}
    return {n: v for n, v in figures.items() if MODEL_TEXT not in n}, of_text


def _print_list(figures: Mapping[str, float], in_words: Mapping[str, str]) -> None:
    """Each figure on a line, some of them in words."""
    out, _ = consoles()
    spreads = {n.removesuffix(".p95") for n in figures if n.endswith(".p95")}
    for name, value in figures.items():
        spread, _, part = name.partition(".")
        if name in in_words:
            out.print(in_words[name])
        elif spread not in spreads:
            out.print(f"{name:27} {_number(name, value)}")
        elif part == "median":
            p95 = figures[f"{spread}.p95"]
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
    name = name.removeprefix(MODEL_TEXT)
    if name in ("words", "tokens_per_second") or "_ms" in name:
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
