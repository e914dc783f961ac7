"""Whatever a model would like to write, in brackets stand only numbers that may be cited."""

from __future__ import annotations

import random
import re

import pytest

from models.markers import MarkerRule, MarkerTokens

# Every way in which a vocabulary may cut markers, and other text with brackets.
TEXTS = [
    *(str(digit).encode() for digit in range(10)),
    *(b"12", b"77", b"123", b"1]", b"7].", b"]", b"].", b"][", b"](", b"]]", b"[1", b"[7", b"[7]"),
    *(b"[", b" [", b".[", b" [[", b" []", b"][7", b"[2]", b" [12] [7", b"[-", b"[x]"),
    *(b"word", b" word", b".", b" ", b"", "ü".encode(), b"\xc3", b"\n"),
]
TOKENS = MarkerTokens(enumerate(TEXTS))


def texts_of(tokens: list[int] | None) -> set[bytes]:
    assert tokens is not None
    return {TEXTS[token] for token in tokens}


def rule_after(text: bytes, citable: tuple[int, ...]) -> MarkerRule:
    rule = MarkerRule(TOKENS, citable)
    rule.write(text)
    return rule


@pytest.mark.parametrize(
    ("written", "citable", "allowed"),
    [
        (b"so [", (2, 3), {b"2", b"3"}),
        (b"so [", (1, 2), {b"1", b"1]", b"2"}),
        (b"so [", (12, 123), {b"1", b"12", b"123"}),
        (b"so [1", (12, 123), {b"2"}),
        (b"so [12", (12, 123), {b"3", b"]", b"].", b"][", b"](", b"]]"}),
        (b"so [7", (7,), {b"]", b"].", b"][", b"][7", b"](", b"]]"}),
        (b"so [4] and [", (4, 5), {b"4", b"5"}),
        (b"x [1][", (1,), {b"1", b"1]"}),
    ],
)
def test_an_open_bracket_goes_on_with_a_citable_number(
    written: bytes, citable: tuple[int, ...], allowed: set[bytes]
) -> None:
    """A marker may be cut into tokens in any way; only those that lead to a number are allowed."""
    assert texts_of(rule_after(written, citable).choices) == allowed


@pytest.mark.parametrize("written", [b"", b"words", b"done [1]", b"done [1].", b"a ] b", b"7"])
def test_elsewhere_everything_is_allowed(written: bytes) -> None:
    """Outside of brackets the model chooses from its whole vocabulary."""
    rule = rule_after(written, (1, 2))
    assert rule.choices is None
    assert rule.opener_instead(b" word") is None
    assert rule.opener_instead(b"7]") is None


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (b"[1", None),
        (b"[2]", None),
        (b" [", None),
        (b"[7", b"["),
        (b"[7]", b"["),
        (b" [[", b" ["),
        (b" []", b" ["),
        (b"[-", b"["),
        (b"[1][7", b"["),
        (b".[0", b".["),
        (b"?[0", b"["),
    ],
)
def test_a_token_with_more_than_a_bracket_smuggles_nothing(
    text: bytes, instead: bytes | None
) -> None:
    """It is written when what follows its bracket is citable; else it is cut after the bracket."""
    token = MarkerRule(TOKENS, (1, 2)).opener_instead(text)
    assert (None if token is None else TEXTS[token]) == instead


def test_without_citable_numbers_nothing_is_changed() -> None:
    """Every token may follow every other."""
    rule = MarkerRule(TOKENS, ())
    for text in TEXTS:
        assert rule.opener_instead(text) is None
        rule.write(text)
        assert rule.choices is None


@pytest.mark.parametrize("citable", [(1,), (1, 2), (2, 12, 123), (77,)])
@pytest.mark.parametrize("seed", range(5))
def test_a_model_that_writes_anything_cites_only_what_it_may(
    citable: tuple[int, ...], seed: int
) -> None:
    """2,000 random tokens: each bracket holds a citable number, the last may be unfinished."""
    draw = random.Random(seed)
    rule = MarkerRule(TOKENS, citable)
    text = b""
    for _ in range(2000):
        choices = rule.choices
        if choices is not None:
            token = draw.choice(choices)
        else:
            token = draw.randrange(len(TEXTS))
            instead = rule.opener_instead(TEXTS[token])
            token = token if instead is None else instead
        rule.write(TEXTS[token])
        text += TEXTS[token]
    found = re.findall(rb"\[(\d+)\]", text)
    assert {int(number) for number in found} == set(citable)
    assert text.count(b"[") - len(found) == (1 if rule.choices is not None else 0)
