"""An answer -> Markdown that can be kept, sent and printed; pure."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

from rag.bibliography import who_and_what
from rag.refusal import RefusalText, basis, explain, one_sided
from rag.scope import describe
from rag.types import Answer, AnswerSentence, Origin, Paper, Source

# What Markdown, or the HTML that may stand in it, would take for markup.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#$&])")
_LIST_START = re.compile(r"^(\d*)([-+.)])(?=\s|$)")
_NO_ADDRESS = re.compile(r"[\s<>\"\\^`{|}]")


def is_summary(answer: Answer) -> bool:
    """Whether an answer stands under headings."""
    return any(sentence.theme for sentence in answer.sentences)


def answer_markdown(answer: Answer, on: date) -> str:
    """An answer with its themes as headings, its citations and their references.

    `on` is the day it was written; what the answer and its papers say is escaped.
    """
    question = answer.question
    title = question.standalone if question.standalone in question.text else question.text
    blocks = [f"# {_escaped(title[:1].upper() + title[1:])}"]
    if answer.abstained:
        blocks += _refusal(explain(question, answer.evidence))
        if answer.evidence.nearest:
            nearest = [f"- {_paper(paper)}" for paper in answer.evidence.nearest]
            blocks += ["## Nearest papers", "\n".join(nearest)]
    else:
        if one_side := one_sided(answer.evidence):
            blocks.append(_escaped(one_side))
        blocks += _body(answer)
        cited = [s for s in answer.evidence.sources if s.number in answer.cited]
        if cited:
            blocks += ["## References", "\n".join(map(_reference, cited))]
    blocks.append("  \n".join(_closing(answer, on)))  # two spaces break the line
    return "\n\n".join(blocks) + "\n"


def _refusal(words: RefusalText) -> list[str]:
    """Why there is no answer, and what to do next."""
    where = f" The nearest paper is at {_address(words.link)}." if words.link else ""
    advice = "\n".join(f"- {_escaped(item)}" for item in words.advice)
    return [
        _escaped(words.verdict),
        _escaped(words.why) + where,
        advice,
        _escaped(words.searched),
    ]


def _body(answer: Answer) -> list[str]:
    """Paragraphs, each under its theme."""
    blocks: list[str] = []
    theme, paragraph = "", list[str]()
    for sentence in (*answer.sentences, None):
        if paragraph and (sentence is None or sentence.theme != theme):
            blocks.append(" ".join(paragraph))
            paragraph = []
        if sentence is None:
            break
        if sentence.theme != theme:
            theme = sentence.theme
            blocks.append(f"## {_escaped(theme)}")
        paragraph.append(_sentence(sentence))
    return blocks


def _sentence(sentence: AnswerSentence) -> str:
    """The sentence with its numbers; a quotation stands in quotation marks."""
    markers = " ".join(f"[{n}]" for n in sentence.citations)
    text, end = sentence.unbracketed, ""
    if sentence.origin is Origin.QUOTATION:
        return f"“{_escaped(text)}” {markers}"
    if text[-1:] in (".", "!", "?"):
        text, end = text[:-1], text[-1]
    return f"{_escaped(text)} {markers}{end}"


def _reference(source: Source) -> str:
    return f"- [{source.number}] {_paper(source.paper)}"


def _paper(paper: Paper) -> str:
    """Authors, year, title and where the paper is, as far as they are known."""
    said = ". ".join(_escaped(part) for part in who_and_what(paper))
    return f"{said} {_address(paper.link)}" if paper.link else said


def _address(link: str) -> str:
    """A link as Markdown, where nothing in it can end it early."""
    return f"<{_NO_ADDRESS.sub(lambda m: quote(m[0], safe=''), link)}>"


def _closing(answer: Answer, on: date) -> list[str]:
    kind = "summary" if is_summary(answer) else "answer"
    lines = []
    if answer.stopped:
        lines.append(f"It was stopped before the end: the {kind} may be incomplete.")
    if answer.model_error:
        lines.append(_escaped(answer.model_error))
    if not answer.abstained:
        if scope := describe(answer.question.scope):
            lines.append(_escaped(f"Only papers {scope} were searched."))
        quotes = " “…” quotes a source." if answer.quotes else ""
        lines.append(f"{basis(answer)}{quotes}".strip())
    by = f" with {_escaped(answer.model)}" if answer.model else ""
    lines.append(f"Written by Footnote{by} on {on.isoformat()}.")
    return lines


def _escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    line = " ".join(text.split())
    return _LIST_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line))
