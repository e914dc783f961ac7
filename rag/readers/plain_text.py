"""Plain text -> Records: papers under labels (`Title: …`), or one title over one abstract.

Most texts are no papers, so little is taken for one: labels must begin the file, and a text without
them must be an abstract by its length, its words and its place under a title.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rag.readers.fields import make_record
from rag.readers.listing import looks_like_listing
from rag.readers.pdf import find_abstract
from rag.readers.reader import Reader
from rag.readers.source import Head, Line, Source
from rag.types import BadRecord, Publication, Record

_LABELS = {
    label: field
    for field, labels in {
        "title": "title",
        "abstract": "abstract summary",
        "authors": "author authors author(s)",
        "year": "year date published",
        "venue": "journal venue conference",
        "doi": "doi",
        "url": "url link",
        "arxiv_id": "arxiv",
        "pmid": "pmid",
        "tags": "keywords keyword tags",
    }.items()
    for label in labels.split()
}
_LABEL = re.compile(rf"\s*+({'|'.join(map(re.escape, _LABELS))})\s*:(?!//)\s*(.*)", re.IGNORECASE)
_RULE = re.compile(r"\s*+[-=_*]{3,}\s*+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_TITLE = re.compile(r"[\"“‘(]?[^\W_].{14,298}[^\s.,:;=~|>{}]", re.DOTALL)
_TITLE_LINES = 3
_MAX_LINES = 20_000  # of one text; more are no abstract
_ABSTRACT = range(300, 5_000)  # characters, where no heading tells what it is
_LEAST_UNDER_HEADING = 80
_ABOVE_ABSTRACT = 3_000  # characters, for authors and their places
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_MIN_LETTERS = 0.88  # letters and spaces among the characters of an abstract
# Words of abstracts, of which one has several, and words of letters, of which it has none.
_PAPER_WORDS = re.compile(
    r"\b(?:we|our|(?:this|the) (?:paper|article|study|work|review|thesis)|results?|methods?|data|"
    r"propose|present|show|find|model|analy[sz]e|analysis|approach|experiments?|evidence|effects?)\b",
    re.IGNORECASE,
)
_MIN_PAPER_WORDS = 3
_LETTER_WORDS = re.compile(
    r"\b(?:I(?:'m|’m)?|[Yy]ou|[Yy]ours?|[Mm]y|[Mm]e|Dear|Hi|Hello|Regards)\b"
)


def read_labelled(lines: Iterable[Line]) -> Iterator[Record | BadRecord]:
    """The papers of a text with labels; the first label of one begins the next, too.

    If that is damaged, one begins it that was told already, or a title, behind a rule or, where the
    abstract was told, behind a blank line.
    """
    parts = defaultdict[str, list[str]](list)
    start, label, is_behind_rule, is_behind_blank = 0, "", False, False
    for line in lines:
        text = "" if line.text is None else line.text
        if match := _LABEL.match(text):
            label, text = _LABELS[match[1].lower()], match[2]
            first = next(iter(parts), "")
            is_again = label in parts or label == "title"
            may_be_next = "abstract" in parts and label != "abstract" and first != "abstract"
            if (
                label == first
                or (is_behind_rule and is_again and parts)
                or (is_behind_blank and is_again and may_be_next)
            ):
                yield _record(start, parts)
                parts.clear()
            if not parts:
                start = line.number
            is_behind_rule = is_behind_blank = False
        elif _RULE.fullmatch(text):
            label, is_behind_rule = "", True
        elif not text.strip():
            is_behind_blank = True
            label = label if label == "abstract" else ""
        if label and len(parts[label]) < _MAX_LINES:
            parts[label].append(text)
    if parts:
        yield _record(start, parts)


def _record(line: int, parts: dict[str, list[str]]) -> Record | BadRecord:
    texts = defaultdict(
        str, {label: " ".join(" ".join(lines).split()) for label, lines in parts.items()}
    )
    comma = "" if ";" in texts["authors"] else "|, ?(?:and )?"
    return make_record(
        line,
        title=texts["title"],
        abstract=texts["abstract"],
        authors=re.split(f"; ?{comma}| and ", texts["authors"]),
        year=texts["year"],
        url=texts["url"],
        doi=texts["doi"],
        arxiv_id=texts["arxiv_id"],
        pmid=texts["pmid"],
        publication=Publication(venue=texts["venue"]),
        tags=re.split("[;,]", texts["tags"]),
    )


def _has_labels(text: str) -> bool:
    """Whether a text, or what follows a rule in it, begins with a label; and title and abstract."""
    lines = ["---", *filter(str.strip, text.split("\n"))]
    labels = [_LABELS[match[1].lower()] for line in lines if (match := _LABEL.match(line))]
    return {"title", "abstract"} <= {*labels} and any(
        _RULE.fullmatch(line) and _LABEL.match(after) for line, after in pairwise(lines)
    )


def _single(text: str) -> tuple[str, str] | None:
    """The title and the abstract of a text that holds both, and no labels."""
    paragraphs = [part.strip() for part in _BLANK_LINE.split(text.strip())]
    first = paragraphs[0].split("\n")
    above, heading, _ = text.partition(find_abstract(text) or "\n\n\n")
    if heading.strip() and len(above) < _ABOVE_ABSTRACT and len(heading) >= _LEAST_UNDER_HEADING:
        title = " ".join(first) if len(first) <= _TITLE_LINES and len(paragraphs) > 1 else first[0]
        return (title, heading) if _TITLE.fullmatch(title) and _is_prose(heading) else None
    if len(paragraphs) != 2 or len(first) > _TITLE_LINES:
        return None
    title, abstract = " ".join(first), paragraphs[1]
    is_abstract = (
        len(abstract) in _ABSTRACT
        and len(_SENTENCE_END.findall(abstract)) > 2
        and len({*map(str.lower, _PAPER_WORDS.findall(abstract))}) >= _MIN_PAPER_WORDS
        and not _LETTER_WORDS.search(f"{title} {abstract}")
        and _is_prose(abstract)
    )
    return (title, abstract) if is_abstract and _TITLE.fullmatch(title) else None


def _is_prose(text: str) -> bool:
    return sum(c.isalpha() or c.isspace() for c in text) >= _MIN_LETTERS * len(text)


def _is_text(head: Head) -> bool:
    if head.is_binary:
        return False
    if _has_labels(head.text):
        return not head.text.lstrip("\ufeff\x00 \t\n").startswith("<")
    return (
        head.is_whole
        and not head.is_markup
        and _single(head.text) is not None
        and looks_like_listing(head.text) is None
    )


def _read(source: Source) -> Iterator[Record | BadRecord]:
    text = source.head.text
    found = None if _has_labels(text) else _single(text)
    if found is None:
        yield from read_labelled(source.lines())
    else:
        line = text[: len(text) - len(text.lstrip())].count("\n") + 1
        yield make_record(line, title=found[0], abstract=found[1])


READER = Reader("plain text (a title and its abstract)", _is_text, _read)
