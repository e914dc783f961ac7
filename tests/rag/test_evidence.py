"""The evidence is the best that fits: one number a paper, within the budget, or a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.config import EvidenceConfig, load_config
from rag.evidence import (
    FoundSide,
    choose_evidence,
    citable_features,
    rate_sentences,
    without_duplicates,
)
from rag.fitted import fitted
from rag.types import Evidence, Parts, Passage, Reason
from tests.rag.builders import passage

CONFIG = EvidenceConfig(
    papers=4,
    sentences_per_paper=3,
    citable_probability=0.5,
    answered_probability=0.5,
    prompt_tokens=500,
    read_seconds=10.0,
    near_similarity=0.4,
    near_word_match=0.6,
)
MARKER_TOKENS = 4  # what the number behind a sentence costs in the prompt


def count(text: str) -> int:
    return len(text.split())


def choose(
    passages: Sequence[Passage],
    question: str = "How does moss keep stones damp?",
    config: EvidenceConfig = CONFIG,
    budget: int = 1000,
    parts: Parts | None = None,
    sides: Sequence[FoundSide] = (),
) -> Evidence:
    return choose_evidence(question, passages, config, budget, count, parts or Parts(), sides)


def moss(score: float = 1.0, title: str = "On Moss", word_match: float = 0.5) -> Passage:
    """A paper on moss; each title has an abstract unlike the others'."""
    name = title.replace(" ", "")
    return passage(
        title,
        "Walls are old things.",
        "Moss keeps stones damp for weeks.",
        " ".join(["Ferns grow there too:", *(f"{name}{n}" for n in range(9))]) + ".",
        "Nobody knows why.",
        score=score,
        similarities=(0.3, 0.8, 0.4, 0.2),
        word_match=word_match,
    )


def titles(found: Evidence) -> list[str]:
    return [s.paper.title for s in found.sources]


def test_the_best_sentences_come_in_the_order_of_the_abstract() -> None:
    """Under one number stand the sentences nearest to the question, as the paper has them."""
    found = choose([moss()], config=replace(CONFIG, sentences_per_paper=2))
    (source,) = found.sources
    assert [s.ordinal for s in source.sentences] == [1, 2]
    assert source.sentences == tuple(
        replace(moss().sentences[s.ordinal], worth=s.worth) for s in source.sentences
    )
    assert max(source.sentences, key=lambda s: s.worth).ordinal == 1
    assert (found.reason, found.left_out) == (None, 0)


def test_papers_are_numbered_in_the_order_of_their_score() -> None:
    """The best paper is [1], and there is one number a paper."""
    found = choose([moss(1.0, "First"), moss(0.9, "Second"), moss(0.8, "Third")])
    assert [(s.number, s.paper.title) for s in found.sources] == [
        (1, "First"),
        (2, "Second"),
        (3, "Third"),
    ]


def test_only_papers_worth_citing_stand_beside_the_best() -> None:
    """One that scores far less, or holds few of the question's words, is left out."""
    found = choose(
        [
            moss(1.0, "First"),
            moss(0.95, "Second"),
            moss(0.95, "Third", word_match=0.0),
            moss(0.5, "Fourth"),
        ]
    )
    assert titles(found) == ["First", "Second"]


def test_a_bolder_setting_cites_more_and_a_shyer_one_the_best_alone() -> None:
    """The probability is that of the fitted model, and the setting is the bar."""
    passages = [moss(1.0 - n / 20, f"Paper {n}") for n in range(4)]
    counts = [
        len(choose(passages, config=replace(CONFIG, citable_probability=p)).sources)
        for p in (0.01, 0.5, 0.8, 0.999)
    ]
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (4, 1)
    second = passages[1]
    probability = fitted("citable").probability(citable_features(second, passages[0]))
    for bar, cited in ((probability - 1e-6, True), (probability + 1e-6, False)):
        found = choose(passages[:2], config=replace(CONFIG, citable_probability=bar))
        assert (second.paper in [s.paper for s in found.sources]) is cited


def test_the_number_of_papers_is_bounded() -> None:
    many = choose([moss(1.0, f"Paper {n}") for n in range(9)])
    assert len(many.sources) == CONFIG.papers


