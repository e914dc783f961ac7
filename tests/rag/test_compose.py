"""What is shown is borne out, whatever the model writes and however it arrives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.compose import Composer
from rag.stream import SentenceStream
from rag.support import check_support
from rag.types import (
    AnswerSentence,
    Dropped,
    Evidence,
    Origin,
    Parts,
    Section,
    SentenceReady,
    Source,
    Verdict,
    with_sentence,
)
from tests.rag.builders import evidence, source

LANTERN = source(
    1,
    "Lantern outperforms Beacon by 4.2 points on HarborQA.",
    "Training takes 12 hours on 8 GPUs.",
    worths=(0.9, 0.2),
)
MOSS = source(
    2,
    "Moss on north walls keeps stones damp for weeks.",
    "The gain does not hold for dry stones.",
    worths=(0.5, 0.6),
)
GULLS = source(3, "Gulls sleep on one leg in strong wind.", worths=(0.1,))
FOUND = evidence(LANTERN, MOSS, GULLS)
SOURCES = FOUND.sources
WORDS = 200  # enough for all sentences above


@pytest.fixture(autouse=True)
def anything_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most sentences here are a source's beginning; what would be missed is for test_brevity."""
    monkeypatch.setattr("rag.compose.says_as_much", lambda *_: True)


def begun(
    sources: tuple[Source, ...] = SOURCES, words: int = WORDS, parts: Parts | None = None
) -> Composer:
    """An answer of one section, its quotations shown, the model about to write."""
    section = Section("", sources)
    composer = Composer([section], words, parts or Parts())
    composer.begin(section)
    return composer


def write(composer: Composer, text: str) -> list[SentenceReady]:
    """What becomes of a model's text."""
    stream, ready = SentenceStream(), list[SentenceReady]()
    for sentence in stream.feed(text):
        ready += composer.consider(sentence)
    last = stream.finish()
    return ready + (composer.consider(last) if last else [])


def compose(text: str, found: Evidence = FOUND) -> Composer:
    """The answer that a model's text becomes, as the assistant builds it."""
    composer = begun(found.sources)
    write(composer, text)
    return composer


def own(composer: Composer) -> list[AnswerSentence]:
    """The sentences shown in the model's words."""
    return [s for s in composer.sentences if s.origin is Origin.MODEL]


def texts(composer: Composer) -> list[str]:
    return [s.text for s in composer.sentences]


def test_the_answer_begins_as_an_extract() -> None:
    """The best sentence of each source answers first; the others follow as they stand."""
    composer = begun()
    assert texts(composer) == [
        LANTERN.sentences[0].text,
        LANTERN.sentences[1].text,
        MOSS.sentences[1].text,
        MOSS.sentences[0].text,
        GULLS.sentences[0].text,
    ]
    assert {s.origin for s in composer.sentences} == {Origin.QUOTATION}
    assert all(s.text == s.quote for s in composer.sentences)
    assert [s.citations for s in composer.sentences] == [(1,), (1,), (2,), (2,), (3,)]


@pytest.mark.parametrize(
    "text",
    [
        "Gulls sleep on one leg [3].",
        "Gulls sleep on one leg. [3]",
        "[3] Gulls sleep on one leg.",
        "Gulls sleep [3] on one leg.",
        "Gulls sleep on one leg [Source 3].",
        "Gulls sleep on one leg [3][3].",
    ],
)
def test_a_supported_sentence_is_shown_with_its_number(text: str) -> None:
    """Wherever the marker stood, the sentence is shown clean, with its source and its quote."""
    (shown,) = own(compose(text))
    assert shown == AnswerSentence(
        "Gulls sleep on one leg.",
        (3,),
        Verdict.SUPPORTED,
        Origin.MODEL,
        "Gulls sleep on one leg in strong wind.",
    )
    assert shown.marked() == "Gulls sleep on one leg [3]."


@pytest.mark.parametrize("marker", ["", " [1]", " [9]", " [9, 2]", " [99999999999999999999]"])
def test_a_wrong_or_missing_number_is_put_right(marker: str) -> None:
    """A true sentence is given the source that bears it out."""
    (shown,) = own(compose(f"Gulls sleep on one leg{marker}."))
    assert shown.citations == (3,)


def test_a_number_that_does_not_bear_the_sentence_out_goes() -> None:
    """Of two cited sources, the one that says nothing of it is not cited."""
    (shown,) = own(compose("Gulls sleep on one leg [1, 3]."))
    assert shown.citations == (3,)


