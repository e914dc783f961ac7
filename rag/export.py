"""An answer -> Markdown that can be kept, sent and printed; pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from rag.bibliography.keys import citation_keys
from rag.bibliography.markdown import address, cite, described, escaped
from rag.refusal import RefusalText, basis, explain, one_sided
from rag.scope import describe
from rag.types import Answer, AnswerSentence, Origin, Source

_Mark = Callable[[tuple[int, ...]], str]  # numbers of sources as they stand in the text
# Pandoc puts the references here (User's Guide 3, "Placement of the bibliography").
_HERE = "::: {#refs}\n:::"


def is_summary(answer: Answer) -> bool:
    """Whether an answer stands under headings."""
    return any(sentence.theme for sentence in answer.sentences)


def answer_markdown(answer: Answer, on: date, *, keys: bool = False) -> str:
    """An answer with its themes as headings, its citations and their references.

    `on` is the day it was written; what the answer and its papers say is escaped. With `keys` it
    cites by the keys that `bibtex` gives the cited papers, for `pandoc --citeproc --bibliography`.
    """
    question = answer.question
    title = question.standalone if question.standalone in question.text else question.text
    blocks = [f"# {escaped(title[:1].upper() + title[1:])}"]
    if answer.abstained:
        blocks += _refusal(explain(question, answer.evidence))
        if answer.evidence.nearest:
            nearest = [f"- {described(paper)}" for paper in answer.evidence.nearest]
            blocks += ["## Nearest papers", "\n".join(nearest)]
    else:
        if one_side := one_sided(answer.evidence):
            blocks.append(escaped(one_side))
        blocks += _body(answer, _by_key(answer) if keys else _by_number)
        cited = [s for s in answer.evidence.sources if s.number in answer.cited]
        if cited:
            blocks += ["## References", _HERE if keys else "\n".join(map(_reference, cited))]
    blocks.append("  \n".join(_closing(answer, on)))  # two spaces break the line
    return "\n\n".join(blocks) + "\n"


def _refusal(words: RefusalText) -> list[str]:
    """Why there is no answer, and what to do next."""
    where = f" The nearest paper is at {address(words.link)}." if words.link else ""
    advice = "\n".join(f"- {escaped(item)}" for item in words.advice)
    return [
        escaped(words.verdict),
        escaped(words.why) + where,
        advice,
        escaped(words.searched),
    ]


def _by_number(numbers: tuple[int, ...]) -> str:
    return " ".join(f"[{n}]" for n in numbers)


def _by_key(answer: Answer) -> _Mark:
    papers = answer.cited_papers
    keys = dict(zip((p.id for p in papers), citation_keys(papers), strict=True))
    named = {s.number: keys[s.paper.id] for s in answer.evidence.sources if s.paper.id in keys}
    return lambda numbers: cite(dict.fromkeys(named[n] for n in numbers)) if numbers else ""


def _body(answer: Answer, mark: _Mark) -> list[str]:
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
            blocks.append(f"## {escaped(theme)}")
        paragraph.append(_sentence(sentence, mark))
    return blocks


def _sentence(sentence: AnswerSentence, mark: _Mark) -> str:
    """The sentence with its citations; a quotation stands in quotation marks."""
    markers = mark(sentence.citations)
    text, end = sentence.unbracketed, ""
    if sentence.origin is Origin.QUOTATION:
        return f"“{escaped(text)}” {markers}"
    if text[-1:] in (".", "!", "?"):
        text, end = text[:-1], text[-1]
    return f"{escaped(text)} {markers}{end}"


def _reference(source: Source) -> str:
    return f"- [{source.number}] {described(source.paper)}"


def _closing(answer: Answer, on: date) -> list[str]:
    kind = "summary" if is_summary(answer) else "answer"
    lines = []
    if answer.stopped:
        lines.append(f"It was stopped before the end: the {kind} may be incomplete.")
    if answer.model_error:
        lines.append(escaped(answer.model_error))
    if not answer.abstained:
        if scope := describe(answer.question.scope):
            lines.append(escaped(f"Only papers {scope} were searched."))
        quotes = " “…” quotes a source." if answer.quotes else ""
        lines.append(f"{basis(answer)}{quotes}".strip())
    by = f" with {escaped(answer.model)}" if answer.model else ""
    lines.append(f"Written by Footnote{by} on {on.isoformat()}.")
    return lines
