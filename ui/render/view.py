"""One exchange of a conversation as far as it has come, built up from the events of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.types import (
    Answer,
    AnswerSentence,
    DraftReady,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Question,
    QuestionUnderstood,
    SectionStarted,
    SentenceReady,
    Writing,
    with_sentence,
)
from ui.render.pieces import counted

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
    speed: int | None = None  # tokens a second, of what the model does now
    seconds_left: int | None = None  # until the answer may be complete
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
            case Writing():
                speed, left = event.tokens_per_second, event.seconds_left
                return replace(
                    self,
                    status=(self.part or _WRITING) if event.answer_tokens else self.status,
                    speed=None if speed is None else round(speed),
                    seconds_left=None if left is None else max(1, round(left)),
                )
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


def _reading(evidence: Evidence) -> str:
    return f"Reading {counted(len(evidence.sources), 'source')}…" if evidence.sources else ""


def _drafted(view: View, sentences: Sequence[AnswerSentence]) -> str:
    if not sentences:
        return view.status
    sources = len({number for s in sentences for number in s.citations})
    return f"Quoted from {counted(sources, 'source')}; the model is reading…"