def test_two_sources_that_say_the_same_are_both_cited() -> None:
    """Each number that bears the sentence out by itself stays; it is quoted once."""
    found = evidence(
        source(1, "Gulls sleep on one leg at sea."), source(2, "Gulls sleep on one leg at sea.")
    )
    assert len(begun(found.sources).sentences) == 1
    (shown,) = own(compose("Gulls sleep on one leg [2][1].", found))
    assert shown.citations == (2, 1)


def test_invented_numbers_are_counted_and_not_shown() -> None:
    """Each number that stands for no source counts once for each time it is written."""
    composer = compose("Gulls sleep on one leg [3, 7]. Moss keeps stones damp [8][9]. [12]")
    assert composer.dropped.invented_citations == 4
    assert {n for s in composer.sentences for n in s.citations} <= {1, 2, 3}


def test_a_sentence_takes_the_place_of_the_quotation_it_rests_on() -> None:
    """There and nowhere else; what stood there is still its quote."""
    composer = begun()
    before = tuple(composer.sentences)
    (ready,) = composer.consider("Moss on north walls keeps stones damp [2].")
    assert (ready.position, ready.replaces) == (3, True)
    assert before[3].text == ready.sentence.quote == MOSS.sentences[0].text
    assert tuple(composer.sentences) == (*before[:3], ready.sentence, *before[4:])


def test_a_changed_number_leaves_the_source_standing() -> None:
    """The quotation stays word for word where it is, and what was dropped is counted."""
    composer = begun()
    before = list(composer.sentences)
    assert composer.consider("Lantern outperforms Beacon by 9.9 points on HarborQA [1].") == []
    assert composer.sentences == before
    assert (composer.dropped.invented_citations, composer.dropped.unsupported_sentences) == (0, 1)
    (withheld,) = composer.dropped.withheld
    assert withheld.text == "Lantern outperforms Beacon by 9.9 points on HarborQA."
    assert (withheld.verdict, withheld.reason) == (Verdict.UNSUPPORTED, "9.9 is not in the source")
    assert "4.2 points" in withheld.quote


def test_without_the_check_a_changed_number_would_be_shown() -> None:
    """It is the check that keeps it out; its verdict is told even then."""
    composer = begun(parts=Parts(check=False))
    composer.consider("Lantern outperforms Beacon by 9.9 points on HarborQA [1].")
    (shown,) = own(composer)
    assert "9.9" in shown.text
    assert (shown.verdict, shown.reason) == (Verdict.UNSUPPORTED, "9.9 is not in the source")
    assert composer.dropped == Dropped(unsupported_sentences=1)


def test_without_quotations_only_the_model_speaks() -> None:
    composer = begun(parts=Parts(quotations=False))
    assert composer.sentences == []
    (one,) = composer.consider("Gulls sleep on one leg [3].")
    (two,) = composer.consider("Moss on north walls keeps stones damp [2].")
    assert [(r.position, r.replaces) for r in (one, two)] == [(0, False), (1, False)]
    assert composer.sentences == [one.sentence, two.sentence]


def test_a_sentence_far_from_every_source_is_left_out() -> None:
    """What points to no source sentence is dropped and counted."""
    composer = begun()
    assert composer.consider("The capital of Peru is Lima [1].") == []
    assert replace(composer.dropped, withheld=()) == Dropped(unsupported_sentences=1)


def test_a_quotation_that_the_model_chose_too_stays_as_it_is() -> None:
    composer = begun()
    before = list(composer.sentences)
    assert composer.consider(f"{GULLS.sentences[0].text} [3]") == []
    assert composer.sentences == before
    assert composer.dropped == Dropped()


@pytest.mark.parametrize("text", ["[1]", "[1] [2].", "It is.", "...", "[99]"])
def test_a_sentence_without_content_is_left_out(text: str) -> None:
    """Markers or function words alone are no sentence."""
    assert begun().consider(text) == []


def test_repetition_ends_the_answer() -> None:
    """The second time the model says the same, nothing more of it is taken."""
    composer = begun()
    assert composer.consider("Gulls sleep on one leg [3].")
    assert not composer.repeating
    assert composer.consider("Gulls sleep on one leg [2].") == []
    assert composer.repeating
    assert composer.consider("Moss on north walls keeps stones damp [2].") == []


