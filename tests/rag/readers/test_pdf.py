"""PDFs give a title, an abstract and identifiers, from a child process that may die of them."""

from __future__ import annotations

import io
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from rag.readers import count_records, files_in, pdf
from rag.readers.pdf import PdfText, pdf_record
from rag.types import Record
from tests.rag.readers.reading import good, refusal
from tests.rag.readers.written.pdf import COVER, EXAMPLES, JOURNAL, PREPRINT, Text
from tests.rag.readers.written.pdf import pdf as made


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "paper.pdf"
        path.write_bytes(content)
        return path

    return save


def abstract(text: str) -> str:
    """The abstract that is found in a page."""
    record = pdf_record(PdfText((text,), ((20.0, "A long enough title"), BODY)))
    assert isinstance(record, Record)
    return record.abstract


def title(*lines: tuple[float, str], **metadata: str) -> str | None:
    """The title that is found in lines of a page."""
    text = PdfText(("\n".join(line for _, line in lines),), lines, metadata)
    record = pdf_record(text)
    return record.title if isinstance(record, Record) else None


BODY = (10.0, "We count lamps by hand, and by machine, and then again by hand, each year.")


class TestPapers:
    def test_preprint(self, save) -> None:
        """Ligatures and cut words are mended; the stamp tells the number, not a reference."""
        (record,) = good(save(EXAMPLES[0]))
        assert record == Record(
            title="Slow Rivers: Measuring Drift in Sensor Networks",
            abstract="We study how sensors drift in slow rivers and find that they do. A simple "
            "model of state-of-the-art lamps lowers the error by 4.5 percent.",
            authors=("Ada Quill", "Bo Reed"),
            year=2021,
            arxiv_id="2101.00001",
            arxiv_version=2,
            line=1,
        )

    def test_journal(self, save) -> None:
        """Neither the name of the journal nor that of a file is a title."""
        (record,) = good(save(EXAMPLES[1]))
        assert record.title == "Counting lamps on northern coasts"
        assert record.abstract == (
            "Lamps are counted by hand on northern coasts. We count them by machine, in all "
            "weathers, and are right."
        )
        assert (record.doi, record.year, record.authors) == ("10.1234/lamp.2020.7", 2020, ())

    def test_abstract_on_the_second_page(self, save) -> None:
        (record,) = good(save(EXAMPLES[2]))
        assert record.abstract.startswith("We study how sensors")

    def test_without_an_abstract(self, save) -> None:
        """It is kept with its title."""
        (record,) = good(save(made([line for line in PREPRINT if line.text != "Abstract"])))
        assert (record.title[:11], record.abstract) == ("Slow Rivers", "")

    def test_a_file_counts_as_one(self, save, monkeypatch) -> None:
        """No PDF is read only to be counted."""
        monkeypatch.setattr(pdf, "_ask_child", None)
        assert [count_records(file) for file in files_in(save(EXAMPLES[0]))] == [1]

    def test_parent_never_loads_pypdf(self, save, child) -> None:
        code = (
            "import sys; from pathlib import Path; from rag.readers import read_records\n"
            "print(len(list(read_records(Path(sys.argv[1])))), 'pypdf' in sys.modules)"
        )
        assert child(code, save(EXAMPLES[0])).stdout.split() == ["1", "False"]


class TestTitles:
    def test_largest_text(self) -> None:
        assert title((12, "Ada Quill"), (18, "On Old Lamps"), BODY) == "On Old Lamps"

    def test_metadata_that_the_page_confirms(self) -> None:
        """It says where the capitals are; a page may hold a larger banner."""
        assert title((30, "HARBOUR"), (18, "ON OLD LAMPS"), BODY, Title="On Old Lamps") == (
            "On Old Lamps"
        )

    def test_metadata_where_all_text_is_alike(self) -> None:
        assert title(BODY, Title="On Old Lamps") == "On Old Lamps"

    @pytest.mark.parametrize("told", ["lamps3.docx", "Microsoft Word - lamps", "untitled", "Lamps"])
    def test_metadata_that_is_no_title(self, told) -> None:
        assert title(BODY, Title=told) is None

    def test_all_text_alike_above_an_abstract(self) -> None:
        assert title((10, "On Old Lamps"), (10, "Abstract"), BODY) == "On Old Lamps"

    @pytest.mark.parametrize(
        "banner", ["ARTICLE", "Research Article", "Open Access", "Vol. 3", "7"]
    )
    def test_banner_is_none(self, banner) -> None:
        assert title((30, banner), (18, "On Old Lamps"), BODY) == "On Old Lamps"

    def test_small_capitals(self, save) -> None:
        """Letters of two sizes on one line are one title."""
        lines = [
            Text("O", 20, 72, 700), Text("N ", 16, 88, 700), Text("L", 20, 108, 700),
            Text("AMPS", 16, 120, 700), Text(BODY[1], 10, 72, 600),
        ]  # fmt: skip
        (record,) = good(save(made(lines)))
        assert record.title.replace(" ", "") == "ONLAMPS"


