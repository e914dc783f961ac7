"""The public sets are read as their makers label them, and no document stands on both sides."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.checker.alter import CONTRADICTING, FAULTS
from models.checker.data import (
    CONTRADICTS,
    ENTAILS,
    NOT_ENTAILED,
    OPEN,
    Example,
    Maker,
    abstracts,
    content_words_of,
    folded,
    labelled,
)
from tests.models.public_sets import asked_in, begin, empty_sets, papers, written

LAMPS = (
    "Lamps were lit on 12 towers of the northern harbour. Lamps improve the safety of small boats "
    "on most nights. The oil of the lamps may last for three weeks in summer."
)
GULLS = (
    "Gulls sleep on one leg when the wind is strong. Nets reduce the noise of gulls by half a "
    "tone. We find that Quayside nets outperform Molehead nets on warm days."
)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A folder with each set, all of them empty."""
    return empty_sets(tmp_path)


def test_empty_sets_have_no_examples(sets: Path) -> None:
    """And are no error."""
    assert labelled(sets) == []


def test_claims_on_abstracts(sets: Path) -> None:
    """Evidence is labelled; in an abstract without any, the nearest sentence leaves it open."""
    written(
        sets / "retrieval/scifact/corpus.jsonl",
        [
            {"_id": "1", "title": "On Lamps.", "text": LAMPS},
            {"_id": "2", "title": "On Gulls", "text": GULLS},
        ],
    )
    evidence = {"doc_id": "1", "sentences": [1, 99]}
    claims = [
        {
            "claim": "Lamps make small boats safe.",
            "cited_doc_ids": ["1", "2", "3"],
            "evidence": [{**evidence, "label": "SUPPORT"}],
        },
        {
            "claim": "Lamps harm small boats.",
            "cited_doc_ids": ["1"],
            "evidence": [{**evidence, "label": "CONTRADICT"}],
        },
    ]
    written(sets / "training/scifact_claims/claims_train.jsonl", claims)
    found = [(e.source, e.sentence, e.label, e.document) for e in labelled(sets)]
    source = "On Lamps. Lamps improve the safety of small boats on most nights."
    assert (source, "Lamps make small boats safe.", ENTAILS, "1") in found
    assert (source, "Lamps harm small boats.", CONTRADICTS, "1") in found
    (open_,) = [row for row in found if row[3] == "2"]
    assert open_[0].startswith("On Gulls. ")
    assert open_[2] == OPEN


def test_claims_on_sentences_that_are_counted(sets: Path) -> None:
    """The set's own sentences are used, and its lists whether as JSON or as Python prints them."""
    written(
        sets / "retrieval/check_covid/corpus.jsonl",
        [{"_id": "a", "title": "On Oil", "text": "x", "sentences": ["Oil burns.", "Oil is dear."]}],
    )
    rows = [
        ("SUPPORT", [{"sent_index": 0}], "a"),
        ("REFUTE", "[{'sent_index': 1}]", "a"),
        ("NOTENOUGHINFO", [{"sent_index": 0}, {"sent_index": 1}], "a"),
        ("SUPPORT", [{"sent_index": 0}], "unknown"),
    ]
    written(
        sets / "training/check_covid/covidCheck_train_composed+extracted.json",
        [
            {"cord_id": document, "claim": " Oil glows. ", "label": label, "evidence_set": chosen}
            for label, chosen, document in rows
        ],
    )
    assert [(e.source, e.sentence, e.label) for e in labelled(sets)] == [
        ("On Oil. Oil burns.", "Oil glows.", ENTAILS),
        ("On Oil. Oil is dear.", "Oil glows.", CONTRADICTS),
        ("On Oil. Oil burns. Oil is dear.", "Oil glows.", OPEN),
    ]


