"""Which tokens a model may write once it has opened a bracket, so that it cites what exists; pure.

A marker is a source's number in brackets, `[3]`. Only the few tokens inside a bracket are chosen
from a list: a grammar over the whole vocabulary would make every token of the answer dearer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPEN = b"["
_CONTINUES = re.compile(rb"\d+\Z|\d*\]")  # texts that can stand after `[` or `[1`


class MarkerTokens:
    """The tokens of a vocabulary of which markers are made; found once for a model."""

    def __init__(self, texts: Iterable[tuple[int, bytes]]) -> None:
        """`texts` are tokens with what they write; those without bracket or digit need not be."""
        self.openers: dict[bytes, int] = {}  # text -> token, for texts like ` [` and `[`
        self.continuing: list[tuple[int, bytes]] = []
        for token, text in texts:
            if text and text.find(_OPEN) == len(text) - 1:
                self.openers.setdefault(text, token)
            if _CONTINUES.match(text):
                self.continuing.append((token, text))


class MarkerRule:
    """Follows one answer and says what may come next; without citable numbers, anything may."""

    def __init__(self, tokens: MarkerTokens, citable: Iterable[int]) -> None:
        self._tokens = tokens
        self._markers = [b"[%d]" % number for number in citable]
        self._open = b""  # an unfinished marker at the end of the text, from its `[` on
        self._known: dict[bytes, list[int]] = {}

    @property
    def choices(self) -> list[int] | None:
        """The tokens that go on with the unfinished marker; None when none is open."""
        if not self._open:
            return None
        if self._open not in self._known:
            self._known[self._open] = [
                token for token, text in self._tokens.continuing if self._after(text) is not None
            ]
        return self._known[self._open]

    def opener_instead(self, text: bytes) -> int | None:
        """The token to write in place of one whose brackets would cite what is not citable.

        None when the text may be written as it is. Raises KeyError if there is no token for `[`.
        """
        if not self._markers or _OPEN not in text or self._after(text) is not None:
            return None
        until = text[: text.index(_OPEN) + 1]
        openers = self._tokens.openers
        return openers[until if until in openers else _OPEN]

    def write(self, text: bytes) -> None:
        """Take note of a text that has been written."""
        if self._markers:
            self._open = self._after(text) or b""

    def _after(self, text: bytes) -> bytes | None:
        """The unfinished marker there would be after this text; None if it is none of ours."""
        rest = self._open + text
        while (at := rest.find(_OPEN)) >= 0:
            rest = rest[at:]
            whole = next((m for m in self._markers if rest.startswith(m)), None)
            if whole is not None:
                rest = rest[len(whole) :]
            elif any(m.startswith(rest) for m in self._markers):
                return rest
            else:
                return None
        return b""
