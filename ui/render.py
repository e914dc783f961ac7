"""Answers, evidence and papers as HTML; pure, and everything that comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from urllib.parse import urlsplit

from rag.refusal import basis, explain, one_sided
from rag.types import (
    Answer,
    AnswerSentence,
    DraftReady,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Origin,
    Paper,
    Question,
    QuestionUnderstood,
    SectionStarted,
    SentenceReady,
    Source,
    Span,
    Verdict,
    Writing,
    with_sentence,
)

_WRITING = "Writing: what is borne out takes the place of its quotation…"


@dataclass(frozen=True, slots=True)
class View:
    """One exchange as far as it has come: a question being answered, or a finished answer."""

    key: str  # unique on the page; ties citations to cards
    asked: str
    question: Question | None = None
    evidence: Evidence | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    status: str = ""  # what is being done; empty when nothing is
    part: str = ""  # of a summary, the part that is being written
    answer: Answer | None = None
    problem: str = ""  # a sentence, when there is no answer
    is_new: bool = True  # the reader saw it come; false for what was stored

    @classmethod
    def of(cls, key: str, answer: Answer) -> View:
        """A stored answer, as it looked when it was finished."""
        return cls(
            key,
            answer.question.text,
            answer.question,
            answer.evidence,
            answer.sentences,
            answer=answer,
            is_new=False,
        )

    def after(self, event: Event) -> View:
        """The exchange once `event` has happened."""
        match event:
            case QuestionUnderstood(question):
                return replace(self, question=question, status="Searching your papers…")
            case EvidenceFound(evidence):
                return replace(self, evidence=evidence, status=_reading(evidence))
            case Writing(answer_tokens=0):
                return self
            case Writing():
                return replace(self, status=self.part or _WRITING)
            case DraftReady(sentences):
                return replace(self, sentences=sentences, status=_drafted(self, sentences))
            case SectionStarted(theme, number, total):
                part = f"Writing part {number} of {total}: {theme}…"
                return replace(self, status=part, part=part)
            case SentenceReady():
                sentences = with_sentence(self.sentences, event)
                return replace(self, sentences=sentences, status=self.part or _WRITING)
            case Finished(answer):
                return replace(View.of(self.key, answer), is_new=True)


def exchange(view: View) -> str:
    """One question with its answer, a refusal, or what is being done about it."""
    # Gradio changes the page node by node, in place. So the parts keep their places from the first
    # step to the last: nothing jumps, and the status is one element that a screen reader follows.
    problem = f'<p class="problem" role="alert">{escape(view.problem)}</p>' if view.problem else ""
    return (
        f'<article class="exchange{" new" if view.is_new else ""}" data-key="{escape(view.key)}">'
        f'<h2 class="asked">{escape(_shortened(view.asked))}</h2>'
        f'<div class="understood">{_understood(view)}</div>{_body(view)}{_status(view)}'
        f"<div>{problem}</div>{_footer(view)}</article>"
    )


def thread(views: Sequence[View], conversation: str | None = None) -> str:
    """The earlier exchanges of a conversation, oldest first."""
    inside = "".join(exchange(view) for view in views)
    return f'<div class="thread" data-conversation="{escape(conversation or "")}">{inside}</div>'


def evidence_panel(views: Sequence[View]) -> str:
    """The cards of every exchange; those of the last one are shown until a citation is clicked."""
    groups = [_group(view) for view in views if view.evidence is not None]
    if not groups:
        return (
            '<div class="panel"><p class="quiet">The sentences an answer rests on appear here, '
            "before the answer is written.</p></div>"
        )
    return f'<div class="panel">{"".join(groups)}</div>'


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
        if (start := _offset(paper, source, quote)) is not None:
            spans[start] = (Span(start, start + len(quote)), True)
    kind = "A note about the paper, not its abstract" if paper.is_note else "Abstract"
    summary = "The whole note" if paper.is_note else "The whole abstract"
    return (
        f'<article class="card" id="{escape(anchor)}" tabindex="-1">'
        f"<h3>{number}{escape(paper.title)}</h3>{_byline(paper)}{excerpt_list}"
        f'<details class="whole"><summary>{summary}</summary><p class="kind">{kind}</p>'
        f'<p class="abstract">{_marked(paper.abstract, spans)}</p></details>'
        f'<button type="button" class="back">Back to the answer</button></article>'
    )


def paper_list(papers: Sequence[Paper], total: int) -> str:
    """The papers of the library, each opening to its abstract."""
    if not papers:
        return '<p class="quiet">No paper matches.</p>'
    rows = "".join(
        f"<li><details><summary>{escape(p.title)}</summary>{_byline(p)}"
        f'<p class="kind">{"A note about the paper, not its abstract" if p.is_note else "Abstract"}'
        f'</p><p class="abstract">{escape(p.abstract)}</p></details></li>'
        for p in papers
    )
    more = (
        f'<p class="quiet">Showing {len(papers):,} of {total:,}.</p>' if len(papers) < total else ""
    )
    return f'<ul class="papers">{rows}</ul>{more}'


def welcome(papers: int, examples: Sequence[str], *, is_first: bool = False) -> str:
    """What an empty conversation says: questions to begin with, or how to add papers.

    With `is_first` there are no earlier conversations, and the look leaves out their list.
    """
    look = "welcome first" if is_first else "welcome"
    if not papers:
        return (
            f'<div class="{look}"><h2>Your library is empty</h2><p>Add papers first: open the '
            "Library tab and drop a file there, or run <code>footnote add FILE</code>. Saved pages "
            "of paper listings and JSON Lines files can be read.</p>"
            '<button type="button" class="goto-library">Open the library</button></div>'
        )
    buttons = "".join(
        f'<li><button type="button" class="example" data-question="{escape(question)}">'
        f"{escape(question)}</button></li>"
        for question in examples
    )
    asked = f'<p>Some questions they can answer:</p><ul class="examples">{buttons}</ul>'
    return (
        f'<div class="{look}"><h2>Ask {_count(papers, "paper")}</h2>'
        f"<p>The answer quotes or restates their abstracts, with a citation behind every "
        f"sentence.</p>{asked if buttons else ''}</div>"
    )


def counts(papers: int, sentences: int, samples: int = 0) -> str:
    """How much the library holds, in the page's head; the look offers to remove samples by it."""
    more = f", {_count(sentences, 'sentence')}"
    if samples:
        more += ", the sample library" if samples == papers else f", {samples:,} sample papers"
    look = "held has-samples" if samples else "held"
    return f'<p class="{look}">{_count(papers, "paper")}<span class="more">{more}</span></p>'