def test_what_is_quoted_can_be_read_by_itself() -> None:
    """A model that only phrases is given the quotations, under the numbers of the evidence."""
    section = Section("", SOURCES)
    short = Composer([section], words=18, parts=Parts())
    read = short.quoted(section)
    assert [(s.number, [t.text for t in s.sentences]) for s in read] == [
        (1, ["Lantern outperforms Beacon by 4.2 points on HarborQA."]),
        (2, ["The gain does not hold for dry stones."]),
    ]
    assert Composer([section], WORDS, replace(Parts(), quotations=False)).quoted(section) == ()


def test_a_longer_sentence_or_another_figure_is_no_repetition() -> None:
    """A sentence that adds to an earlier one, or differs from it in a figure, is considered."""
    pages = "Recall on scanned English harbour pages reaches"
    found = evidence(
        source(1, f"{pages} 88% in spring.", f"{pages} 75% in autumn."),
        source(2, "Gulls sleep.", "Gulls sleep on one leg in wind."),
    )
    composer = begun(found.sources)
    for text in (f"{pages} 88%", f"{pages} 75%", "Gulls sleep"):
        composer.consider(f"{text} [1].")
        assert not composer.repeating
    composer.consider("Gulls sleep on one leg in wind [2].")
    assert not composer.repeating


def test_a_silent_model_leaves_quotations() -> None:
    """An answer is never empty when there is evidence."""
    composer = compose("")
    assert composer.sentences == begun().sentences
    assert composer.dropped == Dropped()


def test_quotations_stop_at_the_limit() -> None:
    """The words of an answer are bounded; the evidence panel has the rest."""
    things = ("lamps", "ropes", "boats", "sails", "masts", "maps", "oars", "anchors", "tides")
    found = source(1, *(f"{thing.title()} matter greatly at sea." for thing in things))
    # Each differs from the others in one stem of four only: they are still different sentences.
    assert len(begun((found,), words=5 * 6).sentences) == 6
    assert len(begun((found,), words=5 * 6 - 1).sentences) == 5
    assert len(begun((found,), words=1).sentences) == 1, "an answer is never empty"


def test_a_short_sentence_takes_the_room_that_a_long_one_leaves() -> None:
    found = source(1, "Moss is damp.", "Moss " * 30, "Ferns grow.", worths=(0.9, 0.8, 0.7))
    assert texts(begun((found,), words=8)) == ["Moss is damp.", "Ferns grow."]


def test_a_sentence_of_the_model_that_finds_no_room_is_not_shown() -> None:
    """Beside the quotations there are as many words as the answer may have, and no more."""
    text = "Training takes 12 hours [1]."  # rests on a sentence that is not quoted
    narrow = begun((LANTERN,), words=8)
    assert texts(narrow) == [LANTERN.sentences[0].text]
    assert narrow.consider(text) == []
    wide = begun((LANTERN,), words=12)
    assert texts(wide) == [LANTERN.sentences[0].text], "the second quotation has 7 words"
    (ready,) = wide.consider(text)
    assert (ready.position, ready.replaces) == (1, False)
    assert texts(wide) == [LANTERN.sentences[0].text, "Training takes 12 hours."]


def test_what_another_sentence_says_already_is_not_quoted_again() -> None:
    """A part of a sentence repeats it; the same sentence with another figure does not."""
    found = (
        source(1, "Gulls sleep on one leg in strong wind."),
        source(2, "Gulls sleep on one leg.", "Gulls slept on one leg in 40 winds."),
    )
    assert texts(begun(found)) == [
        "Gulls sleep on one leg in strong wind.",
        "Gulls slept on one leg in 40 winds.",
    ]


def test_an_introduction_is_read_and_not_quoted() -> None:
    """It was kept for the sentence after it, which refers back to it."""
    first, second = source(1, "Lantern reads leases.", "It needs little memory.").sentences
    introduced = replace(source(1, "x"), sentences=(replace(first, introduces=True), second))
    assert texts(begun((introduced,))) == ["It needs little memory."]
    composer = begun((introduced,), words=WORDS)
    (ready,) = composer.consider("Lantern reads leases [1].")
    assert ready.sentence.citations == (1,), "the model may use it all the same"


def test_sentences_without_content_words_do_not_hide_others() -> None:
    """A source sentence of function words alone is no duplicate of everything."""
    found = source(1, "We did so.", "Moss keeps stones damp.", worths=(0.9, 0.1))
    assert texts(begun((found,))) == ["We did so.", "Moss keeps stones damp."]


