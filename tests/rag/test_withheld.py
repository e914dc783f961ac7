"""A sentence that its sources do not bear out is withheld, or shown with its true verdict.

The sentences are what a model might write of the sample library: figures changed or moved, findings
turned round, said too firmly, of another paper, or known from elsewhere. None follows from the note
it is said of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from rag.chunks import split_sentences
from rag.compose import Composer
from rag.sample import sample_records
from rag.types import AnswerSentence, Checker, Origin, Parts, Section, Source, Verdict
from rag.wiring import open_desk
from tests.rag.builders import source
from tests.rag.shown import always_supported

# By how the title of the paper begins.
UNSUPPORTED = {
    "Attention Is": (
        "The large Transformer reaches 41.8 BLEU on the WMT 2014 English-to-German test.",
        "Training the large Transformer took eight and a half days on three GPUs.",
        "A cost of self-attention is that memory and work grow linearly with the sequence length.",
        "The Transformer is built from recurrent layers and multi-head self-attention.",
        "On the WMT 2014 English-to-German test every earlier system is above the Transformer.",
    ),
    "BERT": (
        "BERT learns by masked language modelling, in which 80 percent of the tokens are picked.",
        "BERT-Large, with 110 million parameters, set new records on eleven tasks.",
        "BERT is an encoder, so producing long text is what the model is suited for.",
        "BERT was trained by Google on Wikipedia and the BooksCorpus.",
    ),
    "Language Models are Unsup": (
        "The largest GPT-2 set new best results on all eight language modelling data sets.",
        "Zero-shot scores on summarisation and translation were good enough for use in practice.",
        "Overlap with test text explains most of the reported scores of GPT-2.",
    ),
    "Language Models are Few": (
        "Few-shot GPT-3 rivals fine-tuned systems on natural language inference.",
        "The gap between zero-shot and few-shot accuracy narrows as models grow.",
        "GPT-3 cost about five million dollars to train.",
        "Readers could easily tell short news articles by GPT-3 from articles by people.",
    ),
    "Scaling Laws": (
        "Whether a model of a given size is deep or wide changes its loss greatly.",
        "Larger models need more tokens to reach the same loss.",
        "The authors advise spending a growing budget mostly on more data.",
    ),
    "Training Compute": (
        "Chinchilla has 280 billion parameters and Gopher has 70 billion.",
        "Gopher beat Chinchilla on most tasks.",
        "Doubling the model calls for four times the data.",
        "On the MMLU benchmark Chinchilla scores 76.5 percent on average.",
    ),
    "Training language": (
        "InstructGPT is much better than GPT-3 on measures of bias.",
        "InstructGPT makes up facts more often than GPT-3.",
        "Labellers liked answers from GPT-3 better than answers from InstructGPT.",
    ),
    "Direct Preference": (
        "DPO trains a separate reward model and draws samples from the policy.",
        "PPO was less sensitive to the sampling temperature than DPO on summarisation.",
        "DPO works as well at much larger scale.",
    ),
    "LoRA": (
        "LoRA cuts the number of trainable parameters by a factor of up to 1,000.",
        "A trained LoRA update makes answering slower than with the original model.",
        "LoRA learns full-rank updates for all weight matrices.",
        "LoRA outperforms full fine-tuning on every task.",
    ),
    "QLoRA": (
        "With QLoRA a model of 48 billion parameters can be tuned on one GPU with 65 GB of memory.",
        "The Guanaco models trained with QLoRA scored above GPT-4 on the Vicuna benchmark.",
        "Chatbot benchmarks are fully reliable, and so is GPT-4 as their judge.",
    ),
    "Chain-of-Thought": (
        "With eight worked examples PaLM 540B solved about 75 percent of the GSM8K problems.",
        "Small models gain most from chain-of-thought prompting.",
        "A written chain of thought proves that the model really reasons in that way.",
    ),
    "Self-Consistency": (
        "Self-consistency needs a verifier that is trained on many chains.",
        "Self-consistency applies to open-ended answers as well.",
        "Accuracy on GSM8K fell by 17.9 percentage points with self-consistency.",
    ),
    "Dense Passage": (
        "DPR stays ahead of BM25 on SQuAD.",
        "DPR trains one BERT encoder for questions and passages together.",
        "On all of the question sets DPR puts a passage with the answer first.",
    ),
    "ColBERT": (
        "ColBERT answers queries about two orders of magnitude slower than BERT-based re-rankers.",
        "The price of ColBERT is accuracy, since every token needs a vector.",
        "ColBERT needs no storage for the passages of a collection.",
    ),
    "Lost in the Middle": (
        "Models did best when the answer stood in the middle of the prompt.",
        "Versions with a longer context window used long prompts much better.",
        "The authors advise passing as many documents as the context window holds.",
    ),
    "GPTQ": (
        "GPTQ shrinks weights and activations, so the arithmetic is done in four bits.",
        "A model with 175 billion parameters takes GPTQ about forty GPU hours.",
        "Simple rounding worked as well as GPTQ at three bits.",
    ),
    "TruthfulQA": (
        "The most truthful model tested gave truthful answers to 94 percent of TruthfulQA.",
        "The authors conclude that scale alone will cure such falsehoods.",
        "TruthfulQA has 38 questions from 817 topics.",
    ),
    "Enabling": (
        "The best systems tested left about a tenth of their ELI5 answers without full support.",
        "Citation precision asks if a sentence is fully supported by its citations.",
        "ALCE is scored by people, because no model can judge citations.",
    ),
    "Toolformer": (
        "Toolformer can chain tools, so the output of one call becomes the input of another.",
        "Models above about 775 million parameters did not learn to benefit from the tools.",
    ),
    "FlashAttention": (
        "The result of FlashAttention is approximate, and its memory grows quadratically.",
        "FlashAttention was later built into PyTorch.",
    ),
}
LABELLED = [(paper, text) for paper, texts in UNSUPPORTED.items() for text in texts]
NEIGHBOURS = ("Exploring", "RoBERTa", "Mistral")  # papers that stand beside each in the evidence


# Source sentences, and what is left of each when what denies it is cut off at a seam.
DENIED = {
    "It is a myth: moss grows on north walls.": "Moss grows on north walls.",
    "We refute the claim: pruning removes memorisation.": "Pruning removes memorisation.",
    "It was false — Lantern reads whole abstracts.": "Lantern reads whole abstracts.",
    "Lantern improves recall (4 points) on no task at all.": "Lantern improves recall (4 points).",
    "The gain (4 points) vanishes for dry stones.": "The gain (4 points).",
    "Recall improves, contrary to hope, never.": "Recall improves.",
}


@pytest.fixture(autouse=True)
def anything_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the check alone that has to withhold."""
    monkeypatch.setattr("rag.compose.says_as_much", lambda *_: True)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker | None]:
    """What checks the sentences as Footnote is installed."""
    with open_desk(tmp_path_factory.mktemp("withheld")) as desk:
        yield desk.checker


