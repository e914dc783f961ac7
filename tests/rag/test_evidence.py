"""The evidence is the best that fits: one number a paper, within the budget, or a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.config import EvidenceConfig, load_config
from rag.evidence import choose_evidence
from rag.types import Evidence, Passage, Reason
from tests.rag.builders import passage

CONFIG = EvidenceConfig(
    papers=4, sentences_per_paper=3, score_share=0.5, prompt_tokens=500, near_similarity=0.4
)
MARKER_TOKENS = 4  # what the number behind a sentence costs in the prompt


def count(text: str) -> int:
    return len(text.split())


def choose(
    passages: Sequence[Passage],
    question: str = "How does moss keep stones damp?",
    config: EvidenceConfig = CONFIG,
    budget: int = 1000,
) -> Evidence:
    return choose_evidence(question, passages, config, budget, count)


def moss(score: float = 1.0, title: str = "On Moss") -> Passage:
    return passage(
        title,
        "Walls are old things.",
        "Moss keeps stones damp for weeks.",
        "Ferns grow there too.",
        "Nobody knows why.",
        score=score,
        similarities=(0.3, 0.8, 0.4, 0.2),
    )


def test_the_best_sentences_come_in_the_order_of_the_abstract() -> None:
    """Under one number stand the sentences nearest to the question, as the paper has them."""
    found = choose([moss()], config=replace(CONFIG, sentences_per_paper=2))
    (source,) = found.sources
    assert [s.text for s in source.sentences] == [
        "Moss keeps stones damp for weeks.",
        "Ferns grow there too.",
    ]
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


def test_papers_far_behind_the_best_are_left_out() -> None:
    """A score below the share of the best one's is not near enough; the number is bounded too."""
    found = choose([moss(1.0, "First"), moss(0.5, "Second"), moss(0.49, "Third")])
    assert [s.paper.title for s in found.sources] == ["First", "Second"]
    many = choose([moss(1.0, f"Paper {n}") for n in range(9)])
    assert len(many.sources) == CONFIG.papers


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
    assert [s.text for s in found.sources[0].sentences] == ["Moss keeps stones damp for weeks."]
    assert len(found.sources) == 1
    assert found.left_out == 5


def test_a_shorter_sentence_takes_the_room_a_long_one_leaves() -> None:
    """What fits is read although a better sentence before it did not fit."""
    found = choose(
        [
            passage(
                "Moss", "Moss is damp.", "Moss " * 30, "Moss is wet.", similarities=(0.9, 0.8, 0.7)
            )
        ],
        budget=2 * (3 + MARKER_TOKENS),
    )
    assert [s.ordinal for s in found.sources[0].sentences] == [0, 2]
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
    assert choose([moss(score)], config=replace(CONFIG, score_share=1.5)).sources


TEXTS = st.lists(st.sampled_from(["moss", "stones", "damp", "we", "12", "gulls"]), min_size=1)
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
    assert 1 <= len(found.sources) <= CONFIG.papers
    for source in found.sources:
        ordinals = [s.ordinal for s in source.sentences]
        assert 1 <= len(ordinals) <= CONFIG.sentences_per_paper
        assert ordinals == sorted(set(ordinals))


def test_the_shipped_settings_give_evidence() -> None:
    """The defaults fit together: a near paper is read within the budget of the small model."""
    config = load_config().evidence
    found = choose([moss()], config=config, budget=config.prompt_tokens)
    assert found.sources
