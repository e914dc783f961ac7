"""BibTeX that parses whatever the papers say, with keys that are unique and readable."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.bibliography import bibtex, reference
from rag.types import Paper

LORA = Paper(
    "1",
    "LoRA: Low-Rank Adaptation of Large Language Models",
    "A.",
    ("Edward Hu", "Yelong Shen"),
    2021,
    arxiv_id="2106.09685",
)
VERBATIM = {"doi", "eprint", "url", "archivePrefix"}
SPELLED = {"textbackslash", "textbraceleft", "textbraceright", "textasciitilde", "textasciicircum"}


class Wrong(Exception):
    """What the text is not: BibTeX."""


def parse(text: str) -> dict[str, dict[str, str]]:
    """{key: {field: value}} of a .bib file, strictly; the type of an entry is the field ""."""
    entries: dict[str, dict[str, str]] = {}
    position = 0
    while position < len(text):
        head = re.compile(r"@(article|misc)\{([A-Za-z][A-Za-z0-9]*),\n").match(text, position)
        if head is None:
            raise Wrong(f"no entry at {text[position : position + 30]!r}")
        if head[2] in entries:
            raise Wrong(f"the key {head[2]} twice")
        fields = entries[head[2]] = {"": head[1]}
        position = head.end()
        while not text.startswith("}\n", position):
            name = re.compile(r"  ([a-zA-Z]+) = \{").match(text, position)
            if name is None or name[1] in fields:
                raise Wrong(f"no field at {text[position : position + 30]!r}")
            position = end = name.end()
            depth = 1
            while depth:
                if end == len(text):
                    raise Wrong("braces that do not close")
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            fields[name[1]] = text[position : end - 1]
            if not text.startswith(",\n", end):
                raise Wrong(f"no end of {name[1]}")
            position = end + 2
        position = position + 2 + text.startswith("\n", position + 2)
        for name_, value in fields.items():
            check(name_, value)
    return entries


def check(name: str, value: str) -> None:
    """That LaTeX prints a value as it was meant."""
    if "\n" in value or not value:
        raise Wrong(f"{name} is {value!r}")
    if name in VERBATIM:
        if re.search(r"[\s{}\\\"]|%(?![0-9A-Fa-f]{2})", value):
            raise Wrong(f"{name} is {value!r}")
        return
    rest = re.sub(r"\\[$&#_%]", "", value)
    rest = re.sub(rf"\\(?:{'|'.join(SPELLED)})\{{\}}", "", rest)
    if re.search(r"[\\$&#_%~^]", rest):
        raise Wrong(f"{name} holds a stray {re.search(r'[$&#_%~^]', rest)}: {value!r}")


def test_an_entry() -> None:
    assert bibtex([LORA]) == (
        "@misc{hu2021lora,\n"
        "  title = {{LoRA: Low-Rank Adaptation of Large Language Models}},\n"
        "  author = {Edward Hu and Yelong Shen},\n"
        "  year = {2021},\n"
        "  eprint = {2106.09685},\n"
        "  archivePrefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/2106.09685},\n"
        "}\n"
    )


def test_a_published_paper_is_an_article_with_its_doi() -> None:
    """A DOI that arXiv gives does not make one."""
    (entry,) = parse(bibtex([replace(LORA, doi="10.1000/x_1%2(3)<4>")])).values()
    assert entry[""] == "article"
    assert entry["doi"] == "10.1000/x_1%252(3)%3C4%3E"
    (entry,) = parse(bibtex([replace(LORA, doi="10.48550/arXiv.2106.09685")])).values()
    assert entry[""] == "misc"


def test_what_is_not_known_is_left_out() -> None:
    (entry,) = parse(bibtex([Paper("1", "On Moss", "A.")])).values()
    assert entry == {"": "misc", "title": "{On Moss}"}


@pytest.mark.parametrize(
    ("authors", "year", "title", "key"),
    [
        (("Hu, Edward",), 2021, "LoRA", "hu2021lora"),
        (("J. Devlin",), 2018, "The BERT Model", "devlin2018bert"),
        (("Łukasz Øster-Núñez",), None, "Über-Models", "osternunezuber"),
        ((), 2020, "On Moss", "paper2020moss"),
        (("李",), None, "注意", "paper"),
        (("O'Neil {x}",), 2020, "3D & more", "x20203d"),
    ],
)
def test_a_key_is_readable(authors: tuple[str, ...], year: int, title: str, key: str) -> None:
    assert list(parse(bibtex([Paper("1", title, "A.", authors, year)]))) == [key]


def test_papers_that_would_share_a_key_get_letters() -> None:
    """In the order of the set; a paper that is named twice stands in it once."""
    papers = [replace(LORA, id=str(n), title=f"LoRA {n}") for n in range(28)]
    keys = list(parse(bibtex([*papers, papers[0]])))
    assert keys[:2] == ["hu2021loraa", "hu2021lorab"]
    assert keys[25:] == ["hu2021loraz", "hu2021loraaa", "hu2021loraab"]


def test_a_letter_never_meets_another_key() -> None:
    papers = [LORA, replace(LORA, id="2"), replace(LORA, id="3", title="Loraa")]
    assert list(parse(bibtex(papers))) == ["hu2021lorab", "hu2021lorac", "hu2021loraa"]


def test_a_group_stays_one_author() -> None:
    (entry,) = parse(
        bibtex([replace(LORA, authors=("Research and Development", "a, b, c", "Ada Quill", " "))])
    ).values()
    assert entry["author"] == "{Research and Development} and {a, b, c} and Ada Quill"


def test_accents_stay_and_specials_are_escaped() -> None:
    (entry,) = parse(
        bibtex([replace(LORA, title="Naïve \\cost: 50% of $3 {x} a_b #1 ~ ^")])
    ).values()
    assert entry["title"] == (
        r"{Naïve \textbackslash{}cost: 50\% of \$3 \textbraceleft{}x\textbraceright{} a\_b \#1 "
        r"\textasciitilde{} \textasciicircum{}}"
    )


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    '{}\\%$&#_~^"@=,\n\x00 a', max_size=12
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.builds(
            Paper,
            st.uuids().map(str),
            anything.filter(str.strip).map(lambda t: f"T{t}"),
            st.just("A."),
            st.lists(anything, max_size=3).map(tuple),
            st.none() | st.integers(1900, 2030),
            anything.map(lambda t: f"https://example.org/{t}"),
            st.none() | anything.map(lambda t: f"10.1/{t}"),
            st.none() | anything.map(lambda t: f"2101.{t}"),
        ),
        max_size=5,
    )
)
def test_any_papers_make_a_file_that_parses(papers: list[Paper]) -> None:
    """One entry each, whatever characters they hold."""
    assert len(parse(bibtex(papers))) == len(papers)


@pytest.mark.parametrize("planted", ["50% of it", "a_b", "{", "}", "\\", "R&D", "two\nlines"])
def test_a_planted_fault_is_found(planted: str) -> None:
    """An entry into which a title went as it was."""
    good = bibtex([LORA])
    assert parse(good)
    with pytest.raises(Wrong):
        parse(good.replace("LoRA: Low", planted))


def test_a_reference_is_one_plain_line() -> None:
    assert reference(LORA) == (
        "Edward Hu, Yelong Shen (2021). LoRA: Low-Rank Adaptation of Large Language Models. "
        "https://arxiv.org/abs/2106.09685"
    )
    many = Paper("1", "Why\nnot?", "A.", tuple("ABCDE"))
    assert reference(many) == "A, B, C, D and others. Why not?"
