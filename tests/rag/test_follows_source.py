"""Answers follow the source and not the model's memory: what the source says now is what is shown.

Well-known figures and findings of the sample library are changed in their source sentence. A model
that has read of the real ones, or a script that insists on them, must not bring them back.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from rag.chunks import split_sentences
from rag.sample import sample_records
from rag.types import Answer, AnswerSentence, Parts, Record, Verdict
from rag.wiring import Desk, open_desk
from tests.fakes import ScriptedLlm
from tests.rag.builders import answer, evidence, sentence, source
from tests.rag.shown import always_supported

ROUNDS = [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 10))]
ASKED = 20  # of the changes below, in each round


@dataclass(frozen=True, slots=True)
class Change:
    """A phrase of one sample paper, what takes its place, and the question it answers."""

    paper: str  # the beginning of its title
    question: str
    old: str
    new: str = ""  # empty for a figure, which becomes another of the same form


CHANGES = [
    Change(
        "Attention Is", "Which BLEU score does the large Transformer reach on WMT 2014?", "28.4"
    ),
    Change("BERT", "What share of the tokens does BERT pick to be recovered?", "15 percent"),
    Change("BERT", "To what did BERT-Large lift the GLUE score?", "80.5"),
    Change("Exploring", "How much cleaned English web text is in C4?", "750 GB"),
    Change("RoBERTa", "On how much text is RoBERTa trained?", "160 GB"),
    Change("Training Compute", "What does Chinchilla score on average on MMLU?", "67.5"),
    Change(
        "QLoRA", "On a GPU with how much memory does QLoRA tune 65 billion parameters?", "48 GB"
    ),
    Change("Chain-of-Thought", "How much of GSM8K did PaLM 540B solve?", "57 percent of the GSM8K"),
    Change("Self-Consistency", "By how much did self-consistency raise accuracy on GSM8K?", "17.9"),
    Change("Billion-scale", "How much less time than before does GPU search take?", "8.5"),
    Change("Reciprocal", "To what is the constant in reciprocal rank fusion set?", "60"),
    Change("Generalization", "To what perplexity does the kNN-LM come on Wikitext-103?", "15.79"),
    Change("TruthfulQA", "How often did people give truthful answers on TruthfulQA?", "94 percent"),
    Change("Know What", "What F1 did a strong model reach on SQuAD 2.0?", "66 percent"),
    Change("Natural", "How many training examples does Natural Questions have?", "307,000"),
    Change("MS MARCO", "How many passages does MS MARCO have?", "8.8 million"),
    Change("Fact or", "How many claims does SciFact hold?", "1,400"),
    Change("SciBERT", "On how many full papers is SciBERT trained?", "1.14 million"),
    Change("Mistral", "How many tokens back does each layer of Mistral 7B look?", "4,096"),
    Change("Measuring", "How much of MMLU did the largest GPT-3 answer correctly?", "43.9 percent"),
    Change("LLM.int8", "What share of the values does LLM.int8() compute in 8 bits?", "99.9"),
    Change("Toolformer", "Below what size do models not benefit from tools?", "775 million"),
    Change(
        "GPTQ",
        "Did larger models suffer more or less from GPTQ than smaller ones?",
        "suffered less from GPTQ",
        "suffered more from GPTQ",
    ),
    Change(
        "TruthfulQA",
        "Were larger models more or less truthful on TruthfulQA?",
        "often less truthful",
        "often more truthful",
    ),
    Change(
        "Direct Preference",
        "How sensitive is DPO to the sampling temperature?",
        "less sensitive to the sampling",
        "more sensitive to the sampling",
    ),
    Change(
        "Know What",
        "How hard are unanswerable questions produced by automatic rules?",
        "much easier than those",
        "much harder than those",
    ),
    Change(
        "Scaling Laws",
        "After how many tokens do larger models reach the same loss?",
        "after seeing fewer tokens",
        "after seeing more tokens",
    ),
    Change(
        "LLM.int8",
        "Can smaller models run slower or faster with LLM.int8()?",
        "can run slower",
        "can run faster",
    ),
    Change(
        "Mistral",
        "How does Mistral 7B compare with Llama 2 13B?",
        "is ahead of Llama",
        "is behind Llama",
    ),
    Change(
        "Training language",
        "How did labellers like answers from InstructGPT and GPT-3?",
        "better than answers from",
        "worse than answers from",
    ),
]


def states(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase, its figures not as part of longer ones."""
    return bool(re.search(rf"(?<![\w.,]){re.escape(phrase)}(?!\w|[.,]\d)", text))


def outcome(found: Answer, change: Change) -> str:
    """Whether an answer states the "old", the "new" or "neither", or is "refused"."""
    if states(found.text, change.old):
        return "old"
    if found.abstained:
        return "refused"
    return "new" if states(found.text, change.new) else "neither"


