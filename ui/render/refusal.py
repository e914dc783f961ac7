"""A refusal as a page to go on from; pure, everything from outside is escaped."""

from __future__ import annotations

from html import escape

from rag.refusal import explain
from rag.types import Evidence, Paper, Question, Reason
from ui.render.pieces import card_id, link, shortened
from ui.render.view import View


def refusal(view: View, evidence: Evidence) -> str:
    """What was searched, what is lacking, the nearest papers, and how to widen the question."""
    asked = view.question or Question(view.asked, view.asked)
    words = explain(asked, evidence)
    where = f" It is at {link(words.link)}." if words.link else ""
    advice = "".join(f"<li>{escape(item)}</li>" for item in words.advice)
    items = "".join(_paper(view, paper) for paper in evidence.nearest)
    nearest = f'<h3>The nearest papers</h3><ul class="nearest">{items}</ul>' if items else ""
    return (
        f'<div class="refusal"><p class="verdict-line">{words.verdict}</p>'
        f"<p>{escape(words.why)}{where}</p>"
        f'<h3>What to try</h3><ul class="advice">{advice}</ul>{_ways_on(view, asked)}'
        f'{nearest}<p class="quiet">{escape(shortened(words.searched))}</p></div>'
    )


def _ways_on(view: View, asked: Question) -> str:
    """The advice that can be followed by a click, once the refusal is complete."""
    if view.answer is None:
        return ""
    again = f'data-question="{escape(asked.standalone)}"'
    ways = [
        f'<button type="button" class="button" data-edit="{escape(view.asked)}" '
        f'data-before="{escape(view.answer.id)}">Ask in other words</button>'
    ]
    if asked.scope:
        ways.append(
            f'<button type="button" class="button" data-do="widen" {again}>Ask all papers</button>'
        )
    is_near = view.evidence is not None and view.evidence.reason is Reason.NOT_IN_ABSTRACT
    if is_near and not asked.is_summary:
        ways.append(
            f'<button type="button" class="button" data-do="summarise" {again}>'
            "Summarise what is near it</button>"
        )
    return f'<p class="ways">{" ".join(ways)}</p>'


def _paper(view: View, paper: Paper) -> str:
    card = escape(card_id(view.key, paper.id))
    year = f" <span>{paper.year}</span>" if paper.year else ""
    return (
        f'<li><button type="button" class="open-card" data-card="{card}">'
        f"{escape(paper.title)}{year}</button></li>"
    )
