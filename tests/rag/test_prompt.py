"""What the model is asked, word for word: a change here is a change of every answer."""

from __future__ import annotations

from rag.prompt import make_messages, source_text
from rag.types import Message
from tests.rag.builders import source

LANTERN = source(1, "Lantern reads contracts.", "It needs 8 GPUs.", title="Lantern: A Reader")
MOSS = source(2, "Moss keeps stones damp.")

# Reviewed by a person. The packaged model is trained on this very form: with another one it has to
# be trained, and answers have to be measured, again.
SNAPSHOT = [
    Message(
        "system",
        "You answer from numbered sentences, briefly and in their words, and end each of your "
        "sentences with its number.",
    ),
    Message(
        "user",
        """\
Lantern reads contracts. [1]
It needs 8 GPUs. [1]
Moss keeps stones damp. [2]

Question: What does Lantern do?""",
    ),
]


def test_the_messages_are_the_reviewed_ones() -> None:
    """Instructions, numbered sentences and the question, in this order."""
    assert make_messages((LANTERN, MOSS), "What does Lantern do?") == SNAPSHOT


def test_what_never_changes_comes_first() -> None:
    """Two questions on the same evidence share the prompt up to the question."""
    one, other = (make_messages((LANTERN, MOSS), q)[1].content for q in ("One?", "Other?"))
    assert make_messages((MOSS,), "One?")[0] == make_messages((LANTERN,), "Other?")[0]
    assert one.split("Question:")[0] == other.split("Question:")[0]


def test_every_sentence_carries_the_number_of_its_source_and_no_title() -> None:
    """The model copies numbers from where it reads; titles it would copy too."""
    assert source_text(LANTERN) == "Lantern reads contracts. [1]\nIt needs 8 GPUs. [1]"
    assert "A Reader" not in make_messages((LANTERN,), "What?")[1].content


def test_no_evidence_makes_the_frame_of_a_prompt() -> None:
    """Without sources the messages are what the budget must leave room for."""
    text = make_messages((), "What?")[1].content
    assert text == "\n\nQuestion: What?"
