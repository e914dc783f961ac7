"""Files being added, and what came of them, as HTML; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from rag.ingest import FileReport, Progress
from ui.adding import Outcome
from ui.render.pieces import notice, progress

_REASONS = 20  # unusable records that are told one by one, of each file


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
        return said + notice(_named(came.problem, came.names), is_problem=True)
    report, names = came.report, came.names
    more = []
    if report.stopped:
        more.append("Stopped before the end; what was added stays.")
    if report.index_error:
        more.append(_named(report.index_error, names))
    head = notice(report.sentence(), more, is_problem=report.failed)
    undo = (
        '<button type="button" class="button" data-do="undo">Undo: take the '
        f"{_papers(len(report.ids))} out again</button>"
        if report.ids
        else ""
    )
    rows = "".join(_row(file, names) for file in report.files)
    return (
        f'{said}<div class="outcome">{head}<div class="table" tabindex="0" role="region" '
        'aria-label="What came of each file"><table><thead><tr><th scope="col">File</th>'
        '<th scope="col">Read</th><th scope="col">Added</th><th scope="col">Already here</th>'
        f'<th scope="col">Not usable</th></tr></thead><tbody>{rows}</tbody></table></div>{undo}'
        "</div>"
    )


def undone(count: int) -> str:
    """What an undoing took out."""
    return notice(f"Took the {_papers(count)} out again. Papers that were here before stay.")


def _row(file: FileReport, names: Mapping[str, str]) -> str:
    numbers = (file.read, file.added, file.duplicates, len(file.bad))
    cells = "".join(f"<td>{number:,}</td>" for number in numbers)
    row = f'<tr><th scope="row">{escape(file.path.name)}</th>{cells}</tr>'
    error = f'<p class="fault">{escape(_named(file.error, names))}</p>' if file.error else ""
    more = error + _reasons(file)
    return row + (f'<tr class="more"><td colspan="5">{more}</td></tr>' if more else "")


def _reasons(file: FileReport) -> str:
    if not file.bad:
        return ""
    items = "".join(
        f"<li>Line {bad.line:,}: {escape(bad.reason)}</li>" for bad in file.bad[:_REASONS]
    )
    left = len(file.bad) - _REASONS
    more = f"<li>and {left:,} more</li>" if left > 0 else ""
    return f"<details><summary>Why not usable</summary><ul>{items}{more}</ul></details>"


def _named(message: str, names: Mapping[str, str]) -> str:
    """A message with files named as they were dropped: where they lie meanwhile helps nobody."""
    for path, name in names.items():
        message = message.replace(path, name)
    return message


def _papers(count: int) -> str:
    return "paper" if count == 1 else f"{count:,} papers"
