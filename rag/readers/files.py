"""A path that somebody named -> the files in it: itself, those of a folder, those of a zip archive.

Nothing is unpacked to disk, and what an archive calls its members is never used as a path; links
inside of a folder are not followed. (ZIP: PKWARE, APPNOTE 6.3.10, 2022.)
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

from rag.errors import ReadError
from rag.readers.source import BOMB_BYTES, BOMB_RATIO, MAX_BYTES, Source, reported, shown

MAX_FILES = 100_000  # of one folder or archive
_MAX_DIRECTORY_BYTES = 16 << 20  # what an archive may spend on telling its members
_GZIP_START = b"\x1f\x8b"
_ENCRYPTED = 1  # a flag of a member
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for memory without bounds


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to be read, on disk or in an archive."""

    path: Path  # on disk; that of the archive, if it is in one
    name: str  # fit for a message: "papers.zip: a/b.bib"
    is_named: bool = False  # by somebody: then it is a fault of it to be in no known format
    archive: Archive | None = None
    member: zipfile.ZipInfo | None = None
    fault: str | None = None  # why it cannot be opened, if that is known already

    @property
    def source(self) -> str:
        """The file name under which its papers are filed; that of the archive, if it is in one."""
        return os.fsencode(self.path.name).decode("utf-8", errors="replace")

    @contextmanager
    def opened(self) -> Iterator[Source]:
        """Its content, unpacked where gzip packed it; raises ReadError."""
        if self.fault:
            raise ReadError(self.path, self.fault)
        with ExitStack() as stack:
            with reported(self.path, self.name):
                packed, size = self._packed(stack)
                stack.enter_context(packed)
                is_gzip = packed.read1(2) == _GZIP_START
                packed.seek(0)
            stream = stack.enter_context(gzip.GzipFile(fileobj=packed)) if is_gzip else packed
            yield Source(self.path, self.name, stream, size)

    def _packed(self, stack: ExitStack) -> tuple[io.BufferedReader | zipfile.ZipExtFile, int]:
        """Its bytes as they are kept, and how many they are."""
        if self.archive and self.member:
            archive = stack.enter_context(self.archive.opened())
            size = min(self.member.compress_size, self.path.stat().st_size)
            return cast(zipfile.ZipExtFile, archive.open(self.member)), size
        size = _require_regular(self.path, self.name)
        return self.path.open("rb"), size


class Archive:
    """A zip archive; it stays open while `opened` is entered anywhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None

    @contextmanager
    def opened(self) -> Iterator[zipfile.ZipFile]:
        """The archive; BadZipFile, or others that `reported` knows, where it is none."""
        if self._zip:
            yield self._zip
            return
        with _Bounded(self._path) as file, zipfile.ZipFile(file) as self._zip:
            try:
                yield self._zip
            finally:
                self._zip = None


class _Bounded(io.FileIO):
    """A file that gives no more at once than the directory of an honest archive takes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("a directory without bounds")
        return super().read(size if size and size > 0 else _MAX_DIRECTORY_BYTES)


def files_in(path: Path) -> Iterator[FoundFile]:
    """The files of a path, by name; it raises nothing.

    What is wrong with one of them, or with the path itself, is raised when it is opened.
    """
    if os.path.isdir(path):  # unlike that of Path, it says no to what cannot be a name
        for found in _walked(path):
            yield from _members(found) if found.fault is None else (found,)
    else:
        yield from _members(FoundFile(path, shown(path), is_named=True))


def _walked(folder: Path) -> Iterator[FoundFile]:
    """The files under a folder; what is hidden, links, pipes and devices are passed over."""
    waiting, is_bare = [(folder, True)], True
    for _ in range(MAX_FILES + 1):
        if not waiting:
            if is_bare:
                yield _faulty(folder, "holds no files")
            return
        path, is_folder = waiting.pop()
        if not is_folder:
            is_bare = False
            yield FoundFile(path, shown(path))
            continue
        try:
            with os.scandir(path) as entries:
                inside = [
                    (Path(entry.path), entry.is_dir(follow_symlinks=False))
                    for entry in islice(entries, MAX_FILES)
                    if not entry.name.startswith(".")
                    and (entry.is_dir(follow_symlinks=False) or _is_regular(entry))
                ]
        except OSError as error:
            yield _faulty(
                path, f"is a folder that cannot be read ({error.strerror}); add what is in it"
            )
        else:
            waiting += sorted(inside, reverse=True)
    yield _faulty(folder, f"holds more than {MAX_FILES:,} files; add its folders one by one")


