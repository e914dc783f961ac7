"""What a format says of a paper -> a Record: every reader ends here, so all are bounded alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from urllib.parse import unquote

from rag.identity import arxiv_number
from rag.names import Name, write_name
from rag.readers.tex import clean, plain
from rag.types import UNPUBLISHED, BadRecord, Paper, Publication, Record

MAX_TITLE_CHARACTERS = 5_000
MAX_ABSTRACT_CHARACTERS = 100_000
MAX_TAGS = 100  # of one paper
MAX_TAG_CHARACTERS = 60
MAX_NOTES_CHARACTERS = 100_000
_MAX_AUTHORS = 5_000
_MAX_FIELD_CHARACTERS = 2_000

_ARXIV = re.compile(
    r"(?:(?:arxiv|https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)|oai:arxiv\.org)\s*[:/]\s*)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]{2,20}(?:\.[a-z-]{2,12})?/\d{7})(?:v(?P<version>\d{1,3}))?(?:\.pdf)?"
    r"\s*(?:\[[\w.-]+\])?",
    re.IGNORECASE,
)
_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV_DOI = "10.48550/arxiv."
_PMID = re.compile(r"(?:pmid:\s*|https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov"
                   r"/pubmed)/)?0*(\d{1,9})/?", re.IGNORECASE)  # fmt: skip
_OPENALEX = re.compile(
    r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?(W\d{1,15})", re.IGNORECASE
)
_S2 = re.compile(r"[0-9a-f]{40}|(?:CorpusId:\s*)?(\d{1,12})", re.IGNORECASE)
_WEB = re.compile(r"https?://[\x21-\x7e]{1,2000}")
_YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)")
_PREPRINT = re.compile(
    r"(?:arxiv(?:\s+(?:e-?print|preprint))?[:\s]+(?:arxiv:\s*)?(?:abs/)?|(?:CoRR,?\s+)?abs/)"
    r"(?P<id>\d{4}\.\d{4,5}(?:v\d{1,3})?|[a-z-]{2,20}(?:\.[a-z-]{2,12})?/\d{7}(?:v\d{1,3})?)\b",
    re.IGNORECASE,
)
# What databases write in place of an abstract.
_NO_ABSTRACT = re.compile(
    r"[\[(]?(?:no |an )?abstract(?: (?:is|was))?(?: not)?(?: (?:available|provided|supplied))?"
    r"(?: for this (?:article|paper|record|item))?[.\])]*",
    re.IGNORECASE,
)
_IS_ARXIV = re.compile(r"arxiv(?:\.org|(?:\s*:)?\s+[\w ()-]{1,60})?", re.IGNORECASE)
_INITIALS = re.compile(r"([^,]{2,80}) ((?:[A-Z]\.?-?){1,4})")  # "Quill A", "de la Fern B.-C."
_DASHES = re.compile(r"\s?(?:[-‐-―−]\s?)+")
OWN_KIND = re.compile(r"[a-z][a-z_-]{1,39}")  # a kind of publication as Footnote writes it
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def make_record(
    line: int,
    *,
    title: object,
    abstract: object = "",
    authors: Iterable[object] = (),
    year: object = None,
    url: object = "",
    doi: object = "",
    arxiv_id: object = "",
    pmid: object = "",
    openalex_id: object = "",
    s2_id: object = "",
    publication: Publication = UNPUBLISHED,
    tags: Iterable[object] = (),
    key: object = "",
    notes: object = "",
    is_read: bool = False,
    is_note: bool = False,
    read: Callable[[str], str] = clean,
) -> Record | BadRecord:
    """A Record from texts as a file has them, or a BadRecord with the reason.

    `line` is where the record starts. Texts go through `read`, which takes TeX for what it stands
    for; an identifier that is none is left out; a record without a title is bad.
    """
    told = _text(title, MAX_TITLE_CHARACTERS, read)
    if told is None:
        return BadRecord(line, f"the title has more than {MAX_TITLE_CHARACTERS:,} characters")
    if not _has_letter(told):
        return BadRecord(line, "the record has no title")
    body = _text(abstract, MAX_ABSTRACT_CHARACTERS, read)
    if body is None:
        return BadRecord(line, f"the abstract has more than {MAX_ABSTRACT_CHARACTERS:,} characters")
    preprint = named_arxiv_id(f"{publication.venue} {publication.volume}")
    if preprint:  # in place of a journal stands "arXiv preprint arXiv:2106.09685"
        publication = replace(publication, kind="article", venue="", volume="")
    arxiv, version = read_arxiv_id(field(arxiv_id) or preprint)
    address = unquote(url) if isinstance(url, str) else ""
    known_doi = read_doi(doi) or (read_doi(address) if "doi.org/" in address else None)
    if known_doi and known_doi.startswith(_ARXIV_DOI):
        if arxiv is None:
            arxiv, version = read_arxiv_id(known_doi.removeprefix(_ARXIV_DOI))
        known_doi = None
    if arxiv is None and isinstance(url, str) and "arxiv.org" in url:
        arxiv, version = read_arxiv_id(url)
    if arxiv and _IS_ARXIV.fullmatch(publication.venue):  # "arXiv: Robotics"
        publication = replace(publication, kind="article", venue="")
    has_abstract = _has_letter(body) and not _NO_ABSTRACT.fullmatch(body)
    record = Record(
        title=told,
        abstract=body if has_abstract else "",
        authors=read_names(authors, read),
        year=read_year(year),
        url=read_url(url),
        doi=known_doi,
        arxiv_id=arxiv,
        line=line,
        is_note=is_note and has_abstract,
        tags=read_tags(tags, read),
        arxiv_version=version,
        pmid=_matched(_PMID, pmid) or (_matched(_PMID, url) if "ncbi.nlm" in address else None),
        openalex_id=(_matched(_OPENALEX, openalex_id) or "").upper() or None,
        s2_id=_s2_id(s2_id),
        publication=_publication(publication, read),
        key=read_key(key),
        notes=read_notes(notes),
        is_read=is_read,
    )
    return replace(record, url=None) if _repeats_an_identifier(record) else record


def _repeats_an_identifier(record: Record) -> bool:
    """Whether its url says no more than its DOI, arXiv number or PMID does."""
    if record.url is None:
        return False
    told = Paper("", "", "", doi=record.doi, arxiv_id=record.arxiv_id, pmid=record.pmid).links
    return unquote(record.url) in map(unquote, told)


def field(value: object, read: Callable[[str], str] = clean) -> str:
    """A short text, cleaned; "" for what is none. A number is told by its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**18 else ""
    return read(value) if isinstance(value, str) and len(value) <= _MAX_FIELD_CHARACTERS else ""


