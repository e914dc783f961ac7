"""Answers, conversations and papers in the formats of bibliographies: files under /footnote/."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from rag.bibliography import Format, reference_in, write
from rag.browse import Order
from rag.errors import RagError
from rag.export import answer_markdown
from rag.types import Paper, Scope
from rag.wiring import Desk, Kept, kept_answer
from rag.words import words
from ui.adding import Adding
from ui.chosen import Chosen
from ui.render.papers import MOST_FORMATTED

_PIECES = 200  # of an export, sent at once
_LONGEST_NAME = 60  # characters of a file's name
_BETWEEN = "\n---\n\n"  # a line across, between the answers of a conversation


def routes(desk: Desk, chosen: Chosen) -> list[Route]:
    """The routes; each answers with a file, or with 404 and one sentence."""
    downloads = _Downloads(desk, chosen)
    paths: list[tuple[str, Callable[[Request], Response]]] = [
        ("answers/{id}.md", downloads.answer),
        ("conversations/{id}.md", downloads.conversation),
    ]
    for format in Format:
        paths += [
            (f"answers/{{id}}.{format.ending}", partial(downloads.cited, format)),
            (f"papers/{{id}}.{format.ending}", partial(downloads.paper, format)),
            (f"library.{format.ending}", partial(downloads.listed, format)),
        ]
    return [Route(f"/footnote/{path}", _told(endpoint)) for path, endpoint in paths]


def report(adding: Adding) -> Route:
    """The route to the report of what was added last."""

    def last(_: Request) -> Response:
        text = adding.outcome.to_json() if adding.outcome else ""
        if not text:
            raise _NotThere("There is no report: nothing was added lately, or it was undone.")
        return Response(text, headers=_headers("added.json"), media_type="application/json")

    return Route("/footnote/added.json", _told(last))


class _NotThere(Exception):
    """There is nothing to download; the message says why."""


def _told(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """The endpoint, its failures told in a sentence."""

    def answer(request: Request) -> Response:
        try:
            response = endpoint(request)
        except _NotThere as error:
            response = PlainTextResponse(f"{error}\n", 404)
        except RagError as error:
            response = PlainTextResponse(f"{error}\n", 500)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


class _Downloads:
    """What there is to download of one library."""

    def __init__(self, desk: Desk, chosen: Chosen) -> None:
        self._desk = desk
        self._chosen = chosen

    def answer(self, request: Request) -> Response:
        """The answer; with `keys`, as Pandoc cites, else with numbers."""
        keys = "keys" in request.query_params
        kept = self._newly_known(request) if keys else self._kept(request)
        text = answer_markdown(kept.answer, kept.on, keys=keys)
        return _file([text], kept.answer.question.text, Format.MARKDOWN)

    def cited(self, format: Format, request: Request) -> Response:
        answer = self._newly_known(request).answer
        if not answer.cited_papers:
            raise _NotThere("This answer cites no papers.")
        return _file(write(answer.cited_papers, format), answer.question.text, format)

    def paper(self, format: Format, request: Request) -> Response:
        """One paper; its reference without a number."""
        paper = self._desk.library.paper(request.path_params["id"])
        if paper is None:
            raise _NotThere("There is no such paper; it may have been deleted.")
        style = format.style
        pieces = [f"{reference_in(style, paper)}\n"] if style else write([paper], format)
        return _file(pieces, paper.title, format)

    def conversation(self, request: Request) -> Response:
        kept = self._desk.kept_in(request.path_params["id"])
        if not kept:
            raise _NotThere("There is no such conversation; it may have been deleted.")
        text = _BETWEEN.join(map(_markdown, kept))
        return _file([text], kept[0].answer.question.text, Format.MARKDOWN)

    def listed(self, format: Format, request: Request) -> Response:
        papers = self._listed(request)
        if format.style:
            some = list(islice(papers, MOST_FORMATTED + 1))
            if len(some) > MOST_FORMATTED:
                raise _NotThere(
                    f"More than {MOST_FORMATTED:,} papers take minutes to format; choose fewer, or "
                    f"run 'footnote export --format {format}'."
                )
            papers = iter(some)
        return _file(write(papers, format), "papers", format)

    def _listed(self, request: Request) -> Iterator[Paper]:
        """What the Library tab lists for `match`, `scope` (as JSON) and `order`.

        With `chosen`, the name of a list: what is chosen in that instead.
        """
        asked = request.query_params
        try:
            scope = _scope(json.loads(asked.get("scope", "{}")))
            order = Order(asked.get("order", Order.NEWEST))
        except (ValueError, TypeError, RecursionError) as error:
            raise _NotThere("This link is broken; export again from the Library.") from error
        if "chosen" in asked:
            scope = Scope(papers=tuple(self._chosen.of(asked["chosen"])))
            if not scope:
                raise _NotThere("Nothing is chosen there any more; export again from the Library.")
        return self._desk.library.shelf.each(asked.get("match", ""), scope, order)

    def _kept(self, request: Request) -> Kept:
        return _there(self._desk.kept(request.path_params["id"]))

    def _newly_known(self, request: Request) -> Kept:
        """The same, its papers as the library knows them now."""
        return _there(kept_answer(self._desk.library, request.path_params["id"]))


def _there(kept: Kept | None) -> Kept:
    if kept is None:
        raise _NotThere("There is no such answer; it may have been deleted.")
    return kept


def _markdown(kept: Kept) -> str:
    return answer_markdown(kept.answer, kept.on)


def _file(pieces: Iterable[str], name: str, format: Format) -> Response:
    """A file to keep, sent as it is written; what fails fails before it begins."""
    pieces = iter(pieces)
    blocks = iter(lambda: "".join(islice(pieces, _PIECES)), "")
    return StreamingResponse(
        chain([next(blocks, "")], blocks),
        headers=_headers(f"{_file_name(name)}.{format.ending}"),
        media_type=f"{format.media_type}; charset=utf-8",
    )


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _scope(fields: dict[str, Any]) -> Scope:
    """A scope from its JSON; TypeError where it is none."""
    scope = Scope(**fields)
    if not all(isinstance(year, int | None) for year in (scope.from_year, scope.to_year)):
        raise TypeError("a year is a number")
    if not isinstance(scope.is_read, bool | None):
        raise TypeError("a paper was read or not")
    names = (scope.tags, scope.sources, scope.papers, scope.authors)
    tags, sources, papers, authors = (tuple(map(str, texts)) for texts in names)
    return Scope(scope.from_year, scope.to_year, tags, sources, papers, authors, scope.is_read)


def _file_name(text: str) -> str:
    """A text as words of ASCII with hyphens between them: no path, no quote, no control."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = "-".join(words(plain))
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].rpartition("-")[0] or name[:_LONGEST_NAME]
    return name.replace("'", "") or "footnote"
