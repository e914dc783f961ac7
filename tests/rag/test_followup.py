"""A follow-up is searched with what it leans on; a new subject is searched as it was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.followup import make_standalone
from rag.types import REFUSAL, Turn
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
    ("Do the authors release code for other people?", True),
    ("How many scanned pages does the dataset hold?", True),
    ("Tell me more", True),
    ("Compare them.", True),
    ("And against Beacon?", True),
    ("How do the two differ?", True),
    ("what were the results", True),
    ("Who says that?", True),
    ("Are there others?", True),
    ("What is its memory need?", True),
    ("Then what do they do instead?", True),
    ("What is dropout?", False),
    ("And what does BERT do with rare words?", False),
    ("How many languages does the benchmark of spoken idioms cover?", False),
    ("Beacon: how fast is it?", False),
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
    without = text.removeprefix("And ").lower()
    assert (asked.standalone.lower() != without) is leans
    assert any(name in asked.standalone for name in ("Lantern", "read")) or not leans


@pytest.mark.parametrize("text", [text for text, _ in CONVERSATIONS])
def test_the_first_question_is_searched_as_asked(text: str) -> None:
    """Without earlier turns there is nothing to add."""
    assert make_standalone(text, []).standalone == text


@pytest.mark.parametrize("text", [text for text, _ in CONVERSATIONS])
def test_what_was_searched_can_be_asked_again(text: str) -> None:
    """A reader who sends the shown question once more gets the same search."""
    once = make_standalone(text, [FIRST]).standalone
    assert make_standalone(once, [FIRST]).standalone == once


LANTERN = "Lantern: Sparse Attention for Contracts"
BEACON = "Beacon: A Fast Reader of Leases"
SURVEY = "A Survey of Readers"
PRUNING = (
    "Which methods prune language models?",
    "Lantern cuts heads [1]. Beacon cuts layers [2].",
)
# Turns of a conversation, each with its answer and the titles that it cites; the last question,
# and what is searched for it.
SPOKEN: list[tuple[list[tuple[str, str, tuple[str, ...]]], str, str]] = [
    (  # a change of subject keeps what was asked
        [("How much memory does BLOOM need for tuning?", "It needs 700 GB [1].", (SURVEY,))],
        "What about LoRA?",
        "How much memory does LoRA need for tuning?",
    ),
    (  # and does so at the end of a chain
        [
            ("How much memory does BLOOM need for tuning?", "It needs 700 GB [1].", ()),
            ("And on which hardware?", "On server cards [1].", ()),
        ],
        "What about LoRA?",
        "LoRA: on which hardware?",
    ),
    (  # after which "it" is the new subject
        [
            ("How much memory does BLOOM need for tuning?", "It needs 700 GB [1].", (SURVEY,)),
            ("What about LoRA?", "LoRA needs 12 GB [1].", ("LoRA: Low-Rank Tuning",)),
        ],
        "Is it slower?",
        "Is LoRA slower?",
    ),
    (
        [("Does knowledge distillation help small models?", "It does [1].", (SURVEY, BEACON))],
        "And pruning?",
        "Does pruning help small models?",
    ),
    (
        [("How well does Lantern read English contracts?", "Well [1].", (LANTERN,))],
        "And for Finnish?",
        "How well does Lantern read Finnish contracts?",
    ),
    (  # a class of things is asked of the named system
        [("How well does Lantern read English contracts?", "Well [1].", (LANTERN,))],
        "What about smaller models?",
        "How well does Lantern read English contracts: smaller models?",
    ),
    (
        [("How accurate is BLOOM?", "Not very [1].", ())],
        "And its training cost?",
        "BLOOM’s training cost?",
    ),
    (
        [("How accurate is BLOOM?", "Not very [1].", ())],
        "And the training cost?",
        "BLOOM: training cost?",
    ),
    (
        [("How accurate is BLOOM?", "Not very [1].", ())],
        "And the training cost of Lantern?",
        "What about the training cost of Lantern?",
    ),
    ([(*PRUNING, (LANTERN, BEACON))], "Compare the two.", "Compare Lantern and Beacon."),
    (
        [(*PRUNING, (LANTERN, BEACON))],
        "how do they compare in speed?",
        "How do Lantern and Beacon compare in speed?",
    ),
    (
        [(*PRUNING, (LANTERN, BEACON)), ("Tell me more about the second one", "Fast.", (BEACON,))],
        "and how big is it?",
        "How big is Beacon?",
    ),
    (  # two names in the question go before what the answer cites
        [("Is Lantern faster than Shutter?", "Yes [1].", (LANTERN, BEACON, SURVEY))],
        "Which of the two needs less memory?",
        "Which of Lantern and Shutter needs less memory?",
    ),
    (  # the name is in the answer, not in the question
        [("Which benchmark tests grammar books?", "It is called GrammarTest.", ())],
        "Who made it?",
        "benchmark tests grammar books: who made GrammarTest?",
    ),
    (
        [("Can a model learn from a dictionary?", "Yes, Word Lantern learns forms.", ())],
        "How much data does it take?",
        "model learn from a dictionary: how much data does Word Lantern take?",
    ),
    (  # the answer gives no name: what was asked goes with its title
        [("How is text watermarked?", "A list of words is favoured [1].", (SURVEY,))],
        "Can it be removed?",
        "text watermarked, A Survey of Readers: can it be removed?",
    ),
    (  # "why" is asked of the answer
        [("Which models read long leases?", "Sparse attention keeps most pages [1].", (LANTERN,))],
        "why?",
        "Lantern (Sparse attention keeps most pages): why?",
    ),
    (
        [("Is Lantern slow?", "No, Lantern skips pages [1].", ())],
        "Why?",
        "Lantern skips pages: why?",
    ),
    ([("Who mends stone walls?", REFUSAL, ())], "why not?", "mends stone walls: why not?"),
    (  # other words after a refusal are another try
        [("What does Zorblatt-7 cost?", REFUSAL, ())],
        "hedge trimming",
        "hedge trimming",
    ),
    (
        [("What does Zorblatt-7 cost?", REFUSAL, ()), ("hedge trimming", REFUSAL, ())],
        "stone walls?",
        "stone walls?",
    ),
    (  # but what goes on with the question does
        [("How well does Zorblatt-7 read English?", REFUSAL, ())],
        "in long contracts?",
        "How well does Zorblatt-7 read English in long contracts?",
    ),
    (
        [("What does Zorblatt-7 cost?", REFUSAL, ())],
        "And Lantern?",
        "What does Lantern cost?",
    ),
    (  # what was added to a question gives way to what is added next
        [
            ("What does Lantern cost?", "Little [1].", ()),
            ("hedge trimming", "It is slow [1].", ()),
        ],
        "stone walls",
        "What does Lantern cost: stone walls?",
    ),
    (  # a new subject is followed, not the one before it
        [
            ("How is text watermarked?", "A list of words is favoured [1].", (SURVEY,)),
            ("How do transformers translate poetry?", "Word by word [1].", (BEACON,)),
        ],
        "What data did they need?",
        "Beacon: what data did they need?",
    ),
    (
        [
            ("How is moss removed from walls?", "By hand.", ()),
            ("How well does Lantern read?", "Well.", ()),
        ],
        "Does it need labels?",
        "Does Lantern need labels?",
    ),
    (
        [("What is contrastive learning?", "A loss.", ())],
        "How does it help?",
        "How does contrastive learning help?",
    ),
    (
        [("What is contrastive learning?", "A loss.", ("On Pairs",))],
        "How does it help?",
        "contrastive learning, On Pairs: how does it help?",
    ),
    (
        [("How well does Lantern read English contracts?", "Well [1].", (LANTERN,))],
        "Does this work in practice?",
        "Lantern: does this work in practice?",
    ),
]


@pytest.mark.parametrize(("before", "text", "searched"), SPOKEN)
def test_a_conversation_is_understood(
    before: list[tuple[str, str, tuple[str, ...]]], text: str, searched: str
) -> None:
    """What is searched reads as a question, and says no more than is needed."""
    turns = [Turn(question, reply, titles) for question, reply, titles in before]
    assert make_standalone(text, turns).standalone == searched


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("how does it compare to the second one?", ["Lantern", "Beacon"]),
        ("Is the second better?", ["Beacon"]),
        ("and the third paper?", ["A Survey of Readers"]),
        ("What does the last one say?", ["A Survey of Readers"]),
        ("How do the first and the third differ?", ["Lantern", "A Survey of Readers"]),
        ("How do the two differ?", ["Lantern", "Beacon"]),
        ("Do both need labels?", ["Lantern", "Beacon"]),
        ("What do the three have in common?", ["Lantern", "Beacon", "A Survey of Readers"]),
        ("How does it work?", ["Lantern"]),
        ("and what happens in the second layer?", ["Lantern"]),
    ],
)
def test_a_question_is_searched_with_the_papers_it_points_to(text: str, named: list[str]) -> None:
    """ "The second one" is the second cited paper, called by its name or its title."""
    asked = make_standalone(text, [FIRST])
    found = [n for n in ("Lantern", "Beacon", "A Survey of Readers") if n in asked.standalone]
    assert found == named
    assert not asked.note


@pytest.mark.parametrize(
    ("text", "titles", "note"),
    [
        ("Is the second one better?", (LANTERN,), "one paper; “the second one”"),
        ("and what of the fourth one?", (LANTERN, BEACON), "2 papers; “the fourth one”"),
    ],
)
def test_a_paper_that_is_not_there_is_said_to_be_missing(
    text: str, titles: tuple[str, ...], note: str
) -> None:
    """No other paper is taken for it; what was asked before is the context."""
    asked = make_standalone(text, [Turn(*PRUNING, titles)])
    assert asked.note == f"The last answer cites {note} was not understood."
    assert asked.standalone.startswith("methods prune language models: ")
    assert "Lantern" not in asked.standalone


@pytest.mark.parametrize("which", ["second", "last", "latter"])
def test_turns_without_titles_give_their_question(which: str) -> None:
    """A conversation read from a file knows no titles; the question before is enough."""
    asked = make_standalone(f"and is the {which} one good?", [Turn("What is Lantern?", "A model.")])
    assert asked.standalone == f"Lantern: is the {which} one good?"
    assert not asked.note


def test_the_question_as_understood_is_kept_for_the_next() -> None:
    """A turn that knows how it was understood, or was corrected by the reader, is believed."""
    turns = [
        Turn("What is Lantern?", "A model."),
        Turn("How fast is it?", "Fast.", standalone="How fast is Shutter?"),
    ]
    assert make_standalone("Is it large?", turns).standalone == "Is Shutter large?"


@pytest.mark.parametrize(
    "subject", ["How well does Lantern read long contracts?", "Which models read long contracts?"]
)
def test_a_long_conversation_does_not_grow_its_question(subject: str) -> None:
    """Ten follow-ups later the subject is still searched, once."""
    found = evidence(source(1, "Contracts are read.", title="A Reader of Long Contracts"))
    asked = make_standalone(subject, [])
    turns = [Turn.of(replace(answer(subject, found, sentence("It reads.", 1)), question=asked))]
    for text in ["and how does it compare with that?", "why?"] * 5:
        asked = make_standalone(text, turns)
        turns.append(
            Turn.of(replace(answer(text, found, sentence("It reads.", 1)), question=asked))
        )
    assert asked.standalone.count("A Reader of Long Contracts") == 1
    assert len(asked.standalone.split()) < 25


def test_a_bare_why_leaves_no_trace_in_what_comes_after() -> None:
    """The sentence that "why?" was asked of is not dragged along."""
    first = Turn("What is Beacon?", "Beacon prunes walls. It is damp.", ("Beacon: Pruned Walls",))
    why = Turn("why?", "Walls are heavy.", ("Beacon: Pruned Walls",), "Beacon prunes walls: why?")
    found = make_standalone("How much memory does it save?", [first, why])
    assert found.standalone == "How much memory does Beacon save?"
    assert "prunes walls" in make_standalone("but why?", [first]).standalone


@pytest.mark.parametrize("said", ["thanks", "Thank you very much!", "ok, great.", "hello"])
def test_a_courtesy_asks_for_nothing_again(said: str) -> None:
    """It is searched as it stands, and refused, rather than answered with the last answer."""
    turn = Turn("What is Beacon?", "Beacon prunes walls.", ("Beacon: Pruned Walls",))
    assert make_standalone(said, [turn]).standalone == said
