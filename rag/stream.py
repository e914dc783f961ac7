"""A text that arrives in pieces -> its finished sentences, however the pieces are cut; pure.

The splitter of `rag.chunks` looks at a whole text; here a sentence must be known to have ended from
the few characters around its end, so that it can be checked and shown while the next is written.
"""

from __future__ import annotations

import re

# An end: stop, closing quotes, citation markers after the stop, then space and the next beginning.
# A new line or a list bullet ends a sentence too. Neither is known to be an end before the first
# character of what follows has come: it may be a marker that still belongs to the sentence.
_CLOSE = r"[.!?]+[\"'”’)]*(?:\s*\[[^].!?\n]{1,20}\])*"
_MARKED = r"[.!?]+[\"'”’)]*(?:\s*\[\d{1,3}\])+"  # a small model may forget the space behind it
_END = re.compile(rf"(?:{_CLOSE}|\n)(?=\s+[^\s\[])|\n(?=[^\s\[])|{_MARKED}(?=[A-Z])")
_FINISHED = re.compile(rf"{_CLOSE}\s*$")
_NO_END = re.compile(
    r"(?:\b(?:et al|e\.g|i\.e|vs|cf|fig|figs|eq|eqs|sec|no|approx|resp|etc|dr|prof|st)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_LONGEST_SENTENCE = 1000  # characters
_ONLY_MARKERS = re.compile(r"(?:\[\d+\]\s*){6}")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


class SentenceStream:
    """Collects pieces of text and hands out sentences as they are finished."""

    def __init__(self) -> None:
        self.text = ""  # everything so far
        self.runs_away = False  # the model no longer writes sentences; it need not go on
        self._from = 0  # where the unfinished sentence begins

    def feed(self, piece: str) -> list[str]:
        """The sentences that this piece has finished; none once the text runs away."""
        self.text += piece
        finished: list[str] = []
        position = self._from
        while not self.runs_away and (match := _END.search(self.text, position)):
            position = match.end()
            if match[0] != "\n" and self._is_abbreviation(match):
                continue
            sentence = self.text[self._from : position]
            self.runs_away = _is_none(sentence)
            if not self.runs_away:
                finished.append(sentence)
                self._from = position
        self.runs_away = self.runs_away or _is_none(self.text[self._from :])
        return [s for s in map(_tidy, finished) if s]

    def _is_abbreviation(self, match: re.Match[str]) -> bool:
        word_end = match.start() + 1
        before = self.text[max(self._from, word_end - 12) : word_end]
        following = self.text[match.end() :].lstrip()[:1]
        numbering = self.text[self._from : match.start()].strip().isdigit()  # "1." of a list
        return numbering or bool(_NO_END.search(before)) or following.islower()

    def finish(self) -> str | None:
        """The last sentence, when it has an end of its own; an unfinished one is not shown."""
        rest = _ONLY_MARKERS.split(self.text[self._from :], maxsplit=1)[0]
        end = _FINISHED.search(rest)
        ended = rest.endswith("\n") or (end and not _NO_END.search(rest[: end.start() + 1]))
        return _tidy(rest) or None if ended and not _is_none(rest) else None


def _is_none(sentence: str) -> bool:
    """Whether this is no sentence: numbers without words, or no end in sight."""
    return len(sentence.rstrip()) > _LONGEST_SENTENCE or bool(_ONLY_MARKERS.search(sentence))


def _tidy(sentence: str) -> str:
    return " ".join(_BULLET.sub("", sentence).split())