def test_claims_with_evidence_in_chunks(sets: Path) -> None:
    """The chosen chunks in their order, or the two nearest where none was chosen."""
    chunks = ["Gulls sleep.", "Lamps shine at night.", "Lamps burn oil."]
    meta = {"id": "x", "claim_title": "Lamps", "chunk_idx": [4, 7, 9]}
    rows = [
        ("supported", {**meta, "oracle_idx": [9, 4]}),
        ("partially_supported", {**meta, "oracle_idx": []}),
        ("not_supported", {**meta, "oracle_idx": [7]}),
    ]
    written(
        sets / "training/wice/oracle_chunks_claim_dev.jsonl",
        [
            {"claim": "Lamps burn.", "label": label, "evidence": chunks, "meta": m}
            for label, m in rows
        ],
    )
    assert [(e.source, e.label, e.document) for e in labelled(sets)] == [
        ("Lamps. Gulls sleep. Lamps burn oil.", ENTAILS, "Lamps"),
        ("Lamps. Lamps shine at night. Lamps burn oil.", NOT_ENTAILED, "Lamps"),
        ("Lamps. Lamps shine at night.", NOT_ENTAILED, "Lamps"),
    ]


def test_replies_and_what_they_rest_on(sets: Path) -> None:
    """Only what is fully attributable is entailed; a reply of nothing is left out."""
    rows = [
        ("Oil burns. ", 'It "burns', "Fully attributable"),  # quotation marks are only text
        ("Oil burns.", "It sings.", "Generic"),
        ("Oil burns.", " ", "Not attributable"),
    ]
    begin(sets / "training/begin/begin_dev_wow.tsv", rows)
    assert [(e.source, e.sentence, e.label) for e in labelled(sets)] == [
        ("Oil burns.", 'It "burns', ENTAILS),
        ("Oil burns.", "It sings.", NOT_ENTAILED),
    ]


def test_summaries_whose_words_stand_in_two_sentences(sets: Path) -> None:
    """A summary is entailed by them; one that says more is left out."""
    source = [s.strip() + "." for s in LAMPS.split(".") if s]
    targets = ["Lamps improve safety of small boats most nights.", "Moss grows on wet old stones."]
    item = {"source": source, "target": targets, "paper_id": "p"}
    written(sets / "training/scitldr/dev.jsonl", [item])
    (found,) = labelled(sets)
    assert (found.sentence, found.label, found.document) == (targets[0], ENTAILS, "p")
    assert source[1] in found.source


@pytest.mark.parametrize(("question", "answer", "stated"), [
    ("What is the colour of the old lamp?", "red", "The colour of the old lamp is red."),
    ("Who was the first keeper of lamps?", "Ann", "Ann was the first keeper of lamps."),
    ("Who was keeper?", "Ann", "Keeper was Ann."),
    ("Who lit the lamp?", "Ann", "Ann lit the lamp."),
    ("When did the harbour close?", "in May", "The harbour close in May."),
    ("Where was the lamp lit?", "at sea", "The lamp was lit at sea."),
    ("In which year?", "1900", "In which year: 1900."),
])  # fmt: skip
def test_questions_become_statements(sets: Path, question: str, answer: str, stated: str) -> None:
    """With the sentence that holds the answer; what cannot be answered is not entailed."""
    context = f"It rains. The answer is {answer} here. Gulls sleep."
    place = [{"text": answer, "answer_start": context.index(answer)}]
    asked = [
        {"question": question, "answers": place, "is_impossible": False},
        {"question": question, "answers": [], "plausible_answers": place, "is_impossible": True},
        {"question": question, "answers": [], "is_impossible": True},
    ]
    asked_in(sets / "training/squad2/squad2_13_articles.json", [{"context": context, "qas": asked}])
    source = f"The answer is {answer} here."
    assert [(e.source, e.sentence, e.label) for e in labelled(sets)] == [
        (source, stated, ENTAILS),
        (source, stated, NOT_ENTAILED),
    ]