def read_arxiv_id(value: object) -> tuple[str | None, int | None]:
    """The arXiv number in a text such as `arXiv:2106.09685v2`, and its version; or None twice."""
    match = _ARXIV.fullmatch(field(value))
    if not match:
        return None, None
    return arxiv_number(match["id"]), int(match["version"]) if match["version"] else None


def named_arxiv_id(text: str) -> str:
    """The arXiv number that a text names as one, such as `arXiv preprint arXiv:2106.09685`."""
    match = _PREPRINT.search(text[:_MAX_FIELD_CHARACTERS])
    return match["id"] if match else ""


def read_doi(value: object) -> str | None:
    """The DOI in a text, in lower case: DOIs ignore case."""
    match = _DOI.fullmatch(field(value).rstrip(".,; "))
    return match[1].lower() if match else None


def read_url(value: object) -> str | None:
    """A web address; None for anything else."""
    address = value.strip() if isinstance(value, str) else ""
    return address if _WEB.fullmatch(address) else None


def read_year(value: object) -> int | None:
    """The first year from 1000 to 2999 in a number or a text such as `2021-05-03`."""
    match = _YEAR.search(field(value))
    return int(match[1]) if match else None


def read_month(value: object) -> int | None:
    """A month from 1 to 12 in a number, or a name such as `May`, or `may`, in English."""
    text = field(value).lower()
    if text[:3] in MONTHS:
        return MONTHS.index(text[:3]) + 1
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text) <= 12 else None


