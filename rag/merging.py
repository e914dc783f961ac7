"""A paper of the library and one more description of it -> what the paper is from then on; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from rag.identity import IDENTIFIERS, first_author, is_published, is_same, title_key
from rag.types import Paper, Publication, Record

Settled = tuple[Paper, frozenset[str]]  # a paper, and the names of its fields that are settled


def merged(paper: Paper, record: Record, settled: frozenset[str] = frozenset()) -> Paper:
    """The paper with what a record knows better; the same paper where it knows nothing more.

    What is missing is filled in. A newer version of a preprint, and the publication of what was
    known as a preprint alone, take the place of what they supersede; an abstract takes the place
    of a note about the paper, and of one that is cut short. The reader's tags stay, notes and
    whether it was read too, and so does every field that is `settled`: set by hand.
    """
    news = {f.name: getattr(record, f.name) for f in fields(Record)}
    takes = {
        name
        for name in ("title", "abstract", "authors", "year", "url", *IDENTIFIERS)
        if not getattr(paper, name) and news[name]
    }
    if _is_newer_version(paper, record):
        texts = ("abstract",) if is_published(paper) else ("title", "abstract", "authors")
        takes |= {name for name in texts if news[name]}
        if record.is_note and not paper.is_note and paper.abstract:
            takes.discard("abstract")
    if not is_published(paper) and is_published(record):
        takes |= {name for name in ("year", "doi") if news[name]}
        if record.authors and not _are_more(record.authors, paper.authors):
            takes.add("authors")
        if title_key(paper.title) != title_key(record.title):  # not for another use of capitals
            takes.add("title")
    if record.abstract and _is_better_abstract(paper, record):
        takes.add("abstract")
    if _are_more(paper.authors, record.authors):
        takes.add("authors")
    changed = {name: news[name] for name in takes - settled}
    if "abstract" in changed:
        changed["is_note"] = record.is_note
    if record.arxiv_version and record.arxiv_id == changed.get("arxiv_id", paper.arxiv_id):
        changed["arxiv_version"] = max(record.arxiv_version, paper.arxiv_version or 0)
    if record.key and "key" not in settled:
        changed["key"] = record.key
    return replace(
        paper,
        **changed,
        publication=_publication(paper, record),
        tags=tuple(sorted({*paper.tags, *(t for t in record.tags if no_tag(t) not in settled)})),
        notes=paper.notes or ("" if "notes" in settled else record.notes),
        is_read=paper.is_read or (record.is_read and "is_read" not in settled),
    )


def no_tag(tag: str) -> str:
    """What is settled of a paper from which the reader took a tag: no file brings it back."""
    return f"no tag {tag}"


def same_one(record: Record, papers: Sequence[Paper]) -> list[Paper]:
    """Those of the papers that a record describes which it shows to be one, in their order.

    It may know too little: a bare title is that of many editorials, which it does not make one. A
    paper that shares an identifier with it is then the one.
    """
    known = (p for p in papers if any(_shares(name, p, record) for name in IDENTIFIERS))
    surest = next(known, papers[0])
    told = merged(surest, record)
    return [paper for paper in papers if paper is surest or is_same(paper, told)]


def _shares(name: str, paper: Paper, record: Record) -> bool:
    return getattr(record, name) is not None and getattr(paper, name) == getattr(record, name)


def folded(paper: Paper, others: Sequence[Settled], settled: frozenset[str]) -> Settled:
    """A paper with what others know that turned out to be the same one, and what is settled then.

    A key that was made here for one of the others goes with it; one that is settled stays.
    """
    for other, theirs in others:
        became = merged(paper, replace(as_record(other), key=None), settled)
        texts = (name for name in theirs - settled - {"tags"} if hasattr(other, name))
        by_hand = {name: getattr(other, name) for name in texts}
        notes = "\n\n".join(dict.fromkeys(filter(None, (paper.notes, other.notes))))
        sources = tuple(dict.fromkeys((*paper.sources, *other.sources)))
        paper = replace(became, **{**by_hand, "notes": notes, "sources": sources})
        settled |= theirs
    return paper, settled


def rebased(became: Paper, before: Paper, now: Paper) -> Paper:
    """What a paper becomes that was `before` and has changed meanwhile: what it is `now` stays."""
    changed = {
        f.name: getattr(now, f.name)
        for f in fields(Paper)
        if getattr(now, f.name) != getattr(before, f.name)
    }
    if changed.keys() & {"title", "abstract"}:  # chunks are of both
        changed |= {"title": now.title, "abstract": now.abstract, "is_note": now.is_note}
    for name in changed.keys() & {"tags", "sources"}:
        was, will, there = (set(getattr(paper, name)) for paper in (before, became, now))
        changed[name] = tuple(sorted((there | (will - was)) - (was - will)))
    return replace(became, **changed)


def as_record(paper: Paper) -> Record:
    """What a file would say of a paper that the library has."""
    return Record(**{f.name: getattr(paper, f.name) for f in fields(Record) if f.name != "line"})


def _is_newer_version(paper: Paper, record: Record) -> bool:
    is_version = record.arxiv_version is not None and paper.arxiv_id == record.arxiv_id
    return is_version and (record.arxiv_version or 0) > (paper.arxiv_version or 0)


def _is_better_abstract(paper: Paper, record: Record) -> bool:
    if paper.is_note and not record.is_note:
        return True
    start = paper.abstract.rstrip(" .…")
    is_cut = paper.abstract.rstrip().endswith(("…", "..."))
    return is_cut and len(record.abstract) > len(paper.abstract) and record.abstract.startswith(
        start
    )  # fmt: skip


def _are_more(known: tuple[str, ...], told: tuple[str, ...]) -> bool:
    """Whether a list of authors goes on where the known one ends early."""
    return len(told) > len(known) and first_author(known) == first_author(told)


def _publication(paper: Paper, record: Record) -> Publication:
    """What is known of the publication: that of a preprint gives way, and gaps are filled."""
    known, told = paper.publication, record.publication
    if is_published(paper) and not is_published(record):
        # That a preprint is an "article" in no venue says nothing of what it became.
        return known
    if (told.venue and not known.venue) or (not is_published(paper) and is_published(record)):
        known, told = told, known
    if known.kind and told.kind and known.kind != told.kind:
        return known
    filled = {f.name: getattr(known, f.name) or getattr(told, f.name) for f in fields(Publication)}
    return Publication(**filled)
