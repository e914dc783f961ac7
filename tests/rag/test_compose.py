"""What is shown is borne out and cited, whatever the model writes and however it arrives."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.compose import Composer
from rag.stream import SentenceStream
from rag.support import check_support
from rag.types import AnswerSentence, Dropped, Evidence, Origin, Verdict
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


def compose(text: str, found: Evidence = FOUND, cuts: list[int] | None = None) -> Composer:
    """The answer that a model's text becomes, as the assistant builds it."""
    composer, stream = Composer(found), SentenceStream()
    for a, b in pairwise([0, *(cuts or []), len(text)]):
        for sentence in stream.feed(text[a:b]):
            composer.consider(sentence)
    composer.finish(stream.finish())
    return composer


def own(composer: Composer) -> list[AnswerSentence]:
    """The sentences shown in the model's words."""
    return [s for s in composer.sentences if s.origin is Origin.MODEL]


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
    """Each number that bears the sentence out by itself stays."""
    found = evidence(source(1, "Gulls sleep on one leg."), source(2, "Gulls sleep on one leg."))
    (shown,) = own(compose("Gulls sleep on one leg [2][1].", found))
    assert shown.citations == (2, 1)


def test_invented_numbers_are_counted_and_not_shown() -> None:
    """Each number that stands for no source counts once for each time it is written."""
    composer = compose("Gulls sleep on one leg [3, 7]. Moss keeps stones damp [8][9]. [12]")
    assert composer.dropped.invented_citations == 4
    assert {n for s in composer.sentences for n in s.citations} <= {1, 2, 3}


def test_an_unsupported_sentence_gives_way_to_its_source() -> None:
    """The source's own sentence stands in its place, with the reason why."""
    composer = Composer(FOUND)
    (shown,) = composer.consider("Lantern outperforms Beacon by 9.9 points on HarborQA [1].")
    assert (shown.text, shown.citations) == (LANTERN.sentences[0].text, (1,))
    assert shown.origin is Origin.QUOTATION
    assert shown.reason == "9.9 is not in the source"
    assert composer.dropped == Dropped(unsupported_sentences=1)


def test_a_sentence_far_from_every_source_is_left_out() -> None:
    """What points to no source sentence is dropped and counted, and nothing is put in its place."""
    composer = Composer(FOUND)
    assert composer.consider("The capital of Peru is Lima [1].") == []
    assert composer.dropped == Dropped(unsupported_sentences=1)


@pytest.mark.parametrize("text", ["[1]", "[1] [2].", "It is.", "...", "[99]"])
def test_a_sentence_without_content_is_left_out(text: str) -> None:
    """Markers or function words alone are no sentence."""
    assert Composer(FOUND).consider(text) == []


def test_repetition_ends_the_answer() -> None:
    """The second time the model says the same, nothing more of it is taken."""
    composer = Composer(FOUND)
    assert composer.consider("Gulls sleep on one leg [3].")
    assert not composer.repeating
    assert composer.consider("Gulls sleep on one leg [2].") == []
    assert composer.repeating
    assert composer.consider("Moss on north walls keeps stones damp [2].") == []


def test_a_longer_sentence_or_another_figure_is_no_repetition() -> None:
    """A sentence that adds to an earlier one, or differs from it in a figure, is considered."""
    pages = "Recall on scanned English harbour pages reaches"
    found = evidence(
        source(1, f"{pages} 88% in spring.", f"{pages} 75% in autumn."),
        source(2, "Gulls sleep.", "Gulls sleep on one leg in wind."),
    )
    composer = Composer(found)
    for text in (f"{pages} 88%", f"{pages} 75%", "Gulls sleep"):
        composer.consider(f"{text} [1].")
        assert not composer.repeating
    composer.consider("Gulls sleep on one leg in wind [2].")
    assert not composer.repeating


def test_what_was_left_unsaid_is_quoted_best_first() -> None:
    """The best sentence of each source comes first, then the second best; none comes twice."""
    composer = compose("Gulls sleep on one leg in strong wind [3].")
    assert [s.text for s in composer.sentences] == [
        GULLS.sentences[0].text,
        LANTERN.sentences[0].text,
        MOSS.sentences[1].text,
        LANTERN.sentences[1].text,
        MOSS.sentences[0].text,
    ]
    assert [s.origin for s in composer.sentences] == [Origin.MODEL] + [Origin.QUOTATION] * 4
    assert all(s.reason == "" for s in composer.sentences)


def test_a_silent_model_leaves_quotations() -> None:
    """An answer is never empty when there is evidence."""
    composer = compose("")
    assert len(composer.sentences) == 5
    assert composer.dropped == Dropped()


def test_quotations_stop_at_the_limit() -> None:
    """Six sentences are enough; the evidence panel has the rest."""
    things = ("lamps", "ropes", "boats", "sails", "masts", "maps", "oars", "anchors", "tides")
    found = evidence(source(1, *(f"{thing.title()} matter greatly at sea." for thing in things)))
    # Each differs from the others in one stem of four only: they are still different sentences.
    assert len(compose("", found).sentences) == 6


def test_sentences_without_content_words_do_not_hide_others() -> None:
    """A source sentence of function words alone is no duplicate of everything."""
    found = evidence(source(1, "We did so.", "Moss keeps stones damp.", worths=(0.9, 0.1)))
    assert [s.text for s in compose("", found).sentences] == [
        "We did so.",
        "Moss keeps stones damp.",
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


@settings(max_examples=4000, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.data())
@example("Gulls sleep. Gulls sleep. Moss on north walls keeps stones damp. It", None)
def test_every_citation_and_quotation_is_real_however_the_text_is_cut(
    text: str, data: st.DataObject | None
) -> None:
    """Citations point into the evidence, quotes are verbatim, and cutting changes nothing."""
    whole = compose(text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6))) if data else [14]
    assert compose(text, cuts=cuts).sentences == whole.sentences
    assert whole.sentences
    for shown in whole.sentences:
        assert shown.citations
        cited = [FOUND.source(n) for n in shown.citations]
        assert None not in cited
        texts = [t.text for s in cited if s for t in s.sentences]
        assert shown.quote in texts
        if shown.origin is Origin.QUOTATION:
            assert shown.text == shown.quote
        assert shown.verdict is Verdict.SUPPORTED
        numbers = re.findall(r"\[(\d+)\]", shown.marked())
        assert tuple(map(int, numbers)) == shown.citations


@settings(max_examples=500, deadline=None)
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
