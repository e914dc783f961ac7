"""A question with its answer, or its refusal, as HTML; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from rag.refusal import one_sided
from rag.scope import describe
from rag.types import Answer, AnswerSentence, Origin, Question, Verdict
from ui.render.cards import offset
from ui.render.footer import footer
from ui.render.pieces import byline, card_id, shortened
from ui.render.refusal import refusal
from ui.render.view import View


def exchange(view: View) -> str:
    """One question with its answer, a refusal, or what is being done about it."""
    # Gradio changes the page node by node, in place. So the parts keep their places from the first
    # step to the last: nothing jumps, and the status is one element that a screen reader follows.
    problem = f'<p class="problem" role="alert">{escape(view.problem)}</p>' if view.problem else ""
    return (
        f'<article class="exchange{" new" if view.is_new else ""}" data-key="{escape(view.key)}">'
        f'<h2 class="asked" tabindex="-1">{escape(shortened(view.asked))}</h2>'
        f'<div class="understood">{_understood(view)}</div>{_body(view)}{_status(view)}'
        f"<div>{problem}</div>{footer(view)}</article>"
    )


def thread(views: Sequence[View], conversation: str | None = None) -> str:
    """The earlier exchanges of a conversation, oldest first."""
    inside = "".join(exchange(view) for view in views)
    return f'<div class="thread" data-conversation="{escape(conversation or "")}">{inside}</div>'


def _status(view: View) -> str:
    """What is being done and how long it may take; once it is done, a word for screen readers."""
    if not view.status:
        said = _ending(view.answer) if view.answer is not None and view.is_new else ""
        return f'<p class="aside" role="status">{said}</p><p class="pace"></p>'
    pulse = '<span class="pulse" aria-hidden="true"></span>'
    # Not in the status itself: a screen reader would read out every change of it.
    pace = [f"{view.speed} tokens/s"] if view.speed else []
    if view.seconds_left is not None:
        pace.append(f'about <span class="left">{view.seconds_left}</span> s left')
    return (
        f'<p class="status" role="status">{pulse}{escape(view.status)}</p>'
        f'<p class="pace">{" · ".join(pace)}</p>'
    )


def _ending(answer: Answer) -> str:
    if answer.stopped:
        return "The answer was stopped."
    return "There is no answer." if answer.abstained else "The answer is complete."


def _body(view: View) -> str:
    if view.evidence is not None and view.evidence.reason is not None:
        return refusal(view, view.evidence)
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
        f"{byline(source.paper)}</li>"
        for source in view.answer.evidence.sources
        if source.number in view.answer.cited
    )
    return f'<section class="references"><h3>References</h3><ul>{items}</ul></section>'


def _sentence(view: View, sentence: AnswerSentence) -> str:
    markers = " ".join(_citation(view, sentence, n) for n in sentence.citations)
    text, end = sentence.text, ""
    if sentence.origin is Origin.QUOTATION:
        where = f" from source {sentence.citations[0]}" if sentence.citations else ""
        words = (
            f'<span class="aside">Quotation{where}: </span><q>{escape(text)}</q>'
            '<span class="aside"> End of quotation.</span>'
        )
    else:
        if text[-1:] in (".", "!", "?"):
            text, end = text[:-1], text[-1]
        words = escape(text)
    return (
        f'<span class="sentence" data-origin="{sentence.origin.value}" '
        f'data-verdict="{sentence.verdict.value}">'
        f"{words} {markers}{escape(end)}{_verdict(sentence)}</span>"
    )


def _verdict(sentence: AnswerSentence) -> str:
    """A tick for what is borne out; words, with the reason to open, for what is not."""
    if sentence.verdict is not Verdict.SUPPORTED:
        word = "partly supported" if sentence.verdict is Verdict.PARTLY else "not supported"
        reason = escape(sentence.reason or "Its source does not bear out every word.")
        return (
            f'<details class="verdict" data-hint="{reason}"><summary>{word}</summary>'
            f"<span>{reason}</span></details>"
        )
    said = (
        "Word for word in its source."
        if sentence.origin is Origin.QUOTATION
        else "Checked: its source bears it out."
    )
    return (
        "\N{WORD JOINER}"  # it stays beside what it is about
        f'<span class="borne-out" role="img" aria-label="{said}" data-hint="{said}">✓</span>'
    )


def _citation(view: View, sentence: AnswerSentence, number: int) -> str:
    source = view.evidence.source(number) if view.evidence else None
    at = offset(source.paper, source, sentence.quote) if source else None
    quote = sentence.quote if at is not None else ""
    return _cite(view, number, source.paper.title if source else "", quote, at)


def _cite(view: View, number: int, title: str, quote: str = "", at: int | None = None) -> str:
    """A number that opens the card of its source; pointed at, it shows the quotation."""
    card = escape(card_id(view.key, number))
    where = "" if at is None else f' data-at="{at}"'
    return (
        f'<button type="button" class="cite" data-card="{card}"{where} data-hint="{escape(title)}" '
        f'data-quote="{escape(quote)}" aria-label="Source {number}: {escape(title)}">[{number}]'
        "</button>"
    )


def _looked_at(view: View, question: Question) -> str:
    """The papers that the question was asked of, by their titles where these are known."""
    evidence = view.evidence
    near = (*(s.paper for s in evidence.sources), *evidence.nearest) if evidence else ()
    titles = {p.id: f"“{p.title}”" for p in near if p.id in question.scope.papers}
    if titles and len(titles) == len(question.scope.papers):
        return ", ".join(titles.values())
    return f"papers {describe(question.scope)}"


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
            f'<p class="searched">{what}: <span>{escape(shortened(question.standalone))}'
            f'</span> <button type="button" class="edit" data-edit="{escape(question.standalone)}" '
            f'data-asks="{asks}" aria-label="Edit this {thing} and ask again">Edit</button></p>'
        )
    if question is not None and question.scope:
        lines.append(f'<p class="searched">Only {escape(_looked_at(view, question))}</p>')
    if question is not None and question.note:
        lines.append(f'<p class="quiet">{escape(question.note)}</p>')
    if view.evidence is not None and view.evidence.sources:
        one_side = one_sided(view.evidence)
        lines += [f'<p class="notice">{escape(one_side)}</p>'] if one_side else []
    return "".join(lines)
