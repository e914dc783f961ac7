"""Damage done to files: what the mutation tests of all readers try."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

_HOSTILE = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\x1f\x8b", b"\n", b"\r", b"\n\n",
    b"{", b"}", b"[", b"]", b"(", b"<", b">", b'"', b"'", b",", b";", b"\t", b"\\", b"%", b"@",
    b"#", b"{[", b'{"', b'""', b"@a{b,", b"c = {", b"<!--", b"<![CDATA[", b"<!DOCTYPE a [", b"<a>",
    b"</a>", b"<!ENTITY a '&b;'>", b"&lt;", b"&#0;", b"\\ud800", b"1e999", b"NaN", b"$", b"\\frac{",
    b"\\begin{x}", b"TY  - ", b"ER  - ", b"PMID- ", b"Abstract: ", b"<<", b">>", b"1 0 R",
    b"endstream", b"/Kids",
)  # fmt: skip
_TOKEN = re.compile(rb"</?[\w:]+|[^\w\s]{1,4}|\n *\w+ *[-=:]+ ?")
_LONG = 60_000  # bytes of a token that is repeated


class Mutations:
    """Files made from examples by flips, cuts, doubling, splices, and tokens of their format."""

    def __init__(self, examples: Sequence[bytes], seed: int) -> None:
        self._examples = examples
        self._rng = random.Random(seed)
        own = {token: None for content in examples for token in _TOKEN.findall(content[:20_000])}
        self._tokens = (*_HOSTILE, *list(own)[:300])

    def files(self, count: int) -> Iterator[bytes]:
        """So many mutated files."""
        rng = self._rng
        for _ in range(count):
            content = rng.choice(self._examples)
            if rng.random() < 0.15:
                other = rng.choice(self._examples)
                content = (
                    content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]
                )
            yield self.damaged(content)

    def damaged(self, content: bytes) -> bytes:
        """The same, damaged in one to four places."""
        data, rng = bytearray(content), self._rng
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            to = min(len(data), at + rng.choice((1, 3, 40, 400)))
            kind = rng.randrange(8)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del data[at:]
            elif kind == 2:
                del data[at:to]
            elif kind == 3:
                data[at:at] = data[rng.randrange(len(data) + 1) :][:400]
            elif kind == 4:
                data[at:to] = rng.randbytes(to - at)
            else:
                token = rng.choice(self._tokens)
                times = (
                    _LONG // len(token) if rng.random() < 0.01 else rng.choice((1, 1, 1, 2, 300))
                )
                data[at:at] = token * times
        return bytes(data)
