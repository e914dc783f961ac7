"""Answers and conversations as Markdown, papers as BibTeX: plain files under /footnote/."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from rag.bibliography import bibtex
from rag.browse import Order
from rag.errors import RagError
from rag.export import answer_markdown
from rag.readers.jsonl import json_line
from rag.types import Paper, Scope
from rag.wiring import Desk, Kept
from rag.words import words
from ui.chosen import Chosen

_MARKDOWN, _BIBTEX = "text/markdown", "application/x-bibtex"
_JSON_LINES = "application/jsonl"
_LINES = 200  # of an export, sent at once
_LONGEST_NAME = 60  # characters of a file's name
_BETWEEN = "\n---\n\n"  # a line across, between the answers of a conversation


def routes(desk: Desk, chosen: Chosen) -> list[Route]:
    """The routes; each answers with a file, or with 404 and one sentence."""
    downloads = _Downloads(desk, chosen)
    return [
        Route(f"/footnote/{path}", _told(endpoint))
        for path, endpoint in (
            ("answers/{id}.md", downloads.answer),
            ("answers/{id}.bib", downloads.cited),
            ("conversations/{id}.md", downloads.conversation),
            ("library.bib", downloads.library_references),
            ("library.jsonl", downloads.library_lines),
        )
    ]


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
        kept = self._kept(request)
        return _file(_markdown(kept), kept.answer.question.text, "md", _MARKDOWN)

    def cited(self, request: Request) -> Response:
        answer = self._kept(request).answer
        if not answer.cited_papers:
            raise _NotThere("This answer cites no papers.")
        return _bib(answer.cited_papers, answer.question.text)

    def conversation(self, request: Request) -> Response:
        kept = self._desk.kept_in(request.path_params["id"])
        if not kept:
            raise _NotThere("There is no such conversation; it may have been deleted.")
        text = _BETWEEN.join(map(_markdown, kept))
        return _file(text, kept[0].answer.question.text, "md", _MARKDOWN)

    def library_references(self, request: Request) -> Response:
        return _bib(list(self._listed(request)), "papers")

    def library_lines(self, request: Request) -> Response:
        lines = map(json_line, self._listed(request))
        blocks = iter(lambda: "".join(islice(lines, _LINES)), "")
        return StreamingResponse(blocks, headers=_headers("papers.jsonl"), media_type=_JSON_LINES)

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
        kept = self._desk.kept(request.path_params["id"])
        if kept is None:
            raise _NotThere("There is no such answer; it may have been deleted.")
        return kept


def _markdown(kept: Kept) -> str:
    return answer_markdown(kept.answer, kept.on)


def _bib(papers: Sequence[Paper], name: str) -> Response:
    return _file(bibtex(papers), name, "bib", _BIBTEX)


def _file(text: str, name: str, ending: str, kind: str) -> Response:
    headers = _headers(f"{_file_name(name)}.{ending}")
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _scope(fields: dict[str, Any]) -> Scope:
    """A scope from its JSON; TypeError where it is none."""
    scope = Scope(**fields)
    if not all(isinstance(year, int | None) for year in (scope.from_year, scope.to_year)):
        raise TypeError("a year is a number")
    lists = (tuple(map(str, names)) for names in (scope.tags, scope.sources, scope.papers))
    return Scope(scope.from_year, scope.to_year, *lists)


def _file_name(text: str) -> str:
    """A text as words of ASCII with hyphens between them: no path, no quote, no control."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = "-".join(words(plain))
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].rpartition("-")[0] or name[:_LONGEST_NAME]
    return name.replace("'", "") or "footnote"
