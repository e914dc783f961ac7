"""An abstract -> its sentences, and the chunks of whole sentences that are embedded. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from rag.types import Chunk, Span

CountTokens = Callable[[Sequence[str]], list[int]]

_MIN_LETTERS = 3  # a sentence with fewer letters is a crumb of its neighbour
_MAX_BRACKET = 300  # characters; brackets further apart are not taken for a pair
_MIN_CHUNK_TOKENS = 16

_WORD = re.compile(r"\S+")
_TERMINAL = re.compile(r"[.!?…][\"'”’)\]]*$")
_POSSIBLE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])")
_STARTER_WORDS = (
    "A|Additionally|After|All|Although|An|Another|As|At|Based|Because|Beyond|Both|By|Code|"
    "Compared|Conversely|Current|Despite|Due|During|Each|Empirical|Even|Evaluations?|Existing|"
    "Experiments|Experimental|Extensive|Finally|First|Firstly|Following|For|From|Further|"
    "Furthermore|Given|Hence|Here|How|However|If|Importantly|In|Instead|It|Its|Lastly|Many|"
    "Meanwhile|More|Moreover|Most|Motivated|Nevertheless|No|Notably|On|Once|One|Our|Overall|"
    "Particularly|Project|Recent|Recently|Results|Second|Secondly|Several|Similarly|Since|So|Some|"
    "Specifically|Such|Surprisingly|That|The|Their|Then|There|Therefore|These|They|Third|This|"
    "Those|Through|Thus|To|Together|Two|Under|Unfortunately|Unlike|Until|Upon|Using|Via|We|What|"
    "When|Whereas|Whether|Which|While|Why|With|Within|Without|Yet"
)
_STARTER = re.compile(rf"[\"'“‘(\[]?(?:{_STARTER_WORDS})\b(?!\.)")
_GLUED_END = re.compile(
    rf"(?:(?<=[a-z]{{3}})|(?<=[a-z0-9][)\]%]))[.!?](?=(?:{_STARTER_WORDS})[ ,])"
)
# After these a full stop never ends a sentence.
_OPEN_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"])(?:e\.g|i\.e|cf|vs|viz|et|pp|Drs?|Profs?|Mrs?|Ms|Mt|St)\.$"
)
# After these it may: the next word tells.
_CLOSED_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"./-])(?:al|resp|approx|ca|acc|a\.k\.a|w\.r\.t|i\.i\.d|s\.t|a\.m|p\.m|"
    r"[Ff]igs?|[Ee]qs?|[Ee]qns?|[Ss]ecs?|[Rr]efs?|[Tt]abs?|[Tt]hms?|[Ll]em|[Pp]rop|[Cc]or|[Dd]efs?|"
    r"[Aa]lg|App|[Cc]h|[Vv]ols?|[Nn]os|[Pp]roc|[Ee]ds?|Inc|Ltd|Corp|Univ|Dept|Sci|Phys|Rev|Lett|Comp|"
    r"Comput|Math|Appl|Lond|Soc|Natl|Acad|Jr|Sr|[A-Z]|(?:[A-Z]\.)+[A-Z]|(?:and|or)\s\d{1,2})\.$"
)
_ET_CETERA = re.compile(r"\betc\.[)\]]?$")
_NUMBER_ABBREVIATION = re.compile(r"(?:^|[\s(\[])[Nn]o\.$")
_LIST_NUMBER = re.compile(
    r"(?:^|(?<![Ff]ig)(?<!Eq)(?<!Sec)(?<!Ref)(?<!Tab)[.!?:;,]\s)\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)]{1,2}$"
)
_EXCLAIMED_NAME = re.compile(r"\b[A-Z]\w*!$")
_PLAIN_WORD_END = re.compile(r"[a-z]{4,}[.?][\"'”’)\]]*$")
_PLAIN_WORD = re.compile(r"[a-z]+\b(?![-/.@])")
_LOWERCASE_NAME = re.compile(r"[a-z]+[-\d]*[A-Z]")
_ADDRESS = re.compile(r"[(\[<]?(?:https?://|www\.)")
_LABEL = re.compile(r"[A-Za-z]+[.:]")


def split_sentences(text: str) -> list[Span]:
    """The sentences of a text: spans in order that hold every character that is not a space.

    The boundaries sentencex and a plain pattern propose are judged by what stands on both sides,
    because abstracts are full of full stops that end nothing: "et al.", "Fig. 2", "U.S.".
    """
    enclosed = _enclosed(text)
    starts = [0]
    for end in _proposed_ends(text):
        if _is_boundary(text, starts[-1], end) and not _inside(enclosed, end):
            starts.append(end)
    spans = [
        _stripped(text, start, end)
        for start, end in zip(starts, [*starts[1:], len(text)], strict=True)
    ]
    return _without_crumbs(text, [span for span in spans if span.start < span.end])


def make_chunks(
    title: str,
    abstract: str,
    sentences: Sequence[Span],
    count_tokens: CountTokens,
    max_tokens: int,
) -> list[Chunk]:
    """The fewest chunks, of like size, that hold all sentences within `max_tokens` each.

    The one chunk of a paper without an abstract is its title.

    `count_tokens` counts a whole text, title and special tokens included. A sentence that does
    not fit is cut between words, and a title that takes more than half of a chunk is shortened.
    The usual abstract costs one call of `count_tokens`, a longer one three.
    """
    if max_tokens < _MIN_CHUNK_TOKENS:
        raise ValueError(f"a chunk needs at least {_MIN_CHUNK_TOKENS} tokens, not {max_tokens}")
    if not sentences:  # found by its title, cited for nothing
        return [Chunk(0, Span(0, 0), _shortened(title, count_tokens, max_tokens))]
    whole = [Span(sentences[0].start, sentences[-1].end)]
    chunks = _chunks(title, abstract, whole)
    if count_tokens([chunks[0].text])[0] <= max_tokens:
        return chunks
    texts = [abstract[span.start : span.end] for span in sentences]
    special, title_tokens, *counts = count_tokens(["", title, *texts])
    if title_tokens > max_tokens // 2:
        title = _shortened(title, count_tokens, max_tokens // 2)
        title_tokens = count_tokens([title])[0]
    weights = [max(1, count - special) for count in counts]
    room = max_tokens - title_tokens
    while True:
        spans = _packed(abstract, sentences, weights, count_tokens, special, max(1, room))
        chunks = _chunks(title, abstract, spans)
        excess = max(count_tokens([chunk.text for chunk in chunks])) - max_tokens
        if excess <= 0:
            return chunks
        if room <= 1:
            raise ValueError("count_tokens finds one character longer than a chunk")
        room = max(1, room - excess)  # joined texts can count for more than their parts


def _proposed_ends(text: str) -> list[int]:
    """Offsets where a sentence may end and the next begin, ascending, without 0 and the end."""
    from sentencex import get_sentence_boundaries

    ends = {boundary["end_index"] for boundary in get_sentence_boundaries("en", text)}
    ends.update(match.end() for match in _POSSIBLE_END.finditer(text))
    ends.update(match.end() for match in _GLUED_END.finditer(text))
    return sorted(end for end in ends if 0 < end < len(text))


def _is_boundary(text: str, start: int, end: int) -> bool:
    """Whether the sentence that begins at `start` ends at `end`, and another begins there."""
    before, after = text[max(start, end - 80) : end], text[end : end + 80].lstrip()
    if re.search(r"\n\s*\n\s*$", before) or not after:
        return True
    before = before.rstrip()
    if not _TERMINAL.search(before) or _ADDRESS.match(after):
        return False
    if _OPEN_ABBREVIATION.search(before) or _LIST_NUMBER.search(before):
        return False
    if _CLOSED_ABBREVIATION.search(before) or _EXCLAIMED_NAME.search(before):
        return _STARTER.match(after) is not None
    if _ET_CETERA.search(before):
        return re.match(r"[\"“(]?[A-Z][a-z]|[A-Z]\s", after) is not None
    if _NUMBER_ABBREVIATION.search(before):
        return not after[0].isdigit()
    if after[0].islower() and not _LOWERCASE_NAME.match(after):
        return bool(_PLAIN_WORD_END.search(before) and _PLAIN_WORD.match(after))
    return True


def _enclosed(text: str) -> list[tuple[int, int]]:
    """Stretches within one pair of brackets or double quotation marks, ascending, not nested."""
    pairs: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    quote: int | None = None
    for match in re.finditer(r"[()\[\]“”\"]", text):
        sign, at = match[0], match.start()
        if sign in "([“":
            opened.append((sign, at))
        elif sign == '"':
            begins = (at == 0 or text[at - 1] in " (\n") and text[at + 1 : at + 2].strip() != ""
            if begins:
                quote = at
            elif quote is not None:
                pairs.append((quote, at))
                quote = None
        elif opened and "([“".index(opened[-1][0]) == ")]”".index(sign):
            pairs.append((opened.pop()[1], at))
        else:
            opened.clear()  # the brackets of "1)" and ":(" have no partner
    outer: list[tuple[int, int]] = []
    for begin, close in sorted(pairs):
        if close - begin <= _MAX_BRACKET and (not outer or begin > outer[-1][1]):
            outer.append((begin, close))
    return outer


def _inside(pairs: list[tuple[int, int]], offset: int) -> bool:
    at = bisect_right(pairs, (offset, 0)) - 1
    return at >= 0 and offset <= pairs[at][1]


def _stripped(text: str, start: int, end: int) -> Span:
    """The span without the spaces at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def _without_crumbs(text: str, spans: list[Span]) -> list[Span]:
    """Joins what cannot stand alone to its neighbour; "Methods." goes with what follows."""
    joined: list[Span] = []
    held: int | None = None  # start of what waits for the next sentence
    for span in spans:
        piece = text[span.start : span.end]
        crumb = sum(c.isalpha() for c in piece) < _MIN_LETTERS
        start = span.start if held is None else held
        held = None
        if _LABEL.fullmatch(piece) or (crumb and not joined):
            held = start
        elif crumb:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(Span(start, span.end))
    if held is not None:
        joined.append(Span(held, spans[-1].end))
        if len(joined) > 1:
            joined[-2:] = [Span(joined[-2].start, joined[-1].end)]
    return joined


