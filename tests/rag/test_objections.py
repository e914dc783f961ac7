"""Each rule objects to what it is there for, says why, and leaves an honest restatement alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.objections import objections, unmatched
from rag.types import Verdict

TRAINING = "Lantern was trained for 12 hours on 8 GPUs and holds 1,200 labelled questions."
RECALL = "Recall reaches 88% on English pages and 75% on Finnish pages."
TWO_SHARES = "Recall reaches 88% on English pages. On FerryBench, accuracy rises to 70%."
INDEX = "The index holds three million abstracts, and a query takes 40 ms."
SPEED = "Beacon is twice as fast as Lantern and cuts errors by 2.5 points."
READERS = "Lantern was read by one hundred readers in one of five harbours."
HARBOR = "Lantern, a retrieval-augmented reader, beats Beacon on HarborQA."
GERMANY = "We pretrain on pages near Germany with low rank adaptation."
NO_GAIN = "The gain does not hold for short questions."
GAIN = "Lantern improves recall on long questions."
UNABLE = "Beacon cannot read tables and is unable to sort dates."
NO_LABELS = "Beacon reads pages without labels."
TWO_PLACES = "Pruning does not reduce accuracy, but reduces latency."
LOWERS = "Pruning lowers the error of small readers, and latency rises with depth."
FASTER = "Beacon is faster than Lantern on short questions but less accurate on long ones."
AHEAD = "Lantern outperforms Beacon by 4.2 points on HarborQA."
BEHIND = "On every page, Beacon is outperformed by Lantern."
PREFERRED = "Readers preferred Lantern over Beacon."
CAUSE = "Our results show that retrieval errors cause most wrong answers."
LOGS = "The reader was trained on Finnish harbour logs and tested on Swedish ferry notes."
LISTS = "We compare Lantern, Beacon and Ferry on maps, tables and dates."
PROSE = "Lantern translates English tables into Finnish prose."
SUGGEST = "These results suggest that tables may help small readers."
EXPLAINS = "Depth explains the gain."
LIKELY = "Lantern is likely to fail on maps."
MOST = "Pruning helps most readers, and some layers can be dropped."
OFTEN = "Pruning often helps when the cache is warm, but only small readers gain."
UNLESS = "The cache is warm unless the disk is full."

NAMES = "RoBERTa, QLoRA, InstructGPT, DRAGON and mT5 read harbour logs."
TWO_SCORES = "Precision is 90% and recall is 80%."
LAYERS = "Lantern has 4 layers and Beacon has 8 layers."
HOURS = "Training takes 12 hours on 8 GPUs."

BUT = "Lantern improves recall but is slow."
LITTLE = "Lantern improves recall with little data."
UNLABELLED = "Lantern improves recall without labels."
NO_LABEL = "Lantern improves recall with no labels."
UNLIKE = "Lantern, unlike Beacon, improves recall."
NONLINEAR = "The nonlinear reader improves recall."
HARDLY_LOWER = "Pruning does not significantly lower recall."
SOME = "Some readers improve."
UNRELIABLE = "Small readers are unreliable."
UP_TO = "Readers of up to 6 billion weights were tested."

CHANCE = "The gain has p < 0.05 with a rate of 1e-4 on 2x2 maps of the 1990s."
TWO_THIRDS = "Two thirds of the readers gain."
AT_LEAST = "Recall reaches at least 90%."
FROM_TO = "Recall rises from 80% to 90%."

IF_TUNED = "If tuned, maps help readers."
IF_WARM = "If the cache is warm, pruning helps."
FRAMES = [
    ("We ask whether maps help.", "'whether'"),
    ("It remains open whether maps help.", "'whether'"),
    ("It is often claimed that maps help.", "'is often claimed that'"),
    ("Prior work claims maps help.", "'work claims'"),
    ("We aim to help with maps.", "'We aim to'"),
    ("We plan to help with maps.", "'We plan to'"),
    ("Future work will help with maps.", "'Future work'"),
    ("Maps help only in theory.", "'in theory'"),
]

DEPTH = "Depth causes error."
DISTILLED = "Lantern is distilled from Beacon."
DRAFTS = "Here a small draft model proposes several tokens, and the reader checks all of them."
SWAPPED = "A Lantern replaces the feed-forward layer with many small readers."
LARGER = "A larger reader outperforms a summarising reader."
TRAINED = "The reader was trained on logs."

AS_WELL = "Lantern did as well as Beacon or better."
TWO_MODELS = (
    "In guided drafting a small draft model proposes several tokens, and the large model checks "
    "all of them in one quick pass."
)

# Kind of the objection, source, sentence, and a part of what a person reads.
PLANTED = [
    ("comparison", AS_WELL, "There Beacon equalled or outdid Lantern.", "the other way round"),
    (
        "exchange",
        TWO_MODELS,
        "In guided drafting several tokens are proposed by the large model, and all of them are "
        "checked by a small draft model in one quick pass.",
        "the other way round",
    ),
    ("exchange", DEPTH, "Error causes depth.", "'depth' and 'error' the other way round"),
    ("exchange", DISTILLED, "Beacon is distilled from Lantern.", "the other way round"),
    (
        "exchange",
        DRAFTS,
        "Here several tokens proposes a small draft model, and the reader checks all of them.",
        "the other way round",
    ),
    ("direction", FASTER, "Beacon is slower than Lantern.", "says 'faster', not 'slower'"),
    (
        "comparison",
        LARGER,
        "A summarising reader outperforms a larger one.",
        "'summarising' and 'larger'",
    ),
    *(("hedge", frame, "Maps help.", f"the source says {words}") for frame, words in FRAMES),
    ("scope", IF_TUNED, "Maps help readers.", "the source says 'If'"),
    ("question", "Do maps help?", "Maps help.", "the source only asks"),
    ("question", "Can maps help? We read logs.", "Maps help.", "the source only asks"),
    ("bound", CHANCE, "The gain has p > 0.05.", "the source says '<', not '>'"),
    ("number", CHANCE, "The maps are of the 1980s.", "1980s is not in the source"),
    ("number", CHANCE, "The rate is 2e-4.", "2e-4 is not in the source"),
    ("number", CHANCE, "The rate is 1e4.", "1e4 is not in the source"),
    ("number", CHANCE, "The maps are 4x4.", "4 is not in the source"),
    ("number", TWO_THIRDS, "Two of the readers gain.", "Two is not in the source"),
    ("bound", AT_LEAST, "Recall reaches 90%.", "the source says 'at least'"),
    ("bound", AT_LEAST, "Recall reaches up to 90%.", "says 'at least', not 'up to'"),
    ("bound", RECALL, "Recall reaches more than 88%.", "does not say 'more than'"),
    ("bound", FROM_TO, "Recall rises to 80%.", "the source says 'from', not 'to'"),
    ("negation", BUT, "Lantern does not improve recall.", "the source says it does"),
    ("negation", LITTLE, "Lantern does not improve recall.", "the source says it does"),
    ("negation", UNLABELLED, "Lantern does not improve recall.", "the source says it does"),
    ("negation", NO_LABEL, "Lantern does not improve recall.", "the source says it does"),
    ("negation", UNLIKE, "Lantern does not improve recall.", "the source says it does"),
    ("negation", NONLINEAR, "The reader does not improve recall.", "the source says it does"),
    ("negation", HARDLY_LOWER, "Pruning lowers recall.", "the source says it does not"),
    ("negation", HARDLY_LOWER, "Pruning lowers recall, not speed.", "says it does not"),
    ("negation", UP_TO, "Readers of 6 billion weights were not tested.", "says it does"),
    ("negation", UNRELIABLE, "Not all small readers are unreliable.", "says it does"),
    ("name", NAMES, "The BERT model reads logs.", "BERT is not in the source"),
    ("name", NAMES, "The LoRA model reads logs.", "LoRA is not in the source"),
    ("name", NAMES, "The GPT model reads logs.", "GPT is not in the source"),
    ("name", NAMES, "The RAG model reads logs.", "RAG is not in the source"),
    ("name", NAMES, "The T5 model reads logs.", "T5 is not in the source"),
    ("number", TWO_SCORES, "Recall is 90%.", "here it says 80%"),
    ("number", LAYERS, "Beacon has 4 layers.", "gives 4 for something else; here it says 8"),
    ("number", HOURS, "Training takes 8 hours.", "gives 8 for something else; here it says 12"),
    ("number", TRAINING, "Lantern was trained for 14 hours on 8 GPUs.", "14 is not in the source"),
    ("number", TRAINING, "Lantern holds 12,000 labelled questions.", "12,000 is not"),
    ("number", RECALL, "Recall reaches 89% on English pages.", "89% is not in the source"),
    ("number", INDEX, "The index holds three billion abstracts.", "three billion is not"),
    ("number", INDEX, "The index holds 3 thousand abstracts.", "3 thousand is not"),
    ("number", SPEED, "Beacon is three times as fast as Lantern.", "three is not in the source"),
    ("number", SPEED, "Beacon is 4x as fast as Lantern.", "4x is not in the source"),
    ("number", READERS, "Lantern was read by two hundred readers.", "two hundred is not"),
    ("number", READERS, "Lantern was read by one thousand readers.", "one thousand is not"),
    ("number", READERS, "Lantern was read in one of six harbours.", "six is not in the source"),
    ("number", TWO_SHARES, "Recall reaches 70% on English pages.", "gives 70% for something else"),
    ("exchange", RECALL, "Recall reaches 75% on English pages and 88% on Finnish pages.", "'88'"),
    ("exchange", TRAINING, "Lantern was trained for 8 hours on 12 GPUs.", "'12' and '8' the other"),
    ("unit", TRAINING, "Lantern was trained for 12 days.", "says 12 hours, not 12 days"),
    ("unit", TRAINING, "Lantern was trained for twelve days.", "says 12 hours, not twelve days"),
    ("unit", RECALL, "Recall reaches 88 points on English pages.", "says 88%, not 88 points"),
    ("unit", RECALL, "Recall reaches 88 on English pages.", "says 88%, not 88"),
    ("unit", INDEX, "A query takes 40 seconds.", "says 40 ms, not 40 seconds"),
    ("unit", INDEX, "A query takes 40s or 40GB.", "says 40 ms, not 40GB"),
    ("unit", SPEED, "Beacon cuts errors by 2.5 percent.", "says 2.5 points, not 2.5 percent"),
    ("name", HARBOR, "Lantern beats Lighthouse on HarborQA.", "Lighthouse is not in the source"),
    ("name", HARBOR, "Lantern beats Beacon on FerryBench.", "FerryBench is not in the source"),
    ("name", HARBOR, "Lantern beats Beacon on Harbor7.", "Harbor7 is not in the source"),
    ("name", HARBOR, "Lantern7 beats Beacon.", "Lantern7 is not in the source"),
    ("name", HARBOR, "Lantern beats GPT9 on HarborQA.", "GPT9 is not in the source"),
    ("name", HARBOR, "Lighthouse's reader loses; so does Quay's.", "Quay is not in the source"),
    ("name", GERMANY, "We pretrain on pages near Sweden.", "Sweden is not in the source"),
    ("name", GERMANY, "We pretrain with LoQA.", "LoQA is not in the source"),
    # The letters stand in the source, across "pages near" and within "adaptation".
    ("name", GERMANY, "We pretrain with SNE.", "SNE is not in the source"),
    ("name", GERMANY, "We pretrain with DAPT.", "DAPT is not in the source"),
    ("negation", NO_GAIN, "The gain holds for short questions.", "the source says it does not"),
    ("negation", NO_GAIN, "The gain does hold for short questions.", "says it does not"),
    ("negation", GAIN, "Lantern does not improve recall on long questions.", "says it does"),
    ("negation", GAIN, "Lantern doesn't improve recall on long questions.", "says it does"),
    ("negation", GAIN, "Lantern never improves recall on long questions.", "says it does"),
    ("negation", GAIN, "Lantern fails to improve recall on long questions.", "says it does"),
    ("negation", GAIN, "Lantern cannot improve recall.", "the source says it does"),
    ("negation", GAIN, "Lantern improves no recall.", "the source says it does"),
    ("negation", UNABLE, "Beacon can read tables.", "the source says it does not"),
    ("negation", UNABLE, "Beacon is able to sort dates.", "the source says it does not"),
    ("negation", NO_LABELS, "Beacon reads pages with labels.", "the source says it does not"),
    ("negation", TWO_PLACES, "Pruning reduces accuracy.", "the source says it does not"),
    ("direction", LOWERS, "Pruning raises the error of small readers.", "'lowers', not 'raises'"),
    ("direction", LOWERS, "Latency falls with depth.", "'rises', not 'falls'"),
    ("direction", LOWERS, "Pruning lowers the error of large readers.", "'small', not 'large'"),
    ("direction", FASTER, "Beacon is slower than Lantern on short questions.", "not 'slower'"),
    ("direction", FASTER, "Beacon is more accurate on long questions.", "'less', not 'more'"),
    ("direction", FASTER, "Beacon is faster than Lantern on long questions.", "not 'long'"),
    ("direction", AHEAD, "Lantern underperforms Beacon on HarborQA.", "not 'underperforms'"),
    ("direction", MOST, "All layers can be dropped.", "'some', not 'All'".lower()),
    (
        "comparison",
        FASTER,
        "Lantern is faster than Beacon.",
        "'lantern' and 'beacon'",
    ),
    ("comparison", AHEAD, "Beacon outperforms Lantern by 4.2 points.", "the other way round"),
    ("comparison", AHEAD, "Lantern is outperformed by Beacon.", "the other way round"),
    ("comparison", AHEAD, "Beacon is better than Lantern on HarborQA.", "the other way round"),
    ("comparison", BEHIND, "Beacon outperforms Lantern.", "'beacon' and 'lantern' the other way"),
    ("comparison", BEHIND, "Lantern is outperformed by Beacon.", "the other way round"),
    ("comparison", PREFERRED, "Readers preferred Beacon over Lantern.", "the other way round"),
    (
        "exchange",
        CAUSE,
        "Our results show that wrong answers cause most retrieval errors.",
        "wrong",
    ),
    (
        "exchange",
        LOGS,
        "The reader was trained on Swedish ferry notes and tested on Finnish harbour logs.",
        "'finnish harbour logs' and 'swedish ferry notes' the other way round",
    ),
    ("exchange", PROSE, "Lantern translates Finnish tables into English prose.", "'english'"),
    ("exchange", PROSE, "Lantern translates English prose into Finnish tables.", "'tables'"),
    ("hedge", SUGGEST, "Tables help small readers.", "the source says 'suggest'"),
    ("hedge", SUGGEST, "These results prove that tables help.", "does not say 'prove'"),
    ("hedge", EXPLAINS, "Depth certainly explains the gain.", "does not say 'certainly'"),
    ("hedge", EXPLAINS, "It is proven that depth explains the gain.", "does not say 'proven'"),
    ("hedge", LIKELY, "Lantern fails on maps.", "the source says 'likely'"),
    ("scope", MOST, "Pruning helps all readers.", "the source does not say 'all'"),
    ("scope", MOST, "Pruning always helps readers.", "does not say 'always'"),
    ("scope", MOST, "Pruning helps readers.", "the source says 'most'"),
    ("scope", MOST, "Layers can be dropped.", "the source says 'some'"),
    ("scope", OFTEN, "Pruning helps.", "the source says 'often'"),
    ("scope", OFTEN, "Small readers gain.", "the source says 'only'"),
    ("scope", UNLESS, "The cache is warm whenever the disk is full.", "not say 'whenever'"),
]
HONEST = [
    (AS_WELL, "There Lantern equalled or outdid Beacon."),
    (
        TWO_MODELS,
        "In guided drafting several tokens are proposed by a small draft model, and all of them "
        "are checked by the large model in one quick pass.",
    ),
    (DRAFTS, "Here several tokens are proposed by a small draft model."),
    (
        DRAFTS,
        "Here several tokens are proposed by a small draft model, and the reader checks all.",
    ),
    (SWAPPED, "In a Lantern the feed-forward layer is replaced with many small readers."),
    (FASTER, "Lantern is slower than Beacon on short questions."),
    (TRAINED, "Inference was on logs."),
    *((frame, "The authors ask if maps help.") for frame, _ in FRAMES[:2]),
    (FRAMES[2][0], "Some claim that maps help."),
    (FRAMES[4][0], "The aim is to help with maps."),
    ("We ask whether maps help, and find that they help readers.", "Maps help readers."),
    (IF_TUNED, "Tuned maps help readers."),
    (IF_TUNED, "Maps help readers when they are tuned."),
    (IF_WARM, "Pruning helps when the cache is warm."),
    ("Do maps help?", "Do maps help?"),
    ("Can maps help? We find that maps help.", "Maps help."),
    (CHANCE, "The gain has p below 0.05 on 2×2 maps."),
    (TWO_THIRDS, "Two-thirds of the readers gain."),
    ("Lantern gains 4 points over 12 rivals.", "Lantern beats 12 rivals by 4 points."),
    (AT_LEAST, "Recall is no less than 90%."),
    (FROM_TO, "Recall rises from 80 to 90%."),
    (FROM_TO, "Recall rises to 90%, up from 80%."),
    ("The index holds 25 thousand maps for 7-billion readers.", "It holds 25K for 7B readers."),
    (UNLABELLED, "Lantern needs no labels to improve recall."),
    (HARDLY_LOWER, "Recall is hardly lowered by pruning."),
    (HARDLY_LOWER, "Pruning doesn't lower recall."),
    (SOME, "Not all readers improve."),
    (UNRELIABLE, "Small readers are not reliable."),
    (UP_TO, "Readers of no more than 6 billion weights were tested."),
    (NAMES, "The m-T5 and Q-LoRA models read logs."),
    (TWO_SCORES, "Recall is 80% and precision 90%."),
    (LAYERS, "Beacon has 8 layers, and Lantern has 4."),
    (RECALL, "English pages see 88% recall."),
    (TRAINING, "Lantern was trained for twelve hours on eight GPUs."),
    (TRAINING, "Lantern was trained for 12 hours."),
    (TRAINING, "Lantern holds 1200 labelled questions."),
    (TRAINING, "Lantern holds 1.2k labelled questions."),
    (RECALL, "Recall reaches 88 percent on English pages."),
    (RECALL, "Recall reaches 75% on Finnish pages and 88% on English pages."),
    (RECALL, "On English pages, recall is 88.0%."),
    (INDEX, "The index holds 3 million abstracts."),
    (INDEX, "The index holds 3,000,000 abstracts, and a query takes 40 milliseconds."),
    (INDEX, "A query takes 40ms."),
    (SPEED, "Beacon cuts errors by 2.5 percentage points."),
    (SPEED, "Beacon is two times as fast as Lantern."),
    (SPEED, "Beacon is 2x as fast as Lantern."),
    (READERS, "Lantern was read by 100 readers."),
    (HARBOR, "Lantern's reader beats Beacon on Harbor-QA."),
    (HARBOR, "The RAR beats Beacon on harborqa."),
    (HARBOR, "However, Lantern beats Beacon."),
    (GERMANY, "The authors pretrain on German pages with LRA."),
    (NO_GAIN, "The gain doesn't hold for short questions."),
    (NO_GAIN, "The gain fails to hold for short questions."),
    (NO_GAIN, "There is no gain for short questions."),
    (GAIN, "On long questions, recall is improved by Lantern."),
    (UNABLE, "Beacon can't read tables."),
    (UNABLE, "Beacon is not able to read tables and cannot sort dates."),
    (NO_LABELS, "Beacon needs no labels to read pages."),
    (TWO_PLACES, "Pruning reduces latency."),
    (TWO_PLACES, "Pruning doesn't reduce accuracy."),
    (LOWERS, "Pruning reduces the error of small readers."),
    (LOWERS, "Latency grows with depth."),
    (FASTER, "Beacon is quicker than Lantern on short questions."),
    (FASTER, "On short questions, Beacon is faster than Lantern."),
    (AHEAD, "Beacon is outperformed by Lantern on HarborQA."),
    (AHEAD, "On HarborQA, Lantern surpasses Beacon by 4.2 points."),
    (AHEAD, "Lantern is better than Beacon."),
    (BEHIND, "Lantern outperforms Beacon."),
    (PREFERRED, "Lantern was preferred over Beacon by readers."),
    (CAUSE, "Most wrong answers are caused by retrieval errors."),
    (LOGS, "The reader was tested on Swedish ferry notes and trained on Finnish harbour logs."),
    (LISTS, "We compare Ferry, Lantern and Beacon on dates, maps and tables."),
    (LISTS, "Beacon, Lantern and Ferry are compared on tables, maps and dates."),
    (PROSE, "English tables are translated into Finnish prose by Lantern."),
    (SUGGEST, "Tables might help small readers."),
    (SUGGEST, "These results suggest that tables help small readers."),
    (EXPLAINS, "The authors find that depth explains the gain."),
    (LIKELY, "Lantern will probably fail on maps."),
    (MOST, "Pruning helps most readers."),
    (MOST, "Some layers can be dropped."),
    (OFTEN, "Pruning frequently helps when the cache is warm."),
    (OFTEN, "Only small readers gain."),
    (UNLESS, "Unless the disk is full, the cache is warm."),
]
SOURCES = sorted({source for _, source, _, _ in PLANTED})


@pytest.mark.parametrize(("kind", "source", "sentence", "reason"), PLANTED)
def test_a_planted_fault_is_objected_to(kind: str, source: str, sentence: str, reason: str) -> None:
    """The rule that is meant speaks, and a person reads what the source says or lacks."""
    reasons = [o.reason for o in objections(sentence, source) if o.kind == kind]
    assert any(reason in r for r in reasons), objections(sentence, source)


@pytest.mark.parametrize(("source", "sentence"), HONEST)
def test_an_honest_restatement_is_left_alone(source: str, sentence: str) -> None:
    """Nothing speaks against what the source says in other words."""
    assert objections(sentence, source) == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_speaks_not_against_itself(source: str) -> None:
    """A text bears out its own words, and those without what stands around them."""
    assert objections(source, source) == []
    assert objections(source, f"Gulls sleep on one leg. {source} Moss never does.") == []


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("number", Verdict.UNSUPPORTED),
        ("negation", Verdict.UNSUPPORTED),
        ("hedge", Verdict.PARTLY),
        ("scope", Verdict.PARTLY),
    ],
)
def test_what_is_lost_is_milder_than_what_is_wrong(kind: str, verdict: Verdict) -> None:
    """A lost "may" or "some" leaves a sentence partly borne out; a wrong number does not."""
    found = [o for k, source, text, _ in PLANTED if k == kind for o in objections(text, source)]
    assert {o.verdict for o in found if o.kind == kind} == {verdict}


def test_the_title_may_name_and_number() -> None:
    """A name or a number of the title needs not stand in the source; any other does."""
    title = "Ferry-3: 90 Harbours in View"
    assert objections("Ferry covers 90 harbours.", "It covers harbours.", title) == []
    found = objections("It is Quay that covers 91 harbours.", "It covers harbours.", title)
    assert [o.kind for o in found] == ["number", "name"]


def test_the_name_that_opens_a_sentence_is_not_judged() -> None:
    """Any word may open a sentence with a capital; one with more capitals is a name there too."""
    assert objections("Quays beat Beacon.", "Lantern beats Beacon on quays.") == []
    assert objections("Clearly, it beats Beacon.", "Lantern clearly beats Beacon.") == []
    assert [o.kind for o in objections("QuayQA beats Beacon.", HARBOR)] == ["name"]


def test_unmatched_words_are_those_in_no_form_of_the_source() -> None:
    """Other forms and other words for the same are known; a new content word is named once."""
    assert unmatched("Lantern improved the recall of long queries.", GAIN) == []
    assert unmatched("Lantern's moss enhances recall of moss.", GAIN) == ["moss"]
    assert unmatched("", GAIN) == []


LONG = [
    "1" * 20_000,
    "A" * 20_000,
    "a1" * 10_000 + "B",
    "Ab " * 5_000,
    ", " * 5_000,
    "1,111" * 5_000,
    " ".join(f"word {i}" for i in range(75)),
    " ".join(f"word {i}" for i in range(1000)),
    " ".join(f"Lantern{i} improves the recall, not" for i in range(25)),
    " ".join(chr(97 + i // 26) * 3 + chr(97 + i % 26) for i in range(150)),
    "is was were better than " * 30,
    "not improve " * 85,
    "ab not cd without " * 40,
    "We ask whether maps help if tuned, " * 20,
    "at least 3 to 4 or more, " * 20,
    "if " * 150,
    "is " * 100 + "by " * 70,
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:12])
def test_a_long_text_is_soon_read(text: str) -> None:
    """Whatever stands in it, on either side, forwards or backwards."""
    turned = " ".join(reversed(text.split()))
    for sentence, source in ((text, GAIN), (GAIN, text), (text, text), (turned, text)):
        began = time.process_time()
        objections(sentence, source)
        unmatched(sentence, source)
        assert time.process_time() - began < 5


def test_what_is_too_long_is_not_borne_out() -> None:
    """Long sentences are not laid side by side, and nothing else is said of them."""
    long = f"{GAIN} " * 40
    for sentence, source in ((long, GAIN), (GAIN, long)):
        (found,) = objections(sentence, source)
        assert (found.kind, found.verdict) == ("length", Verdict.UNSUPPORTED)


@given(st.text(max_size=80), st.sampled_from(SOURCES))
def test_any_text_can_be_read(text: str, source: str) -> None:
    """No text makes the rules stumble, on either side."""
    for objection in [*objections(text, source, text), *objections(source, text)]:
        assert objection.reason
    unmatched(text, source)
