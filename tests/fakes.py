"""Stand-ins for slow parts; each passes the contract tests of the real one."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator, Sequence

from models.errors import ModelDied, ModelError, PromptTooLong
from models.process import ChatMessage
from rag.types import Answer


class Keeper(list[Answer]):
    """Keeps answers as a library does: one takes the place of an earlier one of the same id."""

    def __call__(self, answer: Answer, conversation: str) -> None:
        self[:] = [*(one for one in self if one.id != answer.id), answer]


class ScriptedLlm:
    """A chat model that gives prepared replies in turn; a ModelError among them is a failure."""

    def __init__(
        self,
        replies: Sequence[str | ModelError],
        *,
        name: str = "scripted",
        reads_quotations: bool = False,
        context_tokens: int = 2048,
        tokens_per_second: float | None = 500.0,
        pause: float = 0.0,
    ) -> None:
        self.name = name
        self.reads_quotations = reads_quotations
        self.context_tokens = context_tokens
        self.tokens_per_second = tokens_per_second  # it is loaded from the start
        self.prompts: list[tuple[ChatMessage, ...]] = []  # what it was asked, for the test to see
        self.citable: list[tuple[int, ...]] = []  # the numbers each prompt came with
        self._replies = list(replies)
        self._pause = pause  # seconds before each piece
        self._closed = False

    def count_tokens(self, text: str) -> int:
        if self._closed:
            raise ModelDied(self.name, f"{self.name} has been closed. Start Footnote again.")
        return len(_tokens(text))

    def generate(
        self, messages: Sequence[ChatMessage], max_tokens: int, citable: Sequence[int] = ()
    ) -> ScriptedGeneration:
        """The next reply, as scripted: a test may want to see a number that is not citable."""
        if self._closed:
            died = ModelDied(self.name, f"{self.name} has been closed. Start Footnote again.")
            return ScriptedGeneration([], 0, died, self._pause)
        self.prompts.append(tuple(messages))
        self.citable.append(tuple(citable))
        prompt_tokens = sum(self.count_tokens(m.content) for m in messages)
        if prompt_tokens + max_tokens > self.context_tokens:
            error = PromptTooLong(
                self.name,
                f"The prompt has {prompt_tokens} tokens and its answer may have {max_tokens}, but "
                f"the model sees {self.context_tokens} at once. Ask with less evidence.",
            )
            return ScriptedGeneration([], 0, error, self._pause)
        assert self._replies, "the script has no reply left"
        reply = self._replies.pop(0)
        if isinstance(reply, ModelError):
            return ScriptedGeneration([], prompt_tokens, reply, self._pause)
        return ScriptedGeneration(_tokens(reply)[:max_tokens], prompt_tokens, None, self._pause)

    def close(self) -> None:
        self._closed = True


class ScriptedGeneration:
    """A prepared text, given token by token to whoever loops over it first."""

    def __init__(
        self, tokens: list[str], prompt_tokens: int, failure: ModelError | None, pause: float
    ) -> None:
        self.prompt_tokens = prompt_tokens
        self.answer_tokens = 0
        self._tokens = tokens
        self._failure = failure
        self._pause = pause
        self._cancelled = threading.Event()

    @property
    def error(self) -> str | None:
        return str(self._failure) if self._failure else None

    def __iter__(self) -> Iterator[str]:
        for number in itertools.count():
            if number >= self.answer_tokens:
                if number >= len(self._tokens) or self._cancelled.wait(self._pause):
                    return
                self.answer_tokens = number + 1
            yield self._tokens[number]

    def cancel(self) -> None:
        self._cancelled.set()


def _tokens(text: str) -> list[str]:
    """Words and marks, each with the space before it, so that joined they are the text again."""
    return re.findall(r"\s*(?:\w+|[^\w\s])|\s+$", text)