def test_nearly_the_same_abstract_counts_once() -> None:
    """Of a paper and its earlier version the better one is cited; neither pushes others out."""
    text = "Moss keeps stones damp for weeks on the north walls of old stone barns"
    first = passage("First", f"{text}.", similarities=(0.8,))
    again = passage("Again", f"{text} today.", similarities=(0.8,), score=0.99)
    other = passage("Other", "Moss dries on southern roofs.", similarities=(0.8,), score=0.98)
    found = choose([first, again, other])
    assert titles(found) == ["First", "Other"]
    assert [p.title for p in found.nearest] == ["First", "Other"]
    assert titles(choose([again, other])) == ["Again", "Other"]


def test_papers_without_an_abstract_are_no_duplicates_of_each_other() -> None:
    bare = [passage("One"), passage("Two")]
    assert without_duplicates(bare) == bare
    assert without_duplicates([]) == []


def test_nothing_near_is_a_reason() -> None:
    """Without a paper, or with none near enough, there is no evidence but the nearest papers."""
    far = replace(passage("Far", "Gulls sleep.", similarities=(0.39,)), similarity=0.39)
    found = choose([far])
    assert (found.sources, found.reason) == ((), Reason.NOTHING_NEAR)
    assert [p.title for p in found.nearest] == ["Far"]
    assert choose([]) == Evidence((), (), reason=Reason.NOTHING_NEAR)


def test_one_near_sentence_is_enough() -> None:
    """A far paper with a near sentence answers, and so does a near paper of far sentences."""
    near_sentence = passage("One", "Gulls sleep.", similarity=0.1, similarities=(0.41,))
    near_paper = passage("Two", "Gulls sleep.", similarity=0.41, similarities=(0.1,))
    assert choose([near_sentence]).sources
    assert choose([near_paper]).sources


def test_a_near_title_without_an_abstract_is_a_reason() -> None:
    """A paper of which only the title is known cannot be evidence."""
    found = choose([passage("Moss on Damp Stones", similarity=0.9)])
    assert (found.sources, found.reason) == ((), Reason.NOT_IN_ABSTRACT)


def test_at_most_five_papers_are_offered() -> None:
    """A refusal names the nearest papers, best first, and not the whole library."""
    passages = [moss(1.0 - n / 100, f"Paper {n}") for n in range(9)]
    nearest = choose(passages, config=replace(CONFIG, near_similarity=0.99)).nearest
    assert [p.title for p in nearest] == [f"Paper {n}" for n in range(5)]


def test_the_best_sentence_is_kept_even_when_it_is_too_long() -> None:
    """Something is always read; what did not fit is counted."""
    found = choose([moss(1.0, "First"), moss(0.9, "Second")], budget=3)
    assert [s.ordinal for s in found.sources[0].sentences] == [1]
    assert len(found.sources) == 1
    assert found.left_out == 5


def test_a_shorter_sentence_takes_the_room_a_long_one_leaves() -> None:
    """What fits is read although a better sentence before it did not fit."""
    found = choose(
        [
            passage(
                "Moss",
                "Old.",
                "Moss is damp.",
                "Fern " * 30,
                "Moss is wet.",
                similarities=(0.1, 0.9, 0.9, 0.7),
            )
        ],
        budget=2 * (3 + MARKER_TOKENS),
    )
    assert [s.ordinal for s in found.sources[0].sentences] == [1, 3]
    assert found.left_out == 1


def test_a_figure_and_an_own_claim_are_worth_more() -> None:
    """Of equally near sentences, what the authors claim and measure comes before background."""
    found = choose(
        [
            passage(
                "Moss",
                "Moss has been studied before.",
                "Moss covers walls in the north.",
                "We show that moss holds 40% more water.",
                similarities=(0.6, 0.6, 0.6),
            )
        ],
        question="gulls",
    )
    worths = [s.worth for s in found.sources[0].sentences]
    assert worths[2] > worths[1] > worths[0]


@pytest.mark.parametrize("score", [0.0, -1.0])
def test_the_best_paper_is_read_whatever_its_score(score: float) -> None:
    """Scores compare papers; no sign or share of them empties the evidence."""
    assert choose([moss(score)], config=replace(CONFIG, citable_probability=0.999)).sources