def read_key(value: object) -> str | None:
    """A citation key; None for what could not stand in a BibTeX file or a Pandoc citation."""
    key = value.strip() if isinstance(value, str) else ""
    return key if re.fullmatch(r"[^\W_][\w:./+-]{0,98}(?<=\w)|[^\W_]", key) else None


def read_names(names: Iterable[object], read: Callable[[str], str] = clean) -> tuple[str, ...]:
    """Names of authors (`rag.names`), without what is none; a group stays in its braces."""
    found = (_name(name, read) for _, name in zip(range(_MAX_AUTHORS), names, strict=False))
    return tuple(filter(_has_letter, found))


def name_of(family: object, given: object = "", suffix: object = "") -> str:
    """A name (`rag.names`) from its parts; a family name with commas is that of a group."""
    last, first, end = (_unbraced(part) for part in (family, given, suffix))
    first, _, behind = first.partition(",")  # "Martin, Jr."
    end = (end or behind).replace(",", " ").strip()
    if "," in last:
        return group_of(" ".join(filter(None, (first, last, end))))
    return write_name(Name(last, first.strip(), end)) if last else first.strip()


def names_in_list(names: Sequence[str]) -> list[str]:
    """Names of a list that puts the family first, where some say so by a comma or initials.

    `Quill A.`, where all are such, has a family and initials; among others with a comma, a name of
    several words without one is that of a group.
    """
    parts = [_INITIALS.fullmatch(name) for name in names]
    if all(parts):
        return [write_name(Name(part[1], part[2])) for part in parts if part]
    if not any("," in name for name in names):
        return list(names)
    return [name if "," in name or " " not in name else group_of(name) for name in names]


def group_of(name: object) -> str:
    """The name of a group, or one whose parts are not known."""
    text = _unbraced(name)
    return write_name(Name(text, is_group=True)) if text else ""


def read_tags(names: Iterable[object], read: Callable[[str], str] = clean) -> tuple[str, ...]:
    """Tags, each once; what is no text, empty or too long is left out."""
    found = (field(name, read) for _, name in zip(range(MAX_TAGS), names, strict=False))
    return tuple(dict.fromkeys(t for t in found if t and len(t) <= MAX_TAG_CHARACTERS))


def _text(value: object, limit: int, read: Callable[[str], str]) -> str | None:
    """A cleaned text; "" where there is none, None where it is too long."""
    if not isinstance(value, str):
        return ""
    return read(value) if len(value) <= limit else None


def read_notes(value: object) -> str:
    """The reader's notes: a text of several lines, as it is but for its ends."""
    if not isinstance(value, str):
        return ""
    lines = value[:MAX_NOTES_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(
        "".join(c for c in line if c.isprintable() or c == "\t").rstrip() for line in lines
    ).strip()


def _name(value: object, read: Callable[[str], str]) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("{") and text.find("}") == len(text) - 1:
        return f"{{{field(text[1:-1], read)}}}"
    return field(text, read)


def _unbraced(value: object) -> str:
    return field(value, plain).translate({ord("{"): None, ord("}"): None})


def _has_letter(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _matched(pattern: re.Pattern[str], value: object) -> str | None:
    match = pattern.fullmatch(field(value))
    return match[1] if match else None


def _s2_id(value: object) -> str | None:
    match = _S2.fullmatch(field(value))
    if not match:
        return None
    return f"CorpusId:{match[1]}" if match[1] else match[0].lower()


def _publication(publication: Publication, read: Callable[[str], str]) -> Publication:
    """The same with its texts cleaned."""
    if not publication:
        return publication
    texts = {
        f.name: field(getattr(publication, f.name), read)
        for f in fields(Publication)
        if f.name not in ("month", "editors", "kind")
    }
    texts["pages"] = _DASHES.sub("-", texts["pages"])
    return Publication(
        kind=publication.kind,
        month=publication.month,
        editors=read_names(publication.editors, read),
        **texts,
    )