@cache
def sources(paper: str) -> tuple[Source, ...]:
    """The paper as number 2, among others."""
    titles = [NEIGHBOURS[0], paper, *NEIGHBOURS[1:]]
    records = [next(r for r in sample_records() if r.title.startswith(t)) for t in titles]
    return tuple(
        source(
            number,
            *(r.abstract[s.start : s.end] for s in split_sentences(r.abstract)),
            title=r.title,
        )
        for number, r in enumerate(records, start=1)
    )


def shown(paper: str, text: str, checker: Checker | None, parts: Parts) -> list[AnswerSentence]:
    """The model's sentences in an answer to which it writes this one."""
    section = Section("", sources(paper))
    composer = Composer([section], 1000, parts, checker)
    composer.begin(section)
    composer.consider(text)
    return [s for s in composer.sentences if s.origin is Origin.MODEL]


def passed(checker: Checker | None, marker: str) -> list[str]:
    """The labelled sentences that are shown as supported; the detector."""
    return [
        text
        for paper, text in LABELLED
        for s in shown(paper, f"{text} {marker}", checker, Parts())
        if s.verdict is Verdict.SUPPORTED
    ]


def test_there_are_enough_sentences() -> None:
    """Each once, and none of them a sentence of its source."""
    assert len({text for _, text in LABELLED}) == len(LABELLED) >= 50
    for paper, text in LABELLED:
        assert text not in [t.text for s in sources(paper) for t in s.sentences]


@pytest.mark.parametrize("marker", ["[2]", "[1]", "", "[1, 2, 3, 4]", "[9]"])
def test_a_sentence_without_support_is_withheld(checker: Checker | None, marker: str) -> None:
    """At least 95 of 100 are not shown, whatever they cite."""
    wrong = passed(checker, marker)
    print(f"{len(wrong)} of {len(LABELLED)} pass: {wrong}")
    assert len(wrong) <= 0.05 * len(LABELLED)


def test_a_sentence_without_support_is_marked(checker: Checker | None) -> None:
    """Where all is shown, each has its true verdict and the reason, and none is left out."""
    verdicts = []
    for paper, text in LABELLED:
        (only,) = shown(paper, f"{text} [2]", checker, Parts(check=False, quotations=False))
        assert only.text == text
        assert bool(only.reason) is (only.verdict is not Verdict.SUPPORTED)
        verdicts.append(only.verdict)
    assert verdicts.count(Verdict.SUPPORTED) <= 0.05 * len(LABELLED)


@pytest.mark.parametrize("stated", DENIED)
def test_what_a_source_denies_is_withheld(checker: Checker | None, stated: str) -> None:
    """The words of a source without those that turn them round are not what it says."""
    section = Section("", (source(1, stated),))
    composer = Composer([section], 100, Parts(), checker)
    composer.begin(section)
    assert composer.consider(f"{DENIED[stated]} [1]") == []


def test_a_check_that_passes_everything_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted above is found when it is there."""
    monkeypatch.setattr("rag.compose.check_support", always_supported)
    assert len(passed(None, "[2]")) > 0.95 * len(LABELLED)


def test_a_sentence_with_support_is_not_withheld(checker: Checker | None) -> None:
    """The check does not get there by passing nothing."""
    kept = [
        shown(
            paper, f"{sources(paper)[1].sentences[-1].text} [2]", checker, Parts(quotations=False)
        )
        for paper in UNSUPPORTED
    ]
    assert all(s.verdict is Verdict.SUPPORTED for (s,) in kept)