def _chunks(title: str, abstract: str, spans: Sequence[Span]) -> list[Chunk]:
    return [
        Chunk(ordinal, span, f"{title}\n{abstract[span.start : span.end]}")
        for ordinal, span in enumerate(spans)
    ]


def _packed(
    abstract: str,
    sentences: Sequence[Span],
    weights: Sequence[int],
    count_tokens: CountTokens,
    special: int,
    room: int,
) -> list[Span]:
    """Runs of sentences of at most `room` tokens; a sentence with more is cut into several."""
    pieces: list[Span] = []
    sizes: list[int] = []
    for span, weight in zip(sentences, weights, strict=True):
        if weight <= room:
            pieces.append(span)
            sizes.append(weight)
            continue
        words = list(_words(abstract, span, room))
        counts = count_tokens([abstract[word.start : word.end] for word in words])
        # A character can be several tokens, so even a short word is not sure to fit a tiny room.
        word_sizes = [min(room, max(1, count - special)) for count in counts]
        cuts = _balanced(word_sizes, room)
        pieces += [Span(words[a].start, words[b - 1].end) for a, b in cuts]
        sizes += [sum(word_sizes[a:b]) for a, b in cuts]
    return [Span(pieces[a].start, pieces[b - 1].end) for a, b in _balanced(sizes, room)]


