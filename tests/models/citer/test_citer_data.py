"""Examples of each step and set have the form, the sources and the answer that they should."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from models.checker.data import is_kept_apart
from models.citer import data as module
from models.citer.data import (
    REFUSAL,
    STEPS,
    Asked,
    Example,
    Maker,
    asked_by_people,
    impossible_questions,
    key_phrases,
    readable_sentences,
)
from models.citer.report import Said, Written, sentences
from rag.evaluation.points import stated
from rag.prompt import make_messages
from tests.models.public_sets import (
    BY_PEOPLE,
    COVID_QA,
    LEFT_OUT,
    PUBMED_QA,
    SQUAD,
    asked_in,
    empty_sets,
    written,
)

MADE = 60  # examples of each step


@pytest.fixture(scope="module")
def examples(makers: dict[bool, Maker]) -> dict[bool, dict[str, list[Example]]]:
    """By whether their documents are kept apart, and by step."""
    return {
        held_out: {step: [maker.make(step) for _ in range(MADE)] for step in STEPS}
        for held_out, maker in makers.items()
    }


@pytest.fixture(scope="module")
def every(examples: dict[bool, dict[str, list[Example]]]) -> list[Example]:
    return [e for by_step in examples.values() for made in by_step.values() for e in made]


def texts(examples: Iterable[Example]) -> set[str]:
    return {t.text for e in examples for s in e.sources for t in s.sentences}


def answered(example: Example) -> list[Said]:
    return sentences(Written(example, example.answer, 0, 0, 0.0, 0.0))


def test_the_form_of_an_example(every: list[Example]) -> None:
    """Few sources, each with its number, in the very prompt of Footnote; what answers is cited."""
    for example in every:
        numbers = [s.number for s in example.sources]
        assert numbers == sorted(set(numbers))
        assert set(numbers) <= set(range(1, 11))
        assert 1 <= len(numbers) <= 4
        assert sum(len(s.sentences) for s in example.sources) <= 6
        assert example.messages == make_messages(example.sources, example.question)
        prompt = example.messages[-1].content
        for source in example.sources:
            assert all(f"{t.text} [{source.number}]" in prompt for t in source.sentences)
        assert (example.answer == REFUSAL) is (example.step == "refuse")
        assert {n for s in answered(example) for n in s.numbers} == set(example.answering)
        assert set(example.answering) <= set(numbers)
        assert len(stated([(p,) for p in example.points], example.answer)) == len(example.points)


def test_what_each_step_teaches(examples: dict[bool, dict[str, list[Example]]]) -> None:
    """All of one paper, all of several, some, none; once in a while with numbers of a theme."""
    for by_step in examples.values():
        assert all(len(e.sources) == len(e.answering) == 1 for e in by_step["phrase"])
        assert all(len(e.sources) == len(e.answering) > 1 for e in by_step["join"])
        assert all(len(e.sources) > len(e.answering) == 1 for e in by_step["choose"])
        assert all(not e.answering for e in by_step["refuse"])
        places = {e.sources.index(s) for e in by_step["choose"] for s in e.sources
                  if s.number in e.answering}  # fmt: skip
        assert {0, 1} < places
        for made in by_step.values():
            counted = [[s.number for s in e.sources] == [*range(1, len(e.sources) + 1)]
                       for e in made]  # fmt: skip
            assert MADE / 2 < sum(counted) < MADE
    assert any(e.points for e in examples[False]["phrase"])
    assert any(len(e.sources[0].sentences) > 2 for e in examples[False]["phrase"])


def test_every_sentence_of_an_answer_is_borne_out(
    every: list[Example], makers: dict[bool, Maker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for each source sentence, shorter as a rule; what does not pass is no example."""
    for example in every:
        said = answered(example)
        if example.step == "refuse":
            continue
        right = [t for s in example.sources if s.number in example.answering for t in s.sentences]
        assert len(said) == len(right)
        assert all(s.is_supported for s in said), example.answer
    shares = [len(e.answer) / len(" ".join(texts([e]))) for e in every if e.step == "phrase"]
    assert 0.5 < sum(shares) / len(shares) < 0.95
    monkeypatch.setattr(module, "shorten", lambda text, *_: f"It is not so that {text}")
    assert {makers[False]._phrase() for _ in range(20)} == {None}
    monkeypatch.setattr(module, "_passes", lambda *_: True)
    assert not any(s.is_supported for s in answered(makers[False].make("phrase")))


