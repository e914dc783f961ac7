"""BibTeX: each entry is read or told, and what Footnote wrote comes back letter for letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.bibliography import bibtex
from rag.readers import read_records
from rag.readers.bibtex import read_tex
from rag.types import BadRecord, Paper, Publication, Record
from tests.properties import try_on
from tests.rag.readers.drawn import as_paper, papers
from tests.rag.readers.written.bibtex import BIBLATEX, BROKEN, BY_HAND, SCHOLAR

Save = Callable[[str | bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def one(path: Path) -> Record:
    (record,) = read_records(path)
    assert isinstance(record, Record)
    return record


def outcome(path: Path) -> list[tuple[int | None, str]]:
    """(line, title or reason) of each record."""
    return [
        (r.line, r.title if isinstance(r, Record) else f"bad: {r.reason}")
        for r in read_records(path)
    ]


def test_what_people_write_by_hand(save: Save) -> None:
    """Macros, parts put together, quotation marks, round brackets, capitals, names in all forms."""
    lamp, moss, proceedings = read_records(save(BY_HAND))
    assert lamp == Record(
        title="The Slow Lamp of Åland: 50 % of $3 and more",
        abstract="",
        authors=(
            "Ada Quill",
            "{The Keepers of the Northern Lights}",
            "René de la Tour",
            "van der Moss, Jr, Jan",
        ),
        year=2020,
        line=6,
        tags=("lamps", "low, slow", "towers"),
        publication=Publication(
            "article-journal",
            "Proceedings of the Lamp Society of Keepers",
            volume="4",
            issue="2",
            pages="12-34",
            month=5,
        ),
        key="quill:2020",
        notes="Read on the ferry.\n\nAsk Jan for the data.",
    )
    assert isinstance(moss, Record)
    assert isinstance(proceedings, Record)
    assert moss.title == 'A "quoted" word (and brackets)'
    assert moss.year == 1999
    assert moss.publication == Publication(
        "paper-conference",
        "Lamps '99",
        pages="1-2",
        publisher="Tower Press",
        place="Oslo",
        editors=("Jan Berg",),
    )
    assert (proceedings.title, proceedings.line) == ("Lamps '99", 26)


def test_biblatex(save: Save) -> None:
    tide, bread = read_records(save(BIBLATEX))
    assert isinstance(tide, Record)
    assert isinstance(bread, Record)
    assert (tide.title, tide.year, tide.arxiv_id, tide.arxiv_version, tide.is_read) == (
        "Moss on stones: A reply", 2021, "2105.00001", 2, True,
    )  # fmt: skip
    assert tide.publication == Publication("article", month=5)
    assert tide.tags == ("moss", "stones, wet")
    assert bread.doi == "10.1000/abc_1"
    assert bread.url == "https://example.org/~bread"
    assert bread.pmid == "1234567"
    assert bread.abstract.endswith("– and @home of all places it rises.")


def test_a_preprint_is_told_by_what_stands_for_its_journal(save: Save) -> None:
    found = [r for r in read_records(save(SCHOLAR)) if isinstance(r, Record)]
    assert [r.arxiv_id for r in found] == ["2106.00001", "2106.00002", "2001.00003"]
    assert {r.publication for r in found} == {Publication("article")}
    assert {r.url for r in found} == {None}  # the number says as much
    assert found[0].authors == ("Lamp, Ada B", "Wick, Carl")


def test_what_other_programs_write(save: Save) -> None:
    """BibLaTeX: an e-print online, an article's number, quotes; Web of Science: braces twice."""
    preprint, article, database, book = read_records(save(
        "@online{a, title = {Lamps}, eprinttype = {arxiv}, eprint = {hep-th/9901001v2}}\n"
        "@article{b, title = {On \\mkbibquote{Lamps}~-- a re\\hyphen view}, eid = {e7},\n"
        "  note = {Cited by: 4}}\n"
        "@article{c, title = {{Moss}}, keywords = {{Stone; Wet\n  moss}}, unique-id = {{X:1}}}\n"
        "@collection{d, title = {Light}, booktitle = {Light}}\n"
    ))  # fmt: skip
    assert isinstance(preprint, Record)
    assert isinstance(article, Record)
    assert isinstance(database, Record)
    assert isinstance(book, Record)
    assert (preprint.arxiv_id, preprint.publication.kind) == ("hep-th/9901001", "article")
    assert (article.title, article.notes) == ("On Lamps – a re-view", "")
    assert article.publication.pages == "e7"
    assert database.tags == ("Stone", "Wet moss")
    assert book.publication == Publication("book")


