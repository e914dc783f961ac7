"""A sentence cut, moved or retold so that it says something else is no light edit."""

from __future__ import annotations

import time

import pytest

from rag.edits import is_light_edit

# Source, sentence, title of the paper.
TURNED = [
    ("Do language models understand tables?", "Language models understand tables.", ""),
    ("Does Lantern beat Beacon on maps?", "Lantern beats Beacon on maps.", ""),
    (
        "Their model beats our model on maps by 4 points.",
        "Our model beats their model on maps by 4 points.",
        "",
    ),
    (
        "On long tables they outperform our reader.",
        "On long tables we outperform their reader.",
        "",
    ),
    ("Our model is outperformed on maps.", "Our model outperforms on maps.", ""),
    ("Lantern is outperformed on maps and tables.", "Lantern outperforms on maps and tables.", ""),
    ("Recall does not improve on maps.", "Recall does not improve.", ""),
    ("We do not use labels from experts.", "We do not use labels.", ""),
    ("No reader wins on all maps.", "No reader wins.", ""),
    ("Lantern beats all systems but one.", "Lantern beats all systems.", ""),
    ("Accuracy improves for all but the largest models.", "Accuracy improves for all.", ""),
    ("Lantern beats every reader with the exception of Beacon.", "Lantern beats every reader.", ""),
    ("Lantern (this is wrong) is 4 points better.", "Lantern is 4 points better.", ""),
    ("Lantern, as a myth has it, is 4 points better.", "Lantern is 4 points better.", ""),
    ("Lantern is better, which is false.", "Lantern is better.", ""),
    ("Lantern is better on maps, and this is refuted here.", "Lantern is better on maps.", ""),
    ("Lantern is better on maps, yet this vanishes with tuning.", "Lantern is better on maps.", ""),
    ("Nobody has shown this: depth explains the gain.", "Depth explains the gain.", ""),
    ("We show that nobody found that pruning helps readers.", "Pruning helps readers.", ""),
    ("A popular belief is this: depth explains the gain.", "Depth explains the gain.", ""),
    ("Suppose the following; Lantern beats Beacon.", "Lantern beats Beacon.", ""),
    ("Lantern improves recall by 0%.", "Lantern improves recall.", ""),
    ("Lantern improves recall by zero points.", "Lantern improves recall.", ""),
    ("Lantern improves recall by -4 points.", "Lantern improves recall.", ""),
    ("Lantern improves recall for nobody.", "Lantern improves recall.", ""),
    ("Lantern improves recall in theory.", "Lantern improves recall.", ""),
    ("Lantern improves recall in one of nine tests.", "Lantern improves recall.", ""),
    ("Lantern is as good as random guessing.", "Lantern is as good.", ""),
    (
        "Lantern and Beacon are slow and fast, respectively.",
        "Lantern and Beacon are slow and fast.",
        "",
    ),
    ("Had we trained longer, we would beat Beacon.", "We would beat Beacon.", ""),
    ("Were the cache warm, we gain 4 points.", "We gain 4 points.", ""),
    ("The systems fail on maps.", "Lantern fails on maps.", "Lantern: Reading Maps"),
    ("A system fails on maps.", "Language models fail on maps.", "Language Models Fail: A Study"),
    ("Recall improves on maps, contrary to hope, never.", "Recall improves on maps.", ""),
    ("A improves recall on maps and hurts speed on tables.", "On tables, A improves recall.", ""),
    ("We reach 28 points on maps and 30 points on tables.", "We reach 28 points on tables.", ""),
    (
        "Our paper retracts our earlier finding: depth explains the gain.",
        "Depth explains the gain.",
        "",
    ),
    ("Lantern helps readers unless they are tired.", "Lantern helps readers.", ""),
]


@pytest.mark.parametrize(("source", "sentence", "title"), TURNED)
def test_what_says_something_else_is_no_light_edit(source: str, sentence: str, title: str) -> None:
    """Each of these is made of the source's words alone."""
    assert not is_light_edit(sentence, source, title)


@pytest.mark.parametrize(
    ("source", "sentence", "title"),
    [
        ("Our model beats Beacon on maps.", "Lantern beats Beacon on maps.", "Lantern: On Maps"),
        ("Lantern is better on maps, but slower.", "Lantern is better on maps.", ""),
        ("Lantern wins on maps when it is warm.", "When it is warm, Lantern wins on maps.", ""),
        ("Maps are used by all readers.", "Maps used by all readers.", ""),
        ("Do maps help?", "Do maps help?", ""),
    ],
)
def test_what_says_the_same_is_a_light_edit(source: str, sentence: str, title: str) -> None:
    """The rules above do not get there by passing nothing."""
    assert is_light_edit(sentence, source, title)


@pytest.mark.parametrize("words", ["not reader ", "on maps ", "a ", "1 ", "(x) "])
def test_long_sentences_take_no_long_time(words: str) -> None:
    """A model, or an abstract, may write anything."""
    began = time.perf_counter()
    is_light_edit(words * 500, "the " + words * 499)
    is_light_edit(words * 70, "the " + words * 69)
    assert time.perf_counter() - began < 5
