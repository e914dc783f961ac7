"""Folders and archives give the files in them, whatever they are made to do."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import struct
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.errors import ReadError, UnknownFormat
from rag.readers import FoundFile, count_records, files, files_in, read_records, records
from rag.readers.source import BOMB_RATIO, MAX_BYTES
from rag.types import Record
from tests.rag.readers.fuzzing import check_records
from tests.rag.readers.reading import good, refusal
from tests.rag.readers.written.listing import PAPERS, glued_page

PAGE = glued_page().encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "papers"
    path.mkdir()
    return path


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of named members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "papers.zip"
        path.write_bytes(content)
        return path

    return save


def names(path: Path) -> list[str]:
    """What is found in a path, told from there."""
    return [file.name.removeprefix(str(path)).lstrip("/: ") for file in files_in(path)]


def fault(path: Path) -> str:
    """Why the only file that is found in a path cannot be opened."""
    (file,) = files_in(path)
    with pytest.raises(ReadError) as error:
        list(records(file))
    assert not isinstance(error.value, UnknownFormat)
    assert str(error.value).endswith(".")
    return str(error.value)


class TestFolders:
    def test_files_by_name(self, folder) -> None:
        """Folders are walked in the order of names; what is hidden or empty is passed over."""
        for name in ("b/c.txt", "b/a.txt", "a.txt", "c.txt", ".git/x", "b/.hidden", "d/e/f.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(PAGE)
        (folder / "empty").touch()
        assert names(folder) == ["a.txt", "b/a.txt", "b/c.txt", "c.txt", "d/e/f.txt"]
        assert not any(file.is_named for file in files_in(folder))
        assert len(good(folder)) == 5 * len(PAPERS)

    def test_links_are_not_followed(self, folder, tmp_path) -> None:
        """Neither out of the folder nor round in a circle; a folder that is named may be a link."""
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "x.txt").write_bytes(PAGE)
        (folder / "inside.txt").write_bytes(PAGE)
        (folder / "file").symlink_to(tmp_path / "outside" / "x.txt")
        (folder / "folder").symlink_to(tmp_path / "outside")
        (folder / "circle").symlink_to(folder)
        assert names(folder) == ["inside.txt"]
        (tmp_path / "link").symlink_to(tmp_path / "outside")
        assert names(tmp_path / "link") == ["x.txt"]

    def test_pipes_and_sockets_do_not_block(self, folder) -> None:
        os.mkfifo(folder / "pipe")
        (folder / "a.txt").write_bytes(PAGE)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(folder / "socket"))
            assert names(folder) == ["a.txt"]

    def test_sparse_giant_stops_no_other(self, folder) -> None:
        with (folder / "a").open("wb") as file:
            file.truncate(5 * MAX_BYTES)
        (folder / "b").write_bytes(PAGE)
        giant, page = files_in(folder)
        with pytest.raises(ReadError, match="larger than 2 GB"):
            list(records(giant))
        assert len(list(records(page))) == len(PAPERS)

    def test_deep_nest(self, folder) -> None:
        """Folders nested beyond what a path can tell end the walk of them, and of nothing else."""
        here = os.getcwd()
        try:
            os.chdir(folder)
            for _ in range(1500):
                os.mkdir("deep")
                os.chdir("deep")
        finally:
            os.chdir(here)
        (folder / "page.txt").write_bytes(PAGE)
        found = list(files_in(folder))
        subprocess.run(["rm", "-rf", folder / "deep"], check=True)  # Python's own is recursive
        assert [file.name.endswith("page.txt") for file in found] == [False, True]
        assert "cannot be read" in (found[0].fault or "")

    def test_bound(self, folder, monkeypatch) -> None:
        for number in range(9):
            (folder / f"{number}.txt").write_bytes(PAGE)
        monkeypatch.setattr(files, "MAX_FILES", 9)
        *_, last = files_in(folder)
        assert last.fault is not None
        assert "more than 9 files" in last.fault
        monkeypatch.setattr(files, "MAX_FILES", 10)
        assert names(folder) == [f"{number}.txt" for number in range(9)]

    def test_unknown_formats_say_so(self, folder) -> None:
        (folder / "a.png").write_bytes(b"\x89PNG\r\n" + bytes(100))
        (found,) = files_in(folder)
        with pytest.raises(UnknownFormat):
            list(records(found))

    def test_bare_folder(self, folder) -> None:
        (folder / "bare").mkdir()
        assert "holds no files" in fault(folder)

    def test_packed_files(self, folder) -> None:
        """Those of gzip and zip are unpacked, each by what it holds."""
        (folder / "a").write_bytes(gzip.compress(PAGE))
        (folder / "b").write_bytes(packed(("x/y.gz", gzip.compress(PAGE)), ("z", PAGE)))
        assert names(folder) == ["a", "b: x/y.gz", "b: z"]
        assert [f.source for f in files_in(folder)] == ["a", "b", "b"]
        assert len(good(folder)) == 3 * len(PAPERS)


class TestArchives:
    def test_members(self, save) -> None:
        """Folders, hidden members and what a Mac adds are none; the names are for messages only."""
        path = save(
            packed(
                ("a/", b""),
                ("a/page.txt", PAGE),
                ("__MACOSX/a/._page.txt", PAGE),
                ("a/.DS_Store", PAGE),
                ("empty.txt", b""),
                ("é\n\x1b.txt", PAGE),
            )
        )
        assert names(path) == ["a/page.txt", "é\\n\\x1b.txt"]
        assert {file.source for file in files_in(path)} == {"papers.zip"}
        assert not any(file.is_named for file in files_in(path))
        assert len(good(path)) == 2 * len(PAPERS)

    def test_members_can_be_read_later(self, save) -> None:
        """Also when the archive was left in between, and by two at once."""
        found = list(files_in(save(packed(("a", PAGE), ("b", PAGE + b"\n")))))
        assert [count_records(file) for file in found] == [len(PAPERS)] * 2
        both = zip(records(found[0]), records(found[1]), strict=True)
        assert all(one == two for one, two in both)

    def test_names_lead_nowhere(self, save, tmp_path) -> None:
        """A member is never written, and its name never opened."""
        (tmp_path / "secret.txt").write_bytes(PAGE)
        path = save(
            packed(
                ("../../secret.txt", b"text"), ("/etc/passwd", b"text"), ("C:\\x\\..\\y", b"text")
            )
        )
        before = everything(tmp_path)
        for file in files_in(path):
            with file.opened() as source:
                assert source.content(100) == b"text"
            assert file.path == path
        assert everything(tmp_path) == before
        with zipfile.ZipFile(path) as archive:  # the check sees what is unpacked
            archive.extractall(tmp_path)
        assert everything(tmp_path) != before

    def test_named_nul(self, save) -> None:
        content = packed(("aXb", PAGE)).replace(b"aXb", b"a\x00b")
        assert all("\x00" not in file.name for file in files_in(save(content)))

    def test_nameless(self, save) -> None:
        """Its name ends at a NUL, which stands first."""
        path = save(packed(("aXb", PAGE), ("c", PAGE)).replace(b"aXb", b"\x00Xb"))
        assert names(path)[-1] == "c"
        assert len(list(read_records(path))) >= len(PAPERS)

    def test_encrypted(self, save) -> None:
        content = bytearray(packed(("a.txt", PAGE)))
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
        assert "is encrypted" in fault(save(bytes(content)))

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_unusual_packing(self, save, method) -> None:
        """LZMA may ask for gigabytes before it gives a byte."""
        assert "packed in an unusual way" in fault(save(packed(("a", PAGE), method=method)))

    def test_archive_in_an_archive(self, save) -> None:
        assert "in another archive; unpack it" in fault(save(packed(("b", packed(("a", PAGE))))))

    def test_office_document(self, save) -> None:
        """It is a zip archive, and yet no archive of papers."""
        path = save(packed(("[Content_Types].xml", b"<a/>"), ("word/document.xml", b"<b/>")))
        (file,) = files_in(path)
        assert file.is_named
        with pytest.raises(UnknownFormat, match="office"):
            list(records(file))

    def test_without_files(self, save) -> None:
        assert "without files" in fault(save(packed()))

    def test_bomb(self, save) -> None:
        """Told by what its directory says; a little less is read."""
        member = bytes(12 << 20)
        bomb = packed(("a", member), ("b", member))
        assert "times its size" in fault(save(bomb))
        filler = random.Random(1).randbytes(2 * len(member) // BOMB_RATIO)
        assert len(names(save(packed(("a", member), ("b", member), ("c", filler))))) == 3

    def test_bomb_in_gzip_in_zip(self, save) -> None:
        filler = random.Random(1).randbytes(1 << 20)
        inner = gzip.compress(bytes(20 << 20))
        file, _ = files_in(save(packed(("a.gz", inner), ("b", filler))))
        with pytest.raises(ReadError, match="times its size"), file.opened() as source:
            source.content(MAX_BYTES)

    def test_overlapping_members(self, save) -> None:
        """A thousand members that share their bytes: a bomb, or damaged, but not unpacked."""
        content = packed(("a", bytes(1 << 20)))
        start = content.index(b"PK\x01\x02")
        end = content.index(b"PK\x05\x06")
        entry = content[start:end]
        count = 1000
        tail = struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, start, 0
        )
        assert "times its size" in fault(save(content[:start] + entry * count + tail))
        tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(entry) * 2, start, 0)
        for file in files_in(save(content[:start] + entry * 2 + tail)):
            check_records(file.path, records(file))

    @pytest.mark.parametrize("offset", [20, 24, 42])  # packed size, size, place of a member
    @pytest.mark.parametrize("value", [0, 1, 5, 300, 0x7FFFFFFF, 0xFFFFFFFF])
    def test_directory_that_lies(self, save, offset, value) -> None:
        """The one member that is told wrongly is damaged; the other is read."""
        content = bytearray(packed(("a", PAGE), ("b", PAGE)))
        at = content.index(b"PK\x01\x02") + offset
        struct.pack_into("<L", content, at, value)
        path = save(bytes(content))
        check_records(path, read_records(path))
        found = [file for file in files_in(path) if file.name.endswith(": b")]
        assert all(len(list(records(file))) == len(PAPERS) for file in found)

    def test_endless_directory(self, save, monkeypatch) -> None:
        """The size of the directory is bounded before it is read."""
        path = save(packed(*((f"{number:0200}", b"x") for number in range(100))))
        assert len(names(path)) == 100
        monkeypatch.setattr(files, "_MAX_DIRECTORY_BYTES", 10_000)
        assert "damaged" in fault(path)

    @pytest.mark.parametrize("count", [99_000, 101_000])
    def test_empty_members(self, save, count) -> None:
        """A hundred thousand of them are passed over, and more are refused, in a few seconds."""
        entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0,
                            1, 0, 0, 0, 0, 0, 0) + b"a"  # fmt: skip
        end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count,
                          len(entry) * count, 4)  # fmt: skip
        at = 4 + len(entry) * count
        tail = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
        tail += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
        path = save(b"PK\x03\x04" + entry * count + end + tail)
        started = time.process_time()
        if count < files.MAX_FILES:
            assert names(path) == []
        else:
            assert "more than 100,000 files" in fault(path)
        assert time.process_time() - started < 10

    def test_damaged(self, save) -> None:
        assert "damaged" in fault(save(packed(("a", PAGE))[:-30]))
        content = bytearray(packed(("a", PAGE), method=zipfile.ZIP_STORED))
        content[200] ^= 1
        assert "damaged" in fault(save(bytes(content)))


def everything(folder: Path) -> set[Path]:
    return {*folder.rglob("*"), *folder.parent.iterdir()}


class TestNamedFiles:
    def test_one_file(self, save) -> None:
        path = save(PAGE)
        assert list(files_in(path)) == [FoundFile(path, str(path), is_named=True)]
        assert count_records(FoundFile(path, "x")) == len(PAPERS)

    def test_nothing_is_raised_while_looking(self, tmp_path) -> None:
        for path in (tmp_path / "nowhere", Path("a\x00b"), Path("n" * 5000), Path("/dev/zero")):
            (file,) = files_in(path)
            assert file.is_named
            assert count_records(file) == 0
            assert refusal(path)

    def test_names_that_are_no_text(self, tmp_path) -> None:
        path = tmp_path / os.fsdecode(b"caf\xe9.txt")
        path.write_bytes(PAGE)
        (file,) = files_in(path)
        assert file.source == "caf\ufffd.txt"
        file.name.encode()
        assert isinstance(next(records(file)), Record)

    def test_open_files_are_closed(self, folder) -> None:
        for number in range(5):
            (folder / f"{number}.zip").write_bytes(packed(("a", gzip.compress(PAGE)), ("b", PAGE)))
        before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
        found = list(files_in(folder))
        read: list[Iterator[object]] = [records(file) for file in found]
        for reading in read:
            next(reading)
            reading.close()  # type: ignore[attr-defined]
        if before:
            assert len(os.listdir("/proc/self/fd")) == before
