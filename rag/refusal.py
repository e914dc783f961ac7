"""What a reader is told of the reach of an answer: why there is none, and what it rests on; pure.

A library holds abstracts. So a refusal says what the abstracts do not give, never that the papers
lack it, and how to ask so that they may answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.abstain import mentions
from rag.scope import describe
from rag.types import REFUSAL, Answer, Evidence, Paper, Question, Reason

_LONGEST_QUESTION = 200  # characters of it that are repeated
_NOTHING_NEAR = (
    "Ask in English, in the words an abstract would use.",
    "Name fewer things at once.",
    "Add papers on this, then ask again.",
)


@dataclass(frozen=True, slots=True)
class RefusalText:
    """A refusal in words."""

    verdict: str
    searched: str  # how much was searched, and for what
    why: str
    advice: tuple[str, ...]  # what to do next, most promising first
    link: str | None = None  # address of the nearest paper, where the answer may stand


def explain(question: Question, evidence: Evidence) -> RefusalText:
    """Why the papers do not answer a question, and how to widen it."""
    scope = describe(question.scope)
    searched = f"Searched {_held(evidence, scope)} for “{_shortened(question.standalone)}”."
    wider = _without_the_filter(evidence) if scope else ()
    if wider and not evidence.papers_searched:
        searched = f"There was no paper to search for “{_shortened(question.standalone)}”."
        return RefusalText(REFUSAL, searched, f"Your library has no paper {scope}.", wider)
    if not evidence.papers_searched and not evidence.nearest:
        why = "There are no papers to search yet."
        return RefusalText(REFUSAL, searched, why, ("Add papers, then ask again.",))
    if evidence.reason is Reason.NOTHING_NEAR or not evidence.nearest:
        where = f"No paper {scope}" if scope else "Nothing in your library"
        return RefusalText(REFUSAL, searched, f"{where} comes near this.", (*wider, *_NOTHING_NEAR))
    nearest = evidence.nearest[0]
    figures, names = evidence.missing_figures, _names_not_in(nearest, evidence)
    advice = [*wider]
    if figures:
        advice.append(f"Ask what was found, rather than for {_either(figures)}.")
    if names:
        advice.append(f"Ask without {_either(names)}.")
    advice.append(f"Open “{nearest.title}” itself; the whole paper may say it.")
    advice.append("Add papers that go into it, then ask again.")
    return RefusalText(
        REFUSAL, searched, _not_given(nearest, figures, names), tuple(advice), nearest.link
    )


def one_sided(evidence: Evidence) -> str:
    """For an answer to a comparison: which side the papers do not cover; empty when none."""
    sides = [f"“{side}”" for side in evidence.missing_sides]
    if not sides:
        return ""
    rest = "other side" if len(sides) == 1 else "rest"
    return f"Your papers say nothing near {_either(sides)}; this is about the {rest} alone."


def rests_on(answer: Answer) -> str:
    """The kind of text behind an answer: "abstracts", "notes" or "abstracts and notes"."""
    kinds = {"notes" if paper.is_note else "abstracts" for paper in _behind(answer)}
    return " and ".join(sorted(kinds)) or "abstracts"


def basis(answer: Answer) -> str:
    """What an answer rests on, in a sentence; empty where it was stopped before any was found."""
    return f"From {rests_on(answer)}, not from whole papers." if _behind(answer) else ""


def _behind(answer: Answer) -> list[Paper]:
    """The papers that an answer cites; where it cites none, those found for it."""
    found = answer.evidence.sources
    cited = [source.paper for source in found if source.number in answer.cited]
    return cited or [source.paper for source in found] or list(answer.evidence.nearest)


def _not_given(nearest: Paper, figures: Sequence[str], names: Sequence[str]) -> str:
    if not nearest.abstract:
        return (
            f"The nearest paper is “{nearest.title}”, of which the library has no abstract; the "
            "paper itself may say this."
        )
    text = "the note on it here" if nearest.is_note else "its abstract"
    lacks = [f"give {_either(figures)}"] if figures else []
    lacks += [f"mention {_either(names)}"] if names else []
    what = ", or ".join(lacks) or "say this"
    return f"The nearest paper is “{nearest.title}”; {text} does not {what}; the paper itself may."


def _names_not_in(nearest: Paper, evidence: Evidence) -> list[str]:
    """The missing names, quoted, less those that do stand in the nearest abstract by themselves."""
    return [f"“{n}”" for n in evidence.missing_names if not mentions(nearest.abstract, n)]


def _held(evidence: Evidence, scope: str = "") -> str:
    count = evidence.papers_searched
    if scope:
        return f"the {_papers(count)} {scope}"
    return _papers(count) if count else "your papers"  # kept before they were counted


def _without_the_filter(evidence: Evidence) -> tuple[str, ...]:
    """Advice to search all papers, where the filter left some out."""
    if evidence.papers_in_library <= evidence.papers_searched:
        return ()
    return (f"Ask without the filter: your library has {_papers(evidence.papers_in_library)}.",)


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count:,} papers"


def _either(texts: Sequence[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} or {last}" if first else last


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_QUESTION else f"{text[:_LONGEST_QUESTION].rstrip()}…"
