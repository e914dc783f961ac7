"""The command `footnote`: its arguments, and errors as sentences."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from models.errors import ModelError
from rag.errors import RagError
from rag.types import EVERYTHING, Scope
from ui.commands import STOPPED

_MOST = 1_000_000  # papers to print
_MOST_SUMMARISED = 20  # papers; within its words a summary has no room for more


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 not done, 2 wrong arguments."""
    try:
        arguments = _parser().parse_args(argv)  # its imports take a while: Ctrl-C may come here
        from rag.wiring import stay_offline

        stay_offline()
        code = int(arguments.run(arguments))
        sys.stdout.flush()  # here, where a full disk is still told in a sentence
        return code
    except (RagError, ModelError) as error:
        print(f"footnote: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("footnote: stopped.", file=sys.stderr)
        return STOPPED
    except UnicodeEncodeError:
        print("footnote: an argument holds bytes that are no text in UTF-8.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`footnote list | head`); say nothing more to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(f"footnote: {error}. Free some space or write elsewhere.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    from rag.bibliography import Format
    from ui.commands import evaluation, export, library, models, papers, questions

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        default=argparse.SUPPRESS,
        help="the library's folder (default: FOOTNOTE_LIBRARY, or the platform's data folder)",
    )
    common.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help="settings that override the defaults and the library's own",
    )
    as_json = argparse.ArgumentParser(add_help=False)
    as_json.add_argument("--json", action="store_true", help="print JSON on standard output")

    parser = argparse.ArgumentParser(
        prog="footnote",
        parents=[common],
        description="Ask a pile of abstracts a question, offline, and get an answer with a "
        "citation behind every sentence.",
        epilog="Start with: footnote add FILE …, then footnote ask 'QUESTION' or footnote serve.",
    )
    parser.add_argument("--version", action="version", version=f"footnote {_version()}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def command(
        run: Callable[[argparse.Namespace], int],
        name: str,
        help: str,
        *parents: argparse.ArgumentParser,
    ) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[common, *parents]
        )
        sub.set_defaults(run=run)
        return sub

    add = command(
        papers.add,
        "add",
        "add papers from files of any of the formats that researchers have, from folders and .zip",
        as_json,
    )
    add.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add.add_argument(
        "--report", type=Path, metavar="REPORT.json", help="write what came of each record"
    )

    ask = command(
        questions.ask, "ask", "answer a question from the papers, with citations", as_json
    )
    _question(ask)
    _filter(ask)
    chat = command(questions.chat, "chat", "ask in a conversation; an empty line ends it")
    _filter(chat)

    summarize = command(
        questions.summarize,
        "summarize",
        "summarise what many papers say about a topic, with citations",
        as_json,
    )
    summarize.add_argument(
        "topic", metavar="TOPIC", help="a topic ('-' reads it from standard input)"
    )
    summarize.add_argument(
        "--papers",
        type=_papers,
        metavar="N",
        help="papers at most (default: summary.papers of the settings, 10)",
    )
    summarize.add_argument(
        "--out",
        type=Path,
        metavar="FILE.md",
        help="write it as Markdown instead of printing it (FILE.bib, FILE.ris, …: what it cites, "
        "as `export` would)",
    )
    _filter(summarize)

    search = command(questions.search, "search", "find the papers nearest to a question", as_json)
    _question(search)
    _filter(search)
    search.add_argument("-k", type=_positive, default=10, metavar="N", help="papers (default 10)")

    listing = command(papers.list_papers, "list", "list the papers of the library", as_json)
    listing.add_argument(
        "match", nargs="?", default="", help="beginnings of words of title, authors and tags"
    )
    _filter(listing)
    listing.add_argument("-n", type=_positive, default=50, metavar="N", help="papers (default 50)")

    taken = command(
        export.export,
        "export",
        "write papers as a bibliography: all, some, or exactly those that an answer cites",
    )
    taken.add_argument(
        "--format",
        choices=[format.value for format in Format],
        help="default: what the ending of --out tells (.bib .ris .json .csv .md .jsonl)",
    )
    taken.add_argument(
        "--out", type=Path, metavar="FILE", help="write this file instead of standard output"
    )
    some = taken.add_mutually_exclusive_group()
    some.add_argument("--ids", nargs="+", metavar="ID", help="only these papers, in this order")
    some.add_argument(
        "--answer",
        metavar="ID",
        help="only the papers that this answer or summary cites, in the order cited; as Markdown, "
        "the answer itself, with keys for Pandoc ('last': the newest)",
    )
    _filter(taken)

    show = command(papers.show, "show", "show one paper", as_json)
    show.add_argument("paper", help="the paper's id, as `list` and `search` print it")

    remove = command(papers.remove, "remove", "remove papers")
    remove.add_argument("papers", nargs="*", metavar="ID", help="ids of papers")
    remove.add_argument("--sample", action="store_true", help="remove the sample library")
    remove.add_argument("--yes", action="store_true", help="remove all that pass the filter")
    _filter(remove)

    tag = command(papers.tag, "tag", "list the tags, give papers some, or take them away")
    tag.add_argument("tags", nargs="*", metavar="TAG", help="(default: list all tags)")
    tag.add_argument("--remove", action="store_true", help="take these tags away")
    _chosen(tag)
    mark = command(papers.mark, "mark", "remember which papers you have read")
    mark.add_argument("as_what", metavar="{read,unread}", choices=("read", "unread"))
    _chosen(mark)
    note = command(papers.note, "note", "print your notes on a paper, or write them")
    note.add_argument("paper", help="the paper's id")
    note.add_argument("text", nargs="?", help="('-' reads it from standard input; '' deletes it)")

    command(library.status, "status", "say what the library holds", as_json)
    command(library.check, "check", "look for damage in the library, its index and the model")
    rebuild = command(library.rebuild, "rebuild", "make the vector index anew; the papers stay")
    rebuild.add_argument(
        "--embed", action="store_true", help="cut and embed the papers anew too (slow)"
    )
    command(
        library.config,
        "config",
        "print the settings in force and the file each comes from",
        as_json,
    )

    on_models = command(models.list_models, "models", "list, fetch, choose and check models")
    actions = on_models.add_subparsers(required=True, metavar="ACTION")

    def action(
        run: Callable[[argparse.Namespace], int], name: str, help: str
    ) -> argparse.ArgumentParser:
        sub = actions.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}.", parents=[common]
        )
        sub.set_defaults(run=run)
        return sub

    known = action(models.list_models, "list", "list the models that are known or installed")
    known.add_argument("--json", action="store_true", help="print JSON on standard output")
    pull = action(models.pull, "pull", "fetch a model; the only command that uses the network")
    pull.add_argument("name", help="a name in the catalogue")
    gone = action(models.remove, "remove", "delete a model that was pulled or built")
    gone.add_argument("name", help="a name in the catalogue")
    use = action(models.use, "use", "answer with this model from now on in this library")
    use.add_argument(
        "name", help="a name in the catalogue, the path of a .gguf file, or none: quotations alone"
    )
    timed = action(models.measure, "measure", "measure how fast a model is on this machine")
    timed.add_argument("name", nargs="?", help="a name or a .gguf file (default: the one in use)")
    tried = action(models.check, "check", "load a model and see whether it works")
    tried.add_argument("name", nargs="?", help="a name or a .gguf file (default: the one in use)")

    serve = command(library.serve, "serve", "open the page in a browser")
    serve.add_argument("--port", type=_port, help="default: page.port of the settings, 7860")
    serve.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="the IP address to listen on (default: 127.0.0.1, which only this machine reaches)",
    )
    serve.add_argument("--no-browser", action="store_true", help="only print the address")

    evaluate = command(
        evaluation.evaluate,
        "eval",
        "score search and answers on a set of questions, or the check of sentences on pairs",
        as_json,
    )
    evaluate.set_defaults(refuse=evaluate.error)
    scored = evaluate.add_mutually_exclusive_group(required=True)
    scored.add_argument("questions", nargs="?", type=Path, metavar="QUESTIONS.jsonl")
    scored.add_argument(
        "--retrieval",
        type=Path,
        metavar="FOLDER",
        help="score search on a public set instead (corpus.jsonl, queries.jsonl, qrels), in a "
        "library of its own",
    )
    scored.add_argument(
        "--support",
        nargs="?",
        type=Path,
        const=True,
        metavar="PAIRS.jsonl",
        help="score the check of sentences instead, on labelled pairs of source and sentence "
        "(default: the packaged ones); needs no library",
    )
    evaluate.add_argument(
        "--search-only", action="store_true", help="score retrieval alone; no model is asked"
    )
    against = evaluate.add_mutually_exclusive_group()
    against.add_argument(
        "--compare", type=Path, metavar="BASELINE.json", help="say what differs from an earlier "
        "run, of which this file holds the --json output",
    )  # fmt: skip
    against.add_argument(
        "--ablate", action="store_true", help="run again with each part switched off by itself"
    )
    against.add_argument(
        "--models",
        type=_names,
        metavar="A,B,none",
        help="ask every question of each of these chat models (names or .gguf files; none: "
        "quotations alone) and print their figures side by side",
    )
    return parser