def _words(abstract: str, span: Span, room: int) -> Iterator[Span]:
    """The words of a sentence; one of more than `room` characters in pieces."""
    for match in _WORD.finditer(abstract, span.start, span.end):
        for start in range(match.start(), match.end(), room):
            yield Span(start, min(start + room, match.end()))


def _balanced(sizes: Sequence[int], room: int) -> list[tuple[int, int]]:
    """The fewest runs of sizes with sums within `room`, the largest as small as can be.

    Linear partition: the least capacity that needs no more runs, by bisection over greedy runs.
    """
    count = len(_greedy(sizes, room))
    low, high = max(max(sizes), -(-sum(sizes) // count)), room
    while low < high:
        middle = (low + high) // 2
        if len(_greedy(sizes, middle)) <= count:
            high = middle
        else:
            low = middle + 1
    return _greedy(sizes, low)


def _greedy(sizes: Sequence[int], capacity: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = total = 0
    for at, size in enumerate(sizes):
        if total + size > capacity and at > start:
            runs.append((start, at))
            start, total = at, 0
        total += size
    return [*runs, (start, len(sizes))]


def _shortened(title: str, count_tokens: CountTokens, limit: int) -> str:
    """The first words of a title that count no more than `limit` tokens."""
    words = list(_words(title, Span(0, len(title)), limit))
    special, *counts = count_tokens(["", *(title[word.start : word.end] for word in words)])
    totals = list(accumulate((max(1, count - special) for count in counts), initial=special))
    kept = max(0, bisect_right(totals, limit) - 1)
    while kept and count_tokens([title[: words[kept - 1].end]])[0] > limit:
        kept -= 1
    return title[: words[kept - 1].end] if kept else ""
