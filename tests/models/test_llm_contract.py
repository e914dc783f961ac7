"""What every chat model promises, the real one in its process and the scripted one alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from models.errors import ModelError
from models.process import LlmProcess
from rag.no_model import NoModel
from tests.fakes import ScriptedLlm
from tests.models.gguf_files import PACKAGED

STORY = "Once upon a time a small model read many papers and wrote about each of them. " * 12


@dataclass(frozen=True)
class Said:
    role: str
    content: str


def ask(text: str) -> list[Said]:
    return [Said("system", "You tell long stories."), Said("user", text)]


Make = Callable[[], Any]


@pytest.fixture(params=["process", "scripted"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a model of the kind under test, and closes it afterwards."""
    made: list[Any] = []

    def one() -> Any:
        if request.param == "process":
            model: Any = LlmProcess(PACKAGED, name="packaged", context_tokens=512)
        elif request.param == "none":
            model = NoModel(context_tokens=512)
        else:
            model = ScriptedLlm([STORY] * 5, context_tokens=512, pause=0.002)
        made.append(model)
        return model

    yield one
    for model in made:
        model.close()


@pytest.mark.parametrize("make", ["process", "scripted", "none"], indirect=True)
def test_counts_tokens(make: Make) -> None:
    """More text is more tokens, and no text is none."""
    llm = make()
    assert llm.count_tokens("") == 0
    assert 0 < llm.count_tokens("one") < llm.count_tokens("one two three four five six")
    assert isinstance(llm.name, str)
    assert llm.context_tokens == 512
    assert llm.reads_quotations is False


def test_says_how_fast_it_reads(make: Make) -> None:
    """Tokens of a prompt per second, as soon as it is loaded; before that nobody knows."""
    llm = make()
    if isinstance(llm, LlmProcess):
        assert llm.tokens_per_second is None
    llm.count_tokens("load it")
    assert llm.tokens_per_second > 0


@pytest.mark.parametrize("make", ["process", "scripted", "none"], indirect=True)
def test_takes_the_numbers_that_may_be_cited(make: Make) -> None:
    """They are part of the question, and an answer without brackets does not need them."""
    llm = make()
    free = "".join(llm.generate(ask("Tell me about a cat."), max_tokens=10))
    bound = "".join(llm.generate(ask("Tell me about a cat."), max_tokens=10, citable=(1, 2)))
    assert "[" not in free
    assert bound == free


def test_streams_an_answer_that_can_be_read_twice(make: Make) -> None:
    """The pieces come one by one, within max_tokens, and a second loop gives the same text."""
    generation = make().generate(ask("Tell me about a cat."), max_tokens=30)
    pieces = list(generation)
    assert len(pieces) > 3
    assert "".join(pieces).strip()
    assert list(generation) == pieces
    assert generation.error is None
    assert generation.prompt_tokens > 5
    assert 0 < generation.answer_tokens <= 30


def test_cancel_while_writing(make: Make) -> None:
    """Cancelled while it writes, it ends without an error, and the next question is answered."""
    llm = make()
    generation = llm.generate(ask("Tell me about a dog."), max_tokens=200)
    pieces = []
    for piece in generation:
        pieces.append(piece)
        if len(pieces) == 3:
            generation.cancel()
    assert generation.error is None
    assert generation.answer_tokens < 100
    assert list(generation)[:3] == pieces[:3]
    after = llm.generate(ask("Tell me about a fish."), max_tokens=10)
    assert "".join(after)
    assert after.error is None


def test_cancel_from_another_thread(make: Make) -> None:
    """A loop that waits for the next piece ends when another thread cancels."""
    generation = make().generate(ask("Tell me about a horse."), max_tokens=200)
    iterator = iter(generation)
    next(iterator)
    canceller = threading.Timer(0.05, generation.cancel)
    canceller.start()
    list(iterator)
    canceller.join()
    assert generation.error is None
    assert generation.answer_tokens < 200


def test_cancel_before_it_began(make: Make) -> None:
    """A question that waits behind another can be given up; the other is not disturbed."""
    llm = make()
    first = llm.generate(ask("Tell me about a whale."), max_tokens=20)
    waiting = llm.generate(ask("Tell me about a bee."), max_tokens=20)
    waiting.cancel()
    assert list(waiting) == []
    assert waiting.error is None
    assert "".join(first)
    assert first.error is None


def test_a_prompt_that_does_not_fit_is_an_error_not_a_cut(make: Make) -> None:
    """Prompt and answer beyond the context end with a sentence that gives the numbers."""
    llm = make()
    generation = llm.generate(ask("word " * 600), max_tokens=10)
    assert list(generation) == []
    assert generation.error is not None
    assert "512" in generation.error
    assert generation.answer_tokens == 0
    after = llm.generate(ask("Tell me about a bird."), max_tokens=10)
    assert "".join(after)
    assert after.error is None


def test_closed_for_good(make: Make) -> None:
    """Closing twice is fine; a closed model says so."""
    llm = make()
    llm.close()
    llm.close()
    generation = llm.generate(ask("Are you there?"), max_tokens=5)
    assert list(generation) == []
    assert "closed" in (generation.error or "")
    with pytest.raises(ModelError, match="closed"):
        llm.count_tokens("a")


def test_no_model_writes_nothing_and_never_fails() -> None:
    """Its text is empty however often it is read, cancelled or closed, and no speed is known."""
    llm = NoModel(context_tokens=512)
    generation = llm.generate(ask("word " * 600), max_tokens=10, citable=(1,))
    assert [list(generation), list(generation)] == [[], []]
    generation.cancel()
    llm.close()
    llm.close()
    assert (generation.prompt_tokens, generation.answer_tokens, generation.error) == (0, 0, None)
    assert llm.tokens_per_second is None


def test_the_fake_can_fail_as_the_real_one_does() -> None:
    """A scripted failure is an error on the generation, never an exception in the loop."""
    llm = ScriptedLlm([ModelError("scripted", "It died. Ask again."), "Well."])
    failed = llm.generate(ask("?"), max_tokens=5)
    assert list(failed) == []
    assert failed.error == "It died. Ask again."
    assert "".join(llm.generate(ask("?"), max_tokens=5)) == "Well."