def test_what_a_sentence_says_of_the_asked_is_worth_more() -> None:
    """A rare word of the question, the name in the title, and near words all count."""
    lantern = passage(
        "Lantern: Reading Leases",
        "An opening about walls.",
        "Barns stand on hills.",
        "Lantern stands on hills.",
        "Damp stands on hills.",
        similarities=(0.5,) * 4,
    )
    near = replace(lantern.sentences[1], ordinal=4, word_match=0.6)
    lantern = replace(lantern, sentences=(*lantern.sentences, near))
    rated = rate_sentences("Is it damp?", [lantern])[lantern.paper.id]
    worth = {s.ordinal: s.worth for s in rated}
    assert worth[0] < worth[1] < min(worth[2], worth[3], worth[4])
    assert [s.worth for s in rated] == sorted(worth.values(), reverse=True)


def test_the_figure_that_is_asked_for_is_worth_more() -> None:
    """A time counts for who asks for a time."""
    walls = passage("W", "Walls are old.", "It took days.", "It took courage.")
    asked, idle = (
        {s.ordinal: s.worth for s in rate_sentences(q, [walls])[walls.paper.id]}
        for q in ("How long does it take?", "Why is that?")
    )
    assert asked[1] > asked[2]
    assert idle[1] == idle[2]


class TestIntroductions:
    TITLE = "Reading Leases"
    PLAIN = "We introduce a reader of leases for barns."
    BACK = "It finds the damp walls in 91% of cases."

    def found(self, second: str, budget: int = 1000, sentences: int = 1) -> Evidence:
        lease = passage(self.TITLE, "Old.", self.PLAIN, second, similarities=(0.1, 0.2, 0.9))
        config = replace(CONFIG, sentences_per_paper=sentences)
        return choose([lease], "Where are walls damp?", config, budget)

    @pytest.mark.parametrize("start", ["It", "This method", "They", "These", "The approach"])
    def test_what_a_sentence_refers_back_to_comes_along(self, start: str) -> None:
        """Marked as an introduction, so that it is read but not quoted."""
        (source,) = self.found(f"{start} finds the damp walls in 91% of cases.").sources
        assert [(s.text, s.introduces) for s in source.sentences] == [
            (self.PLAIN, True),
            (f"{start} finds the damp walls in 91% of cases.", False),
        ]

    @pytest.mark.parametrize("start", ["We", "Our reader", "This paper", "Italy", "Thesis"])
    def test_what_stands_by_itself_comes_alone(self, start: str) -> None:
        (source,) = self.found(f"{start} finds the damp walls in 91% of cases.").sources
        assert [s.introduces for s in source.sentences] == [False]

    def test_it_comes_only_where_there_is_room(self) -> None:
        needed = count(self.PLAIN) + count(self.BACK) + 2 * MARKER_TOKENS
        assert len(self.found(self.BACK, needed).sources[0].sentences) == 2
        assert len(self.found(self.BACK, needed - 1).sources[0].sentences) == 1

    def test_one_that_was_chosen_anyway_may_be_quoted(self) -> None:
        (source,) = self.found(self.BACK, sentences=3).sources
        assert [s.introduces for s in source.sentences] == [False, False, False]

    def test_the_first_sentence_has_nothing_before_it(self) -> None:
        (source,) = choose([passage("It", "It keeps stones damp.", similarities=(0.9,))]).sources
        assert len(source.sentences) == 1


