"""Papers of every shape that a library can hold, drawn for round trips."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from rag.names import Name, write_name
from rag.readers.fields import make_record
from rag.readers.tex import plain
from rag.types import Paper, Publication, Record

KINDS = (
    "",
    "article",
    "article-journal",
    "article-magazine",
    "article-newspaper",
    "book",
    "chapter",
    "dataset",
    "manuscript",
    "motion_picture",
    "paper-conference",
    "patent",
    "post-weblog",
    "report",
    "review-book",
    "software",
    "thesis",
    "webpage",
)
_HARD = (
    "costs $5 to $10",
    "{x}",
    "\\alpha",
    "100 %",
    "a_b^c~d",
    "``so''",
    "a -- b---c",
    "--",
    "\\textbackslash{}",
    "{}",
    "@article{x, title={y}}",
    "@misc(x, title = 1)",
    "Kök–Nut, 李",
    "TY  - JOUR",
    "ER  - ",
    "RN  - x",
    "PMID- 12",
    '"',
    "#",
    ",",
    ";",
    "and",
    "of, by; and",
    "<<a>>",
    "?`!`",
    "&amp; <b>",
    "@(",
    "é{\\'e}",
)
pieces = st.sampled_from(_HARD) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=12
)
texts = st.lists(pieces, max_size=5).map(" ".join)
names_of_people = st.builds(
    lambda family, given, suffix: write_name(Name(family, given, suffix if given else "")),
    st.sampled_from(("Quill", "van der Berg", "O'Neil_x", "García Márquez", "X{", "50%")),
    st.sampled_from(("", "Ada", "A. B.", "J.-P.", "Łukasz $")),
    st.sampled_from(("", "Jr.", "III")),
)
names = (
    names_of_people
    | st.sampled_from(("Ada Quill", "Ludwig van Beethoven", "Madonna", "A\\b C"))
    | st.sampled_from(
        ("Bread, Wine, Co", "Research and Development", "others", "WHO", "100 % Lab", "A \\& B")
    ).map(lambda group: f"{{{group}}}")
)
publications = st.builds(
    Publication,
    kind=st.sampled_from(KINDS),
    venue=texts,
    volume=texts,
    issue=st.sampled_from(("", "3", "2--3", "S_1")),
    pages=st.sampled_from(("", "7", "12-34", "12–34", "e7", "a-b-c", "5-5", "1-2, 7-8")),
    publisher=texts,
    place=texts,
    edition=st.sampled_from(("", "2nd", "3 & 4")),
    month=st.none() | st.integers(1, 12),
    isbn=st.sampled_from(("", "978-0-00-000000-2", "000000000X")),
    issn=st.sampled_from(("", "1234-5678", "1234-567X, 2345-6789")),
    editors=st.lists(names, max_size=2).map(tuple),
)


def _paper(number: int, record: object) -> Paper:
    assert isinstance(record, Record)
    told = {f.name: getattr(record, f.name) for f in fields(Record) if f.name != "line"}
    return Paper(id=str(number), **told)


def _record(**drawn: Any) -> object:
    return make_record(1, **{**drawn, "title": f"T {drawn['title']}"}, read=plain)


records = st.builds(
    _record,
    title=texts,
    abstract=st.just("") | texts.map(lambda text: f"We {text}"),
    authors=st.lists(names, max_size=4),
    year=st.none() | st.integers(1000, 2999),
    url=st.sampled_from(
        (
            "",
            "https://example.org/a_b?c=%7Bd%7D&e=~f#g",
            "https://arxiv.org/pdf/2106.09685",
            "https://doi.org/10.1000/x%3Cy",
        )
    ),
    doi=st.sampled_from(("", "10.1000/x_1", "10.1000/(sici)1<2::aid>3.0.co;2-#%2f", "10.1000/x<y")),
    arxiv_id=st.sampled_from(("", "2106.09685", "2106.09685v3", "hep-th/9901001v1")),
    pmid=st.sampled_from(("", "1234567")),
    openalex_id=st.sampled_from(("", "W2741809807")),
    s2_id=st.sampled_from(("", "CorpusId:12", "0123456789abcdef0123456789abcdef01234567")),
    publication=publications,
    tags=st.lists(texts, max_size=4),
    notes=st.lists(pieces | st.just("") | st.just("\t- item"), max_size=5).map("\n".join),
    is_read=st.booleans(),
    is_note=st.booleans(),
)
papers = st.lists(records, max_size=3).map(
    lambda found: [
        replace(_paper(n, record), key=f"key-{n}:x_y", is_note=_has_note(record))
        for n, record in enumerate(found)
    ]
)


def _has_note(record: object) -> bool:
    """Whether there is a text that may be a note about the paper."""
    return isinstance(record, Record) and record.is_note and bool(record.abstract)


def as_paper(paper: Paper, record: object) -> Paper:
    """What a library makes of a record that was written for this paper."""
    assert isinstance(record, Record), record
    told = {f.name: getattr(record, f.name) for f in fields(Record) if f.name != "line"}
    return Paper(id=paper.id, **told)
