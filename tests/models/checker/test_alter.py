"""Alterations change a sentence in the way they are named after, or find nothing to change."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import models.checker.alter
from models.checker.alter import (
    CONTRADICTING,
    FAULTS,
    PARAPHRASES,
    Surroundings,
    clauses_of,
    names_of,
)
from rag.lexicon import HEDGES, are_opposite, are_same, root
from rag.quantities import quantities

NUMBERS = "Training takes 12 hours on 8 GPUs and needs 1,200 labelled questions."
SPELLED = "The index was read by seven sailors."
YEAR = "In 1998 the harbour was dredged."
DENIED = "The gain does not hold for short questions."
PLAIN = "Lantern improves recall on long questions."
FASTER = "Beacon reads faster than Lantern on short questions."
AHEAD = "On HarborQA, Lantern outperforms Beacon by 4.2 points."
SOME = "Pruning often helps some readers when the cache is warm."
MAY = "These results suggest that tables may help small readers."
ASIDE = "However, the lamp (a small one) reads pages of the harbour, which helps sailors at night."
OURS = "We show that our lamp reads whole pages."
SENTENCES = [NUMBERS, SPELLED, YEAR, DENIED, PLAIN, FASTER, AHEAD, SOME, MAY, ASIDE, OURS]
AROUND = Surroundings(
    ["QuayBench", "Ferry"], ["moss", "gulls", "harbours"], ["which keeps stones damp"]
)
PIECES = sorted({piece for text in SENTENCES for piece in text.split()})
ANY_TEXT = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from([*PIECES, "1900", "0", "0.0", "%", ",", "(", ")", "an"])).map(
        " ".join
    ),
)
CHANCES = range(60)


def alterations() -> dict[str, Callable[[str, Random], str | None]]:
    """All of them, called alike."""
    faults = {
        name: lambda text, chance, fault=fault: fault(text, chance, AROUND)
        for name, fault in FAULTS.items()
    }
    return {**PARAPHRASES, **faults}


def made(kind: str, sentence: str) -> set[str]:
    """What an alteration makes of a sentence, by sixty chances."""
    found = {alterations()[kind](sentence, Random(seed)) for seed in CHANCES}
    return {text for text in found if text is not None}


def words(text: str) -> list[str]:
    return re.findall(r"[\w-]+", text)


@pytest.mark.parametrize("kind", alterations())
@given(text=ANY_TEXT, seed=st.integers(0, 1000))
def test_any_text_is_changed_or_refused(kind: str, text: str, seed: int) -> None:
    """No text makes an alteration stumble, and none comes back as it was."""
    assert alterations()[kind](text, Random(seed)) != text


@pytest.mark.parametrize("kind", [kind for kind in alterations() if kind != "clause"])
@pytest.mark.parametrize("text", ["", "?", "Moss"])
def test_where_there_is_nothing_to_change(kind: str, text: str) -> None:
    """Only a clause can be added to whatever there is."""
    assert made(kind, text) == set()


@pytest.mark.parametrize("kind", alterations())
def test_the_same_chance_gives_the_same(kind: str) -> None:
    """Nothing but the source of chance decides: training can be repeated."""
    alter = alterations()[kind]
    for text in SENTENCES:
        assert alter(text, Random(7)) == alter(text, Random(7))


@pytest.mark.parametrize("text", [NUMBERS, SPELLED, YEAR, AHEAD])
def test_a_number_fault_changes_numbers_only(text: str) -> None:
    """Another value, another unit or another order; all other words stay."""
    found = made("number", text)
    assert found

    def told(sentence: str) -> list[tuple[float, str]]:
        return [(q.value, q.unit) for q in quantities(sentence)]

    def rest(sentence: str) -> str:
        units = r"\b(?:hours|days|points|percent)\b"
        spelled = "|".join(models.checker.alter._SPELLED)
        return re.sub(rf"[\d.,]+|\b(?:{spelled})\b|{units}", "#", sentence)

    for changed in found:
        assert told(changed) != told(text)
        assert rest(changed) == rest(text)


def test_a_year_becomes_another_year() -> None:
    """Not half of it, which nobody would take for a year."""
    years = [int(words(text)[1]) for text in made("number", YEAR)]
    assert years
    assert all(1990 < year < 2003 and year != 1998 for year in years)


@pytest.mark.parametrize("text", [PLAIN, AHEAD, SPELLED, MAY])
def test_a_negation_is_put_in(text: str) -> None:
    """A "not", a "never", a "fails to" stands where none stood."""
    assert made("negation", text)
    for changed in made("negation", text):
        assert re.search(r"\b(?:not|never|no longer|fails to|failed to)\b", changed)


def test_a_negation_is_taken_away() -> None:
    """And the rest stays as it was."""
    assert made("negation", DENIED) == {"The gain hold for short questions."}
    assert made("negation", "It cannot be read.") == {"It can be read."}
    assert "It reads with lamps." in made("negation", "It reads without lamps.")


@pytest.mark.parametrize("text", [PLAIN, FASTER, DENIED, AHEAD])
def test_a_direction_fault_puts_in_one_opposite(text: str) -> None:
    """One word gives place to a word that stands against it."""
    assert made("direction", text)
    for changed in made("direction", text):
        pairs = [(a, b) for a, b in zip(words(text), words(changed), strict=True) if a != b]
        ((old, new),) = [(a, b) for a, b in pairs if a not in ("a", "an")]
        assert are_opposite(root(old.lower()), root(new.lower()))


@pytest.mark.parametrize("text", [FASTER, AHEAD, NUMBERS])
def test_a_swap_keeps_the_words_and_changes_their_order(text: str) -> None:
    """Nothing is lost and nothing comes in."""
    assert made("swap", text)
    for changed in made("swap", text):
        assert sorted(words(changed)) == sorted(words(text))
        assert words(changed) != words(text)


def test_a_swap_leaves_lists_alone() -> None:
    """The order of a list says nothing, so another one is no fault."""
    assert made("swap", "They read Lantern and Beacon.") == set()


@pytest.mark.parametrize("text", [PLAIN, AHEAD, SPELLED])
def test_an_entity_fault_brings_a_word_from_elsewhere(text: str) -> None:
    """One word or name is new, the others stay."""
    assert made("entity", text)
    for changed in made("entity", text):
        (new,) = [b for a, b in zip(words(text), words(changed), strict=True) if a != b]
        assert new in {*AROUND.names, *AROUND.words}


def test_an_entity_fault_needs_something_from_elsewhere() -> None:
    """Nothing is made up where nothing stands around, or where it stands in the sentence."""
    nothing = Surroundings([], [], [])
    same = Surroundings(["Beacon"], ["questions"], [])
    for seed in CHANCES:
        assert FAULTS["entity"](PLAIN, Random(seed), nothing) is None
        assert FAULTS["entity"](FASTER, Random(seed), same) is None


def test_a_scope_fault_loses_a_bound_or_says_it_of_all() -> None:
    """A "some", an "often" or a condition goes, or an "always" comes in."""
    for changed in made("scope", SOME):
        lost = [w for w in ("often", "some", "when") if w not in words(changed)]
        total = re.search(r"\b(?:all|always|never|everywhere)\b", changed)
        assert len(lost) == 1 or total, changed
    assert "Pruning always helps some readers when the cache is warm." in made("scope", SOME)
    assert "Pruning often helps some readers." in made("scope", SOME)


def test_a_hedge_fault_makes_it_certain() -> None:
    """One word that doubts is lost, or becomes one that does not."""
    assert made("hedge", MAY) == {
        "These results prove that tables may help small readers.",
        "These results suggest that tables will help small readers.",
        "These results suggest that tables help small readers.",
    }
    for changed in made("hedge", MAY):
        assert len(HEDGES & set(words(changed))) == 1
    assert made("hedge", PLAIN) == set()


@pytest.mark.parametrize("text", SENTENCES)
def test_a_clause_fault_says_more(text: str) -> None:
    """What was there stays in its order; something more stands behind or within."""
    for changed in made("clause", text):
        remaining = iter(words(changed))
        assert all(word in remaining for word in words(text))
        assert len(words(changed)) > len(words(text))


def test_other_words_mean_the_same() -> None:
    """Each word that changes gives place to one of its group, in the same form."""
    assert made("other words", PLAIN)
    for changed in made("other words", PLAIN):
        for old, new in zip(words(PLAIN), words(changed), strict=True):
            assert are_same(root(old.lower()), root(new.lower()))
    assert any(" enhances " in changed for changed in made("other words", PLAIN))


def test_an_article_follows_its_new_word() -> None:
    """ "A big" becomes "an enormous", as it were, not "a enormous"."""
    found = made("other words", "It is a mistake.")
    assert "It is an error." in found
    assert not any("a error" in text for text in found)


def test_what_is_cut_was_an_aside_an_opening_or_a_last_clause() -> None:
    """Nothing else is lost."""
    assert made("cut", ASIDE) == {
        "However, the lamp reads pages of the harbour, which helps sailors at night.",
        "However, the lamp (a small one) reads pages of the harbour.",
        "The lamp (a small one) reads pages of the harbour, which helps sailors at night.",
    }
    assert made("cut", "We show that the lamp reads whole pages.") == {
        "The lamp reads whole pages."
    }


def test_authors_are_spoken_of() -> None:
    """What "we" did is told by an onlooker; what has no "we" gains a report."""
    assert made("reported", OURS) == {"The authors show that their lamp reads whole pages."}
    found = made("reported", "The lamp reads pages.")
    assert "The authors show that the lamp reads pages." in found
    assert all(text.endswith(" that the lamp reads pages.") for text in found)


def test_a_phrase_is_moved() -> None:
    """From the front to the end, or from the end to the front."""
    (back,) = made("moved", AHEAD)
    assert back == "Lantern outperforms Beacon by 4.2 points on HarborQA."
    (front,) = made("moved", "The lamp reads whole pages on most nights.")
    assert front == "On most nights, the lamp reads whole pages."


def test_active_becomes_passive() -> None:
    """The sides change places with the voice, so that it says the same."""
    assert made("turned", "The lamp outperforms Beacon.") == {"Beacon is outperformed by the lamp."}
    assert made("turned", PLAIN.replace("improves", "reads")) == set()


def test_numbers_are_respelled() -> None:
    """Another spelling, the same values."""
    for text in ("It takes two lamps.", "It reads 57% of 1,200 pages.", "It has 1,200 pages."):
        assert made("respelled", text)
        for changed in made("respelled", text):
            assert [q.value for q in quantities(changed)] == [q.value for q in quantities(text)]


def test_names_and_clauses_of_a_text() -> None:
    """Names are not the words that open a sentence; clauses are endings of some length."""
    assert names_of("The lamp reads HarborQA. Readers like NLP and Beacon.") == [
        "HarborQA",
        "NLP",
        "Beacon",
    ]
    assert clauses_of("It shines, which helps sailors at night, and more.") == [
        "which helps sailors at night"
    ]


def test_what_contradicts_is_a_fault() -> None:
    """The label of a fault is looked up by its name."""
    assert set(FAULTS) > CONTRADICTING
    assert not set(FAULTS) & set(PARAPHRASES)