def progress(stage: str, done: int, total: int) -> str:
    """How far adding has come."""
    bar = f'<progress max="{max(total, 1)}" value="{min(done, total)}"></progress>'
    label = f"{escape(stage)} {done:,} of {total:,}" if total else escape(stage)
    return f'<div class="adding" role="status">{bar}<p>{label}</p></div>'


def notice(sentence: str, details: Sequence[str] = (), *, is_problem: bool = False) -> str:
    """A sentence for the reader, with a list below it where there is more to say."""
    role, look = ("alert", "problem") if is_problem else ("status", "notice")
    items = "".join(f"<li>{escape(d)}</li>" for d in details)
    return (
        f'<div class="{look}" role="{role}"><p>{escape(sentence)}</p>'
        f"{f'<ul>{items}</ul>' if items else ''}</div>"
    )


def _reading(evidence: Evidence) -> str:
    return f"Reading {_count(len(evidence.sources), 'source')}…" if evidence.sources else ""


def _drafted(view: View, sentences: Sequence[AnswerSentence]) -> str:
    if not sentences:
        return view.status
    sources = len({number for s in sentences for number in s.citations})
    return f"Quoted from {_count(sources, 'source')}; the model is reading…"


def _status(view: View) -> str:
    """What is being done; once it is done, one short sentence for those who cannot see it."""
    if view.status:
        pulse = '<span class="pulse" aria-hidden="true"></span>'
        return f'<p class="status" role="status">{pulse}{escape(view.status)}</p>'
    said = "The answer is complete." if view.answer is not None and view.is_new else ""
    return f'<p class="aside" role="status">{said}</p>'


def _body(view: View) -> str:
    if view.evidence is not None and view.evidence.reason is not None:
        return _refusal(view, view.evidence)
    if not any(sentence.theme for sentence in view.sentences):
        return f'<div class="answer">{_paragraphs(view)}</div>'
    themes = "".join(
        f'<section><h3>{escape(theme)}</h3><div class="paragraph">'
        f"{' '.join(_sentence(view, s) for s in sentences)}</div></section>"
        for theme, sentences in groupby(view.sentences, key=lambda s: s.theme)
    )
    return f'<div class="answer summary">{themes}{_references(view)}</div>'


