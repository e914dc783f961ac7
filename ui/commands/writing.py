"""The files that commands write."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from rag.errors import RagError


def require_writable(path: Path) -> None:
    """RagError, before any work is done, when a file cannot be written."""
    existed = path.exists()
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise RagError(f"{path} cannot be written: {error.strerror}.") from error
    if not existed:
        path.unlink()


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a text in UTF-8 in the place of any older file, when all of it is there.

    Until then it grows beside it. Raises RagError where it cannot be written.
    """
    path = path.resolve()  # a link stays one
    if path.exists() and not path.is_file():
        part = path  # /dev/stdout, a pipe
    else:
        part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode())
        if part != path:
            if path.exists():
                shutil.copymode(path, part)
            part.replace(path)
    except OSError as error:
        raise RagError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        if part != path:
            part.unlink(missing_ok=True)
