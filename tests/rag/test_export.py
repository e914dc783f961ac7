"""Answers as Markdown: complete, and safe whatever the papers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.bibliography import bibtex
from rag.compose import quotation
from rag.export import answer_markdown
from rag.types import Answer, Evidence, Paper, Question, Reason, Scope
from tests.rag.builders import answer, evidence, sentence, source, source_sentences

DAY = date(2026, 5, 4)


def summary() -> Answer:
    one = source(1, "Tides rise.", title="On Tides")
    two = source(2, "Whales sing.", title="On Whales")
    paper = replace(one.paper, authors=("Ada Quill", "Ben Marsh"), year=2021, doi="10.5555/tides")
    quoted = quotation(2, source_sentences(["Whales sing."])[0], "Whale Song")
    return Answer(
        "a1",
        Question("Summarise what these papers say about the sea.", "the sea"),
        (replace(sentence("Tides rise.", 1), theme="Tide Prediction"), quoted),
        evidence(replace(one, paper=paper), two),
        "scripted",
    )


def test_a_summary_has_all_that_a_reader_needs() -> None:
    """Topic, themes, sentences with numbers, references, what it rests on, and when."""
    assert answer_markdown(summary(), DAY) == (
        "# The sea\n"
        "\n"
        "## Tide Prediction\n"
        "\n"
        "Tides rise [1].\n"
        "\n"
        "## Whale Song\n"
        "\n"
        "“Whales sing.” [2]\n"
        "\n"
        "## References\n"
        "\n"
        "- [1] Ada Quill, Ben Marsh (2021). On Tides. <https://doi.org/10.5555/tides>\n"
        "- [2] On Whales.\n"
        "\n"
        "From abstracts, not from whole papers. “…” quotes a source.  \n"
        "Written by Footnote with scripted on 2026-05-04.\n"
    )


def test_keys_stand_in_the_place_of_numbers_for_pandoc() -> None:
    """Those of its BibTeX; Pandoc puts the references where the list was."""
    text = answer_markdown(summary(), DAY, keys=True)
    assert "\n\nTides rise [@quill2021tides].\n\n" in text
    assert "“Whales sing.” [@whales]\n\n## References\n\n::: {#refs}\n:::\n\nFrom" in text
    assert "[1]" not in text
    assert "{quill2021tides,\n" in bibtex(summary().cited_papers)
    two = (source(1, "A.", title="Ants"), source(2, "B.", title="Bees"))
    both = answer("What?", evidence(*two), sentence("A, b!", 2, 1))
    cited = answer_markdown(both, DAY, keys=True)
    assert "A, b [@bees; @ants]!" in cited
    mute = answer("What?", evidence(source(1, "A.")), sentence("Nothing is cited."))
    assert "[]" not in answer_markdown(mute, DAY, keys=True)


def test_an_ordinary_answer_has_no_themes() -> None:
    found = answer("What do tides do?", evidence(source(1, "They rise.")), sentence("Rise!", 1))
    text = answer_markdown(found, DAY)
    assert text.startswith("# What do tides do?\n\nRise [1]!\n\n## References\n")
    assert "\n\nFrom abstracts, not from whole papers.  \n" in text


def test_an_answer_from_some_papers_says_which() -> None:
    found = answer("What do tides do?", evidence(source(1, "They rise.")), sentence("Rise.", 1))
    assert "Only papers" not in answer_markdown(found, DAY)
    asked = replace(found.question, scope=Scope(2019, 2021, ("*sea*",)))
    text = answer_markdown(replace(found, question=asked), DAY)
    assert "\n\nOnly papers from 2019 to 2021 tagged “\\*sea\\*” were searched.  \n" in text


def test_a_refusal_names_the_nearest_papers() -> None:
    near = source(1, "They rise.", title="On Tides").paper
    refused = answer("Who won?", Evidence((), (near,), reason=Reason.NOTHING_NEAR), model=None)
    text = answer_markdown(refused, DAY)
    assert "Your papers do not answer this." in text
    assert "Nothing in your library comes near this." in text
    assert "- Name fewer things at once.\n" in text
    assert "for “Who won?”." in text
    assert "## Nearest papers\n\n- On Tides.\n" in text
    assert "References" not in text
    assert text.endswith("Written by Footnote on 2026-05-04.\n")


def test_a_one_sided_comparison_says_so_first() -> None:
    found = replace(evidence(source(1, "They rise.")), missing_sides=("gales",))
    text = answer_markdown(answer("Tides or gales?", found, sentence("They rise.", 1)), DAY)
    assert text.index("nothing near “gales”") < text.index("They rise [1].")


def test_what_was_not_finished_is_said() -> None:
    text = answer_markdown(replace(summary(), stopped=True, model_error="It ended."), DAY)
    assert "It was stopped before the end: the summary may be incomplete." in text
    assert "It ended." in text


def test_only_cited_papers_are_references() -> None:
    found = summary()
    text = answer_markdown(replace(found, sentences=found.sentences[:1]), DAY)
    assert "On Whales" not in text


@pytest.mark.parametrize(
    "title",
    [
        "*Star* and _under_score_",
        "# Not a heading",
        "[a link](https://example.org)",
        "<script>alert(1)</script>",
        "![picture](x.png)",
        "`code` | table | ~~gone~~",
        "1. Not a list",
        "- Not a list",
        "AT&amp;T &lt; $5 \\ back",
        "Two\nlines\n===",
    ],
)
def test_titles_are_shown_as_they_are(title: str) -> None:
    """Nothing that a title holds becomes a link, a heading, a picture or HTML."""
    plain = " ".join(title.split())
    cited = source(1, f"{plain} rises.", title=title)
    found = answer(title, evidence(cited), sentence(f"{plain} rises.", 1))
    found = replace(found, sentences=(replace(found.sentences[0], theme=title),))
    tokens = MarkdownIt().enable(["table", "strikethrough"]).parse(answer_markdown(found, DAY))
    shown = [
        "".join(child.content for child in token.children or []) for token in tokens
        if token.type == "inline"
    ]  # fmt: skip
    assert shown[0] == plain
    assert shown[1] == plain
    assert shown[2] == f"{plain} rises [1]."
    assert shown[4] == f"[1] {plain}."
    assert sum(token.type == "heading_open" for token in tokens) == 3
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "softbreak", "hardbreak", "text_special"}


@pytest.mark.parametrize(
    ("paper", "address"),
    [
        (Paper("1", "T", "A", doi="10.1/a b>c"), "<https://doi.org/10.1/a%20b%3Ec>"),
        (Paper("1", "T", "A", arxiv_id="2101.00001"), "<https://arxiv.org/abs/2101.00001>"),
        (Paper("1", "T", "A", url="https://example.org/x"), "<https://example.org/x>"),
        (Paper("1", "T", "A", url="javascript:alert(1)"), None),
        (Paper("1", "T", "A"), None),
    ],
)
def test_a_reference_links_to_where_the_paper_is(paper: Paper, address: str | None) -> None:
    cited = replace(source(1, "It rises."), paper=paper)
    text = answer_markdown(answer("What?", evidence(cited), sentence("It rises.", 1)), DAY)
    reference = next(line for line in text.splitlines() if line.startswith("- [1]"))
    assert reference == f"- [1] T. {address}" if address else "- [1] T."


def test_a_reference_inside_a_source_is_no_citation_of_ours() -> None:
    cited = source(1, "As shown in [7], tides rise.")
    quoted = quotation(1, cited.sentences[0])
    text = answer_markdown(answer("What?", evidence(cited), quoted), DAY)
    assert "“As shown in (7), tides rise.” [1]" in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_stays_text(text: str) -> None:
    """No text makes a heading, a link or HTML of its own."""
    found = answer("What?", evidence(source(1, "A.", title="T")), sentence(f"A {text}", 1))
    tokens = MarkdownIt().parse(answer_markdown(found, DAY))
    assert sum(token.type == "heading_open" for token in tokens) == 2
    kinds = {child.type for token in tokens for child in token.children or []}
    assert not kinds & {"link_open", "html_inline", "image", "code_inline", "em_open"}