def _paragraphs(view: View) -> str:
    """A paragraph for each run of sentences that rest on one source."""
    return "".join(
        f'<div class="paragraph">{" ".join(_sentence(view, s) for s in sentences)}</div>'
        for _, sentences in groupby(view.sentences, key=lambda s: _rests_on(view, s))
    )


def _rests_on(view: View, sentence: AnswerSentence) -> int:
    """The source a sentence is made from; the same before and after it replaces a quotation."""
    for number in sentence.citations:
        source = view.evidence.source(number) if view.evidence else None
        if source and any(s.text == sentence.quote for s in source.sentences):
            return number
    return sentence.citations[0] if sentence.citations else 0


def _references(view: View) -> str:
    """The papers that a finished summary cites, for those who print it or read on."""
    if view.answer is None:
        return ""
    items = "".join(
        f"<li>{_cite(view, source.number, source.paper.title)} {escape(source.paper.title)}"
        f"{_byline(source.paper)}</li>"
        for source in view.answer.evidence.sources
        if source.number in view.answer.cited
    )
    return f'<section class="references"><h3>References</h3><ul>{items}</ul></section>'


def _sentence(view: View, sentence: AnswerSentence) -> str:
    markers = " ".join(_citation(view, sentence, n) for n in sentence.citations)
    text, end, tail = sentence.text, "", ""
    if sentence.origin is Origin.QUOTATION:
        where = f" from source {sentence.citations[0]}" if sentence.citations else ""
        why = f' title="{escape(sentence.reason)}"' if sentence.reason else ""
        words = (
            f'<span class="aside">Quotation{where}: </span><q{why}>{escape(text)}</q>'
            '<span class="aside"> End of quotation.</span>'
        )
    else:
        if text[-1:] in (".", "!", "?"):
            text, end = text[:-1], text[-1]
        words, tail = escape(text), _verdict(sentence)
    return (
        f'<span class="sentence" data-origin="{sentence.origin.value}" '
        f'data-verdict="{sentence.verdict.value}">'
        f"{words} {markers}{escape(end)}{tail}</span>"
    )


def _verdict(sentence: AnswerSentence) -> str:
    if sentence.verdict is Verdict.SUPPORTED:
        return ""
    word = "partly supported" if sentence.verdict is Verdict.PARTLY else "not supported"
    reason = escape(sentence.reason or "Its source does not bear out every word.")
    return (
        f'<details class="verdict" title="{reason}"><summary>{word}</summary>'
        f"<span>{reason}</span></details>"
    )


def _citation(view: View, sentence: AnswerSentence, number: int) -> str:
    source = view.evidence.source(number) if view.evidence else None
    title = source.paper.title if source else ""
    at = _offset(source.paper, source, sentence.quote) if source else None
    where = f' data-at="{at}"' if at is not None else ""
    quote = f"“{sentence.quote}”, {title}" if at is not None else title
    return _cite(view, number, title, quote, where)


def _cite(view: View, number: int, title: str, hint: str = "", where: str = "") -> str:
    """A number that opens the card of its source."""
    anchor = escape(_anchor(view.key, number))
    return (
        f'<button type="button" class="cite" data-card="{anchor}"{where} '
        f'aria-label="Source {number}: {escape(title)}" title="{escape(hint or title)}">[{number}]'
        "</button>"
    )


def _refusal(view: View, evidence: Evidence) -> str:
    asked = view.question or Question(view.asked, view.asked)
    words = explain(asked, evidence)
    where = f" It is at {_link(words.link)}." if words.link else ""
    advice = "".join(f"<li>{escape(item)}</li>" for item in words.advice)
    items = "".join(
        f'<li><button type="button" class="open-card" '
        f'data-card="{escape(_anchor(view.key, paper.id))}">{escape(paper.title)}</button>'
        "</li>"
        for paper in evidence.nearest
    )
    nearest = f'<p>The nearest papers:</p><ul class="nearest">{items}</ul>' if items else ""
    return (
        f'<div class="refusal"><p class="verdict-line">{words.verdict}</p>'
        f"<p>{escape(words.why)}{where}</p>"
        f'<ul class="advice" aria-label="What to try">{advice}</ul>'
        f'<p class="quiet">{escape(_shortened(words.searched))}</p>{nearest}</div>'
    )


