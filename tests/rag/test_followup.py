"""A follow-up is searched with what it leans on; a new subject is searched as it was asked."""

from __future__ import annotations

import pytest

from rag.followup import make_standalone
from rag.types import Turn
from tests.rag.builders import answer, evidence, sentence, source

FIRST = Turn(
    "How well does Lantern read contracts?",
    "It finds most clauses [1]. Beacon is faster [2].",
    ("Lantern: Sparse Attention for Contracts", "Beacon: A Fast Reader", "A Survey of Readers"),
)
# What is asked next, and whether it needs the turn before to be understood.
CONVERSATIONS = [
    ("why?", True),
    ("Why not?", True),
    ("and how does it compare to the second one?", True),
    ("How does it work?", True),
    ("What about Finnish contracts?", True),
    ("How large was the dataset?", True),
    ("Which one is better?", True),
    ("Does that hold for other languages?", True),
    ("Is the same true of leases?", True),
    ("On how many GPUs?", True),
    ("Do they release code?", True),
    ("And against Beacon?", True),
    ("How do the two differ?", True),
    ("what were the results", True),
    ("Who says that?", True),
    ("Are there others?", True),
    ("What is its memory need?", True),
    ("Then what do they do instead?", True),
    ("What is dropout?", False),
    ("How does BERT work?", False),
    ("How many layers does BERT use?", False),
    ("Explain contrastive learning.", False),
    ("Is it possible to watermark text without changing its meaning for readers?", False),
    ("Which papers show that pruning hurts small language models?", False),
    ("Is there evidence that retrieval reduces hallucination in dialogue?", False),
    ("When language models grow larger, do they memorise more?", False),
    ("What methods are there for unlearning facts in language models?", False),
    ("Which datasets exist for Finnish question answering, such as quizzes?", False),
    ("Do both retrieval and fine-tuning help with rare entities?", False),
    ("How do encoders share the same vocabulary across forty languages?", False),
    ("What happens in the last layer of a speech encoder during training?", False),
    ("Summarise what these papers say about machine translation of poetry.", False),
]


@pytest.mark.parametrize(("text", "leans"), CONVERSATIONS)
def test_a_question_takes_along_what_it_needs_and_no_more(text: str, leans: bool) -> None:
    """Fragments and pronouns are searched with the turn before, a new subject is not."""
    asked = make_standalone(text, [FIRST])
    assert asked.text == text
    assert asked.standalone.endswith(text)
    assert (FIRST.question in asked.standalone) is leans
    assert (asked.standalone != text) is leans


@pytest.mark.parametrize("text", [text for text, _ in CONVERSATIONS])
def test_the_first_question_is_searched_as_asked(text: str) -> None:
    """Without earlier turns there is nothing to add."""
    assert make_standalone(text, []).standalone == text


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("how does it compare to the second one?", [1]),
        ("Is the second better?", [1]),
        ("and the third paper?", [2]),
        ("What does the last one say?", [2]),
        ("How do the first and the third differ?", [0, 2]),
        ("How do the two differ?", [0, 1]),
        ("Do both need labels?", [0, 1]),
        ("What do the three have in common?", [0, 1, 2]),
        ("How does it work?", [0]),
        ("and what of the fourth one?", [0]),
        ("and what happens in the second layer?", [0]),
    ],
)
def test_a_question_is_searched_with_the_titles_it_points_to(text: str, titles: list[int]) -> None:
    """ "The second one" is the second cited paper; "it" is the first; there is no fourth."""
    standalone = make_standalone(text, [FIRST]).standalone
    found = [n for n, title in enumerate(FIRST.cited_titles) if title in standalone]
    assert found == titles


@pytest.mark.parametrize("which", ["second", "last", "latter"])
def test_turns_without_titles_give_their_question(which: str) -> None:
    """A conversation read from a file knows no titles; the question before is enough."""
    asked = make_standalone(f"and the {which} one?", [Turn("What is Lantern?", "A model.")])
    assert asked.standalone == f"What is Lantern? and the {which} one?"


def test_a_chain_of_follow_ups_reaches_back_to_its_subject() -> None:
    """Questions that lean are followed back to the one that did not, and no further."""
    turns = [
        Turn("How is moss removed from old stone walls?", "By hand."),
        Turn("How well does Lantern read long contracts?", "Well."),
        Turn("And how fast is it?", "Fast."),
    ]
    asked = make_standalone("why?", turns)
    assert asked.standalone == (
        "How well does Lantern read long contracts? And how fast is it? why?"
    )


@pytest.mark.parametrize(
    "subject", ["How well does Lantern read long contracts?", "What is Lantern?"]
)
def test_a_long_conversation_does_not_grow_its_question(subject: str) -> None:
    """Ten follow-ups later the subject is still searched, once, and the question still ends it."""
    found = evidence(source(1, "Lantern reads contracts.", title="Lantern: A Reader"))
    turns = [Turn.of(answer(subject, found, sentence("Lantern reads contracts.", 1)))]
    for _ in range(10):
        asked = make_standalone("and how does it compare with that?", turns)
        turns.append(Turn.of(answer(asked.standalone, found, sentence("It reads.", 1))))
    assert asked.standalone.count(subject) == 1
    assert asked.standalone.count("Lantern: A Reader") == 1
    assert asked.standalone.endswith("and how does it compare with that?")
    assert len(asked.standalone.split()) < 80


def test_a_new_subject_ends_the_chain() -> None:
    """After a change of subject, "it" is the new one."""
    turns = [FIRST, Turn("What is contrastive learning?", "A loss.", ("On Contrast",))]
    standalone = make_standalone("How does it help?", turns).standalone
    assert standalone == "What is contrastive learning? On Contrast How does it help?"
