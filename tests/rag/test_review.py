"""A summary of many papers: which are chosen, how they are grouped, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from models.errors import ModelDied, ModelError
from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.review import choose_papers, in_themes, summary_evidence
from rag.types import (
    Answer,
    DraftReady,
    EvidenceFound,
    Finished,
    Origin,
    Parts,
    QuestionUnderstood,
    SectionStarted,
)
from rag.wiring import Desk, open_desk
from tests.fakes import Keeper, ScriptedLlm
from tests.lighthouses import FORECASTING, READING, TOPIC, write_papers
from tests.rag.builders import evidence, passage, source

QUESTION = f"Summarise what these papers say about {TOPIC}."
READ = "Wick reads 88% of the words of 40 keepers."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("review")
    with open_desk(folder / "library") as desk:
        assert desk.add([write_papers(folder / "papers.jsonl")]).added == 8
        yield desk


def assistant(
    desk: Desk, *replies: str | ModelError, pause: float = 0.0
) -> tuple[Assistant, ScriptedLlm, list[Answer]]:
    llm = ScriptedLlm(replies or ("", ""), pause=pause)
    kept = Keeper()
    return Assistant(desk.searcher, llm, desk.config, kept), llm, kept


# -- which papers


def test_papers_far_below_the_best_are_left_out() -> None:
    """By score, and by similarity for a paper that shares words but not the topic."""
    found = [
        passage("First", "A.", score=1.0, similarity=0.7),
        passage("Second", "B.", score=0.9, similarity=0.6),
        passage("Third", "C.", score=0.9, similarity=0.6),
        passage("Near in words only", "D.", score=0.85, similarity=0.2),
        passage("Fifth", "E.", score=0.8, similarity=0.5),
        passage("Far", "F.", score=0.4, similarity=0.5),
    ]
    chosen = choose_papers(found, 10, 0.75)
    assert [p.paper.title for p in chosen] == ["First", "Second", "Third", "Fifth"]
    assert choose_papers(found, 2, 0.75) == found[:2]
    assert choose_papers([], 10, 0.75) == []


def test_one_outstanding_paper_does_not_shut_out_the_others() -> None:
    """The measure is the best three: a lucky title alone makes no summary of one paper."""
    scores = (1.0, 0.6, 0.58, 0.56)
    found = [passage(f"Paper {n}", "A.", score=s) for n, s in enumerate(scores)]
    assert len(choose_papers(found, 10, 0.75)) == 4


def test_every_paper_has_a_sentence_that_fits(desk: Desk) -> None:
    """A long best sentence gives way to a shorter one where others would have no room."""
    long = "A lighthouse log " + "is very long and " * 20 + "ends."
    found = [
        passage("One", long, "A short log.", similarities=(0.9, 0.5)),
        passage("Two", "Another short log.", similarities=(0.8,)),
    ]
    config = replace(desk.config.summary, words=20)
    got = summary_evidence(TOPIC, found, 10, config, desk.config.evidence, Parts())
    assert [[t.text for t in s.sentences] for s in got.sources] == [
        ["A short log."],
        ["Another short log."],
    ]
    assert got.left_out == 1
    roomy = replace(config, words=300)
    got = summary_evidence(TOPIC, found, 10, roomy, desk.config.evidence, Parts())
    assert long in [t.text for t in got.sources[0].sentences]


def test_papers_for_which_there_are_no_words_are_left_out(desk: Desk) -> None:
    found = [passage(f"Paper {n}", f"A log of {n} words and no more.") for n in range(6)]
    config = replace(desk.config.summary, words=25)
    got = summary_evidence(TOPIC, found, 10, config, desk.config.evidence, Parts())
    assert len(got.sources) == 3
    assert got.left_out == 3


# -- in which themes


def test_sources_are_numbered_in_the_order_of_the_themes() -> None:
    """1, 2, 3, … through the whole summary, the theme of the best paper first."""
    sources = [source(n, f"Sentence {n} of a log.", title=f"Paper {n}") for n in range(1, 7)]
    far = np.eye(4, dtype=np.float32)
    near = np.array([0.1, 0.2, 0.3], np.float32)
    vectors = np.array([far[0], far[1], far[0], far[1], far[0], far[1]])
    vectors[:, 3] = [*near, *near]
    found, sections = in_themes("logs", evidence(*sources), vectors, [], 10_000, len)
    assert [[s.paper.title for s in section.sources] for section in sections] == [
        ["Paper 1", "Paper 3", "Paper 5"],
        ["Paper 2", "Paper 4", "Paper 6"],
    ]
    assert [s.number for section in sections for s in section.sources] == [1, 2, 3, 4, 5, 6]
    assert found.sources == tuple(s for section in sections for s in section.sources)
    assert len({section.theme for section in sections}) == 2


def test_what_a_theme_gives_to_read_is_within_the_budget() -> None:
    """First the best sentence of each paper, then the second best."""
    one = source(1, "It reads well.", "Second.", title="One", worths=(0.9, 0.1))
    two = source(2, "Not much.", "It follows.", title="Two", worths=(0.1, 0.9))

    def read(budget: int) -> list[list[str]]:
        found, _ = in_themes(
            "logs",
            evidence(one, two),
            np.eye(2, dtype=np.float32),
            [],
            budget,
            lambda text: len(text.split()),
        )
        assert found.left_out == 4 - sum(len(s.sentences) for s in found.sources)
        return [[s.text for s in source.sentences] for source in found.sources]

    assert read(1) == [["It reads well."]]
    assert read(7 + 6) == [["It reads well."], ["It follows."]]
    assert read(100) == [["It reads well.", "Second."], ["Not much.", "It follows."]]


# -- how it is written


def test_a_summary_is_written_theme_by_theme(desk: Desk) -> None:
    """Evidence, a draft of quotations, then each theme with a prompt of its own papers only."""
    asked, llm, kept = assistant(desk, f"{READ} [1]", "")
    events = list(asked.ask(QUESTION))
    understood = events[0]
    assert isinstance(understood, QuestionUnderstood)
    assert understood.question.standalone == TOPIC
    started = [e for e in events if isinstance(e, SectionStarted)]
    assert [(s.number, s.total) for s in started] == [(1, 2), (2, 2)]
    draft = next(e for e in events if isinstance(e, DraftReady))
    assert events.index(draft) < events.index(started[0])
    assert {s.theme for s in draft.sentences} == {s.theme for s in started}
    answer = kept[0]
    titles = {s.paper.title for s in answer.evidence.sources}
    assert titles == {p["title"] for p in READING + FORECASTING}
    assert answer.cited == tuple(s.number for s in answer.evidence.sources)
    assert [s.number for s in answer.evidence.sources] == [1, 2, 3, 4, 5, 6]
    assert len(llm.prompts) == 2
    first = llm.prompts[0][-1].content
    assert ("fog" in first.lower()) != ("handwriting" in first.lower())
    assert len(answer.text.split()) <= 300
    themes = [s.theme for s in answer.sentences]
    assert themes == sorted(themes, key=themes.index), "each theme stands in one piece"


def test_themes_are_named_by_what_they_are_about(desk: Desk) -> None:
    asked, _, _ = assistant(desk)
    names = {s.theme for s in asked.ask(QUESTION).answer.sentences}
    assert names == {"Handwriting Recognition", "Fog Forecasting"}


def test_each_paper_speaks_before_any_speaks_twice(desk: Desk) -> None:
    asked, _, _ = assistant(desk)
    answer = asked.ask(QUESTION).answer
    assert set(answer.cited) == {s.number for s in answer.evidence.sources}


def test_a_sentence_of_the_model_replaces_its_quotation(desk: Desk) -> None:
    """And one that its theme's papers do not bear out is not shown."""
    replies = (f"Every keeper was a poet [1]. {READ} [1]",) * 2
    asked, _, _ = assistant(desk, *replies)
    answer = asked.ask(QUESTION).answer
    assert "poet" not in answer.text
    assert answer.dropped.unsupported_sentences >= 2
    said = [s for s in answer.sentences if s.text == READ]
    assert len(said) <= 1
    assert all(s.theme == "Handwriting Recognition" for s in said)


