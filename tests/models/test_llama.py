"""The real model in this process: what it may cite, and when it stops by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from models.llama import SLICE, LlamaModel
from models.process import LlmProcess
from tests.models.gguf_files import PACKAGED
from tests.models.test_llm_contract import ask

# Texts that a model goes on with; it has seen the number 7 in brackets only.
SEVENS = "Cats sleep [7]. Dogs bark [7]. Fish swim [7]. Birds sing [7]. Cows graze"
NESTED = "word [[12]] other [] next [7, 8] word [[12]] other [] next"


@pytest.fixture(scope="module")
def model() -> LlamaModel:
    # Without the penalty it repeats itself, which is what these tests are about.
    return LlamaModel.load(
        PACKAGED, context_tokens=512, threads=0, temperature=0.0, repeat_penalty=1.0
    )


def go_on(model: LlamaModel, text: str, max_tokens: int, citable: Sequence[int] = ()) -> str:
    tokens = model._tokenize(text, special=False)
    return "".join(piece for piece, _ in model.stream(tokens, max_tokens, lambda: False, citable))


def markers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\[(\d+)\]", text)}


def has_foreign_brackets(text: str, citable: Sequence[int]) -> bool:
    """Whether a bracket holds what is not citable; the end of a text may cut one short."""
    for number in citable:
        text = text.replace(f"[{number}]", "")
    cut = text[text.rfind("[") :]
    if any(f"[{number}]".startswith(cut) for number in citable):
        text = text.removesuffix(cut)
    return "[" in text


def test_the_detector_sees_a_planted_fault() -> None:
    """Every way to write a number that is not citable is found, and no other."""
    for fault in ("x [7]", "x [7", "x [] y", "x [[1]]", "x [1, 2]", "[1] [12", "[ 1]"):
        assert has_foreign_brackets(fault, (1, 2)), fault
    for fine in ("", "x 7]", "x [1]", "x [1][2].", "x [1] y [", "x [1] y [2"):
        assert not has_foreign_brackets(fine, (1, 2)), fine


@pytest.mark.parametrize("prompt", [SEVENS, NESTED])
@pytest.mark.parametrize("citable", [(1, 2), (3, 12)])
def test_only_citable_numbers_stand_in_brackets(
    model: LlamaModel, prompt: str, citable: tuple[int, ...]
) -> None:
    """Free, the model writes what it saw; bound, it writes nothing but numbers it may cite."""
    assert has_foreign_brackets(go_on(model, prompt, 16), citable)
    bound = go_on(model, prompt, 16, citable)
    assert markers(bound)
    assert not has_foreign_brackets(bound, citable)


def test_a_marker_may_be_what_the_model_wanted(model: LlamaModel) -> None:
    """Where the likeliest number is citable the text is the same as without the rule."""
    free = go_on(model, SEVENS, 16)
    assert "[7]" in free
    assert go_on(model, SEVENS, 16, (1, 7)) == free


def test_citable_numbers_reach_the_child(packaged_llm: LlmProcess) -> None:
    """The same through the process, with the settings that answers are written with."""
    question = ask("Repeat exactly: [7] [7] [7] [7] [7] [7] [7]")
    assert markers("".join(packaged_llm.generate(question, max_tokens=16))) == {7}
    bound = "".join(packaged_llm.generate(question, max_tokens=16, citable=(1, 2)))
    assert markers(bound)
    assert not has_foreign_brackets(bound, (1, 2))


def test_a_loop_ends_the_answer(model: LlamaModel) -> None:
    """A model that says the same for ever stops after the second time, not at its limit."""
    round_ = "The cat sat on the mat and looked at the dog by the door. "
    tokens = model._tokenize(round_ * 6, special=False)
    written = [number for _, number in model.stream(tokens, 200, lambda: False)]
    assert written[-1] < 60


def test_reading_is_measured_and_forgotten(model: LlamaModel) -> None:
    """The figure is of the size of a real prompt's, and the next answer does not see the slices."""
    before = go_on(model, SEVENS, 8)
    assert 1 < model._measure_reading() < 100_000
    assert model._llama.n_tokens == 0
    assert go_on(model, SEVENS, 8) == before
    assert model.context_tokens >= SLICE