class TestSections:
    SHORE = Section("shore", (GULLS,))
    STONES = Section("stones", (LANTERN, MOSS))

    def begun(self, words: int = WORDS) -> Composer:
        return Composer([self.SHORE, self.STONES], words, Parts())

    def test_each_section_quotes_its_own_sources(self) -> None:
        """Section by section, each sentence under its heading."""
        shown = self.begun().sentences
        assert [(s.theme, s.citations) for s in shown] == [
            ("shore", (3,)),
            ("stones", (1,)),
            ("stones", (1,)),
            ("stones", (2,)),
            ("stones", (2,)),
        ]

    def test_a_sentence_goes_into_the_section_that_is_written(self) -> None:
        composer = self.begun()
        composer.begin(self.STONES)
        (ready,) = composer.consider("Moss on north walls keeps stones damp [2].")
        assert (ready.sentence.theme, ready.position, ready.replaces) == ("stones", 4, True)

    def test_a_section_cites_none_but_its_own_sources(self) -> None:
        """Neither by a number of another section, nor by what another section's sources say."""
        composer = self.begun()
        composer.begin(self.SHORE)
        assert composer.consider("Moss on north walls keeps stones damp [2].") == []
        assert replace(composer.dropped, withheld=()) == Dropped(1, 1)
        (ready,) = composer.consider("Gulls sleep on one leg [2].")
        assert ready.sentence.citations == (3,)

    def test_repetition_in_one_section_does_not_silence_the_next(self) -> None:
        composer = self.begun()
        composer.begin(self.SHORE)
        composer.consider("Gulls sleep on one leg [3].")
        composer.consider("Gulls sleep on one leg [3].")
        assert composer.repeating
        composer.begin(self.STONES)
        assert composer.consider("Moss on north walls keeps stones damp [2].")

    def test_the_words_are_shared(self) -> None:
        """In proportion of what the best sentences take: 8 words of 24 for the gulls."""
        shown = self.begun(words=24).sentences
        assert [(s.theme, s.citations) for s in shown] == [
            ("shore", (3,)),
            ("stones", (1,)),
            ("stones", (2,)),
        ]


SENTENCES = [t.text for s in FOUND.sources for t in s.sentences]
PIECES = st.one_of(
    st.sampled_from(SENTENCES).map(lambda t: t[:-1]),
    st.sampled_from(
        ["Gulls sleep", "Moss is dry", "Lantern", "9.9", "4.2 points", "not", ".", ". ", "!\n",
         "[1]", "[2].", " [3]. ", "[1, 2]", "[1][2]", "[1-3]", "[7]", "[Source 2]", "[[1]]", "[",
         "]", "[99999999999999999999]", "[٣]", "[a]", " ", "\n", "- ", "1. ", "e.g. ", "“", "\x00"]
    ),
    st.text(max_size=5),
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.integers(1, 60))
def test_nothing_that_is_shown_vanishes(text: str, words: int) -> None:
    """Whoever applies what becomes ready sees the answer; every quote once shown stays a quote."""
    composer = begun(words=words)
    shown = tuple(composer.sentences)
    for ready in write(composer, text):
        before = Counter(s.quote for s in shown)
        assert 0 <= ready.position <= len(shown)
        shown = with_sentence(shown, ready)
        assert not before - Counter(s.quote for s in shown)
    assert list(shown) == composer.sentences


def test_a_sentence_put_in_a_wrong_place_would_be_noticed() -> None:
    """What the test above would catch."""
    composer = begun()
    shown = tuple(composer.sentences)
    (ready,) = composer.consider("Gulls sleep on one leg [3].")
    wrong = with_sentence(shown, SentenceReady(ready.sentence, 0, replaces=True))
    assert Counter(s.quote for s in shown) - Counter(s.quote for s in wrong)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_the_model_says_is_shown_only_when_each_cited_source_bears_it_out(text: str) -> None:
    """Checked again from outside, every sentence in the model's words holds for every number."""
    for shown in own(compose(text)):
        for number in shown.citations:
            cited = FOUND.source(number)
            assert cited is not None
            again = check_support(shown.text, [cited])
            assert again is not None
            assert again.verdict is Verdict.SUPPORTED


def test_the_beginning_of_a_sentence_replaces_nothing() -> None:
    """A sentence that breaks off at a colon is in its source, and says nothing all the same."""
    composer = begun()
    before = list(composer.sentences)
    assert write(composer, "Lantern outperforms Beacon by 4.2 points on: [1]\n\nMore.") == []
    assert composer.sentences == before
    assert write(begun(), "Lantern outperforms Beacon by 4.2 points. [1] More.") != []
