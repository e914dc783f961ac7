"""BibTeX that parses whatever the papers say, with keys that are unique and readable."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.bibliography import Format, bibtex, reference, ris, write
from rag.bibliography.keys import letters, new_key
from rag.bibliography.markdown import cite, markdown
from rag.types import Paper, Publication

LORA = Paper(
    "1",
    "LoRA: Low-Rank Adaptation of Large Language Models",
    "A.",
    ("Edward Hu", "Yelong Shen"),
    2021,
    arxiv_id="2106.09685",
)
VERBATIM = {"doi", "eprint", "url", "archivePrefix", "pmid", "openalexid", "s2id"}
SPELLED = {"textbackslash", "textbraceleft", "textbraceright", "textasciitilde", "textasciicircum"}


class Wrong(Exception):
    """What the text is not: BibTeX."""


def parse(text: str) -> dict[str, dict[str, str]]:
    """{key: {field: value}} of a .bib file, strictly; the type of an entry is the field ""."""
    entries: dict[str, dict[str, str]] = {}
    position = 0
    while position < len(text):
        head = re.compile(r"@([a-z]+)\{([A-Za-z][A-Za-z0-9]*),\n").match(text, position)
        if head is None:
            raise Wrong(f"no entry at {text[position : position + 30]!r}")
        if head[2] in entries:
            raise Wrong(f"the key {head[2]} twice")
        fields = entries[head[2]] = {"": head[1]}
        position = head.end()
        while not text.startswith("}\n", position):
            if month := re.compile(r"  month = ([a-z]{3}),\n").match(text, position):
                fields["month"] = month[1]
                position = month.end()
                continue
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
    if ("\n" in value and name != "annote") or not value:
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
        "  abstract = {A.},\n"
        "}\n"
    )


def test_an_entry_with_all_there_is() -> None:
    """The type tells the kind, and each field has the name that LaTeX knows for this type."""
    published = Publication(
        "paper-conference", "Proc. of Lamps", "2", "3", "12-34", "Quill & Co", "Oslo", "2nd", 5,
        "978-0", "1234-5678", ("Moss, Ada", "{The Keepers}"),
    )  # fmt: skip
    paper = replace(
        LORA, publication=published, tags=("lamps", "low, rank"), notes="Read twice.\n50 %",
        is_read=True, arxiv_version=2, pmid="12", openalex_id="W1", s2_id="CorpusId:3",
        doi="10.1000/1", url="https://example.org/a_b", key="hu:lora",
    )  # fmt: skip
    assert bibtex([paper]) == (
        "@inproceedings{hu:lora,\n"
        "  title = {{LoRA: Low-Rank Adaptation of Large Language Models}},\n"
        "  author = {Edward Hu and Yelong Shen},\n"
        "  year = {2021},\n"
        "  booktitle = {Proc. of Lamps},\n"
        "  editor = {Moss, Ada and {The Keepers}},\n"
        "  volume = {2},\n"
        "  number = {3},\n"
        "  pages = {12--34},\n"
        "  publisher = {Quill \\& Co},\n"
        "  address = {Oslo},\n"
        "  edition = {2nd},\n"
        "  isbn = {978-0},\n"
        "  issn = {1234-5678},\n"
        "  doi = {10.1000/1},\n"
        "  eprint = {2106.09685v2},\n"
        "  archivePrefix = {arXiv},\n"
        "  pmid = {12},\n"
        "  openalexid = {W1},\n"
        "  s2id = {CorpusId:3},\n"
        "  url = {https://example.org/a_b},\n"
        "  abstract = {A.},\n"
        "  keywords = {lamps, {low, rank}},\n"
        "  annote = {Read twice.\n50 \\%},\n"
        "  readstatus = {read},\n"
        "  month = may,\n"
        "}\n"
    )


@pytest.mark.parametrize("write", [bibtex, ris])
def test_a_note_is_not_told_as_the_abstract(write: Callable[[list[Paper]], str]) -> None:
    """What somebody wrote about a paper stands in a field of our own."""
    note = replace(LORA, abstract="A note of mine.", is_note=True)
    assert re.search(r"abstract = |^AB  -", write([LORA]), re.MULTILINE)
    assert not re.search(r"abstract = |^(?:AB|N2)  -", write([note]), re.MULTILINE)
    assert "A note of mine." in write([note])


def test_a_ris_record() -> None:
    published = Publication("article-journal", "Lamps", pages="12-34", month=5, issn="1234-5678")
    paper = replace(
        LORA, authors=("Hu, Jr., Edward", "Yelong Shen", "{The Keepers}"), publication=published,
        notes="One\n\nthree", tags=("low; rank",), is_read=True,
    )  # fmt: skip
    assert ris([paper]).splitlines() == [
        "TY  - JOUR",
        "ID  - hu2021lora",
        "TI  - LoRA: Low-Rank Adaptation of Large Language Models",
        "AU  - Hu, Edward, Jr.",
        "AU  - Yelong Shen",
        "AU  - The Keepers,",
        "PY  - 2021",
        "DA  - 2021/05//",
        "AB  - A.",
        "T2  - Lamps",
        "SP  - 12",
        "EP  - 34",
        "SN  - 1234-5678",
        "UR  - https://arxiv.org/abs/2106.09685",
        "KW  - low; rank",
        "U1  - footnote version 1",
        "U1  - footnote read yes",
        "RN  - One",
        "RN  - ",
        "RN  - three",
        "ER  - ",
    ]


def test_the_kind_of_a_paper_is_the_type_of_its_entry() -> None:
    """A DOI tells no kind: papers of conferences have one too. One that no type tells is kept."""
    (entry,) = parse(bibtex([replace(LORA, doi="10.1000/x_1%2(3)<4>")])).values()
    assert entry[""] == "misc"
    assert entry["doi"] == "10.1000/x_1%252(3)%3C4%3E"
    kinds = ("article-journal", "paper-conference", "article", "article-magazine")
    papers = [replace(LORA, id=k, publication=Publication(k)) for k in kinds]
    entries = [(e[""], e.get("footnotekind")) for e in parse(bibtex(papers)).values()]
    assert entries == [
        ("article", None), ("inproceedings", None), ("misc", None), ("misc", "article-magazine"),
    ]  # fmt: skip


def test_what_is_not_known_is_left_out() -> None:
    (entry,) = parse(bibtex([Paper("1", "On Moss", "")])).values()
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
    """In the order of the set, the first none; a paper that is named twice stands in it once."""
    papers = [replace(LORA, id=str(n), title=f"LoRA {n}") for n in range(28)]
    keys = list(parse(bibtex([*papers, papers[0]])))
    assert keys[:2] == ["hu2021lora", "hu2021loraa"]
    assert keys[25:] == ["hu2021loray", "hu2021loraz", "hu2021loraaa"]


def test_a_key_is_found_without_trying_all_that_are_taken() -> None:
    """Or a table of titles alone, without authors and years, would take hours to add."""

    class Taken(Container[str]):
        looks = 0

        def __contains__(self, key: object) -> bool:
            self.looks += 1
            return key == "hu2021lora" or key in known

    known = {f"hu2021lora{letters(n)}" for n in range(3_000)}
    taken = Taken()
    assert new_key(LORA, taken) == f"hu2021lora{letters(3_000)}"
    assert taken.looks < 40


def test_a_letter_never_meets_another_key() -> None:
    papers = [LORA, replace(LORA, id="2"), replace(LORA, id="3", title="Loraa")]
    assert list(parse(bibtex(papers))) == ["hu2021lora", "hu2021loraa", "hu2021loraaa"]


def test_a_group_stays_one_author() -> None:
    (entry,) = parse(
        bibtex(
            [replace(LORA, authors=("Research and Development", "{a, b}", "others", "a, b, c, d"))]
        )
    ).values()
    assert entry["author"] == "{Research and Development} and {a, b} and {others} and {a, b, c, d}"


def test_a_name_in_three_parts_is_no_group() -> None:
    (entry,) = parse(
        bibtex([replace(LORA, authors=("Quill, Jr., Ada", "Ada Quill", " "))])
    ).values()
    assert entry["author"] == "Quill, Jr., Ada and Ada Quill"


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
            anything,
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


def test_markdown_lists_papers_behind_their_keys() -> None:
    """Escaped, so that Markdown shows the texts as they are; each paper once."""
    odd = Paper("2", "1. *Mail* ada@moss.org & <b>", "A.", ("Ada Quill",), url="javascript:x")
    assert markdown([LORA, odd, LORA]) == (
        "- [@hu2021lora] Edward Hu, Yelong Shen (2021). LoRA: Low-Rank Adaptation of Large "
        "Language Models. <https://arxiv.org/abs/2106.09685>\n"
        "- [@quill1] Ada Quill. 1\\. \\*Mail\\* ada\\@moss.org \\& \\<b\\>.\n"
    )


def test_a_key_that_pandoc_would_cut_off_stands_in_braces() -> None:
    assert cite(["hu2021lora", "smith:2021", "a--b", "x."]) == (
        "[@hu2021lora; @smith:2021; @{a--b}; @{x.}]"
    )


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("refs.bib", Format.BIBTEX), ("refs.RIS", Format.RIS), ("a.b.json", Format.CSL_JSON),
        ("refs.csv", Format.CSV), ("refs.md", Format.MARKDOWN), ("refs.jsonl", Format.JSON_LINES),
        ("refs.apa.txt", Format.APA), ("refs.txt", None), ("bib", None), ("refs", None),
    ],
)  # fmt: skip
def test_a_file_s_name_tells_its_format(name: str, format: Format | None) -> None:
    assert Format.of_file(name) is format


def test_endings_and_names_tell_the_formats_apart() -> None:
    for told in ("ending", "label", "value"):
        assert len({getattr(format, told) for format in Format}) == len(Format)
    assert all(Format.of_file(f"x.{format.ending}") is format for format in Format)


@pytest.mark.parametrize("format", [Format.JSON_LINES, Format.IEEE, Format.VANCOUVER])
def test_what_can_be_written_paper_by_paper_is(format: Format) -> None:
    """However large the library is; the fourth paper is not asked for with the third."""

    def papers() -> Iterator[Paper]:
        for n in range(3):
            yield replace(LORA, id=str(n))
        raise AssertionError("read ahead")

    pieces = write(papers(), format)
    assert [next(pieces).count("LoRA") for _ in range(3)] == [1, 1, 1]