def _understood(view: View) -> str:
    """How the question was understood, where that is not plain from it, and may be changed."""
    question = view.question
    lines = []
    if question is not None and (question.is_summary or question.standalone != question.text):
        what, asks, thing = (
            ("Summary of the papers on", "summary", "topic")
            if question.is_summary
            else ("Searched for", "alone", "question")
        )
        lines.append(
            f'<p class="searched">{what}: <span>{escape(_shortened(question.standalone))}'
            f'</span> <button type="button" class="edit" data-edit="{escape(question.standalone)}" '
            f'data-asks="{asks}" aria-label="Edit this {thing} and ask again">Edit</button></p>'
        )
    if question is not None and question.note:
        lines.append(f'<p class="quiet">{escape(question.note)}</p>')
    if view.evidence is not None and view.evidence.sources:
        one_side = one_sided(view.evidence)
        lines += [f'<p class="notice">{escape(one_side)}</p>'] if one_side else []
    return "".join(lines)


def _footer(view: View) -> str:
    answer = view.answer
    if answer is None:
        return ""
    notes = [basis(answer)]
    if answer.quotes:
        notes.append("“…” quotes a source.")
    if answer.stopped:
        notes.append("Stopped before the end.")
    if answer.model_error:
        notes.append(f"The model could not finish: {answer.model_error}")
    count = answer.dropped.unsupported_sentences
    if count > 0 and not answer.dropped.withheld:
        notes.append(f"{_count(count, 'sentence')} of the model not borne out by the sources.")
    if (count := answer.dropped.invented_citations) > 0:
        notes.append(f"{_count(count, 'invented citation')} removed.")
    facts = [answer.model] if answer.model else []
    if answer.prompt_tokens:
        facts.append(f"{answer.prompt_tokens:,} tokens read, {answer.answer_tokens:,} written")
    seconds = answer.timings.total_ms / 1000
    facts.append(f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s")
    note = f'<span class="notes">{escape(" ".join(filter(None, notes)))}</span>'
    shown = f'<footer>{note}<span class="facts">{escape(" · ".join(facts))}</span></footer>'
    return shown + _withheld(answer)


def _withheld(answer: Answer) -> str:
    """The model's sentences that were not shown, folded away, each with the reason."""
    if not answer.dropped.withheld:
        return ""
    items = "".join(
        f"<li>{escape(w.text)} <em>{escape(w.reason or w.verdict)}</em></li>"
        for w in answer.dropped.withheld
    )
    count = _count(len(answer.dropped.withheld), "sentence")
    return (
        f'<details class="withheld"><summary>{count} of the model not shown: not borne out by the '
        f"sources</summary><ul>{items}</ul></details>"
    )


def _group(view: View) -> str:
    evidence = view.evidence
    assert evidence is not None
    if evidence.reason is not None:
        heading = "Nearest papers"
        cards = "".join(card(p, _anchor(view.key, p.id)) for p in evidence.nearest)
    else:
        heading = "Evidence"
        cards = "".join(
            card(
                source.paper,
                _anchor(view.key, source.number),
                source=source,
                quotes=[s.quote for s in view.sentences if source.number in s.citations],
            )
            for source in evidence.sources
        )
    left = (
        f'<p class="quiet">{_count(evidence.left_out, "more sentence")} found, but there was no '
        "room left.</p>"
        if evidence.left_out
        else ""
    )
    return (
        f'<section class="group" data-key="{escape(view.key)}" aria-label="{heading} for: '
        f'{escape(_shortened(view.asked))}"><h2>{heading} <span class="for">for “'
        f"{escape(_shortened(view.asked))}”</span></h2>{cards}{left}</section>"
    )


def _byline(paper: Paper) -> str:
    authors = paper.authors
    names = f"{', '.join(authors[:5])} and {len(authors) - 5} more" if len(authors) > 6 else ""
    parts = [escape(names or ", ".join(authors)), str(paper.year) if paper.year else ""]
    parts.append(_link(paper.link))
    parts.extend(f'<span class="tag">{escape(tag)}</span>' for tag in paper.tags)
    line = " · ".join(part for part in parts if part)
    return f'<p class="byline">{line}</p>' if line else ""


def _link(url: str | None) -> str:
    """The name of a site, leading to the address; nothing without one."""
    if url is None:
        return ""
    host = escape(urlsplit(url).hostname or "link")
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{host}</a>'


def _fits(span: Span, paper: Paper, text: str) -> bool:
    return paper.abstract[span.start : span.end] == text


def _offset(paper: Paper, source: Source | None, quote: str) -> int | None:
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


def _anchor(key: str, name: int | str) -> str:
    return f"card-{key}-{name}"


def _shortened(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else f"{text[:limit].rstrip()}…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
