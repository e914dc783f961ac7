"""The header of a GGUF file, read in pure Python: the cheap check before a model is loaded.

The layout is that of the GGUF specification, versions 2 and 3, little-endian: magic, version,
tensor count, metadata count, metadata, tensor descriptions, padding, tensor data.
llama.cpp aborts the process on some damaged files, so what can be seen here is refused here.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadModelFile, UnknownModel

MAGIC = b"GGUF"
READABLE_VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
MOST_ENTRIES = 100_000  # metadata keys, or tensors; large models have a few thousand
MOST_DIMENSIONS = 4
LONGEST_KEY = 65_535  # bytes, by the specification

_SCALARS = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_KEPT_KEYS = (
    "general.architecture",
    "general.name",
    "general.alignment",
    "tokenizer.chat_template",
)

# ggml type -> (values in a block, bytes of a block); a type that is not here is not measured
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header of a GGUF says of the model."""

    path: Path
    version: int
    tensor_count: int
    size_bytes: int  # of the file
    parameters: int
    architecture: str
    context_tokens: int | None  # what the model was trained to see at once
    has_chat_template: bool


class _Damaged(Exception):
    """The header contradicts itself or the size of its file."""


def inspect_gguf(path: Path) -> GgufHeader:
    """Read and check the header of a GGUF.

    Raises UnknownModel where there is no file, BadModelFile where it is not a whole GGUF.
    """
    try:
        if not path.exists():
            raise UnknownModel(path, f"There is no file {path}. Check the path of the model.")
        if path.is_dir():
            raise BadModelFile(path, f"{path} is a folder; name the .gguf file in it.")
        if not path.is_file():
            raise BadModelFile(path, f"{path} is not a regular file; name a .gguf file.")
        size = path.stat().st_size
        if size == 0:
            raise BadModelFile(path, f"{path} is empty; its download failed. Fetch it again.")
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            _refuse_other_formats(path, content[:512])
            return _read(path, content, size)
    except _Damaged as damage:
        raise BadModelFile(
            path, f"{path} is damaged or only partly downloaded ({damage}). Fetch it again."
        ) from None
    except OSError as error:
        raise BadModelFile(path, f"{path} cannot be read ({error.strerror}).") from None


def inspect_chat_model(path: Path) -> GgufHeader:
    """As `inspect_gguf`, for a model that is to answer: BadModelFile without a chat template."""
    header = inspect_gguf(path)
    if not header.has_chat_template:
        raise BadModelFile(
            path,
            f"{path} has no chat template, so it cannot answer questions. "
            "Choose an instruct model.",
        )
    return header


def _refuse_other_formats(path: Path, start: bytes) -> None:
    if start.startswith(MAGIC):
        return
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        raise BadModelFile(
            path,
            f"{path} is a web page, not a model: the address that was saved leads to a page about "
            "the file. Download the file itself.",
        )
    if text.startswith(b"version https://git-lfs"):
        raise BadModelFile(
            path, f"{path} is a Git LFS pointer, not a model. Run `git lfs pull` where it is."
        )
    raise BadModelFile(path, f"{path} is not a GGUF model; its first bytes are not `GGUF`.")


def _read(path: Path, content: mmap.mmap, size: int) -> GgufHeader:
    cursor = _Cursor(content, size, at=len(MAGIC))
    version = cursor.number("I")
    if version not in READABLE_VERSIONS:
        raise BadModelFile(
            path,
            f"{path} is a GGUF of version {version}, and only 2 and 3 can be read. "
            "Fetch a newer conversion of the model.",
        )
    tensor_count, metadata_count = cursor.number("Q"), cursor.number("Q")
    if not 0 < tensor_count <= MOST_ENTRIES:
        raise _Damaged(f"it claims {tensor_count} tensors")
    if metadata_count > MOST_ENTRIES:
        raise _Damaged(f"it claims {metadata_count} metadata keys")
    metadata = _metadata(cursor, metadata_count)
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _Damaged("it does not name its architecture")
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    parameters = _check_tensors(cursor, tensor_count, alignment)
    context = metadata.get(f"{architecture}.context_length")
    return GgufHeader(
        path=path,
        version=version,
        tensor_count=tensor_count,
        size_bytes=size,
        parameters=parameters,
        architecture=architecture,
        context_tokens=context if isinstance(context, int) and context > 0 else None,
        has_chat_template=bool(metadata.get("tokenizer.chat_template")),
    )


