"""The papers behind an answer as cards, with what was found and cited marked; pure, escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rag.bibliography import Format, bibtex, reference
from rag.types import Paper, Source, Span
from ui.render.pieces import NO_ABSTRACT, byline, card_id, counted, shortened
from ui.render.view import View


def evidence_panel(views: Sequence[View], more: str = "") -> str:
    """The cards of every exchange, then `more`; the last group is shown until one is chosen."""
    return panel([*map(group, views), more])


def panel(groups: Sequence[str]) -> str:
    """Groups of cards, those that are not empty; a word on what will be here where none is."""
    inside = "".join(groups)
    if not inside:
        return (
            '<div class="panel"><p class="quiet">The sentences an answer rests on appear here, '
            "before the answer is written.</p></div>"
        )
    return f'<div class="panel">{inside}</div>'


def group(view: View) -> str:
    """The cards of one exchange; nothing while there is no evidence."""
    evidence = view.evidence
    if evidence is None:
        return ""
    if evidence.reason is not None:
        heading = "Nearest papers"
        cards = "".join(card(p, card_id(view.key, p.id)) for p in evidence.nearest)
    else:
        heading = "Evidence"
        cards = "".join(
            card(
                source.paper,
                card_id(view.key, source.number),
                source=source,
                quotes=[s.quote for s in view.sentences if source.number in s.citations],
            )
            for source in evidence.sources
        )
    left = (
        f'<p class="quiet">{counted(evidence.left_out, "more sentence")} found, but there was no '
        "room left.</p>"
        if evidence.left_out
        else ""
    )
    return (
        f'<section class="group" data-key="{escape(view.key)}" aria-label="{heading} for: '
        f'{escape(shortened(view.asked))}"><h2>{heading} <span class="for">for “'
        f"{escape(shortened(view.asked))}”</span></h2>{cards}{left}</section>"
    )


def card(
    paper: Paper, anchor: str, *, source: Source | None = None, quotes: Iterable[str] = ()
) -> str:
    """One paper: who wrote it, the sentences found in it, and its whole abstract, marked."""
    quotes = tuple(quotes)
    found = source.sentences if source else ()
    number = f'<span class="number">[{source.number}]</span> ' if source else ""
    excerpts = "".join(
        f"<li><q>{escape(s.text)}</q></li>" for s in sorted(found, key=lambda s: s.ordinal)
    )
    excerpt_list = (
        f'<ul class="excerpts" aria-label="Sentences found">{excerpts}</ul>' if excerpts else ""
    )
    spans = {s.span.start: (s.span, False) for s in found if _fits(s.span, paper, s.text)}
    for quote in quotes:
        if (start := offset(paper, source, quote)) is not None:
            spans[start] = (Span(start, start + len(quote)), True)
    kind = "A note about the paper, not its abstract" if paper.is_note else "Abstract"
    summary = "The whole note" if paper.is_note else "The whole abstract"
    whole = (
        f'<details class="whole"><summary>{summary}</summary><p class="kind">{kind}</p>'
        f'<p class="abstract">{_marked(paper.abstract, spans)}</p></details>'
        if paper.abstract
        else f'<p class="quiet">{NO_ABSTRACT}</p>'
    )
    return (
        f'<article class="card" id="{escape(anchor)}" tabindex="-1">'
        f"<h3>{number}{escape(paper.title)}</h3>{byline(paper)}{excerpt_list}"
        f"{whole}{_tools(paper)}"
        f'<button type="button" class="back">Back to the answer</button></article>'
    )


def _tools(paper: Paper) -> str:
    """The reference to copy, and what can be asked from here."""
    id_ = escape(paper.id)
    return (
        '<div class="tools" role="group" aria-label="With this paper">'
        '<details class="cite-as"><summary class="tool">Cite</summary>'
        f'<p class="reference">{escape(reference(paper))}</p>'
        f'<pre tabindex="0">{escape(bibtex([paper]))}</pre>'
        '<button type="button" class="tool" data-copy-of=".reference">Copy reference</button>'
        '<button type="button" class="tool" data-copy-of="pre">Copy BibTeX</button>'
        f"{_copied(paper)}</details>"
        f'<button type="button" class="tool" data-do="only" data-id="{id_}">Ask only this paper'
        "</button>"
        f'<button type="button" class="tool" data-do="similar" data-id="{id_}">More like this'
        "</button></div>"
    )


def _copied(paper: Paper) -> str:
    """Buttons that fetch and copy the paper in other formats, which take a while to write."""
    return "".join(
        f'<button type="button" class="tool" '
        f'data-copy="footnote/papers/{escape(paper.id)}.{format.ending}">{format.label}</button>'
        for format in Format
        if format is Format.RIS or format.style
    )


def like(paper: Paper, near: Sequence[Paper]) -> str:
    """The cards of papers that are near another one, as one more group of the panel."""
    key = f"like-{paper.id}"
    cards = "".join(card(p, card_id(key, p.id)) for p in near)
    none = '<p class="quiet">There is no other paper in the library.</p>'
    return (
        f'<section class="group" data-key="{escape(key)}" aria-label="Papers like: '
        f'{escape(shortened(paper.title))}"><h2>More like <span class="for">“'
        f'{escape(shortened(paper.title))}”</span></h2><button type="button" class="tool" '
        f'data-do="evidence">Back to the evidence</button>{cards or none}</section>'
    )


def _fits(span: Span, paper: Paper, text: str) -> bool:
    return paper.abstract[span.start : span.end] == text


def offset(paper: Paper, source: Source | None, quote: str) -> int | None:
    """Where a quotation starts in the abstract, or None where it is not word for word in it."""
    for sentence in source.sentences if source else ():
        if sentence.text == quote and _fits(sentence.span, paper, quote):
            return sentence.span.start
    at = paper.abstract.find(quote) if quote else -1
    return at if at >= 0 else None


def _marked(abstract: str, spans: dict[int, tuple[Span, bool]]) -> str:
    pieces, end = [], 0
    for span, is_cited in (spans[start] for start in sorted(spans)):
        if span.start < end:
            continue
        look = "cited" if is_cited else "found"
        label = "Cited in the answer: " if is_cited else ""
        pieces.append(escape(abstract[end : span.start]))
        pieces.append(
            f'<mark class="{look}" data-at="{span.start}"><span class="aside">{label}</span>'
            f"{escape(abstract[span.start : span.end])}</mark>"
        )
        end = span.end
    pieces.append(escape(abstract[end:]))
    return "".join(pieces)