class TestAbstracts:
    @pytest.mark.parametrize(
        "heading",
        ["Abstract\n", "ABSTRACT\n", "A B S T R A C T\n", "Abstract. ", "Abstract: ", "Abstract—",
         "  Abstract  \n", "Summary\n", "Abstract We add: ", "ABSTRACT The one: "],
    )  # fmt: skip
    @pytest.mark.parametrize(
        "end",
        ["1 Introduction", "1. Introduction", "Introduction", "I. INTRODUCTION", "Keywords: lamps",
         "Key words lamps", "Index Terms—lamps", "CCS Concepts", "© 2020", "1 Lamps of old"],
    )  # fmt: skip
    def test_headings(self, heading, end) -> None:
        found = abstract(f"A title\n{heading}Lamps are counted.\nThey are 1 or 2.\n{end}\nMore.")
        assert found.removeprefix("We add: ").removeprefix("The one: ") == (
            "Lamps are counted. They are 1 or 2."
        )

    @pytest.mark.parametrize(
        "text",
        ["Abstract Syntax Notation\nLamps.", "In abstract terms.", "Summary of lamps\nThey are."],
    )
    def test_no_heading(self, text) -> None:
        assert abstract(text) == ""

    def test_endless(self) -> None:
        """Where nothing ends it, it ends with a sentence, before it is the paper."""
        found = abstract("Abstract\n" + "Lamps are counted by hand. " * 1000)
        assert found.endswith("hand.")
        assert 2_000 < len(found) < 3_000


class TestIdentifiers:
    def test_of_several_dois_none_is_taken(self) -> None:
        text = PdfText(("10.1234/a 10.1234/b",), ((20.0, "A long title"), BODY))
        record = pdf_record(text)
        assert isinstance(record, Record)
        assert record.doi is None

    def test_doi_of_the_metadata(self) -> None:
        metadata = {"Subject": "Slow Light, 12 (2020). doi:10.1234/a"}
        record = pdf_record(PdfText(("Text",), ((20.0, "A long title"), BODY), metadata))
        assert isinstance(record, Record)
        assert record.doi == "10.1234/a"

    def test_old_numbers_of_arxiv(self) -> None:
        stamp = "arXiv:hep-th/9901001v3 [hep-th] 3 Jan 1999"
        record = pdf_record(PdfText((stamp,), ((20.0, "A long title"), BODY)))
        assert isinstance(record, Record)
        assert (record.arxiv_id, record.arxiv_version, record.year) == ("hep-th/9901001", 3, 1999)


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(EXAMPLES[0]))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


class TestRefusals:
    def test_scan(self, save) -> None:
        assert "holds no text (a scan?); run OCR on it first." in refusal(save(made([], [])))

    def test_encrypted(self, save) -> None:
        """With a password; without one for readers it is read."""
        assert "is encrypted; save a copy" in refusal(save(encrypted("secret")))
        assert len(good(save(encrypted("")))) == 1

    @pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\nlamps", EXAMPLES[0][:300]])
    def test_damaged(self, save, content) -> None:
        assert "damaged; fetch it again" in refusal(save(content))

    def test_stream_that_unpacks_without_end(self, save) -> None:
        """It ends in the child, and is no paper."""
        packed = zlib.compress(b"BT (a) Tj ET " * (40 << 20), 1)
        content = EXAMPLES[0]
        start, end = content.index(b"<< /Length"), content.index(b"\nendstream")
        stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s" % (len(packed), packed)
        started = time.monotonic()
        refusal(save(content[:start] + stream + content[end:]))
        assert time.monotonic() - started < 30

    def test_page_that_contains_itself(self, save) -> None:
        refusal(save(EXAMPLES[0].replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")))

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("import time; time.sleep(60)", "takes longer"),
            ("while True: pass", "takes longer"),
            ("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; "
             "time.sleep(60)'])", "takes longer"),
            ("import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 28,) * 2)\n"
             "b = bytes(1 << 30)", "too much memory"),
            ("import os; os.abort()", "too much memory"),
        ],
    )  # fmt: skip
    def test_child_that_does_not_answer(self, save, tmp_path, monkeypatch, code, says) -> None:
        """It is killed with all that it started; its parent goes on."""
        script = tmp_path / "child.py"
        script.write_text(
            f"import os; open({str(tmp_path / 'group')!r}, 'w').write(str(os.getpgid(0)))\n{code}"
        )
        monkeypatch.setattr(pdf, "_CHILD", script)
        monkeypatch.setattr(pdf, "_SECONDS", 1)
        assert says in refusal(save(EXAMPLES[0]))
        assert is_gone(int((tmp_path / "group").read_text()))

    def test_the_check_sees_a_planted_fault(self) -> None:
        """A group that lives on is seen."""
        assert not is_gone(os.getpgid(0), seconds=0.1)


def is_gone(group: int, seconds: float = 5) -> bool:
    """Whether a group of processes ends in so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_cover_and_journal_are_read_apart(save) -> None:
    """A page that a repository puts before a paper has no abstract, and the next one has."""
    (record,) = good(save(made(COVER, JOURNAL)))
    assert record.abstract.startswith("Lamps are counted by hand")
