"""Keys by which manuscripts cite papers: readable, and each once; pure."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from itertools import count

from rag.identity import first_author
from rag.types import Paper, Record
from rag.words import content_words

# Letters that no decomposition turns into ASCII.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})


def each_once(papers: Sequence[Paper]) -> list[Paper]:
    """The papers without repetitions, in their order."""
    return list({paper.id: paper for paper in papers}.values())


def citation_keys(papers: Sequence[Paper]) -> Iterator[str]:
    """The key of each paper, in their order; one that has none yet is given a new one."""
    taken = {paper.key for paper in papers if paper.key}
    for paper in papers:
        key = paper.key or new_key(paper, taken)
        taken.add(key)
        yield key


def new_key(paper: Paper | Record, taken: Container[str]) -> str:
    """`hu2021lora`: author, year and first word of the title; `hu2021loraa` where that is taken."""
    word = next(iter(content_words(paper.title)), "")
    key = _ascii(first_author(paper.authors)) + str(paper.year or "") + _ascii(word)
    key = key if key[:1].isalpha() else f"paper{key}"
    if key not in taken:
        return key
    # A thousand papers may share it: where the letters that are taken end is found by halving.
    end = next(2**n for n in count() if key + letters(2**n) not in taken)
    first = bisect_left(range(end), True, key=lambda n: key + letters(n) not in taken)
    return key + letters(first)


def letters(number: int) -> str:
    """a, b, …, z, aa, ab, …"""
    more, last = divmod(number, 26)
    return (letters(more - 1) if more else "") + chr(ord("a") + last)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in plain if c.isascii() and c.isalnum())
