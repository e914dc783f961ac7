"""Limits hold: no prompt is longer than its budget, and no question longer than can be read."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from rag import evidence
from rag.assistant import Assistant
from rag.config import Config, load_config
from rag.errors import QuestionError
from rag.types import Passage
from rag.wiring import Desk, open_desk
from tests.fakes import ScriptedLlm
from tests.rag.builders import passage

DRAWS = 10_000
TEMPLATE_TOKENS = 8  # around each message
WORDS = "moss keeps stones damp for weeks while ferns dry out near walls within 3 days".split()


@dataclass(frozen=True)
class FoundAlready:
    """Stands for the search: the same passages for whatever is asked."""

    passages: Sequence[Passage]

    def search_all(self, queries: Sequence[str], *_: object, **__: object) -> list[list[Passage]]:
        return [list(self.passages) for _ in queries]

    def count(self, *_: object) -> int:
        return len(self.passages)


@dataclass(frozen=True)
class Prompt:
    """What a model was given to read, and how much it was to be at most."""

    tokens: int
    limit: int
    sentences: int
    context: int
    is_refused: bool  # by the model, as more than it sees at once


def text(draw: random.Random, words: int) -> str:
    said = " ".join(draw.choices(WORDS, k=words))
    return f"{said[:1].upper()}{said[1:]}."


def prompts(draws: int, seed: int = 1) -> Iterator[Prompt]:
    """Questions, papers, settings and models at random; the prompts that come of them."""
    draw = random.Random(seed)
    base = load_config()
    for _ in range(draws):
        config = random_settings(draw, base)
        found = [
            passage(
                f"On Moss {number}",
                *(text(draw, draw.choice((3, 12, 12, 40, 200))) for _ in range(draw.randint(1, 6))),
                score=1.0 - number / 10,
            )
            for number in range(draw.randint(1, 6))
        ]
        llm = ScriptedLlm(
            [""],
            context_tokens=draw.choice((512, 1024, 2048, 8192)),
            tokens_per_second=draw.choice((None, 1.0, 30.0, 120.0, 500.0)),
            reads_quotations=draw.random() < 0.2,
        )
        asked = Assistant(FoundAlready(found), llm, config)  # type: ignore[arg-type]
        question = text(
            draw, draw.choice((1, 5, 8, 12, 30, 30, 300) if draw.random() < 0.97 else (1500,))
        )
        answer = asked.ask(f"How does moss keep stones damp? {question}"[:10_000]).answer
        for messages in llm.prompts:
            read = messages[1].content.split("\n\nQuestion:")[0].splitlines()
            tokens = sum(llm.count_tokens(m.content) + TEMPLATE_TOKENS for m in messages)
            limit = min(
                config.evidence.prompt_tokens, llm.context_tokens - config.answer.max_tokens
            )
            refused = bool(answer.model_error)
            yield Prompt(tokens, limit, len(read), llm.context_tokens, refused)


def random_settings(draw: random.Random, base: Config) -> Config:
    chosen = replace(
        base.evidence,
        prompt_tokens=draw.randint(60, 1600),
        papers=draw.randint(1, 6),
        sentences_per_paper=draw.randint(1, 5),
        citable_probability=0.001,
        answered_probability=0.001,
    )
    answer = replace(base.answer, max_tokens=draw.choice((40, 200, 400)))
    return replace(base, evidence=chosen, answer=answer)


def over(found: Iterator[Prompt]) -> tuple[int, int]:
    """How many prompts there are, and how many of them have more than one sentence too many."""
    seen = list(found)
    return len(seen), sum(p.tokens > p.limit and p.sentences > 1 for p in seen)


def test_no_prompt_is_longer_than_its_budget() -> None:
    """But for a lone sentence: the best is read however long it is, or the model says it cannot."""
    asked, too_long = over(prompts(DRAWS))
    assert asked > DRAWS * 0.8
    assert too_long == 0


def test_a_budget_that_is_not_kept_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: sentences are taken without looking at what they cost."""
    within = evidence._within
    monkeypatch.setattr(evidence, "_within", lambda _, *rest: within(10**9, *rest))
    asked, too_long = over(prompts(300))
    assert too_long > asked * 0.1


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("limits") / "library") as desk:
        yield desk


@pytest.mark.parametrize("size", [1, 2, 10_000, 10_001, 100_000, 1_000_000, 10_000_000])
def test_a_question_of_any_size_is_read_or_refused_in_one_sentence(desk: Desk, size: int) -> None:
    question = ("why moss " * (size // 9 + 1))[:size]
    if size <= 10_000:
        assert desk.ask(question).answer.evidence.reason is not None  # there are no papers
        return
    with pytest.raises(QuestionError) as refused:
        desk.ask(question)
    said = str(refused.value)
    assert f"{size:,} characters" in said
    assert "at most 10,000" in said
    assert len(said) < 300
