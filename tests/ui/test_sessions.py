"""Chats never mix: many tabs at once, each with a word that no other may ever be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from scripted import write_records
from wire import Tab

from models.process import ChatMessage
from rag.answer_json import dump_answer
from rag.assistant import Reply
from rag.config import load_config
from rag.types import EVERYTHING, Scope, Turn
from rag.wiring import Desk, open_desk
from tests.fakes import ScriptedGeneration, ScriptedLlm
from ui.render.view import View
from ui.talk import Asked, Chat, Talks
from ui.web import open_page

MOST = 100  # sessions at once
COMMON = ("conversations", "papers")  # what all tabs show alike: it is one person's library


class Echo(ScriptedLlm):
    """A chat model that repeats the first sentence it was given to read, and what it was asked."""

    def generate(
        self, messages: Sequence[ChatMessage], max_tokens: int, citable: Sequence[int] = ()
    ) -> ScriptedGeneration:
        read, _, question = messages[-1].content.partition("\n\nQuestion: ")
        self._replies.append(f"{read.splitlines()[0]} Thus it was asked: {question}")
        return super().generate(messages, max_tokens, citable)


@dataclass(frozen=True)
class Session:
    """Somebody who asks about a paper of their own, in words that hold their canary."""

    canary: str
    paper: str  # its id
    tab: Tab

    def ask(self, questions: int) -> None:
        """Two a conversation: the second means what the first was about, and does not name it."""
        for number in range(questions):
            if number % 2 == 0:
                self.tab.act("find", do="new")
                self.tab.act("evidence", do="only", id=self.paper)
            again = f"How often is it calibrated, {number}?"
            full = f"How far does the {self.canary} barometer drift, {number}?"
            self.tab.ask(again if number % 2 else full)


class Page:
    """A page, and what was handed on with the questions of each conversation."""

    def __init__(self, desk: Desk, address: str) -> None:
        self.desk = desk
        self._address = address
        self._handed: dict[str, list[str]] = defaultdict(list)
        ask = desk.ask

        def overheard(
            question: str,
            turns: Sequence[Turn] = (),
            conversation: str | None = None,
            scope: Scope = EVERYTHING,
        ) -> Reply:
            self._handed[str(conversation)] += [question, *map(repr, turns)]
            return ask(question, turns, conversation, scope)

        desk.ask = overheard  # type: ignore[method-assign]

    def talk(self, sessions: int, questions: int) -> list[Session]:
        """Have so many tabs ask so many questions each, all at once."""
        papers = {word: p.id for p in self.desk.library.papers() for word in said_in(p.abstract)}
        talking = [Session(w, papers[w], Tab(self._address)) for w in map(canary, range(sessions))]
        with ThreadPoolExecutor(sessions) as pool:
            list(pool.map(lambda session: session.ask(questions), talking))
        return talking

    def mixed(self, sessions: Sequence[Session]) -> list[str]:
        """Where there is a canary of another session, in words."""
        found = [
            f"{part} of {session.canary}"
            for session in sessions
            for part, shown in session.tab.told
            if part not in COMMON and said_in(shown) - {session.canary}
        ]
        for conversation in self.desk.library.conversations.latest():
            answers = self.desk.answers(conversation.id)
            words = [said_in(dump_answer(answer)) for answer in answers]
            handed = [said_in(text) for text in self._handed[conversation.id]]
            found += [f"answers kept: {w}" for w in words if len(w) != 1]
            if len(set().union(*words, *handed)) > 1:
                found.append(f"a conversation of {set().union(*words, *handed)}")
        return found


def canary(number: int) -> str:
    return f"quor{chr(97 + number // 10)}{chr(97 + number % 10)}x"


def said_in(text: str) -> set[str]:
    return {word for word in map(canary, range(MOST)) if word in text}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paper for every session; nothing but its abstract holds the canary."""
    folder = tmp_path_factory.mktemp("canaries")
    papers = [
        {
            "title": f"Barometer number {number} at sea",
            "abstract": (
                f"The {canary(number)} barometer drifts by three millibars in a month at sea. "
                f"Weekly the {canary(number)} barometer is calibrated, which removes the drift."
            ),
        }
        for number in range(MOST)
    ]
    with open_desk(folder / "library") as desk:
        desk.add([write_records(folder / "barometers.jsonl", papers)])
    return folder / "library"


@pytest.fixture
def page(library: Path) -> Iterator[Page]:
    """The page of that library, with real search and kept answers, and a model that repeats."""
    config = load_config()
    evidence = replace(config.evidence, answered_probability=0.0, near_similarity=0.0)
    config = replace(config, evidence=evidence, models=replace(config.models, checker="none"))
    with open_desk(library, config) as desk, desk.answering_with(Echo([])):
        for conversation in desk.library.conversations.latest():
            desk.library.conversations.delete(conversation.id)
        with open_page(desk, port=0) as address:
            yield Page(desk, address)


@pytest.mark.parametrize(
    ("sessions", "questions"),
    [(10, 4), pytest.param(MOST, 50, marks=[pytest.mark.long, pytest.mark.timeout(7200)])],
)
def test_no_session_is_told_of_another(page: Page, sessions: int, questions: int) -> None:
    """Neither on its page, nor in the answers that are kept, nor in what a question follows."""
    talking = page.talk(sessions, questions)
    assert page.mixed(talking) == []
    for session in talking:
        for part in ("live", "evidence", "thread"):
            assert session.canary in session.tab.shown[part]
    kept = [page.desk.answers(c.id) for c in page.desk.library.conversations.latest()]
    assert sorted(map(len, kept)) == [2] * (sessions * questions // 2)
    for first, second in kept:
        assert said_in(second.question.text) == set()
        assert said_in(second.question.standalone) == said_in(first.question.text)
        assert said_in(str(first.model_text)) == said_in(first.question.text)


@pytest.mark.parametrize("shared", ["chat", "scope"])
def test_a_state_that_is_shared_is_seen(
    page: Page, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    """The planted fault: the first tab's is taken for everybody's."""
    ask = Talks.ask
    chats: list[Chat] = []
    scopes: list[Scope] = []

    def mixing(talks: Talks, tab: str, asked: Asked, chat: Chat) -> Iterator[tuple[View, Chat]]:
        scopes.append(asked.scope)
        if shared == "scope":
            asked = replace(asked, scope=scopes[0])
        elif chats:
            chat = chats[0]
        for view, grown in ask(talks, tab, asked, chat):
            chats.extend([grown] if view.answer else [])
            yield view, grown

    monkeypatch.setattr(Talks, "ask", mixing)
    assert page.mixed(page.talk(3, 2)) != []
