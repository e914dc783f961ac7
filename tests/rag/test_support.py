"""What a source does not say must not pass as supported; what it says in its words should."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag.support import check_support
from rag.types import Support, Verdict
from tests.rag.builders import source

LANTERN = (
    "We introduce Lantern, a retrieval model that reads whole abstracts instead of passages.",
    "Lantern outperforms Beacon by 4.2 points on HarborQA.",
    "Beacon is faster than Lantern on short questions.",
    "Training takes 12 hours on 8 GPUs and needs 1,200 labelled questions.",
    "The gain does not hold for questions with fewer than five words.",
    "On FerryBench, accuracy rises from 61.5% to 70.3%, while latency stays below 40 ms.",
    "We find that larger encoders always increase recall but never reduce the error of dates.",
    "Our results show that retrieval errors cause most wrong answers.",
    "We ask whether training on tables improves numerical reasoning.",
    "These results suggest that tables may help small readers.",
    "Recall reaches 88% on English pages and 75% on Finnish pages.",
    "The index holds 3 million abstracts, which fit in 2 GB of memory.",
    "If the cache is warm, Lantern answers in one second.",
    "Pruning reduces accuracy loss only when the layers are retrained.",
    "Distillation helps readers in few settings with labels.",
    "Reranking pays for no language but Finnish.",
    "The difference is significant (p < 0.05) for readers over 60.",
)
TITLE = "Lantern: Reading Whole Abstracts"

PLANTED = {
    "number changed": (
        "Lantern outperforms Beacon by 5.2 points on HarborQA.",
        "Training takes 14 hours on 8 GPUs and needs 1,200 labelled questions.",
        "Training takes 12 hours on 8 GPUs and needs 12,000 labelled questions.",
        "On FerryBench, accuracy rises from 61.5% to 73.0%, while latency stays below 40 ms.",
        "The index holds 3 million abstracts, which fit in 4 GB of memory.",
        "The gain does not hold for questions with fewer than seven words.",
        "If the cache is warm, Lantern answers in two seconds.",
    ),
    "number from elsewhere": (
        "Training takes 8 hours on 12 GPUs and needs 1,200 labelled questions.",
        "Recall reaches 75% on English pages and 88% on Finnish pages.",
        "On FerryBench, accuracy rises from 70.3% to 61.5%, while latency stays below 40 ms.",
        "Lantern outperforms Beacon by 12 points on HarborQA.",
        "Recall reaches 70.3% on English pages.",
    ),
    "unit changed": (
        "On FerryBench, accuracy rises from 61.5% to 70.3%, while latency stays below 40 s.",
        "Training takes 12 days on 8 GPUs and needs 1,200 labelled questions.",
        "The index holds 3 billion abstracts, which fit in 2 GB of memory.",
        "The index holds 3 million abstracts, which fit in 2 MB of memory.",
        "Lantern outperforms Beacon by 4.2% on HarborQA.",
        "On FerryBench, accuracy rises from 61.5 to 70.3, while latency stays below 40 ms.",
    ),
    "negation": (
        "The gain does hold for questions with fewer than five words.",
        "Lantern does not outperform Beacon by 4.2 points on HarborQA.",
        "Beacon isn't faster than Lantern on short questions.",
        "Our results show that retrieval errors do not cause most wrong answers.",
        "We find that larger encoders never increase recall but always reduce the error of dates.",
        "We find that larger encoders always increase recall and reduce the error of dates.",
        "The index holds no abstracts, which fit in 2 GB of memory.",
        "We introduce Lantern, a retrieval model that cannot read whole abstracts.",
    ),
    "direction swapped": (
        "Beacon outperforms Lantern by 4.2 points on HarborQA.",
        "Lantern is faster than Beacon on short questions.",
        "Our results show that wrong answers cause most retrieval errors.",
        "We introduce Lantern, a retrieval model that reads passages instead of whole abstracts.",
        "HarborQA outperforms Lantern by 4.2 points on Beacon.",
        "We find that recall always increases larger encoders.",
        "Lantern is outperformed by Beacon by 4.2 points on HarborQA.",
    ),
    "antonym": (
        "Beacon is slower than Lantern on short questions.",
        "On FerryBench, accuracy falls from 61.5% to 70.3%, while latency stays below 40 ms.",
        "On FerryBench, accuracy rises from 61.5% to 70.3%, while latency stays above 40 ms.",
        "We find that smaller encoders always increase recall.",
        "We find that larger encoders always decrease recall.",
        "Lantern underperforms Beacon by 4.2 points on HarborQA.",
        "The gain does not hold for questions with more than five words.",
        "Beacon is faster than Lantern on long questions.",
        "Our results show that retrieval errors cause most right answers.",
    ),
    "other thing": (
        "Lantern outperforms Lighthouse by 4.2 points on HarborQA.",
        "Lantern outperforms Beacon by 4.2 points on FerryBench.",
        "On HarborQA, accuracy rises from 61.5% to 70.3%, while latency stays below 40 ms.",
        "Recall reaches 88% on Swedish pages and 75% on Finnish pages.",
        "Beacon reaches 88% on English pages and 75% on Finnish pages.",
        "Our results show that ranking errors cause most wrong answers.",
    ),
    "clause added": (
        "Lantern outperforms Beacon by 4.2 points on HarborQA and on every other benchmark.",
        "Beacon is faster than Lantern on short questions because it skips the index.",
        "Training takes 12 hours on 8 GPUs and needs 1,200 labelled questions from doctors.",
        "The index holds 3 million abstracts, which fit in 2 GB of memory on a phone.",
        "Lantern significantly outperforms Beacon by 4.2 points on HarborQA.",
        "Lantern outperforms Beacon by 4.2 points on HarborQA, so Beacon should not be used.",
    ),
    "limit lost": (
        "Training on tables improves numerical reasoning.",
        "Tables help small readers.",
        "The authors show that tables help small readers.",
        "Lantern answers in one second.",
        "Pruning reduces accuracy loss when the layers are retrained.",
        "Pruning reduces accuracy.",
        "Our results show that retrieval errors cause wrong answers.",
        "Larger encoders reduce the error of dates.",
        "The difference is significant (p > 0.05) for readers over 60.",
        "Distillation helps readers.",
        "Reranking pays.",
    ),
    "phrase moved to another clause": (
        "On Finnish pages, recall reaches 88%.",
        "Recall reaches 88% on Finnish pages.",
        "Accuracy rises from 70.3% to 61.5% on FerryBench.",
        "In 2 GB of memory, the index holds 3 million abstracts.",
        "On HarborQA, Beacon is faster than Lantern.",
        "With labels, distillation helps readers.",
        "Below 40 ms, accuracy rises from 61.5% to 70.3% on FerryBench.",
    ),
    "another paper": (
        "Moss on north walls keeps stones damp for weeks.",
        "The survey covers 90 harbours in nine countries.",
        "Dropout prevents units from adapting to one another.",
    ),
}
FAITHFUL = {
    "we -> the authors": (
        "The authors introduce Lantern, a retrieval model that reads whole abstracts instead of "
        "passages.",
        "The authors find that larger encoders always increase recall but never reduce the error "
        "of dates.",
        "The results show that retrieval errors cause most wrong answers.",
        "The authors ask whether training on tables improves numerical reasoning.",
    ),
    "clause cut off": (
        "We introduce Lantern, a retrieval model that reads whole abstracts.",
        "Lantern outperforms Beacon by 4.2 points.",
        "Lantern outperforms Beacon.",
        "Training takes 12 hours on 8 GPUs.",
        "On FerryBench, accuracy rises from 61.5% to 70.3%.",
        "Larger encoders always increase recall.",
        "Retrieval errors cause most wrong answers.",
        "The index holds 3 million abstracts.",
        "Recall reaches 88% on English pages.",
    ),
    "phrase moved": (
        "On short questions, Beacon is faster than Lantern.",
        "Accuracy rises from 61.5% to 70.3% on FerryBench, while latency stays below 40 ms.",
        "Recall reaches on English pages 88%.",
    ),
    "light touch": (
        "lantern outperforms Beacon by 4.2 points on HarborQA",
        "Lantern outperformed Beacon by 4.20 points on HarborQA.",
        "On HarborQA, Lantern outperforms Beacon by 4.2 points.",
        "On FerryBench, accuracy rises from 61.5 % to 70.3 percent.",
        "Training takes 12 hours on 8 GPUs and needs 1200 labelled questions.",
        "However, the gain doesn't hold for questions with fewer than five words.",
        "The paper shows that retrieval errors cause most wrong answers.",
        "The index holds 3 million abstracts that fit in 2 GB of memory.",
    ),
}
SOURCE = source(1, *LANTERN, title=TITLE)
OTHER = source(2, "Gulls sleep on one leg in the wind.", title="On Gulls")


def check(text: str) -> Support:
    found = check_support(text, [SOURCE, OTHER])
    assert found is not None
    return found


def share(texts: list[str], verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> float:
    """Share of the texts with this verdict; the others are printed for a person to judge."""
    missed = [(t, found.reason) for t in texts if (found := check(t)).verdict is not verdict]
    with capsys.disabled():
        for text, reason in missed:
            print(f"\n  not {verdict}: {text} ({reason})", end="")
    return 1 - len(missed) / len(texts)


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_faults_are_not_supported(kind: str) -> None:
    """None of these sentences, which say something else than the source, passes."""
    assert [t for t in PLANTED[kind] if check(t).verdict is Verdict.SUPPORTED] == []


def test_light_edits_are_supported(capsys: pytest.CaptureFixture[str]) -> None:
    """A source's own words, shortened or retold by an onlooker, pass."""
    texts = [t for group in FAITHFUL.values() for t in group]
    assert share(texts, Verdict.SUPPORTED, capsys) >= 0.9


