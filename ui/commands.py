"""What each command does: open the library, call one part of it, print what came of it."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from rag.config import Config, load_config, load_settings, save_setting
from rag.errors import QuestionError, RagError
from rag.folder import SETTINGS, default_folder, make_writable
from rag.sample import SAMPLE_TAG
from rag.types import (
    Answer,
    Event,
    EvidenceFound,
    Finished,
    Paper,
    QuestionUnderstood,
    SentenceReady,
    Turn,
    Writing,
)
from rag.wiring import Desk, open_desk, open_to_read, settings_files
from ui import terminal
from ui.batch import run_batch

if TYPE_CHECKING:
    from rich.console import Console

    from rag.assistant import Reply


def _folder(arguments: Namespace) -> Path:
    folder: Path = getattr(arguments, "library", None) or default_folder()
    return folder.expanduser().absolute()


def _overrides(arguments: Namespace) -> list[Path]:
    return settings_files(_folder(arguments), getattr(arguments, "config", None))


def _config(arguments: Namespace) -> Config:
    return load_config(*_overrides(arguments))


def _desk(arguments: Namespace, holder: str, *, must_exist: bool = True) -> Desk:
    folder = _folder(arguments)
    if must_exist:
        open_to_read(folder).close()
    return open_desk(folder, _config(arguments), holder=f"'footnote {holder}'")


# -- papers in and out


def add(arguments: Namespace) -> int:
    """`footnote add FILE …`"""
    _, err = terminal.consoles()
    with _desk(arguments, "add", must_exist=False) as desk:
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
    return 130 if report.stopped else int(report.failed)


def remove(arguments: Namespace) -> int:
    """`footnote remove ID …`, `footnote remove --sample`"""
    if not arguments.papers and not arguments.sample:
        raise RagError("Say what to remove: ids of papers (see 'footnote list'), or --sample.")
    out, err = terminal.consoles()
    with _desk(arguments, "remove") as desk:
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
    with open_to_read(_folder(arguments)) as library:
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
    with open_to_read(_folder(arguments)) as library:
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


# -- questions


def search(arguments: Namespace) -> int:
    """`footnote search`"""
    from rag.answer_json import search_json

    out, _ = terminal.consoles()

    def one(desk: Desk, question: str, turns: tuple[Turn, ...]) -> dict[str, object]:
        asked, passages = desk.search(question, turns, arguments.k)
        return search_json(asked, passages)

    if arguments.batch:
        return _batch(arguments, "search", one)
    with _desk(arguments, "search") as desk:
        asked, passages = desk.search(_question(arguments), (), arguments.k)
    if arguments.json:
        terminal.print_json(search_json(asked, passages))
    elif passages:
        terminal.print_passages(out, passages)
    else:
        out.print("The library holds no papers yet; 'footnote add FILE' adds some.")
    return 0


def ask(arguments: Namespace) -> int:
    """`footnote ask`"""
    from rag.answer_json import answer_json

    def one(desk: Desk, question: str, turns: tuple[Turn, ...]) -> dict[str, object]:
        answer = desk.ask_once(question, turns).answer
        if answer.model_error:
            raise RagError(answer.model_error)
        return answer_json(answer)

    if arguments.batch:
        return _batch(arguments, "ask", one)
    question = _question(arguments)
    with _desk(arguments, "ask") as desk:
        if desk.library.count() == 0:
            raise RagError("The library holds no papers yet; 'footnote add FILE' adds some.")
        desk.start_model()
        reply = desk.ask_once(question)
        answer = reply.answer if arguments.json else _print_reply(reply)
        if arguments.json:
            terminal.print_json(answer_json(answer))
    return _told(answer)


def chat(arguments: Namespace) -> int:
    """`footnote chat`"""
    out, err = terminal.consoles()
    failed = 0
    with _desk(arguments, "chat") as desk:
        desk.warm_up()
        turns: list[Turn] = []
        conversation: str | None = None
        if sys.stdin.isatty():
            out.print(
                "Ask about your papers. Ctrl-C stops an answer; an empty line ends.", style="dim"
            )
        while question := _read_line():
            try:
                reply = desk.ask(question, turns, conversation)
            except QuestionError as error:
                err.print(f"footnote: {error}", style="red")
                failed = 1
                continue
            conversation = reply.conversation
            answer = _print_reply(reply)
            failed |= _told(answer)
            turns.append(Turn.of(answer))
    return failed


def _read_line() -> str:
    try:
        return input("\n> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _question(arguments: Namespace) -> str:
    if arguments.out:
        raise RagError("--out goes with --batch; write one answer to a file with '>'.")
    if arguments.question is None:
        raise QuestionError("Ask a question, or name a file of questions with --batch.")
    if arguments.question == "-":
        return sys.stdin.read()
    return str(arguments.question)


def _print_reply(reply: Reply) -> Answer:
    """Print an answer as it comes; Ctrl-C stops the answer and not the program."""
    # In a thread of its own: the signal may have come while this one holds what stopping needs.
    before = signal.signal(signal.SIGINT, lambda *_: Thread(target=reply.stop).start())
    try:
        return _print_events(reply)
    finally:
        signal.signal(signal.SIGINT, before)


def _print_events(reply: Reply) -> Answer:
    out, err = terminal.consoles()
    with err.status("searching…") as mark:  # shown on a terminal only
        for event in reply:
            if isinstance(event, Writing):
                mark.update("writing…" if event.answer_tokens else "reading the sources…")
                continue
            mark.stop()  # the answer goes where the mark stands
            _print_event(event, out)
            if not isinstance(event, Finished):
                mark.start()
    return reply.answer


def _print_event(event: Event, out: Console) -> None:
    if isinstance(event, QuestionUnderstood):
        if event.question.standalone != event.question.text:
            out.print(f"Searched for: {event.question.standalone}", style="dim")
    elif isinstance(event, EvidenceFound):
        terminal.print_evidence(out, event.evidence)
    elif isinstance(event, SentenceReady):
        terminal.print_sentence(out, event.sentence)
    elif isinstance(event, Finished):
        terminal.print_end(out, event.answer)


def _told(answer: Answer) -> int:
    """Say that the model failed, if it did; the exit code that goes with the answer."""
    if answer.model_error:
        print(f"footnote: {answer.model_error}", file=sys.stderr)
    return int(answer.model_error is not None)


def _batch(
    arguments: Namespace,
    name: str,
    one: Callable[[Desk, str, tuple[Turn, ...]], dict[str, object]],
) -> int:
    if arguments.question is not None:
        raise RagError("Give a question or a file of questions with --batch, not both.")
    if arguments.out is None:
        raise RagError("Name the file for the results with --out.")
    with _desk(arguments, f"{name} --batch") as desk, terminal.progress_bar(name) as show:
        failures = run_batch(
            arguments.batch, arguments.out, lambda q, turns: one(desk, q, turns), show
        )
    if failures:
        print(
            f"footnote: {failures} of the questions failed; {arguments.out} says why.",
            file=sys.stderr,
        )
    return int(failures > 0)


# -- the library itself


def status(arguments: Namespace) -> int:
    """`footnote status`"""
    from rag.index import ChunkIndex
    from rag.wiring import status as library_status

    out, _ = terminal.consoles()
    with open_to_read(_folder(arguments)) as library:
        values = library_status(library, ChunkIndex(library), _config(arguments))
    if arguments.json:
        terminal.print_json(values)
        return 0
    for key, value in values.items():
        shown = f"{value:,}" if isinstance(value, int) else value
        out.print(f"{key.replace('_', ' '):14} {shown}")
    if values["index"] in ("behind", "rebuild needed"):
        out.print("Search is exact but slower until 'footnote rebuild' makes the index anew.")
    return 0


def check(arguments: Namespace) -> int:
    """`footnote check`"""
    out, err = terminal.consoles()
    with _desk(arguments, "check") as desk:
        faults = 0
        for name, fault in desk.check():
            faults += fault is not None
            (err if fault else out).print(
                f"{name:9} {fault or 'sound'}", style="red" if fault else None
            )
    return int(faults > 0)


def rebuild(arguments: Namespace) -> int:
    """`footnote rebuild`"""
    out, _ = terminal.consoles()
    with _desk(arguments, "rebuild") as desk:
        with terminal.progress_bar("indexing") as show:
            desk.rebuild(arguments.embed, show)
        out.print(f"The index holds {desk.library.counts().chunks:,} chunks.")
    return 0


def config(arguments: Namespace) -> int:
    """`footnote config`"""
    settings = load_settings(*_overrides(arguments))
    if arguments.json:
        terminal.print_json(
            {s.key: {"value": s.value, "from": str(s.origin)} for s in settings.values()}
        )
        return 0
    out, _ = terminal.consoles()
    for origin in dict.fromkeys(s.origin for s in settings.values()):
        out.print(f"# {origin}", style="dim")
        for setting in settings.values():
            if setting.origin == origin:
                out.print(f"{setting.key}: {setting.value}")
    return 0


# -- models


def models_list(arguments: Namespace) -> int:
    """`footnote models list`"""
    from models.catalog import Catalog

    catalog = Catalog.open()
    if arguments.json:
        terminal.print_json(
            [asdict(m.entry) | {"path": str(m.path) if m.path else None} for m in catalog.list()]
        )
    else:
        terminal.print_models(catalog.list(), _config(arguments).models)
    return 0


def models_pull(arguments: Namespace) -> int:
    """`footnote models pull NAME`"""
    from models.catalog import Catalog

    out, _ = terminal.consoles()
    with terminal.byte_bar(f"pulling {arguments.name}") as show:
        model = Catalog.open().pull(arguments.name, show)
    out.print(f"{model.name} is at {model.path}. 'footnote models use {model.name}' chooses it.")
    return 0


def models_use(arguments: Namespace) -> int:
    """`footnote models use NAME-or-path.gguf`"""
    from models.catalog import Catalog
    from models.gguf import inspect_gguf

    model = Catalog.open().find(arguments.name)
    inspect_gguf(model.path)
    folder = _folder(arguments)
    make_writable(folder)
    chosen = model.name if model.entry else str(model.path.absolute())
    save_setting(folder / SETTINGS, "models.llm", chosen)
    out, _ = terminal.consoles()
    out.print(f"The library {folder} answers with {model.name} from now on.")
    return 0


def models_check(arguments: Namespace) -> int:
    """`footnote models check [NAME]`"""
    from models.catalog import Catalog
    from models.process import check_gguf

    settings = _config(arguments).models
    model = Catalog.open().find(arguments.name or settings.llm)
    report = check_gguf(model.path, threads=settings.threads, load_seconds=settings.load_seconds)
    out, err = terminal.consoles()
    if not report.answered:
        err.print(f"{model.name} loads but writes nothing; pull it again or choose another.")
        return 1
    out.print(
        f"{model.name} loads in {report.load_seconds:.1f} s, answers, and sees "
        f"{report.context_tokens:,} tokens at once."
    )
    return 0


# -- the page and the evaluation


def serve(arguments: Namespace) -> int:
    """`footnote serve`"""
    from ui.web import serve as serve_page

    folder = _folder(arguments)
    out, _ = terminal.consoles()
    config = _config(arguments)
    port = config.page.port if arguments.port is None else arguments.port
    is_default = (
        getattr(arguments, "library", None) is None and "FOOTNOTE_LIBRARY" not in os.environ
    )
    with open_desk(folder, config, holder="'footnote serve'") as desk:
        if is_default and desk.library.is_new():
            count = desk.bring_sample()
            out.print(
                f"Brought the sample library: notes on {count} papers, to have something to ask."
            )
        serve_page(
            desk,
            port=port,
            open_browser=not arguments.no_browser,
            on_ready=lambda address: out.print(f"Footnote is at {address} (Ctrl-C ends it)"),
        )
    return 0


def evaluate(arguments: Namespace) -> int:
    """`footnote eval QUESTIONS.jsonl`"""
    from rag.evaluate import RANKED, read_cases, require_papers, score, summarise
    from rag.ingest import Progress

    cases = read_cases(arguments.questions)
    with _desk(arguments, "eval") as desk:
        require_papers(cases, desk.library.missing_titles)
        scores, failures = [], set()
        with terminal.progress_bar("questions") as show:
            for number, case in enumerate(cases, start=1):
                _, passages = desk.search(case.question, case.turns, RANKED)
                answer = None
                if not arguments.search_only:
                    answer = desk.ask_once(case.question, case.turns, keep=False).answer
                    failures |= {answer.model_error} - {None}
                scores.append(score(case, passages, answer))
                show(Progress(number, len(cases), "questions"))
    figures = summarise(scores)
    if arguments.json:
        terminal.print_json(figures.to_json())
    else:
        terminal.print_figures(figures)
    for failure in failures:
        print(f"footnote: these are figures of quotations alone: {failure}", file=sys.stderr)
    return int(bool(failures))
