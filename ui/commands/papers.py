"""The commands that bring papers in, look at them and take them out."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from rag.browse import Order
from rag.draft import read_tags
from rag.errors import RagError
from rag.library import Library
from rag.readers.fields import read_notes
from rag.sample import SAMPLE_TAG
from rag.scope import describe
from rag.types import Paper, Scope
from rag.wiring import open_to_read
from ui import terminal
from ui.commands import STOPPED
from ui.commands.opening import library_folder, open_library, scope_of
from ui.commands.writing import require_writable, write_file

if TYPE_CHECKING:
    from rich.console import Console


def add(arguments: Namespace) -> int:
    """`footnote add FILE …`"""
    _, err = terminal.consoles()
    if arguments.report:
        require_writable(arguments.report)
    with open_library(arguments, "add", must_exist=False) as desk:
        with terminal.progress_bar("reading") as show:
            report = desk.add(arguments.files, show)
        if arguments.report:
            write_file(arguments.report, [json.dumps(report.to_json(), indent=1), "\n"])
        terminal.print_report(err, report)
        err.print(report.sentence())
        if report.stopped:
            err.print("Stopped. Run the same command again to go on.", style="yellow")
        sample = len(desk.library.tagged(SAMPLE_TAG))
        if report.added and sample:
            err.print(
                f"The library also holds {sample} sample papers; "
                "'footnote remove --sample' takes them out."
            )
        if arguments.json:
            terminal.print_json(report.to_json())
    return STOPPED if report.stopped else int(report.failed)


def remove(arguments: Namespace) -> int:
    """`footnote remove ID …`, `footnote remove --sample`, or what a filter leaves"""
    out, err = terminal.consoles()
    with open_library(arguments, "remove") as desk:
        scope = scope_of(desk.library, arguments)
        if not (arguments.papers or arguments.sample or scope):
            raise RagError(
                "Say what to remove: ids of papers (see 'footnote list'), a filter, or --sample."
            )
        ids = _chosen(desk.library, arguments.papers, scope) if arguments.papers or scope else []
        if scope and not arguments.yes:
            raise RagError(
                f"This would remove {_papers(len(ids))} {describe(scope)} for good; add --yes to "
                "do it."
            )
        missing = [i for i in arguments.papers if desk.library.paper(i) is None]
        removed = desk.remove(ids)
        if arguments.sample:
            removed += desk.remove_sample()
    out.print(f"Removed {_papers(removed)}.")
    return _tell_missing(err, missing)


def tag(arguments: Namespace) -> int:
    """`footnote tag [TAG …]`: all tags, or give papers these"""
    out, err = terminal.consoles()
    if not arguments.tags:
        with open_to_read(library_folder(arguments)) as library:
            if arguments.remove or arguments.ids or scope_of(library, arguments):
                raise RagError("Say which tag; 'footnote tag' by itself lists all there are.")
            for facet in library.shelf.facets().tags:
                out.print(f"{facet.papers:6,}  {facet.value}")
        return 0
    tags = read_tags(",".join(arguments.tags))
    with open_library(arguments, "tag") as desk:
        ids, missing = _named(desk.library, arguments)
        desk.library.tag(ids, *((), tags) if arguments.remove else (tags, ()))
    done = "Took from" if arguments.remove else "Gave to"
    out.print(f"{done} {_papers(len(ids))}: {', '.join(tags)}.")
    return _tell_missing(err, missing)


def mark(arguments: Namespace) -> int:
    """`footnote mark read`, `footnote mark unread`"""
    out, err = terminal.consoles()
    with open_library(arguments, "mark") as desk:
        ids, missing = _named(desk.library, arguments)
        changed = desk.library.mark_read(ids, arguments.as_what == "read")
    out.print(f"Marked {_papers(changed)} as {arguments.as_what}.")
    return _tell_missing(err, missing)


def note(arguments: Namespace) -> int:
    """`footnote note ID [TEXT]`: write one's notes on a paper, or print them"""
    out, _ = terminal.consoles()
    if arguments.text is None:
        with open_to_read(library_folder(arguments)) as library:
            paper = _paper(library, arguments.paper)
        out.print(paper.notes or "There are no notes on this paper yet.")
        return 0
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    with open_library(arguments, "note") as desk:
        paper = _paper(desk.library, arguments.paper)
        if text.strip() or arguments.text != "-":
            desk.library.write_notes(paper.id, read_notes(text))
    if text.strip():
        out.print(f"Kept your notes on “{paper.title}”.")
        return 0
    if arguments.text == "-":
        raise RagError("Standard input was empty; the notes stay. Give '' to delete them.")
    out.print("Deleted your notes." if paper.notes else "There are no notes on this paper yet.")
    return 0


def _named(library: Library, arguments: Namespace) -> tuple[list[str], list[str]]:
    """The ids of the papers that a command is for, and those that are in no library."""
    scope = scope_of(library, arguments)
    if not (arguments.ids or scope):
        raise RagError("Say which papers: --ids (see 'footnote list'), or a filter.")
    ids = _chosen(library, arguments.ids or (), scope)
    return ids, [i for i in arguments.ids or () if library.paper(i) is None]


def _chosen(library: Library, ids: Sequence[str], scope: Scope) -> list[str]:
    """The papers of a scope; of these only the named ones, where any are named."""
    return library.shelf.ids(scope=replace(scope, papers=tuple(ids)))


def _tell_missing(err: Console, ids: Sequence[str]) -> int:
    for paper_id in ids:
        err.print(f"There is no paper with the id {paper_id}.", style="red")
    return int(bool(ids))


def _papers(count: int) -> str:
    return f"{count:,} paper{'' if count == 1 else 's'}"


def list_papers(arguments: Namespace) -> int:
    """`footnote list`"""
    out, _ = terminal.consoles()
    with open_to_read(library_folder(arguments)) as library:
        scope = scope_of(library, arguments)
        page = library.shelf.browse(arguments.match, scope, Order.OLDEST, limit=arguments.n)
    if arguments.json:
        terminal.print_json([_paper_json(p) for p in page.papers])
        return 0
    for paper in page.papers:
        out.print(terminal.paper_line(paper))
    if not page.papers:
        out.print("No paper matches." if arguments.match or scope else "No papers.")
    if len(page.papers) < page.total:
        out.print(f"… of {page.total:,} papers; -n shows more.", style="dim")
    return 0


def show(arguments: Namespace) -> int:
    """`footnote show ID`"""
    out, _ = terminal.consoles()
    with open_to_read(library_folder(arguments)) as library:
        paper = _paper(library, arguments.paper)
    if arguments.json:
        terminal.print_json(_paper_json(paper))
    else:
        out.print(terminal.paper_card(paper))
    return 0


def _paper(library: Library, paper_id: str) -> Paper:
    paper = library.paper(paper_id)
    if paper is None:
        raise RagError(f"There is no paper with the id {paper_id}; 'footnote list' prints the ids.")
    return paper


def _paper_json(paper: Paper) -> dict[str, object]:
    return asdict(paper)
