"""`models.llm: none`: answers are quotations alone, at once, and everything that is said of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.config import load_config
from rag.export import answer_markdown
from rag.no_model import NO_MODEL, NoModel, estimate_tokens
from rag.types import DraftReady, Finished, Origin, SentenceReady
from rag.wiring import Desk, open_desk
from tests.fakes import ScriptedLlm
from ui.cli import main

QUESTION = "How many of the termination clauses does Lantern find?"


@pytest.fixture(scope="module")
def folder(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose settings choose no model."""
    folder = tmp_path_factory.mktemp("none") / "library"
    shutil.copytree(library, folder)
    assert main(["models", "use", NO_MODEL, "--library", str(folder)]) == 0
    return folder


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with open_desk(folder, load_config(folder / "config.yaml")) as desk:
        yield desk


def test_the_answer_is_the_extract(desk: Desk) -> None:
    """Word for word the draft, with no model named and no error, and kept as such."""
    events = list(desk.ask(QUESTION))
    draft = next(e.sentences for e in events if isinstance(e, DraftReady))
    last = events[-1]
    assert isinstance(last, Finished)
    answer = last.answer
    assert answer.sentences == draft
    assert "91.5%" in draft[0].text
    assert {s.origin for s in answer.sentences} == {Origin.QUOTATION}
    assert not [e for e in events if isinstance(e, SentenceReady)]
    assert (answer.model, answer.model_error, answer.model_text) == (None, None, "")
    assert answer.timings.first_token_ms is None
    assert desk.answers(desk.library.conversations.latest()[0].id)[-1] == answer
    assert "Written by Footnote on 2024-05-01." in answer_markdown(answer, date(2024, 5, 1))


def test_a_summary_stands_under_its_themes(desk: Desk) -> None:
    """Each section is quotations, and nothing is reported as a failure."""
    answer = desk.summarize("pruning and memorisation").answer
    assert answer.sentences
    assert {s.origin for s in answer.sentences} == {Origin.QUOTATION}
    assert (answer.model, answer.model_error) == (None, None)


class Estimating(ScriptedLlm):
    """A model of unknown speed that counts as is done where no model counts."""

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)


@pytest.mark.parametrize("context_tokens", [2048, 640])
def test_evidence_is_that_of_a_model_of_unknown_speed(desk: Desk, context_tokens: int) -> None:
    """The same budget, within the context of the settings; a slow model would get less."""

    def budget(llm: NoModel | ScriptedLlm) -> tuple[int, object]:
        config = replace(desk.config, evidence=replace(desk.config.evidence, read_seconds=1.0))
        evidence = Assistant(desk.searcher, llm, config).ask(QUESTION).answer.evidence
        return evidence.budget_tokens, evidence.sources

    none = budget(NoModel(context_tokens))
    unknown = Estimating(["Nothing."], context_tokens=context_tokens, tokens_per_second=None)
    slow = Estimating(["Nothing."], context_tokens=context_tokens, tokens_per_second=1.0)
    assert none == budget(unknown)
    assert none[0] > budget(slow)[0]


def test_the_desk_takes_the_context_of_the_settings(desk: Desk) -> None:
    assert isinstance(desk.llm, NoModel)
    assert desk.llm.context_tokens == desk.config.models.context_tokens


def test_nothing_is_checked_that_is_not_in_use(desk: Desk) -> None:
    """As with a checker that the settings switch off, there is no line for it."""
    parts = dict(desk.check())
    assert "model" not in parts
    assert parts["database"] is None


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["status"], "Answers are quotations alone; 'footnote models use NAME' chooses a model"),
        (["models", "list"], "* none: answers are quotations alone"),
        (["models", "check"], "No model is in use: answers are quotations alone."),
        (["models", "use", "none"], "answers in quotations alone from now on"),
        (["ask", QUESTION], "“On a set of 412 leases, Lantern finds 91.5%"),
    ],
)
def test_what_is_said_of_it(
    folder: Path, command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command that tells of the model tells that there is none, and none of them fails."""
    assert main([*command, "--library", str(folder)]) == 0
    captured = capsys.readouterr()
    assert said in " ".join(captured.out.split())
    assert captured.err == ""
    assert "None" not in captured.out


def test_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads `none` among the settings and null as the model of an answer."""
    assert main(["status", "--json", "--library", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out)["llm"] == "none"
    assert main(["ask", QUESTION, "--json", "--library", str(folder)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["model"], answer["model_error"], answer["model_text"]) == (None, None, "")
