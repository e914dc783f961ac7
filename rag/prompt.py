"""Evidence + question -> messages for the model; pure.

What never changes comes first, so that the model need not read it again for the next question. Each
sentence of the evidence is followed by its number, in the form an answer should have: a small model
copies what it sees, numbers included, and hardly follows an order to cite. Titles are left out for
the same reason: it would repeat them instead of what the papers say.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Message, Source

_SYSTEM = (
    "You answer questions by repeating the sentences of the text that answer them, with their "
    "numbers."
)
_TASK = "Repeat the two sentences of the text that answer the question, with their numbers."


def make_messages(sources: Sequence[Source], question: str) -> list[Message]:
    """The messages that ask the model to answer from the sources."""
    text = "\n".join(source_text(source) for source in sources)
    return [
        Message("system", _SYSTEM),
        Message("user", f"Text:\n{text}\n\nQuestion: {question}\n{_TASK}"),
    ]


def source_text(source: Source) -> str:
    """One source as the model reads it: its sentences, each with the source's number."""
    return "\n".join(f"{sentence.text} [{source.number}]" for sentence in source.sentences)
