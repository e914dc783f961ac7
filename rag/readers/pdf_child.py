"""The child process of `rag.readers.pdf`, and the only import of pypdf: a PDF -> JSON of its texts.

It is run as a script, so that it loads nothing of Footnote. It reads a PDF from its standard input
and writes one object: `pages`, the texts of the first pages; `lines` of the first page, each with
its size in points; `metadata`; or `fault`, why there are none.
"""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

_PAGES = 3  # an abstract stands on the first, or after a cover
_MAX_CHARACTERS = 100_000  # of a page
_MEMORY_BYTES = 1 << 30
_CPU_SECONDS = 15


def main() -> None:
    """Read, within bounds, and tell."""
    content = sys.stdin.buffer.read()
    try:
        import resource
    except ImportError:  # no POSIX system; the parent's clock still holds
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(read(content), sys.stdout)


def read(content: bytes) -> dict[str, Any]:
    """What the PDF holds, as the parent expects it; never raises an Exception."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    try:
        document = PdfReader(io.BytesIO(content))
        if document.is_encrypted and not document.decrypt(""):
            return {"fault": "encrypted"}
        pages, lines = list[str](), _Lines()
        for page, _ in zip(document.pages, range(_PAGES), strict=False):
            visitor = None if pages else lines.add
            pages.append(page.extract_text(visitor_text=visitor)[:_MAX_CHARACTERS])
        metadata = {
            str(name).lstrip("/"): str(value)[:2_000]
            for name, value in (document.metadata or {}).items()
            if name in ("/Title", "/Author", "/Subject", "/Keywords", "/doi")
        }
    except (FileNotDecryptedError, DependencyError):
        return {"fault": "encrypted"}
    except MemoryError:
        return {"fault": "too large"}
    except Exception:  # pypdf lets errors of every kind out of a damaged file
        return {"fault": "damaged"}
    return {"pages": pages, "lines": lines.found, "metadata": metadata}


class _Lines:
    """Puts the pieces of a page that pypdf visits together to lines."""

    def __init__(self) -> None:
        self.found: list[tuple[float, str]] = []  # size in points, text
        self._height = math.nan  # of the last line above the foot of the page

    def add(self, text: str, page: list[float], line: list[float], _: object, size: float) -> None:
        """One piece, with the matrices of its page and of its line (ISO 32000-2:2020, 9.4.4)."""
        a, b, c, d, height = (
            line[0] * page[0] + line[1] * page[2],
            line[0] * page[1] + line[1] * page[3],
            line[2] * page[0] + line[3] * page[2],
            line[2] * page[1] + line[3] * page[3],
            line[4] * page[1] + line[5] * page[3] + page[5],
        )
        points = size * math.sqrt(abs(a * d - b * c))
        if a <= 0 or abs(b) > 0.1 * a or not text.strip() or len(self.found) > 2_000:
            return  # it does not stand upright, as a stamp in the margin
        if abs(height - self._height) < 0.5 * points:
            largest, start = self.found[-1]
            self.found[-1] = (max(largest, points), (start + text)[:2_000])
        else:
            self.found.append((points, text[:2_000]))
            self._height = height


if __name__ == "__main__":
    main()
