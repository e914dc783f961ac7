"""An answer survives being kept, and its JSON has the keys that others rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer_json import answer_json, dump_answer, load_answer, search_json
from rag.types import (
    REFUSAL,
    Answer,
    Evidence,
    Paper,
    Question,
    Reason,
    Scope,
    Verdict,
)
from tests.rag.builders import answer, evidence, passage, sentence, source

FOUND = evidence(
    source(1, "Lantern reads contracts.", "It needs 8 GPUs.", title="Lantern"),
    source(2, "Moss keeps stones damp.", title="On Moss"),
)
SHOWN = answer("What is Lantern?", FOUND, sentence("Lantern reads contracts.", 1))
# What programs outside rely on; keys may be added, never renamed or removed.
PROMISED = {
    "answer_id", "question", "standalone_question", "answer", "abstained", "reason", "sentences",
    "citations", "evidence", "nearest", "model_text", "dropped", "model", "prompt_tokens",
    "answer_tokens", "timings",
}  # fmt: skip
ADDED = {"model_error", "stopped", "explanation", "basis", "missing_sides", "scope"}

PLAIN = {
    # Lone surrogates are no text that can be kept, and nan does not equal itself.
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    int: st.integers(-(2**40), 2**40),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
}


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of `rag.types`, with every field drawn."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is tuple:
        return st.lists(anything(get_args(kind)[0]), max_size=2).map(tuple)
    if get_origin(kind) is UnionType:
        return st.one_of(*map(anything, get_args(kind)))
    if kind is NoneType:
        return st.none()
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return st.builds(kind, **{k: anything(v) for k, v in get_type_hints(kind).items()})


@settings(max_examples=300, deadline=None)
@given(anything(Answer))
def test_a_kept_answer_comes_back_the_same(kept: Answer) -> None:
    """Every field of every part survives, with its type."""
    back = load_answer(dump_answer(kept))
    assert back == kept
    assert repr(back) == repr(kept)  # enums are enums again, tuples are tuples


def test_a_record_of_an_older_version_is_read() -> None:
    """A field that did not exist when an answer was kept takes its default."""
    record = json.loads(dump_answer(SHOWN))
    del record["model_error"], record["stopped"], record["evidence"]["left_out"]
    del record["question"]["scope"], record["evidence"]["papers_in_library"]
    record["a_key_of_a_newer_version"] = 1
    assert load_answer(json.dumps(record)) == SHOWN


@pytest.mark.parametrize("spoilt", ["reason", "sources", "evidence", "all"])
def test_a_record_that_cannot_be_read_is_a_value_error(spoilt: str) -> None:
    """An unknown word, a missing field, another kind of value, or no JSON."""
    record = json.loads(dump_answer(SHOWN))
    if spoilt == "reason":
        record["evidence"]["reason"] = "mislaid"
    elif spoilt == "sources":
        del record["evidence"]["sources"]
    elif spoilt == "evidence":
        record["evidence"] = "none"
    with pytest.raises(ValueError, match=r"mislaid|record|Expecting"):
        load_answer("" if spoilt == "all" else json.dumps(record))


def test_a_quote_is_found_in_its_abstract_by_its_offsets() -> None:
    """So a program can mark it there."""
    told = answer_json(SHOWN)["sentences"]
    assert isinstance(told, list)
    for told_one in told:
        source = SHOWN.evidence.source(told_one["citations"][0])
        assert source is not None
        start, end = told_one["quote_offsets"]
        assert source.paper.abstract[start:end] == told_one["quote"]


def test_an_answer_has_the_promised_keys() -> None:
    """The interface of `ask --json`, at every level."""
    found = answer_json(SHOWN)
    assert set(found) == PROMISED | ADDED
    promised = {"text", "citations", "verdict", "origin", "reason"}
    promised |= {"quote", "quote_offsets", "theme"}
    assert set(found["sentences"][0]) == promised
    assert set(found["citations"][0]) == {"number", "paper_id", "title", "quote"}
    assert set(found["evidence"][0]) == {"number", "paper_id", "title", "sentences"}
    assert set(found["nearest"][0]) == {"paper_id", "title"}
    assert set(found["dropped"]) == {"invented_citations", "unsupported_sentences", "withheld"}
    assert set(found["timings"]) == {"search_ms", "evidence_ms", "first_token_ms", "total_ms"}


def test_an_answer_is_plain_json() -> None:
    """What is printed is what was meant: texts, numbers, lists, null."""
    found = json.loads(json.dumps(answer_json(SHOWN)))
    assert found["answer"] == "Lantern reads contracts [1]."
    assert found["reason"] is None
    assert found["abstained"] is False
    assert found["sentences"] == [
        {
            "text": "Lantern reads contracts.",
            "citations": [1],
            "verdict": "supported",
            "origin": "model",
            "reason": "",
            "quote": "Lantern reads contracts.",
            "quote_offsets": [0, 24],
            "theme": "",
        }
    ]
    assert found["timings"]["first_token_ms"] is None


def test_only_shown_numbers_are_citations() -> None:
    """Evidence that no sentence rests on is evidence and no citation; the first quote counts."""
    shown = answer(
        "What?", FOUND, sentence("It needs 8 GPUs.", 1), sentence("Lantern reads contracts.", 1)
    )
    found = answer_json(shown)
    assert [(c["number"], c["quote"]) for c in found["citations"]] == [(1, "It needs 8 GPUs.")]
    assert [e["number"] for e in found["evidence"]] == [1, 2]
    assert found["evidence"][0]["sentences"] == ["Lantern reads contracts.", "It needs 8 GPUs."]


def test_a_refusal_says_why_and_offers_the_nearest() -> None:
    """Without evidence there is a reason, papers to look at, and no citation."""
    nearest = (Paper("p1", "On Gulls", "Gulls sleep."),)
    refused = Answer(
        "a2",
        Question("why?", "Lima? why?"),
        (),
        Evidence((), nearest, reason=Reason.NOTHING_NEAR),
        model=None,
    )
    found = json.loads(json.dumps(answer_json(refused)))
    assert (found["abstained"], found["reason"]) == (True, "nothing_near")
    assert found["answer"] == REFUSAL
    assert (found["question"], found["standalone_question"]) == ("why?", "Lima? why?")
    assert (found["sentences"], found["citations"], found["evidence"]) == ([], [], [])
    assert found["nearest"] == [{"paper_id": "p1", "title": "On Gulls"}]
    assert found["model"] is None
    assert set(found["explanation"]) == {"verdict", "searched", "why", "advice", "link"}
    assert found["explanation"]["why"] == "Nothing in your library comes near this."


def test_an_answer_says_what_it_rests_on_and_which_side_is_missing() -> None:
    """`basis` stands in every answer; an explanation only in refusals."""
    found = answer_json(SHOWN)
    assert (found["basis"], found["missing_sides"], found["explanation"]) == ("abstracts", [], None)
    note = replace(FOUND.sources[0].paper, is_note=True)
    noted = replace(FOUND, sources=(replace(FOUND.sources[0], paper=note), *FOUND.sources[1:]))
    assert "notes" in str(answer_json(replace(SHOWN, evidence=noted))["basis"])
    one_sided = answer_json(replace(SHOWN, evidence=replace(FOUND, missing_sides=("moss",))))
    assert one_sided["missing_sides"] == ["moss"]


def test_an_answer_says_which_papers_were_looked_at() -> None:
    """As it is kept, in `ask --json` and in `search --json`."""
    asked = replace(SHOWN.question, scope=Scope(2019, tags=("rag",)))
    told = {"from_year": 2019, "to_year": None, "tags": ["rag"], "sources": [], "papers": []}
    told |= {"authors": [], "is_read": None}
    scoped = replace(SHOWN, question=asked)
    assert load_answer(dump_answer(scoped)).question.scope == asked.scope
    assert json.loads(json.dumps(answer_json(scoped)))["scope"] == told
    assert json.loads(json.dumps(search_json(asked, [])))["scope"] == told


def test_a_search_has_the_promised_keys() -> None:
    """The interface of `search --json`: ranks from 1, two sentences, null for unknown."""
    results = [
        passage("On Moss", "Far.", "Near.", "Nearest.", similarities=(0.1, 0.7, 0.9)),
        passage("On Gulls", "Gulls sleep.", score=0.123456789),
    ]
    found = json.loads(json.dumps(search_json(Question("why?", "moss why?"), results)))
    assert set(found) == {"question", "standalone_question", "scope", "results"}
    assert (found["question"], found["standalone_question"]) == ("why?", "moss why?")
    first, second = found["results"]
    assert set(first) == {"rank", "score", "paper", "sentences"}
    assert set(first["paper"]) == {"id", "title", "year", "authors", "url"}
    assert first["paper"]["year"] is None
    assert first["paper"]["authors"] == []
    assert first["sentences"] == ["Near.", "Nearest."]
    assert [r["rank"] for r in found["results"]] == [1, 2]
    assert second["score"] == 0.123457


def test_a_verdict_is_one_of_three_words() -> None:
    """The words that programs compare with."""
    assert [v.value for v in Verdict] == ["supported", "partly", "unsupported"]
    assert [r.value for r in Reason] == ["nothing_near", "not_in_abstract"]
