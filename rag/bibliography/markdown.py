"""Papers -> Markdown, with the keys by which Pandoc cites them; pure.

(Pandoc User's Guide 3, section "Citation syntax".)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from rag.bibliography.keys import citation_keys, each_once
from rag.bibliography.references import who_and_what
from rag.types import Paper

# What Markdown, or the HTML that may stand in it, would take for markup; and Pandoc for citations.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#$&@^])")
_LIST_START = re.compile(r"^(\d*)([-+.)])(?=\s|$)")
_NO_ADDRESS = re.compile(r"[\s<>\"\\^`{|}]")
_PLAIN_KEY = re.compile(r"\w+(?:[:.#$%&+?<>~/-]\w+)*")


def markdown(papers: Sequence[Paper]) -> str:
    """The papers as a list, each once behind its key: `- [@smith2021] Authors (year). Title.`"""
    once = each_once(papers)
    keys = citation_keys(once)
    return "".join(f"- {cite([k])} {described(p)}\n" for k, p in zip(keys, once, strict=True))


def cite(keys: Iterable[str]) -> str:
    """A citation of one paper or more: `[@hu2021lora; @dettmers2023qlora]`."""
    names = (key if _PLAIN_KEY.fullmatch(key) else f"{{{key}}}" for key in keys)
    return f"[{'; '.join(f'@{name}' for name in names)}]"


def described(paper: Paper) -> str:
    """Authors, year, title and where the paper is, as far as they are known."""
    said = ". ".join(escaped(part) for part in who_and_what(paper))
    return f"{said} {address(paper.link)}" if paper.link else said


def address(link: str) -> str:
    """A link as Markdown, where nothing in it can end it early."""
    return f"<{_NO_ADDRESS.sub(lambda m: quote(m[0], safe=''), link)}>"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    line = " ".join(text.split())
    return _LIST_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line))