def _is_regular(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size > 0


def _members(file: FoundFile) -> Iterator[FoundFile]:
    """The file itself, or what is in it if it is an archive."""
    with ExitStack() as stack:
        try:
            with reported(file.path, file.name):
                _require_regular(file.path, file.name)
                with file.path.open("rb") as opened:
                    start = opened.read(64)
                if not is_archive(start):
                    yield file
                    return
                archive = Archive(file.path)
                members = stack.enter_context(archive.opened()).infolist()
                fault = _fault(members, file.path.stat().st_size)
        except ReadError as error:
            yield FoundFile(file.path, file.name, file.is_named, fault=str(error))
            return
        if fault:
            yield _faulty(file.path, fault)
            return
        for member in members:
            is_folder = member.filename.endswith("/")  # is_dir() fails for a name that is empty
            if not (is_folder or member.file_size == 0 or _is_hidden(member.filename)):
                yield _member(file, archive, member)


def is_archive(start: bytes) -> bool:
    """Whether bytes begin a zip archive that is not a document of some office program."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_office(start)


def is_office(start: bytes) -> bool:
    """Whether bytes begin a zip archive that holds a document: its first member tells."""
    parts = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"docProps/", b"word/", b"xl/")
    return start.startswith(b"PK\x03\x04") and start[30:].startswith(parts)


def _fault(members: list[zipfile.ZipInfo], size: int) -> str | None:
    """Why nothing of an archive of `size` bytes is to be read, if so."""
    total = sum(member.file_size for member in members)
    if not members:
        return "is an archive without files"
    if len(members) > MAX_FILES:
        return f"holds more than {MAX_FILES:,} files; unpack it and add its folders one by one"
    if total > MAX_BYTES:
        return f"unpacks to more than {MAX_BYTES >> 30} GB; unpack it and add its folders"
    if total > max(BOMB_BYTES, BOMB_RATIO * size):
        return (
            f"unpacks to more than {BOMB_RATIO} times its size, which no papers do; unpack it "
            "yourself if you trust it"
        )
    return None


def _member(file: FoundFile, archive: Archive, member: zipfile.ZipInfo) -> FoundFile:
    name = f"{file.name}: {shown(member.filename)}"
    fault = None
    if member.flag_bits & _ENCRYPTED:
        fault = f"{name} is encrypted; unpack the archive with its password and add the folder."
    elif member.compress_type not in _METHODS:
        fault = f"{name} is packed in an unusual way; unpack the archive and add the folder."
    return FoundFile(file.path, name, archive=archive, member=member, fault=fault)


def _is_hidden(name: str) -> bool:
    """Whether a member is hidden, or what a Mac adds to an archive."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or any(p.startswith(".") and p.strip(".") for p in parts)


def _faulty(path: Path, what: str) -> FoundFile:
    return FoundFile(path, shown(path), is_named=True, fault=f"{shown(path)} {what}.")


def _require_regular(path: Path, name: str) -> int:
    """The size in bytes of a regular file; ReadError for anything else."""
    status = path.stat()  # follows links: what matters is what they lead to
    if stat.S_ISDIR(status.st_mode):
        raise ReadError(path, f"{name} is a folder; name the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise ReadError(path, f"{name} is a pipe or a device; copy what it gives into a file.")
    if status.st_size == 0:
        raise ReadError(path, f"{name} is empty; save it again.")
    if status.st_size > MAX_BYTES:
        raise ReadError(
            path, f"{name} is larger than {MAX_BYTES >> 30} GB; split it into smaller files."
        )
    return status.st_size
