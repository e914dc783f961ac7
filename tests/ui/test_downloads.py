"""Answers, conversations and papers as files, over HTTP, from a real library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from scripted import records, write_records
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rag.bibliography import Format, Style, bibtex, reference_in, write
from rag.browse import Order
from rag.errors import LibraryError
from rag.export import answer_markdown
from rag.types import Answer, Evidence, Paper, Question, Reason
from rag.wiring import Desk, open_desk
from tests.rag.builders import answer, evidence, sentence, source
from ui.chosen import Chosen
from ui.downloads import routes

HOSTILE = '../../etc/passwd"; filename=x.exe\r\nX-Evil: ü 日本 What\'s "it"? ' + "long " * 99
NAMED = re.compile(r'attachment; filename="[A-Za-z0-9-]{1,60}\.(md|bib|apa\.txt)"')


def kept(id_: str, question: str) -> Answer:
    """An answer that cites the second and third of its four sources."""
    found = evidence(*(source(n, f"Fact {n}.", title=f"Paper {n}") for n in range(1, 5)))
    said = [sentence("Fact 2.", 2), sentence("Fact 3.", 3)]
    return replace(answer(question, found, *said), id=id_)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two papers, and a conversation of two answers, a refusal and one that nobody can read."""
    folder = tmp_path_factory.mktemp("downloads")
    with open_desk(folder / "library") as desk:
        desk.add([write_records(folder / "barometers.jsonl", records())])
        desk._keep(kept("a1", "How do tides rise?"), "c1")
        desk._keep(kept("a2", HOSTILE), "c1")
        near = (Paper("p1", "Near", "It is."),)
        refusal = Evidence((), near, reason=Reason.NOTHING_NEAR, papers_searched=2)
        desk._keep(Answer("a3", Question("Who won?", "Who won?"), (), refusal, None), None)
        desk.library.conversations.keep("a4", '{"of": "another version"}', conversation="c1")
        yield desk


@pytest.fixture(scope="module")
def client(desk: Desk) -> TestClient:
    return TestClient(Starlette(routes=routes(desk, Chosen())))


def test_an_answer_as_markdown(client: TestClient) -> None:
    """With the day it was written, under a name made of its question, kept nowhere."""
    got = client.get("/footnote/answers/a1.md")
    assert got.status_code == 200
    assert got.text == answer_markdown(kept("a1", "How do tides rise?"), date.today())
    assert got.headers["content-type"] == "text/markdown; charset=utf-8"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["content-disposition"] == 'attachment; filename="how-do-tides-rise.md"'


def test_the_cited_set_is_exactly_what_is_cited(client: TestClient) -> None:
    got = client.get("/footnote/answers/a1.bib")
    cited = [s.paper for s in kept("a1", "").evidence.sources if s.number in (2, 3)]
    assert got.text == bibtex(cited)
    assert got.headers["content-type"] == "application/x-bibtex; charset=utf-8"
    assert got.text.count("@misc{") == 2


@pytest.mark.parametrize("format", [f for f in Format if f is not Format.MARKDOWN])
def test_the_cited_set_comes_in_every_format(client: TestClient, format: Format) -> None:
    got = client.get(f"/footnote/answers/a1.{format.ending}")
    assert got.status_code == 200
    assert got.content.decode() == "".join(write(kept("a1", "").cited_papers, format))
    assert got.headers["content-type"] == f"{format.media_type}; charset=utf-8"
    assert f'"how-do-tides-rise.{format.ending}"' in got.headers["content-disposition"]


def test_an_answer_with_keys_goes_with_its_bibtex(client: TestClient) -> None:
    text = client.get("/footnote/answers/a1.md?keys").text
    assert text == answer_markdown(kept("a1", "How do tides rise?"), date.today(), keys=True)
    keys = re.findall(r"@misc\{(\w+),", client.get("/footnote/answers/a1.bib").text)
    assert re.findall(r"\[@(\w+)\]", text) == keys
    assert len(keys) == 2


@pytest.mark.parametrize("format", Format)
def test_the_library_comes_in_every_format(client: TestClient, desk: Desk, format: Format) -> None:
    """All that is listed, in its order."""
    papers = desk.library.shelf.each(order=Order.TITLE_UP)
    got = client.get(f"/footnote/library.{format.ending}?order=title-up")
    assert got.content.decode() == "".join(write(papers, format))
    assert got.text.count("barometers") >= 2


def test_the_page_does_not_format_thousands(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how to have it done; data take no time and always come."""
    monkeypatch.setattr("ui.downloads.MOST_FORMATTED", 1)
    got = client.get("/footnote/library.ieee.txt")
    assert got.status_code == 404
    assert "'footnote export --format ieee'" in got.text
    assert client.get("/footnote/library.bib").status_code == 200


@pytest.mark.parametrize("style", Style)
def test_a_paper_has_a_reference_of_its_own(client: TestClient, desk: Desk, style: Style) -> None:
    """To be pasted: without a number."""
    paper = desk.library.papers()[0]
    text = client.get(f"/footnote/papers/{paper.id}.{style}.txt").text
    assert text == f"{reference_in(style, paper)}\n"
    assert not re.match(r"\[?1[\].]", text)


def test_a_conversation_holds_its_answers_in_order_with_their_references(
    client: TestClient,
) -> None:
    """Those that can be read; each with references of its own."""
    text = client.get("/footnote/conversations/c1.md").text
    assert text.index("# How do tides rise?") < text.index("\n---\n\n# ")
    assert text.count("## References") == text.count("[2] Paper 2.") == 2


@pytest.mark.parametrize(
    "path", ["answers/a2.md", "answers/a2.bib", "answers/a2.apa.txt", "answers/a3.md"]
)
def test_a_file_name_is_plain_whatever_was_asked(client: TestClient, path: str) -> None:
    """No folder, quote, line break or foreign letter; never longer than a system takes."""
    got = client.get(f"/footnote/{path}")
    assert NAMED.fullmatch(got.headers["content-disposition"]), got.headers
    assert "x-evil" not in got.headers


def test_the_detector_of_file_names_sees_what_was_asked() -> None:
    assert not NAMED.fullmatch(f'attachment; filename="{HOSTILE}.md"')
    assert not NAMED.fullmatch('attachment; filename="../a.md"')


@pytest.mark.parametrize(
    "path",
    [
        "answers/none.md", "answers/none.bib", "answers/a3.bib", "answers/a4.md",
        "answers/%27%20OR%201=1.md", "answers/%00.md", "conversations/none.md",
        "papers/none.bib", "papers/none.apa.txt", "answers/none.ris", "answers/a3.apa.txt",
        "answers/none.md?keys", "library.bib?chosen=none", "library.jsonl?chosen=" + "0" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_in_one_sentence(client: TestClient, path: str) -> None:
    got = client.get(f"/footnote/{path}")
    assert got.status_code == 404
    assert re.fullmatch(r"[A-Z][^\n]+\.\n", got.text)
    assert got.headers["content-type"].startswith("text/plain")
    assert got.headers["cache-control"] == "no-store"


def test_a_library_that_fails_is_told_too(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise LibraryError(Path("x"), "The disk is full.")

    monkeypatch.setattr(desk, "kept", fail)
    got = client.get("/footnote/answers/a1.md")
    assert (got.status_code, got.text) == (500, "The disk is full.\n")


def test_nothing_can_be_posted(client: TestClient) -> None:
    assert client.post("/footnote/answers/a1.md").status_code == 405
