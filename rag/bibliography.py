"""Papers -> BibTeX, and one paper -> a line of references; pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from urllib.parse import quote

from rag.identity import first_author
from rag.types import Paper
from rag.words import content_words

_AUTHORS = 4
# BibTeX counts braces whether they are escaped or not, so that those of a text are spelled out.
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{special: f"\\{special}" for special in "$&#_%"},
    }
)
# Letters that no decomposition turns into ASCII.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_NO_ADDRESS = re.compile(r"[\s{}\\\"<>^`|]|%(?![0-9A-Fa-f]{2})")
_ARXIV_DOI = "10.48550/"


def bibtex(papers: Sequence[Paper]) -> str:
    """The papers as the text of a .bib file, each once, with keys that are unique in it."""
    once = list({paper.id: paper for paper in papers}.values())
    return "\n".join(_entry(key, p) for key, p in zip(_keys(once), once, strict=True))


def reference(paper: Paper) -> str:
    """One line: authors, year, title and where the paper is, as far as they are known."""
    return " ".join(filter(None, [". ".join(who_and_what(paper)), paper.link]))


def who_and_what(paper: Paper) -> list[str]:
    """Authors with the year, and the title with its full stop, as far as they are known."""
    names = ", ".join(paper.authors[:_AUTHORS])
    names += " and others" if len(paper.authors) > _AUTHORS else ""
    who = " ".join(part for part in (names, f"({paper.year})" if paper.year else "") if part)
    title = paper.title if paper.title.endswith((".", "?", "!")) else f"{paper.title}."
    return [" ".join(part.split()) for part in (who, title) if part]


def _entry(key: str, paper: Paper) -> str:
    is_published = paper.doi and not paper.doi.lower().startswith(_ARXIV_DOI)
    fields = [
        ("title", f"{{{_escaped(paper.title)}}}"),  # in braces of its own: capitals stay
        ("author", " and ".join(_name(author) for author in paper.authors if author.strip())),
        ("year", str(paper.year or "")),
        ("doi", _address(paper.doi or "")),
        ("eprint", _address(paper.arxiv_id or "")),
        ("archivePrefix", "arXiv" if paper.arxiv_id else ""),
        ("url", _address(paper.link or "")),
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    return "\n".join([f"@{'article' if is_published else 'misc'}{{{key},", *lines, "}", ""])


def _keys(papers: Sequence[Paper]) -> Iterator[str]:
    """`hu2021lora` for each paper; `hu2021loraa`, `hu2021lorab` where several would share one."""
    plain = [_key(paper) for paper in papers]
    shared = Counter(plain)
    taken = {key for key, times in shared.items() if times == 1}
    for key in plain:
        if shared[key] > 1:
            key = next(k for n in count() if (k := key + _letters(n)) not in taken)
            taken.add(key)
        yield key


def _key(paper: Paper) -> str:
    word = next(iter(content_words(paper.title)), "")
    key = _ascii(first_author(paper.authors)) + str(paper.year or "") + _ascii(word)
    return key if key[:1].isalpha() else f"paper{key}"


def _letters(number: int) -> str:
    """a, b, …, z, aa, ab, …"""
    more, last = divmod(number, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + last)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in plain if c.isascii() and c.isalnum())


def _name(author: str) -> str:
    """An author; one who is a group is kept together by braces."""
    name = _escaped(author)
    is_group = re.search(r"\band\b", name, re.IGNORECASE) or name.count(",") > 1
    return f"{{{name}}}" if is_group else name


def _escaped(text: str) -> str:
    """A text that LaTeX prints as it is, on one line."""
    return _line(text).translate(_ESCAPES)


def _address(text: str) -> str:
    """An address or identifier, read verbatim by BibTeX, that cannot end its field."""
    return _NO_ADDRESS.sub(lambda m: quote(m[0], safe=""), _line(text))


def _line(text: str) -> str:
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())