def test_a_broken_entry_is_told_and_stops_no_other(save: Save) -> None:
    assert outcome(save(BROKEN)) == [
        (1, "bad: the entry is not closed by a bracket"),
        (6, "The entry after it"),
        (7, "One twin"),
        (7, "Other twin"),
        (8, "bad: the entry has no opening bracket after its type"),
        (11, "No key"),
        (12, "bad: the record has no title"),
        (13, "Key with a space"),
        (14, "bad: the entry is not closed by a bracket"),
    ]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("@article{a b\n title = {T}}", "the entry has no comma after its key"),
        ("@article{a,\n title {T}}", "a field of the entry lacks its name, its = or the comma"),
        ("@article{a,\n title = {T},, year = 2000}", "a field of the entry lacks its name"),
        ("@article{a, title = {" + "{}" * 60_000 + "}}", "the entry has more than 100,000"),
        ("@article{a, title = {" + "x" * 1_000_001 + "}}", "the record is longer than 1 million"),
        ("@article{a, title = {" + "x" * 10_000 + "}}", "the title has more than 5,000"),
    ],
)
def test_reasons(save: Save, entry: str, reason: str) -> None:
    """The entries before and after a bad one are read."""
    good = "@article{good, title = {Good}}\n"
    first, bad, last = read_records(save(good + entry + "\n" + good))
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(bad, BadRecord)
    assert bad.line == 2
    assert bad.reason.startswith(reason)


@pytest.mark.parametrize("start", [0, 1, 2])
def test_one_bracket_lost_costs_one_entry(save: Save, start: int) -> None:
    """Whichever closing bracket is lost, the other two entries are read."""
    entries = [f"@article{{k{n},\n  title = {{Lamp {n}}},\n  year = 200{n}\n}}\n" for n in range(3)]
    entries[start] = entries[start].removesuffix("}\n")
    found = outcome(save("".join(entries)))
    assert len(found) == 3
    assert [said.startswith("bad") for _, said in found] == [n == start for n in range(3)]


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("Quill, Ada and Berg, Ida", ("Quill, Ada", "Berg, Ida")),
        ("Ada Quill AND\n Ida Berg", ("Ada Quill", "Ida Berg")),
        ("{Moss and Stone} and Quill,Ada", ("{Moss and Stone}", "Quill, Ada")),
        ("de la Tour, III, Ren\\'e", ("de la Tour, III, René",)),
        ("Ada {von der Quill}", ("von der Quill, Ada",)),
        ('G{\\"o}ran {\\O}ster', ("Göran Øster",)),
        ("Quill, Ada and others", ("Quill, Ada",)),
        ("Rosand, Al and Anders And", ("Rosand, Al", "Anders And")),
    ],
)
def test_names(save: Save, authors: str, names: tuple[str, ...]) -> None:
    assert one(save(f"@misc{{a, title = {{T}}, author = {{{authors}}}}}")).authors == names


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("{D}eep {Lamp Nets}", "Deep Lamp Nets"),
        (r"Stra{\ss}e, \v{S}koda, na\"\i ve", "Straße, Škoda, naïve"),
        (r"50\% of \$5 \& \{x\}", "50% of $5 & {x}"),
        ("1990--2000 --- a look", "1990–2000 — a look"),
        (r"\textbackslash{}alpha and \textbraceleft{}", r"\alpha and {"),
        (r"an $x^2$ \emph{lamp}", "an x^2 lamp"),
    ],
)
def test_tex_reads_as_text(tex: str, text: str) -> None:
    assert read_tex(tex) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(save: Save, encoding: str) -> None:
    text = "\n\n@article{a, title = {Lamps of Åland}}\r\n"
    assert one(save(text.encode(encoding))).title == "Lamps of Åland"


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ada,\n\nwrite to me@example.org {soon}, or @home (if you like, that is).\n",
        "\n".join(["A sentence of a longer text."] * 12) + "\n@misc{a, title = {T}}\n",
        "@media (max-width: 10em) { p { color: red; } }\n",
        "@Override\npublic void run() { x = 1; }\n",
        "@decorator(1)\ndef f(): pass\n",
    ],
)
def test_what_is_no_bibtex(save: Save, text: str) -> None:
    from rag.readers import files_in
    from rag.readers.bibtex import READER

    with next(files_in(save(text))).opened() as source:
        assert not READER.recognises(source.head)


def round_trip(path: Path, write: Callable[[list[Paper]], str], drawn: list[Paper]) -> None:
    """Fails unless what is written is read back as the same papers, and written the same again."""
    text = write(drawn)
    path.write_text(text or "@misc{a, title = {T}}", encoding="utf-8", newline="")
    read = [as_paper(p, r) for p, r in zip(drawn, read_records(path), strict=bool(drawn))]
    assert read == drawn
    assert write(read) == text


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.long)])
def test_what_is_written_is_read_back(tmp_path: Path, count: int) -> None:
    try_on(
        count,
        lambda drawn: round_trip(tmp_path / "papers", bibtex, drawn),
        drawn=papers,
    )


@pytest.mark.parametrize(
    "careless",
    [
        lambda text: text.replace(r"\textbackslash{}", "\\"),
        lambda text: text.replace("-{}", "-"),
        lambda text: text.replace("footnoteabout", "abstract"),
        lambda text: text.replace("  readstatus = {read},\n", ""),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, careless: Callable[[str], str]) -> None:
    """The round trip is red for a writer that escapes too little or leaves something out."""
    paper = Paper("1", r"The \alpha -- a lamp", "We look.", is_note=True, is_read=True, key="lamp")
    round_trip(tmp_path / "papers", bibtex, [paper])
    with pytest.raises(AssertionError):
        round_trip(tmp_path / "papers", lambda drawn: careless(bibtex(drawn)), [paper])