def test_no_document_is_on_both_sides(
    examples: dict[bool, dict[str, list[Example]]],
    public_sets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not as what is asked about nor beside it; a split that is off is seen."""
    made = {side: [e for es in by_step.values() for e in es] for side, by_step in examples.items()}
    for side, some in made.items():
        assert all(e.is_held_out is is_kept_apart(e.document) is side for e in some)
    assert not texts(made[False]) & texts(made[True])
    monkeypatch.setattr(module, "is_kept_apart", lambda document: False)
    maker = Maker(public_sets, frozenset(), Random(3))
    assert texts(maker.make("phrase") for _ in range(200)) & texts(made[True])


def test_titles_that_are_left_out(makers: dict[bool, Maker], public_sets: Path) -> None:
    """None of their sentences is ever used, which stand in the set with the others."""
    side = is_kept_apart(LEFT_OUT)
    without = makers[side]
    whole = Maker(public_sets, frozenset(), Random(3), held_out=side)

    def is_used(maker: Maker) -> bool:
        made = [maker.make(step) for step in STEPS for _ in range(300)]
        return any("Moss" in text for text in texts(made))

    assert is_used(whole)
    assert not is_used(without)


@pytest.mark.parametrize("side", [False, True])
def test_every_set_gives_examples(public_sets: Path, makers: dict[bool, Maker], side: bool) -> None:
    """On both sides, and in the two steps that they are for; a set that is empty is missed."""
    found = {a.kind for a in asked_by_people(public_sets) if is_kept_apart(a.document) is side}
    assert found == set(BY_PEOPLE)
    for step in ("phrase", "choose"):
        assert {makers[side].make(step).kind for _ in range(400)} == {*BY_PEOPLE, "abstracts"}
    refused = {makers[side].make("refuse").kind for _ in range(200)}
    assert refused == {"squad2", "covid_qa", "pubmedqa", "abstracts"}  # those with other sentences


def test_empty_sets_ask_nothing(tmp_path: Path) -> None:
    """And are no error."""
    assert list(asked_by_people(empty_sets(tmp_path))) == []


def test_the_same_chance_makes_the_same_examples(public_sets: Path) -> None:
    """Training can be repeated, and models are compared on the same."""
    one, other = (Maker(public_sets, frozenset(), Random(5)) for _ in range(2))
    for step in STEPS:
        assert [one.make(step) for _ in range(10)] == [other.make(step) for _ in range(10)]


CONTEXT = (
    "The towers of the old harbour are lit at dusk. Each lamp of them burns  40 barrels of oil "
    "in a winter. Gulls do not like the light at all."
)
AROUND = ("The towers of the old harbour are lit at dusk.", "Gulls do not like the light at all.")
LONG = CONTEXT[CONTEXT.index("Each") :] + " On the quay of this harbour many more nets are kept."


@pytest.mark.parametrize("path", [SQUAD, COVID_QA])
def test_questions_with_a_marked_answer(tmp_path: Path, path: str) -> None:
    """The sentence that holds it, its neighbours as others; too long an answer is passed over."""
    place = {"text": "40 barrels of oil", "answer_start": CONTEXT.index("40")}
    asked = [
        {"question": " How much oil? ", "answers": [place], "is_impossible": False},
        {"question": "Why?", "answers": [{**place, "text": LONG}], "is_impossible": False},
        {"question": "Where?", "answers": [], "is_impossible": False},
        {"question": "When?", "answers": [{**place, "answer_start": 10**6}]},
        {"question": "How much wax?", "answers": [], "plausible_answers": [place],
         "is_impossible": True},
    ]  # fmt: skip
    asked_in(empty_sets(tmp_path) / path, [{"context": CONTEXT, "qas": asked}])
    (found,) = asked_by_people(tmp_path)
    sentence = "Each lamp of them burns 40 barrels of oil in a winter."
    assert found == Asked(
        "How much oil?", "", (sentence,), frozenset({"40", "barrel", "oil"}), CONTEXT[:80],
        found.kind, ("40 barrels of oil",), AROUND,
    )  # fmt: skip
    impossible = [a.question for a in impossible_questions(tmp_path)]
    assert impossible == (["How much wax?"] if path == SQUAD else [])


def test_questions_with_a_conclusion(tmp_path: Path) -> None:
    """The two sentences that are nearest to it, in the order of the abstract."""
    item = {"QUESTION": "Do gulls mind?", "CONTEXTS": [CONTEXT], "LONG_ANSWER": "Gulls do not "
            "like the oil of a lamp in winter."}  # fmt: skip
    written(empty_sets(tmp_path) / PUBMED_QA, [{"1": item}])
    (found,) = asked_by_people(tmp_path)
    assert found.sentences == ("Each lamp of them burns 40 barrels of oil in a winter.", AROUND[1])
    assert found.others == AROUND[:1]


def test_sentences_that_can_be_learned_from() -> None:
    """Those of some length without formulas."""
    text = f"{AROUND[0]} Too short. The lamp burns $x^2$ barrels of oil. {AROUND[1]}"
    assert readable_sentences(text) == [*AROUND]
    assert readable_sentences(f"{text} See https://example.org/ for more of it.") == [*AROUND]


def test_phrases_that_may_be_asked_about() -> None:
    """Up to three words that say something."""
    found = key_phrases("The oil lamps of Whitby-3 burn 40 barrels.")
    assert found == ["oil lamps", "Whitby-3 burn", "barrels"]
    assert key_phrases("It is as we say.") == []
