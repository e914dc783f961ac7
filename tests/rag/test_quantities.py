"""Numbers are read with their values, units and places, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.quantities import Quantity, quantities


def one(text: str) -> Quantity:
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1000 pages", 1000, ""),
        ("1,000 pages", 1000, ""),
        ("one thousand pages", 1000, ""),
        ("1.2k pages", 1200, ""),
        ("2500000 pages", 2_500_000, ""),
        ("2.5 million pages", 2_500_000, ""),
        ("7B weights", 7e9, ""),
        ("7bn pages", 7e9, ""),
        ("twenty-five pages", 25, ""),
        ("Twenty pages", 20, ""),
        ("8 dozen pages", 96, ""),
        (".05", 0.05, ""),
        ("−3 degrees", -3, ""),
        ("57 % of pages", 57, "%"),
        ("57 percent", 57, "%"),
        ("57 per cent", 57, "%"),
        ("2.5 points", 2.5, "point"),
        ("2.5 percentage points", 2.5, "point"),
        ("4x faster", 4, "times"),
        ("4 × faster", 4, "times"),
        ("4-fold", 4, "times"),
        ("four times", 4, "times"),
        ("40 ms", 40, "ms"),
        ("40ms", 40, "ms"),
        ("40 milliseconds", 40, "ms"),
        ("12-hour shifts", 12, "h"),
        ("two and a half hours", 2.5, "h"),
        ("2GB", 2, "gb"),
        ("12m", 12, ""),
        ("12K", 12000, ""),
        ("1e-4", 1e-4, ""),
        ("2.5e4", 25000, ""),
        ("the 1990s", 1990, "decade"),
        ("two thirds", 0.666666666666667, ""),
        ("three-quarters", 0.75, ""),
    ],
)
def test_a_number_has_one_value_and_unit(text: str, value: float, unit: str) -> None:
    """Figures and words, commas and "million", signs and words for units come to the same."""
    found = one(text)
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize("text", ["", "Lantern", "T5 and GPT9", "v3.x1", "a tenth"])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    """Digits within a name, and a part of the whole without its number, count nothing."""
    assert quantities(text) == []


def test_the_text_shows_a_sign_and_leaves_a_word() -> None:
    """A person reads "57%" and "4x", and "40" of "40 ms"."""
    assert [q.text for q in quantities("57% at 4x in 40 ms")] == ["57%", "4x", "40"]


@pytest.mark.parametrize(("text", "telling"), [
    ("one", False), ("half of them", False), ("twice", False), ("a third", False),
    ("two", True), ("1", True), ("one hundred", True), ("one million", True),
])  # fmt: skip
def test_words_that_often_count_nothing_do_not_tell(text: str, telling: bool) -> None:
    """A "one" may be a pronoun; "one hundred" is a number."""
    assert one(text).is_telling is telling


@pytest.mark.parametrize(("mine", "other", "fits"), [
    ("5 hours", "five hours", True), ("5 hours", "5", True), ("5 hours", "5 days", False),
    ("5%", "5 percent", True), ("5%", "5", False), ("5", "5 points", False),
    ("5%", "5 points", False), ("5 hours", "6 hours", False), ("1,000", "1000", True),
])  # fmt: skip
def test_what_fits(mine: str, other: str, fits: bool) -> None:
    """A unit that one side leaves out says nothing, but a share is no plain number."""
    assert one(mine).fits(one(other)) is one(other).fits(one(mine)) is fits


@pytest.mark.parametrize(("text", "units"), [
    ("80 to 90%", ["%", "%"]), ("80-90%", ["%", "%"]), ("80% to 90%", ["%", "%"]),
    ("80, 90%", ["", "%"]), ("2x2", ["", ""]), ("5 of 90%", ["", "%"]),
])  # fmt: skip
def test_a_range_shares_its_unit(text: str, units: list[str]) -> None:
    """The first number of a range is of the unit that the second has; others are not."""
    assert [q.unit for q in quantities(text)] == units


@pytest.mark.parametrize(("text", "bounds"), [
    ("at least 90%", ["lower"]), ("p > 0.05", ["lower"]), ("more than 3", ["lower"]),
    ("up to 90%", ["upper"]), ("p<0.05", ["upper"]), ("no more than 3", ["upper"]),
    ("from 80% to 90%", ["from", "to"]), ("80% to 90%", ["", "to"]), ("90%", [""]),
    ("compared to 90%", [""]), ("moreover 90%", [""]), ("at most a third", ["upper"]),
    ("4 or fewer", ["upper"]), ("4 or more", ["lower"]), ("as many as 3", ["upper"]),
])  # fmt: skip
def test_what_bounds_a_number(text: str, bounds: list[str]) -> None:
    """The words or the sign before it, however they are written."""
    assert [q.bound for q in quantities(text)] == bounds


def test_another_number_of_the_same_unit_fits_but_for_its_value() -> None:
    """Two times of day are rivals for one place; a time and a size are not."""
    assert one("5 hours").fits(one("6 hours"), value=False)
    assert not one("5 hours").fits(one("6 GB"), value=False)


def check_places(text: str) -> None:
    """What is found stands where it says, one after the other."""
    end = 0
    for found in quantities(text):
        assert end <= found.start < found.end <= len(text)
        assert found.text in text[found.start : found.end]
        end = found.end


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text makes the reader stumble, and offsets are right."""
    check_places(text)


@given(st.lists(st.sampled_from("12 3.5 1,000 ten half % x ms k million - , . and".split())))
def test_numbers_side_by_side(words: list[str]) -> None:
    """Nor does a text that is made of numbers and units."""
    check_places(" ".join(words))
    check_places("".join(words))


@given(st.integers(0, 10**12))
def test_commas_change_nothing(number: int) -> None:
    """1,000 is 1000, whatever the number."""
    assert one(f"{number:,}").value == one(str(number)).value == number


@settings(max_examples=500)
@given(st.integers(1, 9999), st.sampled_from(["thousand", "million", "bn"]))
def test_scales_are_multiplied_in(tenths: int, scale: str) -> None:
    """2.5 million is 2500000."""
    factor = {"thousand": 1000, "million": 1_000_000, "bn": 1_000_000_000}[scale]
    assert one(f"{tenths / 10} {scale}").value == tenths * factor / 10
