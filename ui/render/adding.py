"""Files being added, and what came of them, as HTML; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from rag.ingest import AddReport, FileReport, Progress
from ui.adding import Outcome
from ui.render.pieces import counted, notice, progress

_REASONS = 20  # unusable records that are told one by one, of each file
_FILES = 30  # that have a row of their own
_NAMED = 5  # files without papers that are named, of each archive
_COLUMNS = ("Read", "Added", "Updated", "Already here", "Without abstract", "Not usable")


def under_way(step: Progress, note: str = "") -> str:
    """How far adding has come, why no other file can be added, and a way to stop it."""
    stage = f"{step.stage[:1].upper()}{step.stage[1:]}:"
    said = notice(note, is_problem=True) if note else ""
    return (
        f'{said}<div class="under-way">{progress(stage, step.done, step.total)}'
        '<button type="button" class="button" id="stop-adding" data-do="stop">Stop</button></div>'
        '<p class="quiet">More files can be added when this is done.</p>'
    )


def outcome(came: Outcome, note: str = "") -> str:
    """What came of each file, and a way to undo it."""
    said = notice(note, is_problem=True) if note else ""
    if came.report is None:
        return said + notice(came.named(came.problem), is_problem=True)
    report = came.report
    more = []
    if report.stopped:
        more.append("Stopped before the end; what was added stays.")
    if report.index_error:
        more.append(came.named(report.index_error))
    head = notice(report.sentence(), more, is_problem=report.failed)
    return (
        f'{said}<div class="outcome">{head}{_table(came, report)}{_skipped(came, report)}'
        f'<div class="actions">{_undo(report)}<a class="button" href="footnote/added.json" '
        "download>What came of each file (.json)</a></div></div>"
    )


def undone(count: int) -> str:
    """What an undoing took out."""
    papers = "paper" if count == 1 else f"{count:,} papers"
    return notice(
        f"Took the {papers} out again. Papers that were here before stay, with what they gained."
    )


def _undo(report: AddReport) -> str:
    if not report.ids:
        return ""
    count = len(report.ids)
    added = "added paper" if count == 1 else f"{count:,} added papers"
    stays = " (updates stay)" if report.updated else ""
    return (
        '<button type="button" class="button" data-do="undo">Undo: take the '
        f"{added} out again{stays}</button>"
    )


def _table(came: Outcome, report: AddReport) -> str:
    """A row a file; of very many, the faulty ones first, and a sum of the rest."""
    files = [file for file in report.files if file.skipped is None]
    if len(files) > _FILES:
        files.sort(key=lambda file: not (file.error or file.bad))
    rows = "".join(_row(file, came) for file in files[:_FILES])
    if rest := files[_FILES:]:
        sums = [sum(numbers) for numbers in zip(*map(_numbers, rest), strict=True)]
        rows += _cells(counted(len(rest), "more file"), sums)
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("File", *_COLUMNS))
    return (
        '<div class="table" tabindex="0" role="region" aria-label="What came of each file"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(file: FileReport, came: Outcome) -> str:
    row = _cells(came.named(file.name), _numbers(file))
    error = f'<p class="fault">{escape(came.named(file.error))}</p>' if file.error else ""
    more = error + _reasons(file)
    return row + (
        f'<tr class="more"><td colspan="{len(_COLUMNS) + 1}">{more}</td></tr>' if more else ""
    )


def _cells(name: str, numbers: Sequence[int]) -> str:
    cells = "".join(f"<td>{number:,}</td>" for number in numbers)
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def _numbers(file: FileReport) -> tuple[int, ...]:
    """What stands under `_COLUMNS`."""
    known = (file.read, file.added, len(file.updated), file.duplicates)
    return (*known, file.without_abstract, len(file.bad))


def _reasons(file: FileReport) -> str:
    if not file.bad:
        return ""
    items = "".join(
        f"<li>Line {bad.line:,}: {escape(bad.reason)}</li>" for bad in file.bad[:_REASONS]
    )
    left = len(file.bad) - _REASONS
    more = f"<li>and {left:,} more</li>" if left > 0 else ""
    return f"<details><summary>Why not usable</summary><ul>{items}{more}</ul></details>"


def _skipped(came: Outcome, report: AddReport) -> str:
    """One line an archive on the files in it that nobody expected to be read."""
    skipped = [file for file in report.files if file.skipped is not None]
    lines = []
    for path, group in groupby(skipped, key=lambda file: file.path):
        names = [came.named(file.name).removeprefix(f"{path.name}: ") for file in group]
        verb = "holds" if len(names) == 1 else "hold"
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        lines.append(
            f'<p class="quiet">{counted(len(names), "file")} in {escape(path.name)} {verb} no '
            f"papers: {escape(', '.join(names[:_NAMED]))}{more}</p>"
        )
    return "".join(lines)
