"""The command that takes papers out of the library."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from rag.bibliography import Format, write
from rag.browse import Order
from rag.errors import RagError
from rag.export import answer_markdown
from rag.ingest import Progress
from rag.library import Library
from rag.types import Paper
from rag.wiring import Kept, kept_answer, open_to_read
from ui import terminal
from ui.commands.opening import library_folder, scope_of
from ui.commands.writing import require_writable, write_file

_LAST = "last"  # stands for the newest answer

Show = Callable[[Progress], None]


def export(arguments: Namespace) -> int:
    """`footnote export`"""
    format = _format(arguments.format, arguments.out)
    if arguments.out:
        require_writable(arguments.out)
    with (
        open_to_read(library_folder(arguments)) as library,
        terminal.progress_bar("exporting") as show,
    ):
        pieces = _pieces(library, arguments, format, show)
        if arguments.out:
            write_file(arguments.out, pieces)
        else:
            sys.stdout.writelines(pieces)
    if arguments.out:
        print(f"Written to {arguments.out}.", file=sys.stderr)
    return 0


def _format(name: str | None, out: Path | None) -> Format:
    """The format that was named, or that the file's name tells."""
    if name:
        return Format(name)
    format = Format.of_file(out.name) if out else None
    if format is None:
        told = f"{out} does not tell its format: say which one" if out else "Say which format"
        raise RagError(f"{told} with --format: {', '.join(Format)}.")
    return format


def _pieces(library: Library, arguments: Namespace, format: Format, show: Show) -> Iterable[str]:
    """The text to write; RagError where there is nothing."""
    scope = scope_of(library, arguments)
    if scope and (arguments.answer or arguments.ids):
        raise RagError("--answer and --ids name papers by themselves; leave the filter out.")
    if arguments.answer:
        kept = _kept(library, arguments.answer)
        if format is Format.MARKDOWN:
            return [answer_markdown(kept.answer, kept.on, keys=True)]
        return write(kept.answer.cited_papers, format)
    if arguments.ids:
        papers = _named(library, arguments.ids)
        return write(_shown(papers, len(papers), show), format)
    found = library.shelf.each(scope=scope, order=Order.OLDEST)
    first = next(found, None)
    if first is None:
        raise RagError(
            "No paper of the library passes the filter; nothing was written."
            if scope
            else "The library holds no papers yet; 'footnote add FILE' adds some."
        )
    return write(_shown(chain([first], found), library.count_in(scope), show), format)


def _shown(papers: Iterable[Paper], total: int, show: Show) -> Iterator[Paper]:
    """The papers, each told to the progress bar as it is taken."""
    for number, paper in enumerate(papers, 1):
        yield paper
        show(Progress(number, total, "exporting"))


def _named(library: Library, ids: Sequence[str]) -> list[Paper]:
    """The papers of these ids, in their order, each once."""
    papers = []
    for id_ in dict.fromkeys(ids):
        paper = library.paper(id_)
        if paper is None:
            raise RagError(f"There is no paper with the id {id_}; 'footnote list' prints the ids.")
        papers.append(paper)
    return papers


def _kept(library: Library, name: str) -> Kept:
    """The answer that was named, its papers as the library knows them now."""
    kept = kept_answer(library, None if name == _LAST else name)
    if kept is None:
        raise RagError(
            "The library keeps no answer yet; ask something first."
            if name == _LAST
            else f"There is no answer {name}; 'footnote ask … --json' tells the id of each, and "
            "'last' stands for the newest."
        )
    if not kept.answer.cited_papers:
        raise RagError(f"The answer to “{kept.answer.question.text}” cites no papers.")
    return kept