def test_abstracts_but_for_those_left_out(tmp_path: Path) -> None:
    """The first ones of the file, on one line each, without the titles that are named."""
    rows = [{"title": f"On\n Lamps {n}", "abstract": "Oil\nburns."} for n in range(4)]
    papers(tmp_path / "scale/arxiv_abstracts.jsonl.gz", rows)
    found = list(abstracts(tmp_path, 3, frozenset([folded("On lamps: 1")])))
    assert found == [("On Lamps 0", "Oil burns."), ("On Lamps 2", "Oil burns.")]


@given(st.text(min_size=1), st.lists(st.sampled_from([ENTAILS, OPEN, CONTRADICTS]), max_size=4))
def test_a_document_stands_in_one_part(document: str, labels: list[int]) -> None:
    """Whatever the example says and is labelled, its document alone decides."""
    examples = [Example(f"s{n}", f"t{n}", label, "k", document) for n, label in enumerate(labels)]
    assert len({e.is_held_out for e in examples}) <= 1


def test_a_fifth_is_kept_apart() -> None:
    """About; and the same ones in every run, or a later report would be of what was trained on."""
    held_out = [Example("", "", OPEN, "", f"paper {n}").is_held_out for n in range(2000)]
    assert 0.17 < sum(held_out) / 2000 < 0.23
    assert [n for n in range(20) if held_out[n]] == [1, 4, 13, 14, 19]


@pytest.fixture
def maker() -> Maker:
    return Maker([("On Lamps", LAMPS), ("On Gulls", GULLS)], Random(3))


def test_examples_made_of_abstracts(maker: Maker) -> None:
    """Each is of one paper, its label follows from its fault, and what was right is known."""
    found = [e for e in (maker.from_abstract() for _ in range(1500)) if e is not None]
    kinds = Counter(e.kind for e in found)
    assert {"restated", "other sentence", *FAULTS} <= set(kinds)
    assert any(kind.startswith("source ") for kind in kinds)
    abstract = {"On Lamps": LAMPS, "On Gulls": GULLS}
    for example in found:
        assert example.source.startswith(f"{example.document}. ")
        if example.kind == "restated":
            assert (example.label, example.before) == (ENTAILS, example.sentence)
        elif example.kind in FAULTS:
            assert example.label == (CONTRADICTS if example.kind in CONTRADICTING else OPEN)
            assert example.before is not None
            assert example.sentence != example.before
            assert example.sentence not in example.source
        elif example.kind == "other sentence":
            assert example.label == NOT_ENTAILED
            assert (
                example.source.removeprefix(f"{example.document}. ") in abstract[example.document]
            )
        else:
            fault = example.kind.removeprefix("source ")
            assert example.label == (CONTRADICTS if fault in CONTRADICTING else NOT_ENTAILED)
            text = example.source.removeprefix(f"{example.document}. ")
            assert text not in abstract[example.document]


def test_the_same_chance_makes_the_same_examples() -> None:
    """Training can be repeated."""
    papers = [("On Lamps", LAMPS), ("On Gulls", GULLS)]
    one, other = Maker(papers, Random(5)), Maker(papers, Random(5))
    assert [one.from_abstract() for _ in range(50)] == [other.from_abstract() for _ in range(50)]


def test_abstracts_with_formulas_or_of_two_sentences_are_passed_over() -> None:
    """Alterations by word would break a formula, and a neighbour is needed."""
    formula = LAMPS.replace("12", "$x^2$")
    papers = [("Formula", formula), ("Short", "Oil burns. Oil is dear."), ("On Gulls", GULLS)]
    maker = Maker(papers, Random(1))
    found = [e for e in (maker.from_abstract() for _ in range(100)) if e is not None]
    assert {e.document for e in found} == {"On Gulls"}


def test_content_words() -> None:
    """Longer words in lower case that are not function words."""
    assert content_words_of("The lamps, which Beacon lights: harbours!") == ["lamps", "lights"]