class TestGates:
    LANTERN = passage("Lantern", "MossNet finds damp walls.", "It is quick.", similarity=0.5)

    def test_a_figure_that_is_asked_for_and_not_given_is_a_reason(self) -> None:
        found = choose([self.LANTERN], "What percentage of walls does it find?")
        assert (found.sources, found.reason) == ((), Reason.NOT_IN_ABSTRACT)
        assert (found.missing_figures, found.missing_names) == (("a percentage",), ())
        assert [p.title for p in found.nearest] == ["Lantern"]

    def test_a_name_that_no_near_paper_holds_is_a_reason(self) -> None:
        found = choose([self.LANTERN], "Which walls does GullNet find?")
        assert (found.sources, found.reason) == ((), Reason.NOT_IN_ABSTRACT)
        assert (found.missing_figures, found.missing_names) == ((), ("GullNet",))

    @pytest.mark.parametrize(
        "question", ["What percentage of walls does it find?", "Which walls does GullNet find?"]
    )
    def test_it_is_this_gate_that_refuses(self, question: str) -> None:
        """With the gate open the same question is answered, and nothing is said to be missing."""
        found = choose([self.LANTERN], question, parts=Parts(not_in_abstract_gate=False))
        assert found.sources
        assert (found.reason, found.missing_names, found.missing_figures) == (None, (), ())

    @pytest.mark.parametrize(
        "question", ["Which walls does it find?", "Which walls does MossNet find?"]
    )
    def test_what_is_there_is_not_refused(self, question: str) -> None:
        assert choose([self.LANTERN], question).sources

    def test_a_figure_that_the_best_paper_gives_is_enough(self) -> None:
        given = passage("Given", "MossNet finds 40% of walls.", similarity=0.5)
        assert choose([given], "What percentage of walls does it find?").sources

    def test_it_is_the_nearness_gate_that_refuses_what_is_far(self) -> None:
        far = passage("Far", "Gulls sleep.", similarity=0.2, similarities=(0.2,))
        assert choose([far]).reason is Reason.NOTHING_NEAR
        open_ = Parts(nothing_near_gate=False)
        assert choose([far], parts=open_).reason is not Reason.NOTHING_NEAR
        bold = replace(CONFIG, answered_probability=0.01)
        assert choose([far], config=bold, parts=open_).sources


class TestSides:
    """Questions that compare: each side is searched by itself too."""

    MOSS = passage("MossNet", "MossNet keeps stones damp.", similarities=(0.7,))
    FERN = passage("FernNet", "FernNet likes the shade.", similarities=(0.7,), score=0.8)
    FAR = passage("Gulls", "Gulls sleep.", similarity=0.2, similarities=(0.2,))
    QUESTION = "How does MossNet differ from FernNet?"

    def side(self, name: str, *passages: Passage) -> FoundSide:
        return FoundSide(name, passages)

    def test_the_best_paper_of_each_side_is_in_the_evidence(self) -> None:
        """Though it would not be worth citing by its score, or was not found together."""
        weak = replace(self.FERN, score=0.01, word_match=0.0)
        sides = [self.side("MossNet", self.MOSS), self.side("FernNet", self.FERN)]
        for together in ([self.MOSS, weak], [self.MOSS]):
            assert titles(choose(together, "Are these papers alike?")) == ["MossNet"]
            found = choose(together, self.QUESTION, sides=sides)
            assert titles(found) == ["MossNet", "FernNet"]
            assert [s.number for s in found.sources] == [1, 2]
            assert found.missing_sides == ()

    def test_one_paper_may_be_the_best_of_both(self) -> None:
        both = passage("Both", "MossNet is damper than FernNet.", similarities=(0.7,))
        sides = [self.side("MossNet", both), self.side("FernNet", both)]
        assert titles(choose([both], self.QUESTION, sides=sides)) == ["Both"]

    @pytest.mark.parametrize("other", ["far", "nameless", "nothing"])
    def test_a_missing_side_is_said_and_the_other_answered(self, other: str) -> None:
        """Nothing near it, or near papers that do not hold its name, or no paper at all."""
        found_for_it = {"far": [self.FAR], "nameless": [self.MOSS], "nothing": []}[other]
        name = "sleeping birds" if other == "far" else "GullNet"
        sides = [self.side("MossNet", self.MOSS), self.side(name, *found_for_it)]
        found = choose([self.MOSS], f"How does MossNet differ from {name}?", sides=sides)
        assert titles(found) == ["MossNet"]
        assert (found.reason, found.missing_sides) == (None, (name,))

    def test_two_missing_sides_are_a_refusal(self) -> None:
        """The names that are nowhere are told; no side is said to be answered."""
        sides = [self.side("GullNet", self.MOSS), self.side("TernNet", self.MOSS)]
        near = replace(self.MOSS, similarity=0.5)
        found = choose([near], "How does GullNet differ from TernNet?", sides=sides)
        assert (found.reason, found.missing_sides) == (Reason.NOT_IN_ABSTRACT, ())
        assert found.missing_names == ("GullNet", "TernNet")

    def test_a_side_without_an_abstract_adds_no_paper(self) -> None:
        bare = passage("FernNet")
        sides = [self.side("MossNet", self.MOSS), self.side("FernNet", bare)]
        assert titles(choose([self.MOSS], self.QUESTION, sides=sides)) == ["MossNet"]


