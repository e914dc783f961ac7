"""What the readers promise: the records of a file, or one clear sentence."""

from __future__ import annotations

import gzip
import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.errors import ReadError
from rag.readers import read_records
from rag.readers.source import MAX_BYTES, MAX_LINE_CHARACTERS
from rag.readers.tex import clean
from rag.types import BadRecord, Record

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"

TITLES = (
    "Slow Rivers: Measuring Drift in Sensor Networks",
    "Does Moss Remember? A Study of Damp Stones",
    "Counting Lanterns with Sparse Regression",
    "A Long Look at Short Walks: Gait, Footwear and Weather in Nine Northern Harbour Towns, with "
    "an Appendix on Umbrellas and a Reply to Earlier Critics of the Method Used for Counting Steps",
    "Bread without Yeast",
)


def abstract(number: int) -> str:
    """Four sentences of our own, different for each number."""
    return (
        f"We study case {number} of a family of quiet machines that keep time for lighthouses. "
        f"Our method observes {number + 3} lamps over several winters and fits a simple model to "
        "the hours of light. It needs no labels, and it runs on a small computer in the tower. "
        f"On the coast of an invented sea it lowers the error by {number + 7}.5 percent."
    )


PAPERS = tuple((title, abstract(i)) for i, title in enumerate(TITLES))


def glued_page() -> str:
    """A page without blank lines, with a button glued to its first title."""
    noise = "Receive new papers by mail each day!\nReceive new papers by mail!\nSubscribe"
    return noise + "\n".join(f"{title}\n{text}" for title, text in PAPERS)


def spaced_page() -> str:
    """A page with blank lines between all its blocks."""
    noise = ["new", "Receive new papers by mail!", "Subscribe", "Papers of the Day", "May 3"]
    return "\n\n".join([*noise, *(block for paper in PAPERS for block in paper)])


def jsonl(*objects: object) -> str:
    return "".join(json.dumps(o) + "\n" for o in objects)


def paper(**fields: object) -> dict[str, object]:
    return {"title": TITLES[0], "abstract": abstract(0), **fields}


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def save(content: str | bytes, name: str = "input") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def records(path: Path) -> list[Record]:
    found = list(read_records(path))
    assert not [r for r in found if isinstance(r, BadRecord)]
    return [r for r in found if isinstance(r, Record)]


def refusal(path: Path) -> str:
    with pytest.raises(ReadError) as error:
        list(read_records(path))
    assert error.value.path == path
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


