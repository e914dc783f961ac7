"""Evidence + question -> messages for the model; pure.

What never changes comes first, so that the model need not read it again for the next question. Each
sentence of the evidence is followed by its number, in the form an answer should have: a small model
copies what it sees, numbers included, and hardly follows an order to cite. Titles are left out for
the same reason: it would repeat them instead of what the papers say. The packaged model was trained
on this very form (`models.citer`).
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Message, Source

_SYSTEM = (
    "You answer from numbered sentences, briefly and in their words, and end each of your "
    "sentences with its number."
)


def make_messages(sources: Sequence[Source], question: str) -> list[Message]:
    """The messages that ask the model to answer from the sources."""
    text = "\n".join(source_text(source) for source in sources)
    return [Message("system", _SYSTEM), Message("user", f"{text}\n\nQuestion: {question}")]


def source_text(source: Source) -> str:
    """One source as the model reads it: its sentences, each with the source's number."""
    return "\n".join(f"{sentence.text} [{source.number}]" for sentence in source.sentences)