TEXTS = st.lists(st.sampled_from(["moss", "stones", "damp", "we", "12", "gulls", "it"]), min_size=1)
PASSAGES = st.lists(
    st.builds(
        lambda texts, score, near: passage(
            f"Paper {score} {near}",
            *texts,
            score=score,
            similarities=[near] * len(texts),
        ),
        st.lists(TEXTS.map(" ".join), min_size=1, max_size=6),
        st.floats(0, 2),
        st.floats(0.4, 1),
    ),
    min_size=1,
    max_size=8,
).map(lambda found: sorted(found, key=lambda p: -p.score))


@settings(max_examples=400, deadline=None)
@given(PASSAGES, st.integers(1, 120))
def test_the_budget_and_the_numbering_hold_for_any_passages(
    passages: list[Passage], budget: int
) -> None:
    """Tokens stay within the budget but for a lone sentence; numbers run 1..n by score."""
    found = choose(passages, budget=budget)
    read = [s for source in found.sources for s in source.sentences]
    assert sum(count(s.text) + MARKER_TOKENS for s in read) <= budget or len(read) == 1
    assert [s.number for s in found.sources] == list(range(1, len(found.sources) + 1))
    scores = [s.score for s in found.sources]
    assert scores == sorted(scores, reverse=True)
    assert found.budget_tokens == budget
    assert 1 <= len(found.sources) <= CONFIG.papers
    for source in found.sources:
        ordinals = [s.ordinal for s in source.sentences]
        assert ordinals == sorted(set(ordinals))
        chosen = [s.ordinal for s in source.sentences if not s.introduces]
        assert 1 <= len(chosen) <= CONFIG.sentences_per_paper
        assert all(s.ordinal + 1 in chosen for s in source.sentences if s.introduces)


def test_the_shipped_settings_give_evidence() -> None:
    """The defaults fit together: a near paper is read within the budget of the small model."""
    config = load_config().evidence
    found = choose([moss()], config=config, budget=config.prompt_tokens)
    assert found.sources


def test_a_thing_asked_for_by_its_name_is_near_by_its_words() -> None:
    """A short question has little meaning to be near to; a title that holds its words is enough."""
    far = passage("The Moss Pile", "It has 1.2 TB.", similarity=0.2, similarities=(0.2,))
    assert choose([far], "What is the Moss Pile?").reason is Reason.NOTHING_NEAR
    assert choose([replace(far, word_match=1.0)], "What is the Moss Pile?").sources


def test_where_the_code_is_comes_last() -> None:
    """Of equally near sentences the one that only says where to get it promises least."""
    found = choose(
        [
            passage(
                "Moss",
                "Walls are old.",
                "Moss is damp at night.",
                "The code is available at https://example.org/moss.",
                similarities=(0.5, 0.5, 0.5),
            )
        ]
    )
    worths = [s.worth for s in found.sources[0].sentences]
    assert worths[2] < worths[1]


class TestWithoutAbstract:
    """A paper of which only the title is known is shown as near, and opens no gate."""

    BARE = passage("How moss keeps stones damp", score=2.0, similarity=0.95, word_match=1.0)

    def test_it_changes_no_evidence(self) -> None:
        """The same sources in the same order, whether it is there or not."""
        papers = [moss(1.0, "First"), moss(0.95, "Second")]
        with_it = choose([self.BARE, *papers])
        assert with_it.sources == choose(papers).sources
        assert with_it.nearest[0] == self.BARE.paper

    def test_it_opens_no_gate(self) -> None:
        """What is far from all abstracts is refused, and the refusal shows the title."""
        far = passage("Ships", "Ships sail.", similarity=0.1, similarities=(0.1,), word_match=0.0)
        assert choose([far]).reason is Reason.NOTHING_NEAR
        found = choose([self.BARE, far])
        assert (found.sources, found.reason) == ((), Reason.NOT_IN_ABSTRACT)
        assert found.nearest[0] == self.BARE.paper
        assert choose([self.BARE]).reason is Reason.NOT_IN_ABSTRACT