def out_of_memory(found: Answer, change: Change) -> list[AnswerSentence]:
    """Sentences that state the old and pass for supported."""
    return [
        s for s in found.sentences if states(s.text, change.old) and s.verdict is Verdict.SUPPORTED
    ]


def another_figure(phrase: str, taken: str, chance: random.Random) -> str:
    """The phrase with other digits in the figure it begins with, such as `taken` does not hold."""
    figure, rest = re.fullmatch(r"([\d.,]*\d)(.*)", phrase).groups()  # type: ignore[union-attr]
    while True:
        new = "".join(chance.choice("123456789") if c.isdigit() else c for c in figure)
        if not states(taken, new):
            return new + rest


def sentence_with(record: Record, phrase: str) -> str:
    """The only sentence of a note that holds the phrase."""
    texts = [record.abstract[s.start : s.end] for s in split_sentences(record.abstract)]
    (found,) = [text for text in texts if states(text, phrase)]
    return found


@dataclass(frozen=True, slots=True)
class Changed:
    """An open library of the changed sample papers."""

    desk: Desk
    changes: list[Change]
    sentences: list[str]  # the source sentence of each change, as it was


@pytest.fixture(scope="module", params=ROUNDS)
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Changed]:
    """All changes at once, the figures by chance."""
    number = random.randrange(2**32)
    print(f"seed {number}")
    chance = random.Random(number)
    records = sample_records()
    whole = "\n".join(r.abstract for r in records)
    changes, sentences = [], []
    for change in CHANGES:
        assert len(re.findall(rf"(?<![\w.,]){re.escape(change.old)}(?!\w|[.,]\d)", whole)) == 1
        change = replace(change, new=change.new or another_figure(change.old, whole, chance))
        (at,) = [n for n, r in enumerate(records) if r.title.startswith(change.paper)]
        sentences.append(sentence_with(sample_records()[at], change.old))
        abstract = records[at].abstract.replace(change.old, change.new)
        records[at] = replace(records[at], abstract=abstract)
        changes.append(change)
    chance.shuffle(order := list(range(len(changes))))
    with open_desk(tmp_path_factory.mktemp("changed")) as desk:
        assert desk.ingest.add_records(records, "changed") == len(records)
        yield Changed(desk, [changes[n] for n in order], [sentences[n] for n in order])


def test_the_packaged_model_follows_the_source(library: Changed) -> None:
    """With the real models: the new value or a refusal, and never the old value."""
    told = {
        c: outcome(library.desk.ask_once(c.question).answer, c) for c in library.changes[:ASKED]
    }
    counted = Counter(told.values())
    print(dict(counted), [c for c, o in told.items() if o == "neither"])
    assert counted["old"] == 0, [c for c, o in told.items() if o == "old"]
    assert counted["new"] + counted["refused"] >= 0.9 * ASKED
    assert counted["new"] >= 0.5 * ASKED, "refusals alone would follow anything"


def insisting(library: Changed, number: int, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """The answer when a model writes the sentence as it was, with a citation."""
    text = f"{library.sentences[number]} [1]"
    llm = ScriptedLlm([text], tokens_per_second=None)
    monkeypatch.setattr(library.desk, "_llm", llm)
    return library.desk.ask_once(library.changes[number].question, keep=False).answer


def test_a_model_that_insists_on_the_old_is_not_believed(
    library: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old sentence is not shown, and where everything is shown, never as supported."""
    marked = 0
    for number, change in enumerate(library.changes):
        found = insisting(library, number, monkeypatch)
        assert outcome(found, change) != "old", change
        with library.desk.ablated(library.desk.config, Parts(check=False)):
            found = insisting(library, number, monkeypatch)
        assert out_of_memory(found, change) == [], change
        marked += outcome(found, change) == "old"
    assert marked > 0.8 * len(library.changes), "the old was hardly ever shown at all"


def test_a_check_that_believes_the_model_is_noticed(
    library: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a check that passes everything, both detectors are red for what is not refused."""
    monkeypatch.setattr("rag.compose.check_support", always_supported)
    with library.desk.ablated(library.desk.config, Parts(quotations=False)):
        outcomes = []
        for number, change in enumerate(library.changes[:ASKED]):
            found = insisting(library, number, monkeypatch)
            outcomes.append(outcome(found, change))
            assert found.abstained or out_of_memory(found, change)
        assert outcomes.count("old") >= 0.8 * ASKED


def test_what_an_answer_states_is_told_apart() -> None:
    """Longer figures are others; a refusal states nothing."""
    change = Change("", "How many?", "28.4", "31.7")
    found = evidence(source(1, "It reaches 31.7 BLEU."))
    for text, told in (
        ("It reaches 28.4 BLEU.", "old"),
        ("It reaches 28.4.", "old"),
        ("It went from 28.4 to 31.7.", "old"),
        ("It reaches 31.7 BLEU.", "new"),
        ("It reaches 128.4 or 28.41 BLEU.", "neither"),
    ):
        assert outcome(answer("How many?", found, sentence(text, 1)), change) == told
