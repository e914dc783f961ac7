"""Answers and events as JSON: the stable form of `ask --json`, and the full record that is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from rag.refusal import explain, rests_on
from rag.types import Answer, AnswerSentence, Passage, Question

_T = TypeVar("_T")


def answer_json(answer: Answer) -> dict[str, object]:
    """An answer in the interface of `footnote ask --json`."""
    return {
        "answer_id": answer.id,
        "question": answer.question.text,
        "standalone_question": answer.question.standalone,
        "scope": asdict(answer.question.scope),
        "answer": answer.text,
        "abstained": answer.abstained,
        "reason": answer.evidence.reason,
        "explanation": (
            asdict(explain(answer.question, answer.evidence)) if answer.abstained else None
        ),
        "basis": rests_on(answer),
        "missing_sides": list(answer.evidence.missing_sides),
        "sentences": [
            {
                "text": s.text,
                "citations": list(s.citations),
                "verdict": s.verdict,
                "origin": s.origin,
                "reason": s.reason,
                "quote": s.quote,
                "quote_offsets": _offsets(answer, s),
                "theme": s.theme,
            }
            for s in answer.sentences
        ],
        "citations": [
            {"number": s.number, "paper_id": s.paper.id, "title": s.paper.title, "quote": quote}
            for s in answer.evidence.sources
            if (quote := _first_quote(answer, s.number)) is not None
        ],
        "evidence": [
            {
                "number": s.number,
                "paper_id": s.paper.id,
                "title": s.paper.title,
                "sentences": [t.text for t in s.sentences],
            }
            for s in answer.evidence.sources
        ],
        "nearest": [{"paper_id": p.id, "title": p.title} for p in answer.evidence.nearest],
        "model_text": answer.model_text,
        "dropped": asdict(answer.dropped),
        "model": answer.model,
        "model_error": answer.model_error,
        "stopped": answer.stopped,
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "timings": asdict(answer.timings),
    }


def _offsets(answer: Answer, sentence: AnswerSentence) -> list[int] | None:
    """Where the quote stands in the abstract of the first source cited that has it: start, end."""
    for number in sentence.citations:
        source = answer.evidence.source(number)
        for known in source.sentences if source else ():
            if known.text == sentence.quote:
                return [known.span.start, known.span.end]
    return None


def _first_quote(answer: Answer, number: int) -> str | None:
    """The sentence of this source that the first citation of it rests on."""
    citing = [s for s in answer.sentences if number in s.citations]
    source = answer.evidence.source(number)
    if not citing or source is None:
        return None
    own = {s.text for s in source.sentences}
    # A sentence that cites two sources has one quote, which may be the other's.
    return next((s.quote for s in citing if s.quote in own), source.sentences[0].text)


def search_json(
    asked: Question, passages: Sequence[Passage], sentences: int = 2
) -> dict[str, object]:
    """A search in the interface of `footnote search --json`."""
    return {
        "question": asked.text,
        "standalone_question": asked.standalone,
        "scope": asdict(asked.scope),
        "results": [
            {
                "rank": rank,
                "score": round(p.score, 6),
                "paper": {
                    "id": p.paper.id,
                    "title": p.paper.title,
                    "year": p.paper.year,
                    "authors": list(p.paper.author_names),
                    "url": p.paper.link,
                },
                "sentences": [s.text for s in p.best_sentences(sentences)],
            }
            for rank, p in enumerate(passages, start=1)
        ],
    }


def dump_answer(answer: Answer) -> str:
    """The whole of an answer as JSON, to be kept in the library."""
    return json.dumps(asdict(answer), ensure_ascii=False)


def load_answer(record: str) -> Answer:
    """The answer that `dump_answer` wrote; ValueError where the record is not of that form."""
    try:
        answer: Answer = _restore(Answer, json.loads(record))
    except TypeError as error:  # a field is missing, or is of another kind
        raise ValueError(f"not the record of an answer: {error}") from error
    return answer


def _restore(kind: Any, value: Any) -> Any:
    """A plain JSON value as the dataclass, enum or tuple that `kind` names."""
    if get_origin(kind) is UnionType:
        if value is None:
            return None
        return _restore(next(k for k in get_args(kind) if k is not NoneType), value)
    if get_origin(kind) is tuple:
        return tuple(_restore(get_args(kind)[0], v) for v in value)
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise TypeError(f"{kind.__name__} is not an object")
        hints = get_type_hints(kind)
        return kind(
            **{
                f.name: _restore(hints[f.name], value[f.name])
                for f in fields(kind)
                if f.name in value
            }
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    return value
