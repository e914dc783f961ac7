"""Files that are read as text, and those that are refused in one sentence."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import random
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import ReadError, UnknownFormat
from rag.readers import read_records
from rag.readers.source import (
    BOMB_RATIO,
    MAX_BYTES,
    MAX_LINE_CHARACTERS,
    Source,
    encoding_of,
)
from rag.types import Record
from tests.rag.readers.reading import good, refusal, until_error
from tests.rag.readers.written.listing import PAPERS, TITLES, abstract, glued_page, spaced_page


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def save(content: bytes, name: str = "input") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return save


def source(content: bytes, packed_bytes: int | None = None) -> Source:
    size = len(content) if packed_bytes is None else packed_bytes
    return Source(Path("file"), "file", io.BytesIO(content), size)


TEXT = "Señor Ångström’s lamp\nΩ is not ω\n"


class TestEncodings:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
    )
    @pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("copies", [1, 30_000])
    def test_unicode(self, encoding, newline, copies) -> None:
        """The same lines in each encoding, with and without a mark, in a file of many pieces."""
        text = TEXT * copies
        read = source(text.replace("\n", newline).encode(encoding))
        assert read.head.text == text[: len(read.head.text)]
        assert read.text(1 << 30) == text
        lines = list(read.lines())
        assert [line.text for line in lines] == text.splitlines()
        assert [line.number for line in lines] == list(range(1, 2 * copies + 1))

    @pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, b""])
    def test_big_endian(self, mark) -> None:
        assert source(mark + TEXT.encode("utf-16-be")).text(1 << 20) == TEXT

    def test_what_is_no_utf_8_is_western(self) -> None:
        """Windows-1252, and Latin-1 with it; a file of both keeps its UTF-8."""
        content = "Señor’s – “lamp”\n".encode("cp1252") + "Ωß\n".encode() + b"\x81\xe9\n"
        text = "Señor’s – “lamp”\nΩß\n\x81é\n"
        assert source(content).text(1 << 20) == text
        assert [line.text for line in source(content).lines()] == text.split("\n")[:-1]

    @pytest.mark.parametrize(
        ("declared", "encoding"),
        [
            ("ISO-8859-5", "iso8859-5"),
            ("windows-1251", "cp1251"),
            ("Shift_JIS", "shift_jis"),
            ("UTF-16", "utf-8"),  # it is not, as its first bytes show
            ("utf-8", "utf-8"),
            ("rot13", "utf-8"),
            ("zlib", "utf-8"),
            ("punycode", "utf-8"),
            ("unicode_escape", "utf-8"),
            ("no-such-one", "utf-8"),
        ],
    )
    def test_xml_declares_its_encoding(self, declared, encoding) -> None:
        """Only encodings of texts are believed: others take long, or are no text."""
        raw = f"<?xml version='1.0' encoding='{declared}'?><a/>".encode()
        assert encoding_of(raw) == encoding

    def test_no_bytes_are_too_odd(self) -> None:
        """Any bytes read as some text, whole and line by line alike."""
        rng = random.Random(5)
        marks = (b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE)
        for number in range(400):
            content = marks[number % 4] + rng.randbytes(rng.randrange(200))
            lines = "\n".join(line.text or "" for line in source(content).lines())
            assert source(content).text(1 << 20).rstrip("\n") == lines.rstrip("\n")


class TestBounds:
    def test_overlong_line(self) -> None:
        """It is told without its text, and takes no line with it."""
        content = b"a\n" + b"x" * (MAX_LINE_CHARACTERS + 1) + b"\nb\n" + b"y" * MAX_LINE_CHARACTERS
        lines = list(source(content).lines())
        assert [line.text and len(line.text) for line in lines] == [1, None, 1, MAX_LINE_CHARACTERS]

    @pytest.mark.parametrize("content", [b"x", b"\xe9", b"\x00", b"\n\n\n\xe9", b"\r", b"<div "])
    def test_no_time_grows_with_the_square(self, content) -> None:
        read = source(content * ((2 << 20) // len(content)))
        started = time.process_time()
        for _ in read.lines():
            pass
        assert time.process_time() - started < 5

    def test_memory_stays_small(self) -> None:
        """A long file is read line by line, never held."""
        read = source((abstract(1) + "\n").encode() * 60_000)
        tracemalloc.start()
        assert sum(1 for _ in read.lines()) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
        tracemalloc.stop()

    def test_whole_has_its_limit(self) -> None:
        assert len(source(b"x" * (3 << 20)).content(3 << 20)) == 3 << 20
        with pytest.raises(ReadError, match="larger than 2 MB; split it"):
            source(b"x" * (3 << 20)).content(2 << 20)

    def test_bombs_are_told_by_their_ratio(self) -> None:
        """A file of text never unpacks to so many times its size; one byte less is none."""
        content = b"x\n" * (6 << 20)
        least = len(content) // BOMB_RATIO
        assert len(source(content, least + 1).content(MAX_BYTES)) == len(content)
        with pytest.raises(ReadError, match="times its size"):
            source(content, least - 1).content(MAX_BYTES)


def prose() -> str:
    text = "\n\n".join(abstract(i) + " " + abstract(i + 20) for i in range(12))
    return "A Walk to the Lighthouse and Back Again\n\n" + text


REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n\r\n\t\n", "blanks"),
    "binary": (bytes(range(256)) * 50, "not text"),
    "PDF": (b"%PDF-1.7\n" + b"stream " * 100, ""),
    "office": (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" * 9, "office"),
    "tar": (b"a.bib".ljust(257, b"\0") + b"ustar\x0000" + bytes(900), "tar"),
    "tar, gzip": (gzip.compress(b"a.bib".ljust(257, b"\0") + b"ustar\x0000" * 99), "tar"),
    "gzip of a zip": (gzip.compress(b"PK\x03\x04" + bytes(60)), "zip"),
    "gzip twice": (gzip.compress(gzip.compress(b"text")), "twice"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "unpack it first"),
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
    "JSON of another kind": (b'{"lamps": [\n4,\n9\n]}', "begins like JSON"),
    "XML of another kind": (b'<?xml version="1.0"?>\n<lamps><lamp hours="4"/></lamps>', "XML"),
}


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED)
    def test_other_kinds_of_files(self, save, name) -> None:
        """What is no list of papers gets one sentence that names its kind."""
        content, says = REFUSED[name]
        assert says in refusal(save(content))

    def test_unknown_format_is_an_error_of_its_own(self, save) -> None:
        """In a folder it is passed over; what is damaged is not."""
        with pytest.raises(UnknownFormat, match=r"Footnote reads .*JSON Lines, "):
            list(read_records(save(prose().encode())))
        with pytest.raises(ReadError) as error:
            list(read_records(save(gzip.compress(glued_page().encode())[:12])))
        assert not isinstance(error.value, UnknownFormat)

    def test_missing_and_folder(self, tmp_path) -> None:
        assert "check its name" in refusal(tmp_path / "nowhere.txt")
        assert "holds no files" in refusal(tmp_path)

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
        (tmp_path / "good").symlink_to(save(glued_page().encode()))
        (tmp_path / "device").symlink_to("/dev/zero")
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        assert len(good(tmp_path / "good")) == len(PAPERS)
        assert "pipe or a device" in refusal(tmp_path / "device")
        assert "cannot be read" in refusal(tmp_path / "loop")

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
    def test_unreadable(self, save) -> None:
        path = save(glued_page().encode())
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
            file.write(spaced_page().encode())
            for _ in range(50):
                file.write(b" " * (1 << 20))
        read, message = until_error(tmp_path / "bomb")
        assert "times its size" in message
        assert isinstance(read[0], Record)

    @pytest.mark.parametrize("damage", ["cut", "flip", "tail"])
    def test_broken_gzip(self, save, damage) -> None:
        """The records before the break are good; then the break is told."""
        rng = random.Random(7)
        page = "\n".join(
            f"{title} {rng.randbytes(9).hex()}\n{abstract(i)} It ends."
            for i in range(600)
            for title in TITLES
        )
        packed = bytearray(gzip.compress(page.encode()))
        if damage == "cut":
            del packed[len(packed) // 2 :]
        elif damage == "flip":
            packed[len(packed) // 2] ^= 0xFF
        else:
            packed += b"rubbish"
        read, message = until_error(save(bytes(packed)))
        assert "damaged after line" in message
        assert len([r for r in read if isinstance(r, Record)]) > 1000

    def test_tiny_broken_gzip(self, save) -> None:
        packed = gzip.compress(glued_page().encode())
        assert "damaged" in refusal(save(packed[:12]))
