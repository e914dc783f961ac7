"""Papers -> the text of a CSV file that a spreadsheet opens and Footnote reads back; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rag.readers.table import MARK, guarded, listed
from rag.types import Paper


def csv_table(papers: Sequence[Paper]) -> str:
    """The papers as rows under a header (RFC 4180, 2005, with `\\n` at the ends of lines)."""
    stream = io.StringIO()
    rows = [_row(paper) for paper in papers]
    writer = csv.DictWriter(stream, list(_row(_NONE)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: guarded(cell) for name, cell in row.items()} for row in rows)
    return stream.getvalue()


_NONE = Paper("", "", "")


def _row(paper: Paper) -> dict[str, str]:
    publication = paper.publication
    version = f"v{paper.arxiv_version}" if paper.arxiv_version else ""
    flags = (("read", paper.is_read), ("note", paper.is_note))
    return {
        "title": paper.title,
        "authors": listed(paper.authors),
        "year": str(paper.year or ""),
        "month": str(publication.month or ""),
        "kind": publication.kind,
        "venue": publication.venue,
        "volume": publication.volume,
        "issue": publication.issue,
        "pages": publication.pages,
        "publisher": publication.publisher,
        "place": publication.place,
        "edition": publication.edition,
        "isbn": publication.isbn,
        "issn": publication.issn,
        "editors": listed(publication.editors),
        "doi": paper.doi or "",
        "arxiv_id": paper.arxiv_id + version if paper.arxiv_id else "",
        "pmid": paper.pmid or "",
        "openalex_id": paper.openalex_id or "",
        "s2_id": paper.s2_id or "",
        "url": paper.url or "",
        "key": paper.key or "",
        "tags": listed(paper.tags),
        "abstract": paper.abstract,
        "notes": paper.notes,
        MARK: " ".join(flag for flag, is_set in flags if is_set),
    }