@pytest.mark.parametrize("text", LANTERN)
def test_a_verbatim_sentence_is_supported_by_itself(text: str) -> None:
    """A sentence of the source rests on that very sentence, and there is nothing to explain."""
    found = check(text)
    assert (found.verdict, found.sentence.text, found.reason) == (Verdict.SUPPORTED, text, "")


def test_the_reason_names_what_is_wrong() -> None:
    """A person reads what the source does not say."""
    assert check("Lantern outperforms Beacon by 5.2 points.").reason == "5.2 is not in the source"
    assert check("Lantern does not outperform Beacon on HarborQA.").reason == (
        "the source says it does"
    )
    assert check("Beacon is slower than Lantern on short questions.").reason == (
        "the source says 'faster', not 'slower'"
    )
    assert "Lighthouse" in check("Lantern outperforms Lighthouse by 4.2 points.").reason


def test_a_reason_is_true_of_the_whole_source() -> None:
    """What another sentence of it has is only said to be missing from the nearest one."""
    found = check("Lantern outperforms Beacon by 12 points on HarborQA.")
    assert found.reason == "12 is not in its nearest sentence"
    both = source(1, "Lantern reads maps at sea.", "Readers like charts.", title="Maps")
    told = check_support("Lantern reads charts at sea.", [both])
    assert told is not None
    assert told.reason == "not in its nearest sentence: charts"


