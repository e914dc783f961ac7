"""One bad record never stops the good ones: the others of its file are read, whatever befell it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.source import Head, decoded
from rag.types import Record
from tests.rag.readers.fuzzing import FORMATS
from tests.rag.readers.mutations import Mutations

COUNT = 8  # records of a file
TITLES = tuple(f"{what} of Harbour {n}" for n, what in enumerate(
    ("Lamps", "Moss", "Rivers", "Bread", "Tides", "Stones", "Fog", "Wicks")))  # fmt: skip
LONG = pytest.param(
    int(os.environ.get("N", "20000")), marks=[pytest.mark.long, pytest.mark.timeout(0)]
)


@dataclass(frozen=True, slots=True)
class Form:
    """How a format writes a file of several records."""

    record: Callable[[int, str], str]  # its number, its title
    start: str = ""
    between: str = "\n"
    end: str = "\n"
    swallows: int = 0  # how many records behind a damaged one may be lost, and
    because: str = ""


def as_json(**fields: object) -> str:
    return json.dumps(fields)


def ours(n: int, title: str) -> str:
    return as_json(title=title, abstract=f"Number {n} is told.", authors=["Quill, Ada"], year=2001)


def csl(n: int, title: str) -> str:
    return as_json(id=f"a{n}", type="book", title=title, author=[{"family": "Quill"}],
                   issued={"date-parts": [[2001]]})  # fmt: skip


QUOTED = "a quotation mark that is open hides where the next record starts"
FORMS = {
    "jsonl": Form(ours),
    "jsonl, in a list": Form(ours, "[", ",\n", "]"),
    "csl_json": Form(csl, "[\n", ",\n", "\n]"),
    "csl_json, on one line": Form(csl, "[", ", ", "]", 1, QUOTED),
    "crossref": Form(
        lambda n, t: as_json(DOI=f"10.1000/{n}", title=[t], type="book", member="1", prefix="10.1")
    ),
    "openalex": Form(
        lambda n, t: as_json(id=f"https://openalex.org/W1{n}", display_name=t, authorships=[],
                             abstract_inverted_index={"We": [0]})
    ),
    "semantic_scholar": Form(
        lambda n, t: as_json(paperId=f"{n:040}", title=t, year=2001, externalIds={"DOI": "10.1/a"})
    ),
    "arxiv_json": Form(
        lambda n, t: as_json(id=f"2101.0000{n}", title=t, authors="A. Quill", categories="cs.LG",
                             abstract="We count.")
    ),
    "bibtex": Form(
        lambda n, t: f"@article{{a{n},\n  title = {{{t}}},\n  author = {{Quill, Ada}},\n"
        f"  year = 2001,\n}}"
    ),
    "ris": Form(
        lambda n, t: f"TY  - JOUR\nTI  - {t}\nAU  - Quill, Ada\nPY  - 2001\nER  - \n", between="\n"
    ),
    "ris, Web of Science": Form(
        lambda n, t: f"PT J\nAU Quill, A\nTI {t}\nSO LAMPS\nPY 2001\nER\n", "FN A\nVR 1.0\n"
    ),
    "medline": Form(
        lambda n, t: f"PMID- 100{n}\nOWN - NLM\nTI  - {t}\nAB  - We count.\nDP  - 2001\n"
    ),
    "pubmed_xml": Form(
        lambda n, t: f"<PubmedArticle><MedlineCitation><PMID>100{n}</PMID><Article><ArticleTitle>"
        f"{t}</ArticleTitle></Article></MedlineCitation></PubmedArticle>",
        "<PubmedArticleSet>\n",
        end="\n</PubmedArticleSet>\n",
    ),
    "arxiv_atom": Form(
        lambda n, t: f"<entry><id>http://arxiv.org/abs/2101.0000{n}v1</id><title>{t}</title>"
        "<summary>We count.</summary></entry>",
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/a</id>\n',
        end="\n</feed>\n",
    ),
    "endnote_xml": Form(
        lambda n, t: f'<record><ref-type name="Book">6</ref-type><titles><title>{t}</title>'
        "</titles></record>",
        "<xml><records>",
        end="</records></xml>",
    ),
    "table": Form(
        lambda n, t: f'"{t}",We count.,2001,"Quill, Ada"', "title,abstract,year,authors\n"
    ),
    "table, of tabs": Form(lambda n, t: f"{t}\tWe count.\t2001", "title\tabstract\tyear\n"),
    "plain_text": Form(
        lambda n, t: f"Title: {t}\nAuthors: Ada Quill\nAbstract: We count lamps.",
        between="\n----\n",
    ),
}  # fmt: skip
# Formats in which a record cannot be damaged alone.
WITHOUT = {
    "listing": "nothing marks its records: what is a title depends on what is round it",
    "pdf": "a file is one record",
    "zotero": "the tables of a database share their pages among all records",
}


def written(form: Form, records: list[bytes]) -> bytes:
    return form.start.encode() + form.between.encode().join(records) + form.end.encode()


def is_noise(content: bytes) -> bool:
    return Head(content, decoded(content)).is_binary


def by_title(found: Iterable[object]) -> dict[str, Record]:
    return {r.title: replace(r, line=0) for r in found if isinstance(r, Record)}


def check_others_are_read(
    form: Form, path: Path, count: int, read: Callable[[Path], Iterable[object]]
) -> None:
    """Fails where a damaged record takes, or changes, another one of its file."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    records = [form.record(n, title).encode() for n, title in enumerate(TITLES)]
    mutations = Mutations(records, seed)
    path.write_bytes(written(form, records))
    wanted = by_title(read(path))
    assert tuple(wanted) == TITLES
    for _ in range(count):
        which = rng.randrange(COUNT)
        damaged = mutations.damaged(records[which])
        content = written(form, [*records[:which], damaged, *records[which + 1 :]])
        is_flood = len(damaged) > 2 * len(records[which]) or is_noise(content)
        if is_flood or content[0] > 0x7F or content[0] == 0x1F:
            continue  # where most is noise, or the first bytes name a coding, the file is another
        path.write_bytes(content)
        found = by_title(read(path))
        for title in (*TITLES[:which], *TITLES[which + 1 + form.swallows :]):
            assert found.get(title) == wanted[title], f"{path} has lost {title!r}"


@pytest.mark.parametrize("count", [300, LONG])
@pytest.mark.parametrize("name", FORMS)
def test_the_others_are_read(name: str, count: int, tmp_path: Path) -> None:
    check_others_are_read(FORMS[name], tmp_path / "input", count, read_records)


@pytest.mark.parametrize("name", ["jsonl", "bibtex", "table"])
def test_a_planted_fault_is_seen(name: str, tmp_path: Path) -> None:
    """A reader that ends at the first bad record."""

    def stopping(path: Path) -> Iterator[object]:
        return takewhile(lambda record: isinstance(record, Record), read_records(path))

    with pytest.raises(AssertionError, match="has lost"):
        check_others_are_read(FORMS[name], tmp_path / "input", 300, stopping)


def test_every_format_is_here() -> None:
    assert {name.partition(",")[0] for name in FORMS} | set(WITHOUT) == set(FORMATS)
    assert all(bool(form.swallows) == bool(form.because) for form in FORMS.values())
