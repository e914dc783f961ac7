"""A comparison is searched side by side; what compares no two named things is not."""

from __future__ import annotations

import pytest

from rag.compare import sides


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("Compare Lantern and Beacon on memory", "Lantern memory", "Beacon memory"),
        ("compare Lantern with Beacon.", "Lantern", "Beacon"),
        ("Please compare Lantern to Beacon in reading speed", "Lantern reading speed",
         "Beacon reading speed"),
        ("Lantern vs Beacon: which needs less memory?", "Lantern needs memory",
         "Beacon needs memory"),
        ("Lantern vs. Beacon", "Lantern", "Beacon"),
        ("Lantern versus Beacon on leases", "Lantern leases", "Beacon leases"),
        ("Reading leases: sparse attention versus recurrence?", "sparse attention reading leases",
         "recurrence reading leases"),
        ("Lantern or Beacon: which is bigger?", "Lantern bigger", "Beacon bigger"),
        ("Which is faster, Lantern or Beacon?", "Lantern faster", "Beacon faster"),
        ("Is Lantern or Beacon faster on leases?", "Lantern faster leases",
         "Beacon faster leases"),
        ("What is the difference between pruning and quantisation?", "pruning", "quantisation"),
        ("What are the differences in training cost between Lantern and Beacon?",
         "Lantern training cost", "Beacon training cost"),
        ("How does Lantern differ from Beacon?", "Lantern", "Beacon"),
        ("How does Lantern compare to Beacon on long leases?", "Lantern long leases",
         "Beacon long leases"),
        ("How do Lantern and Beacon differ in scope?", "Lantern scope", "Beacon scope"),
        ("Where do the Lantern authors and the Beacon authors disagree?", "the Lantern authors",
         "the Beacon authors"),
        ("Contrast adapters with full tuning", "adapters", "full tuning"),
        ("Is Lantern better than Beacon?", "Lantern", "Beacon"),
        ("Does Lantern need more memory than Beacon?", "Lantern memory", "Beacon memory"),
        ("contrast the reader that skips pages with the one that sums them",
         "the reader that skips pages", "reader that sums them"),
        ("For old leases, how do the method using page maps and the one that guesses differ?",
         "the method using page maps old leases", "method that guesses old leases"),
        ("Compare pruning and quantisation of language models", "pruning",
         "quantisation of language models"),
    ],
)  # fmt: skip
def test_each_side_is_searched_with_what_is_asked_of_both(
    question: str, first: str, second: str
) -> None:
    """The sides come in the order of the question, each with the shared words."""
    found = sides(question)
    assert found is not None
    assert [side.query for side in found] == [first, second]
    assert all(side.query.startswith(side.name) for side in found)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "What is Lantern?",
        "How do they compare?",
        "Compare the two.",
        "compare them on memory",
        "Compare the first and the second",
        "How does Lantern compare with the state of the art?",
        "How does Lantern compare to previous methods?",
        "Is Lantern better than the baselines?",
        "Is Lantern better than others?",
        "What are the training and inference cost of Lantern?",
        "Compare training and inference cost of Lantern",
        "Does Lantern help with leases and contracts?",
        "Do both pruning and quantisation hurt accuracy?",
        "Which papers study leases or contracts?",
        "Reading leases or mending contracts at scale: how has this been tried?",
        "In a comparison of nine readers of leases, how much was skipped, and why?",
        "What do readers do with pages rather than with words?",
        "Are there more than three readers?",
        "How much faster is Lantern than before?",
    ],
)
def test_what_names_no_two_things_is_no_comparison(question: str) -> None:
    """Pronouns, the state of the art and lists are searched as they are."""
    assert sides(question) is None


@pytest.mark.parametrize("words", ["how do a and ", "is a ", "does x more ", "which "])
def test_a_long_text_is_read_to_a_limit(words: str) -> None:
    """What is no question is not searched for sides to its end; that could take minutes."""
    assert sides(words * 2000 + ", how does Lantern differ from Beacon?") is None