def test_the_verdict_names_the_source_that_bears_it_out() -> None:
    """Of several sources, the one whose sentence is nearest is named."""
    found = check("Gulls sleep on one leg.")
    assert (found.number, found.verdict) == (2, Verdict.SUPPORTED)
    assert found.sentence.text == "Gulls sleep on one leg in the wind."


def test_a_paper_may_be_called_by_its_own_name() -> None:
    """The name before the colon of a title may stand for "it"; a name behind it may not."""
    ours = source(1, "It obtains the best score on HarborQA.", title="Lantern: Beating Beacon")
    assert _verdict("Lantern obtains the best score on HarborQA.", ours) is Verdict.SUPPORTED
    assert _verdict("Beacon obtains the best score on HarborQA.", ours) is not Verdict.SUPPORTED


def test_a_sentence_that_restates_nothing_is_not_read() -> None:
    """Whatever a checker would make of it: two words say too little, other words something else."""

    class Credulous:
        error = None

        def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.tile(np.float32([1, 0, 0]), (len(pairs), 1))

    for text in (
        "The answer is 12.",
        "The answer is 4.2.",
        "Whales sing in winter because they feel at ease.",
    ):
        found = check_support(text, [SOURCE], Credulous())
        assert found is not None
        assert found.verdict is not Verdict.SUPPORTED
    retold = check_support("Lantern beats Beacon on HarborQA by 4.2 points.", [SOURCE], Credulous())
    assert retold is not None
    assert retold.verdict is Verdict.SUPPORTED


def test_nothing_to_check_against() -> None:
    """Without a source there is no verdict; a sentence of stop words is not supported."""
    assert check_support("Lantern outperforms Beacon.", []) is None
    assert check("It is what it is.").verdict is Verdict.UNSUPPORTED


def _verdict(text: str, *sources: object) -> Verdict:
    found = check_support(text, sources)  # type: ignore[arg-type]
    assert found is not None
    return found.verdict