class TestListing:
    @pytest.mark.parametrize("page", [glued_page, spaced_page])
    def test_both_layouts_give_exactly_their_papers(self, save, page) -> None:
        """The noise above the first title and the glued button are not papers."""
        assert [(r.title, r.abstract) for r in records(save(page()))] == list(PAPERS)

    @pytest.mark.parametrize("page", [glued_page, spaced_page])
    def test_line_is_where_the_title_stands(self, save, page) -> None:
        """`line` leads a reader of the file to the title."""
        lines = page().splitlines()
        for record in records(save(page())):
            assert record.line is not None
            assert record.title in lines[record.line - 1]

    @pytest.mark.parametrize("newline", ["\r\n", "\r"])
    def test_line_ends_of_other_systems(self, save, newline) -> None:
        """A page saved on another system reads the same."""
        assert len(records(save(spaced_page().replace("\n", newline)))) == len(PAPERS)

    def test_byte_order_mark_is_no_part_of_the_first_title(self, save) -> None:
        page = "\ufeff" + "\n".join(f"{t}\n{a}" for t, a in PAPERS)
        assert records(save(page))[0].title == TITLES[0]

    def test_paragraphs_may_be_wrapped(self, save) -> None:
        """With blank lines between blocks, an abstract may run over several lines."""
        page = spaced_page().replace(". ", ".\n")
        assert [r.abstract for r in records(save(page))] == [a for _, a in PAPERS]

    def test_abstract_of_two_paragraphs(self, save) -> None:
        """A second paragraph belongs to the same abstract."""
        page = spaced_page().replace(abstract(1), abstract(1) + "\n\n" + abstract(8))
        assert records(save(page))[1].abstract == f"{abstract(1)} {abstract(8)}"

    def test_short_abstract(self, save) -> None:
        """An abstract of one sentence is still an abstract."""
        short = "We find that moss on the north side of a stone keeps a record of the last winter."
        page = spaced_page().replace(abstract(1), short)
        assert records(save(page))[1].abstract == short
        assert len(records(save(page))) == len(PAPERS)

    def test_title_without_abstract_is_told(self, save) -> None:
        """A title that lost its abstract is a bad record and takes no other with it."""
        found = list(read_records(save(glued_page().replace(abstract(1) + "\n", ""))))
        assert [r.title for r in found if isinstance(r, Record)] == [
            t for t in TITLES if t != TITLES[1]
        ]
        assert [r.line for r in found if isinstance(r, BadRecord)] == [5]

    def test_overlong_line_is_told(self, save) -> None:
        """A line beyond the cap is a bad record; the papers around it are read."""
        page = "\n".join(f"{t}\n{a}" for t, a in PAPERS) + "\n" + "x" * (MAX_LINE_CHARACTERS + 5)
        page += "\nAfter the Flood: Notes on Dry Paper\n" + abstract(9)
        found = list(read_records(save(page)))
        assert [r.line for r in found if isinstance(r, BadRecord)] == [11]
        assert isinstance(found[-1], Record)
        assert found[-1].abstract == abstract(9)

    def test_abstract_that_names_tags_is_no_web_page(self, save) -> None:
        """A paper on HTML may spell its tags."""
        page = glued_page().replace("It needs no labels", "It needs no <div>, no <p> labels", 1)
        assert len(records(save(page))) == len(PAPERS)

    def test_gzip_by_content(self, save) -> None:
        """A packed page is read whatever its name."""
        assert len(records(save(gzip.compress(glued_page().encode()), "page.txt"))) == len(PAPERS)

    @pytest.mark.skipif(not SEEDS.is_dir(), reason="the shared seed pages are not here")
    def test_seed_pages(self) -> None:
        """The five saved pages hold 743 records and 668 distinct titles."""
        found = [records(path) for path in sorted(SEEDS.glob("*.txt"))]
        assert [len(page) for page in found] == [315, 51, 78, 69, 230]
        assert len({r.title for page in found for r in page}) == 668
        assert min(len(r.abstract) for page in found for r in page) > 400


def prose() -> str:
    text = "\n\n".join(abstract(i) + " " + abstract(i + 20) for i in range(12))
    return "A Walk to the Lighthouse and Back Again\n\n" + text


REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n\r\n\t\n", "blanks"),
    "binary": (bytes(range(256)) * 50, "not text"),
    "PDF": (b"%PDF-1.7\n" + b"stream " * 100, "PDF"),
    "zip": (b"PK\x03\x04" + b"word/document.xml" * 9, "zip"),
    "UTF-16": (spaced_page().encode("utf-16"), "UTF-8"),
    "prose": (prose().encode(), "list of papers"),
    "one paragraph": (abstract(3).encode(), "list of papers"),
    "wrapped prose": (prose().replace(". ", ".\n").encode(), "list of papers"),
    "sections": (
        "\n\n".join(
            f"{h}\n\n{abstract(i)}" for i, h in enumerate(("Aims", "Tools", "Use"))
        ).encode(),
        "list of papers",
    ),
    "titles only": ("\n".join(TITLES).encode(), "list of papers"),
    "source code": (Path(__file__).read_bytes(), "list of papers"),
    "table": (b"year,lamps,error\n" + b"1990,12,0.5\n" * 50, "list of papers"),
    "HTML": (
        ("<!DOCTYPE html><html><body>\n" + glued_page() + "\n</body></html>").encode(),
        "web page",
    ),
    "HTML fragment": (
        "".join(f"<div class=a>{t}</div>\n<p>{a}</p>\n" for t, a in PAPERS).encode(),
        "web page",
    ),
    "JSON array": (json.dumps([paper(), paper()]).encode(), "one whole object a line"),
    "JSON over lines": (json.dumps(paper(), indent=2).encode(), "one whole object a line"),
}


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED)
    def test_other_kinds_of_files(self, save, name) -> None:
        """What is no list of papers gets one sentence that names its kind."""
        content, says = REFUSED[name]
        assert says in refusal(save(content))

    def test_missing_and_folder(self, tmp_path) -> None:
        assert "check its name" in refusal(tmp_path / "nowhere.txt")
        assert "is a folder" in refusal(tmp_path)

    def test_name_that_no_file_can_have(self) -> None:
        """A NUL in a name is refused, and the message can be printed."""
        assert "\x00" not in refusal(Path("a\x00b"))
        assert "check" in refusal(Path("n" * 5000))

    def test_pipe_and_device_do_not_block(self, tmp_path) -> None:
        """A FIFO without a writer would wait for ever if it were opened."""
        os.mkfifo(tmp_path / "pipe")
        assert "pipe or a device" in refusal(tmp_path / "pipe")
        assert "pipe or a device" in refusal(Path("/dev/zero"))

    def test_link_is_followed_to_a_regular_file_only(self, save, tmp_path) -> None:
        (tmp_path / "good").symlink_to(save(glued_page()))
        (tmp_path / "device").symlink_to("/dev/zero")
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert len(records(tmp_path / "good")) == len(PAPERS)
        assert "pipe or a device" in refusal(tmp_path / "device")
        assert "cannot be read" in refusal(tmp_path / "loop")

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
    def test_unreadable(self, save) -> None:
        path = save(glued_page())
        path.chmod(0)
        assert "permissions" in refusal(path)

    def test_sparse_giant(self, tmp_path) -> None:
        """A huge file is refused by its size, before it is read."""
        with (tmp_path / "giant").open("wb") as file:
            file.truncate(5 * MAX_BYTES)
        assert "split it" in refusal(tmp_path / "giant")

    def test_gzip_bomb(self, tmp_path) -> None:
        """A small file that never stops unpacking is given up, after its good records."""
        with gzip.open(tmp_path / "bomb", "wb", compresslevel=1) as file:
            file.write(jsonl(paper()).encode() + b"{}\n" * 5)
            for _ in range(150):
                file.write(b" " * (1 << 20))
        read: list[Record | BadRecord] = []
        with pytest.raises(ReadError, match="times its size"):
            read.extend(iter_into(read, tmp_path / "bomb"))
        assert isinstance(read[0], Record)

    @pytest.mark.parametrize("damage", ["cut", "flip", "tail"])
    def test_broken_gzip(self, save, damage) -> None:
        """The records before the break are good; then the break is told."""
        rng = random.Random(7)
        lines = [paper(id=f"2101.{i:05}", note=rng.randbytes(200).hex()) for i in range(3000)]
        packed = bytearray(gzip.compress(jsonl(*lines).encode()))
        if damage == "cut":
            del packed[len(packed) // 2 :]
        elif damage == "flip":
            packed[len(packed) // 2] ^= 0xFF
        else:
            packed += b"rubbish"
        read: list[Record | BadRecord] = []
        with pytest.raises(ReadError, match=r"damaged after line \d+"):
            read.extend(iter_into(read, save(bytes(packed))))
        assert len([r for r in read if isinstance(r, Record)]) > 1000

    def test_tiny_broken_gzip(self, save) -> None:
        packed = gzip.compress(jsonl(paper()).encode())
        assert "damaged" in refusal(save(packed[:12]))


def iter_into(read: list[Record | BadRecord], path: Path) -> Iterator[Record | BadRecord]:
    """Keeps in `read` what came before an error."""
    for record in read_records(path):
        read.append(record)
    return iter(())


class TestJsonLines:
    def test_all_fields(self, save) -> None:
        """Every field that is known is kept; others are ignored."""
        line = paper(
            id="arXiv:2101.00001v2",
            authors=["Ada Fern", " Bo  Reed "],
            year="2021",
            doi="https://doi.org/10.1234/ab.5",
            categories=["cs.CL", "cs.IR", "cs.CL"],
            colour="green",
        )
        assert records(save(jsonl(line))) == [
            Record(
                title=TITLES[0],
                abstract=abstract(0),
                authors=("Ada Fern", "Bo Reed"),
                year=2021,
                url="https://arxiv.org/abs/2101.00001",
                doi="10.1234/ab.5",
                arxiv_id="2101.00001",
                line=1,
                tags=("cs.CL", "cs.IR"),
            )
        ]

    @pytest.mark.parametrize(
        ("value", "arxiv_id"),
        [
            ("2101.00001v2", "2101.00001"),
            ("0705.1862", "0705.1862"),
            ("astro-ph/9901001v1", "astro-ph/9901001"),
            ("math.GT/0309136", "math.GT/0309136"),
            ("https://arxiv.org/abs/2101.00001v3", "2101.00001"),
            ("PMC12345", None),
            ("2101.00001x", None),
            (17, None),
        ],
    )
    def test_arxiv_numbers(self, save, value, arxiv_id) -> None:
        """An id is an arXiv number where it looks like one, without its version."""
        assert records(save(jsonl(paper(id=value))))[0].arxiv_id == arxiv_id

    @pytest.mark.parametrize(
        ("value", "authors"),
        [
            ("Ada Fern; Bo Reed", ("Ada Fern", "Bo Reed")),
            ("Fern, Ada and Reed, Bo and Anders Sand", ("Fern, Ada", "Reed, Bo", "Anders Sand")),
            (["Zoë Lund", "", 4, None], ("Zoë Lund",)),
            (["G\\'{e}rard Roy"], ("Gérard Roy",)),
            ({"first": "Ada"}, ()),
            (None, ()),
        ],
    )
    def test_authors(self, save, value, authors) -> None:
        assert records(save(jsonl(paper(authors=value))))[0].authors == authors

    @pytest.mark.parametrize(
        ("value", "year"),
        [(1999, 1999), ("1999", 1999), ("in press", None), (True, None), (-3, None), (1e3, None)],
    )
    def test_years(self, save, value, year) -> None:
        assert records(save(jsonl(paper(year=value))))[0].year == year

    @pytest.mark.parametrize(
        ("fields", "url"),
        [
            ({"url": "https://example.org/p/1"}, "https://example.org/p/1"),
            ({"url": "javascript:alert(1)", "doi": "10.1/x"}, None),
            ({"url": "not a url", "doi": "10.1234/x"}, "https://doi.org/10.1234/x"),
            ({"id": "2101.00001", "doi": "10.1234/x"}, "https://arxiv.org/abs/2101.00001"),
            ({}, None),
        ],
    )
    def test_addresses(self, save, fields, url) -> None:
        """A record's own web address comes first, then arXiv's, then the DOI's."""
        assert records(save(jsonl(paper(**fields))))[0].url == url

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('{"title": "A"', "not valid JSON"),
            ('["title", "abstract"]', "not a JSON object"),
            ('"title"', "not a JSON object"),
            ("[" * 100_000, "nested too deeply"),
            ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
            ('{"year": ' + "9" * 9000 + "}", "too many digits"),
            ('{"abstract": "Text."}', 'no "title"'),
            ('{"title": "A name"}', 'no "abstract"'),
            ('{"title": "A name", "abstract": null}', 'no "abstract"'),
            ('{"title": ["A"], "abstract": "Text."}', "not a text"),
            ('{"title": "A name", "abstract": " \\u0000 "}', "is empty"),
            (json.dumps({"title": "A", "abstract": "x " * 90_000}), "180,000 characters"),
            ("x" * (MAX_LINE_CHARACTERS + 1), "longer than 10 million"),
        ],
        ids=range(13),
    )
    def test_bad_line_is_told_and_stops_nothing(self, save, line, reason) -> None:
        """A line that is no record gives its number and a reason; the others are read."""
        path = save(jsonl(paper(), paper()) + line + "\n\n" + jsonl(paper(title="Last of All")))
        found = list(read_records(path))
        assert [type(r) for r in found] == [Record, Record, BadRecord, Record]
        assert isinstance(found[2], BadRecord)
        assert found[2].line == 3
        assert reason in found[2].reason
        assert isinstance(found[3], Record)
        assert (found[3].line, found[3].title) == (5, "Last of All")

    def test_bad_first_line(self, save) -> None:
        """The format is known even where the first record is broken."""
        found = list(read_records(save('{"title": \n' + jsonl(paper(), paper()))))
        assert [type(r) for r in found] == [BadRecord, Record, Record]

    def test_hostile_characters(self, save) -> None:
        """NUL, control characters, half surrogates and broken bytes never reach a record."""
        line = json.dumps(paper(title="A\x00 Na\x1bme \ud800of\u202e It")).encode()
        broken = line.replace(b"Na", b"N\xff\x00a")
        first, second = records(save(line + b"\n" + broken))
        assert first.title == "A Name of It"
        assert second.title.replace("\ufffd", "") == "A Name of It"
        second.title.encode()

    def test_memory_stays_small(self, tmp_path) -> None:
        """A long file is read line by line, never held."""
        with gzip.open(tmp_path / "long", "wb", compresslevel=1) as file:
            for i in range(15_000):
                file.write(jsonl(paper(id=str(i), title=f"Paper {i} of many")).encode())
        tracemalloc.start()
        count = sum(1 for _ in read_records(tmp_path / "long"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 15_000
        assert peak < 4 << 20


TEX = {
    r"from 3.9{\deg} to 9.4{\deg}": "from 3.9° to 9.4°",
    r"at 20$^\circ$C": "at 20°C",
    r"4\% of 2\%-5\%": "4% of 2%-5%",
    "4% of all": "4% of all",
    r"high-{\alpha} and \beta decay": "high-α and β decay",
    r"\b{eta}: 0.2": "β: 0.2",
    r"\emph{social} choice": "social choice",
    r"a \textit{part of \textbf{a} whole}": "a part of a whole",
    r"{\it Northern} sky": "Northern sky",
    r"the $k$-th of $n$ lamps": "the k-th of n lamps",
    r"$p < 0.05$ and $n=10$": "p < 0.05 and n=10",
    r"in $O(n\log n)$ time": "in O(n log n) time",
    r"$\mathcal{O}(n)$ in $\mathbb{R}^d$": "O(n) in R^d",
    r"$\frac{a}{b}$": "a/b",
    r"as \citeauthor{Fern71} showed": "as showed",
    r"a method~\cite{a,b}.": "a method.",
    r"G\'{l}oria \'{e} Ond\v{r}ej Fran\c{c}ois L\`eve": "Gĺoria é Ondřej François Lève",
    r"\textcolor{red}{bold} \href{http://a.b}{text}": "bold text",
    r"Named \ours, it is": "Named ours, it is",
    r"models (\eg trees)": "models (e.g. trees)",
    r"$\unicode{x2013}$": "–",
    r"H\&E and \$5": "H&E and $5",
    "from $5 million to $10 million": "from $5 million to $10 million",
    "$5-$10 a day": "$5-$10 a day",
    "US$100 and US$200, with $x$ fixed": "US$100 and US$200, with x fixed",
    "about ~3% (~ 4)": "about ~3% (~ 4)",
    "Fig.~3 by Reed et al.~(2020)": "Fig. 3 by Reed et al. (2020)",
    "http://a.org/~reed/": "http://a.org/~reed/",
    "{BERT}: on {0,1}": "BERT: on {0,1}",
    "``quoted'' words": "“quoted” words",
    "an e\u0301 and\u00a0 a\n\ttab": "an é and a tab",
    "so\u00adft zero\u200bwidth": "soft zerowidth",
    "unbalanced { and $x": "unbalanced { and $x",
    r"unbalanced \emph{ and": "unbalanced and",
}


class TestTex:
    @pytest.mark.parametrize("text", TEX)
    def test_tex_reads_as_text(self, text) -> None:
        assert clean(text) == TEX[text]

    @pytest.mark.parametrize(
        "piece", ["{", "\\", "$x", "\\frac", "\\cite[", "\\left(", "\\^", "\\begin{a}", "{\\it "]
    )
    def test_nests_and_rows_of_tex_end(self, piece) -> None:
        """Hostile TeX gives some text, never an error."""
        assert isinstance(clean(piece * (19_000 // len(piece))), str)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The content with some bytes flipped, cut, doubled, or replaced by hostile ones."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((1, 3, 40, 400)))
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data[at:at] = data[rng.randrange(len(data) + 1) :][:400]
        elif kind == 3:
            del data[at:to]
        elif kind == 4:
            data[at:to] = rng.randbytes(to - at)
        else:
            data[at:at] = rng.choice(HOSTILE)
    return bytes(data)


HOSTILE = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\n", b"\r", b"{" * 300, b"[" * 3000, b'"', b"\\",
    b"\\ud800", b"1e999", b"$", b"\\frac{", b"\\begin{x}", b"\xe2\x80\xae", b"NaN", b"\x1f\x8b",
)  # fmt: skip


def check_only_declared(path: Path, reader: Callable[[Path], Iterator[object]]) -> None:
    """Fails unless a reader gives records that can be stored, or a ReadError."""
    try:
        found = list(reader(path))
    except ReadError as error:
        str(error).encode()
        return
    for record in found:
        assert isinstance(record, Record | BadRecord)
        if isinstance(record, Record):
            assert record.title
            assert record.abstract
            assert "\x00" not in record.title + record.abstract
            "".join((record.title, record.abstract, *record.authors, *record.tags)).encode()


BASES = {
    "listing, glued": glued_page().encode(),
    "listing, spaced": spaced_page().encode(),
    "jsonl": jsonl(
        *(
            paper(id=f"2101.{i:05}", authors=["A"], year=2000, title=f"{t} of \\emph{{tea}} $x^2$")
            for i, t in enumerate(TITLES)
        )
    ).encode(),
}
BASES["jsonl, gzip"] = gzip.compress(BASES["jsonl"])


class TestMutations:
    @pytest.mark.parametrize(
        "count", [2_000, pytest.param(50_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])]
    )
    @pytest.mark.parametrize("base", BASES)
    def test_no_mutation_crashes_a_reader(self, tmp_path, base, count) -> None:
        """Whatever happens to its bytes, a file gives records or a ReadError."""
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        path = tmp_path / "mutated"
        for _ in range(count):
            path.write_bytes(mutated(BASES[base], rng))
            check_only_declared(path, read_records)

    def test_the_check_sees_a_planted_fault(self, save) -> None:
        """The check above is red for a reader that lets another error out or keeps a NUL."""

        def crashing(path: Path) -> Iterator[object]:
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "planted")
            yield

        def careless(path: Path) -> Iterator[object]:
            yield Record(title="A\x00", abstract="B")

        with pytest.raises(UnicodeDecodeError):
            check_only_declared(save("x"), crashing)
        with pytest.raises(AssertionError):
            check_only_declared(save("x"), careless)

    def test_rubbish_between_lines_stops_no_good_one(self, save) -> None:
        """Every good line is read, whatever lines stand between."""
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        for _ in range(100):
            good = [jsonl(paper(title=f"Good {i}")).encode() for i in range(8)]
            lines = list(good)
            for _ in range(rng.randint(1, 6)):
                rubbish = rng.randbytes(rng.randint(1, 50)).replace(b"\n", b"").replace(b"\r", b"")
                lines.insert(rng.randint(1, len(lines)), b"{" + rubbish + b"\n")
            found = list(read_records(save(b"".join(lines))))
            titles = [r.title for r in found if isinstance(r, Record)]
            assert titles == [f"Good {i}" for i in range(8)]