def _metadata(cursor: _Cursor, count: int) -> dict[str, int | float | str]:
    kept: dict[str, int | float | str] = {}
    for _ in range(count):
        length = cursor.number("Q")
        if not 0 < length <= LONGEST_KEY:
            raise _Damaged(f"a metadata key of {length} bytes")
        key = cursor.text(length)
        kind = cursor.number("I")
        wanted = key in _KEPT_KEYS or key.endswith(".context_length")
        value = cursor.value(kind, keep=wanted)
        if wanted and value is not None:
            kept[key] = value
    return kept


def _check_tensors(cursor: _Cursor, count: int, alignment: int | float | str) -> int:
    """Refuse tensors whose data would lie outside the file; the number of their values."""
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise _Damaged(f"an alignment of {alignment}")
    extents = []
    parameters = 0
    for _ in range(count):
        cursor.skip(cursor.number("Q"))
        dimensions = cursor.number("I")
        if dimensions > MOST_DIMENSIONS:
            raise _Damaged(f"a tensor of {dimensions} dimensions")
        values = 1
        for _ in range(dimensions):
            values *= cursor.number("Q")
        kind, offset = cursor.number("I"), cursor.number("Q")
        per_block, block_bytes = _BLOCKS.get(kind, (1, 0))
        parameters += values
        extents.append(offset + values // per_block * block_bytes)
    data_start = -(-cursor.at // alignment) * alignment
    needed = data_start + max(extents)
    if needed > cursor.size:
        raise _Damaged(f"{needed:,} bytes are described, {cursor.size:,} are there")
    return parameters


class _Cursor:
    """A place in the file that moves forward and never leaves it."""

    def __init__(self, content: mmap.mmap, size: int, at: int) -> None:
        self.content = content
        self.size = size
        self.at = at

    def skip(self, length: int) -> int:
        """Move over `length` bytes; where they started."""
        start = self.at
        if length > self.size - start:
            raise _Damaged("it ends within its header")
        self.at = start + length
        return start

    def number(self, code: str) -> int:
        value = self._scalar(code)
        assert isinstance(value, int)
        return value

    def text(self, length: int) -> str:
        start = self.skip(length)
        return self.content[start : start + length].decode("utf-8", errors="replace")

    def value(self, kind: int, keep: bool, depth: int = 0) -> int | float | str | None:
        """Step over one metadata value; only kept strings and scalars are returned."""
        if kind == _STRING:
            length = self.number("Q")
            if keep:
                return self.text(length)
            self.skip(length)
            return None
        if kind == _ARRAY:
            self._array(depth)
            return None
        if kind not in _SCALARS:
            raise _Damaged(f"metadata of the unknown type {kind}")
        return self._scalar(_SCALARS[kind])

    def _array(self, depth: int) -> None:
        if depth > 2:
            raise _Damaged("metadata nested too deeply")
        kind, count = self.number("I"), self.number("Q")
        if kind in _SCALARS:
            self.skip(count * struct.calcsize("<" + _SCALARS[kind]))
            return
        if count > self.size - self.at:  # each element takes more than one byte
            raise _Damaged(f"a metadata list of {count} elements")
        for _ in range(count):
            self.value(kind, keep=False, depth=depth + 1)

    def _scalar(self, code: str) -> int | float:
        start = self.skip(struct.calcsize("<" + code))
        value: int | float = struct.unpack_from("<" + code, self.content, start)[0]
        return value
