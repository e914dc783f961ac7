"""No chat model: answers stay the extract, quotations alone, and stand at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.types import Message

NO_MODEL = "none"  # what the settings call it
_CHARACTERS_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is, for when no model counts them."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


class NoModel:
    """An Llm that writes nothing: what was quoted stays as it stands.

    Its evidence is as large as for a model of so many `context_tokens` whose speed is not known.
    """

    name = ""  # an answer names no model
    reads_quotations = False
    tokens_per_second = None

    def __init__(self, context_tokens: int) -> None:
        self.context_tokens = context_tokens

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    def generate(
        self, messages: Sequence[Message], max_tokens: int, citable: Sequence[int] = ()
    ) -> _Nothing:
        return _Nothing()

    def close(self) -> None:
        """Nothing was opened."""


class _Nothing:
    """A Generation without words."""

    prompt_tokens = 0
    answer_tokens = 0
    error = None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def cancel(self) -> None:
        """It has ended already."""