def _question(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "question", nargs="?", help="the question ('-' reads it from standard input)"
    )
    parser.add_argument(
        "--batch", type=Path, metavar="QUESTIONS.jsonl", help="answer each line of a file instead"
    )
    parser.add_argument("--out", type=Path, metavar="RESULTS.jsonl", help="where --batch writes")


def _chosen(parser: argparse.ArgumentParser) -> None:
    """Which papers a command changes."""
    parser.add_argument("--ids", nargs="+", metavar="ID", help="only these papers")
    _filter(parser)


def _filter(parser: argparse.ArgumentParser) -> None:
    only = parser.add_argument_group("only papers that satisfy all of these")
    only.add_argument(
        "--year",
        "--years",
        dest="years",
        type=_years,
        default=EVERYTHING,
        metavar="FROM-TO",
        help="published then: 2019-2021, 2019, 2019- or -2021",
    )
    only.add_argument("--tag", action="append", help="with this tag (again: or with that one)")
    only.add_argument(
        "--author", action="append", metavar="NAME", help="by this author (again: or by that one)"
    )
    read = only.add_mutually_exclusive_group()
    read.add_argument(
        "--read", dest="is_read", action="store_const", const=True, help="that you have read"
    )
    read.add_argument(
        "--unread", dest="is_read", action="store_const", const=False, help="that you have not read"
    )
    only.add_argument(
        "--source", action="append", metavar="FILE", help="added from this file (again: or that)"
    )


def _years(text: str) -> Scope:
    match = re.fullmatch(r"\s*(\d{4})?\s*([-–]?)\s*(\d{4})?\s*", text, re.ASCII)
    first, dash, last = match.groups() if match else (None, "", None)
    if not (first or last) or (first and last and not dash):
        raise argparse.ArgumentTypeError(f"'{text}' is none of 2019-2021, 2019, 2019- and -2021")
    if first and not dash:
        last = first
    if first and last and first > last:
        raise argparse.ArgumentTypeError(f"'{text}' ends before it begins")
    return Scope(int(first) if first else None, int(last) if last else None)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError("wants names with commas between them: A,B,none")
    return names


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number") from error


def _positive(text: str) -> int:
    number = _number(text)
    if not 1 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST:,}")
    return number


def _papers(text: str) -> int:
    number = _number(text)
    if not 1 <= number <= _MOST_SUMMARISED:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST_SUMMARISED}")
    return number


def _port(text: str) -> int:
    number = _number(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("must be between 0 (any free one) and 65535")
    return number


def _version() -> str:
    from importlib.metadata import version

    return version("footnote")


if __name__ == "__main__":
    sys.exit(main())