def test_few_papers_are_one_section_without_a_heading(desk: Desk) -> None:
    asked, llm, _ = assistant(desk, "")
    events = list(asked.summarize(TOPIC, papers=3))
    assert not [e for e in events if isinstance(e, SectionStarted)]
    assert len(llm.prompts) == 1
    last = events[-1]
    assert isinstance(last, Finished)
    assert len(last.answer.evidence.sources) == 3


def test_nothing_near_is_refused_as_elsewhere(desk: Desk) -> None:
    asked, llm, kept = assistant(desk)
    answer = asked.ask("Give me an overview of the football cups of 1974").answer
    assert answer.text == "Your papers do not answer this."
    assert answer.evidence.nearest
    assert llm.prompts == []
    assert kept == [answer]


def test_a_topic_may_be_given_as_a_question(desk: Desk) -> None:
    asked, _, _ = assistant(desk)
    assert asked.summarize(QUESTION, 6).answer.question.standalone == TOPIC
    with pytest.raises(QuestionError):
        asked.summarize(" ", 6)


@pytest.mark.parametrize("stage", [QuestionUnderstood, EvidenceFound, DraftReady, SectionStarted])
def test_stop_ends_a_summary_and_keeps_what_was_shown(desk: Desk, stage: type) -> None:
    """Between themes too: no later theme is begun."""
    asked, llm, kept = assistant(desk, "words follow. " * 300, "", pause=0.001)
    reply = asked.ask(QUESTION)
    shown = 0
    for event in reply:
        if isinstance(event, DraftReady):
            shown = len(event.sentences)
        if isinstance(event, stage):
            reply.stop()
    assert reply.answer.stopped
    assert len(reply.answer.sentences) == shown
    assert len(llm.prompts) <= 1
    assert kept == [reply.answer]


def test_a_model_that_fails_leaves_quotations(desk: Desk) -> None:
    asked, _, _ = assistant(desk, ModelDied("scripted", "It has ended."), "")
    answer = asked.ask(QUESTION).answer
    assert answer.model_error == "It has ended."
    assert all(s.origin is Origin.QUOTATION for s in answer.sentences)
    assert len({s.theme for s in answer.sentences}) == 2


def test_an_ordinary_question_is_answered_as_before(desk: Desk) -> None:
    asked, llm, _ = assistant(desk, f"{READ} [1]")
    answer = asked.ask("How many of the words does Wick read?").answer
    assert len(llm.prompts) == 1
    assert {s.theme for s in answer.sentences} == {""}


def test_vectors_of_papers_come_row_by_row(desk: Desk) -> None:
    """In the order asked for, of unit length, and zero for a paper that is gone."""
    first, second = desk.library.papers(2)
    vectors = desk.library.paper_vectors([second.id, "gone", first.id])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1], abs=1e-3)
    alone = desk.library.paper_vectors([first.id])
    assert vectors[2] == pytest.approx(alone[0])
    assert desk.library.paper_vectors(["gone"]).shape[0] == 1
