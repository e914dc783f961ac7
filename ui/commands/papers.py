"""The commands that bring papers in, look at them and take them out."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from rag.errors import RagError
from rag.sample import SAMPLE_TAG
from rag.types import Paper
from rag.wiring import open_to_read
from ui import terminal
from ui.commands import STOPPED
from ui.commands.opening import library_folder, open_library


def add(arguments: Namespace) -> int:
    """`footnote add FILE …`"""
    _, err = terminal.consoles()
    with open_library(arguments, "add", must_exist=False) as desk:
        with terminal.progress_bar("reading") as show:
            report = desk.add(arguments.files, show)
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
    """`footnote remove ID …`, `footnote remove --sample`"""
    if not arguments.papers and not arguments.sample:
        raise RagError("Say what to remove: ids of papers (see 'footnote list'), or --sample.")
    out, err = terminal.consoles()
    with open_library(arguments, "remove") as desk:
        missing = [i for i in arguments.papers if desk.library.paper(i) is None]
        removed = desk.remove(arguments.papers)
        if arguments.sample:
            removed += desk.remove_sample()
    out.print(f"Removed {removed:,} paper{'' if removed == 1 else 's'}.")
    for paper_id in missing:
        err.print(f"There is no paper with the id {paper_id}.", style="red")
    return int(bool(missing))


def list_papers(arguments: Namespace) -> int:
    """`footnote list`"""
    out, _ = terminal.consoles()
    with open_to_read(library_folder(arguments)) as library:
        papers = library.papers(arguments.n, match=arguments.match, tag=arguments.tag)
        total = library.count(arguments.match, arguments.tag)
    if arguments.json:
        terminal.print_json([_paper_json(p) for p in papers])
        return 0
    for paper in papers:
        out.print(terminal.paper_line(paper))
    if not papers:
        out.print(
            "No paper matches." if total or arguments.match or arguments.tag else "No papers."
        )
    if len(papers) == arguments.n < total:
        out.print(f"… of {total:,} papers; -n shows more.", style="dim")
    return 0


def show(arguments: Namespace) -> int:
    """`footnote show ID`"""
    out, _ = terminal.consoles()
    with open_to_read(library_folder(arguments)) as library:
        paper = library.paper(arguments.paper)
    if paper is None:
        raise RagError(
            f"There is no paper with the id {arguments.paper}; 'footnote list' prints the ids."
        )
    if arguments.json:
        terminal.print_json(_paper_json(paper))
    else:
        out.print(terminal.paper_card(paper))
    return 0


def _paper_json(paper: Paper) -> dict[str, object]:
    return asdict(paper)
