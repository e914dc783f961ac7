"""Papers written for these tests, a cheap embedder, and a library's parts put together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from rag.index import ChunkIndex
from rag.ingest import Ingest
from rag.library import Library
from rag.types import Embedder, Record, Vectors
from rag.words import stem

# Title, first authors, year, abstract. They describe no real paper.
_WRITTEN = """
Kestrel: Cheap Translation of Weather Reports | Ines Vale; Tom Arden | 2018
Weather reports repeat the same few phrases. Kestrel translates them with a phrase table and a small
decoder. On 9,000 bulletins it reaches 41.2 BLEU at a twentieth of the cost of a full model. Storm
warnings, which are rare, stay hard.
#
Harbour: Grounding Dialogue in Ship Logs | Mara Quist | 2020
Dialogue systems invent facts when they have no source. Harbour grounds every reply in a line of a
ship's log. Of 600 replies, 93% could be traced to their line. Annotators preferred grounded replies
in two of three cases.
#
Counting Syllables Is Enough for Folk Song Metre | Oto Renn; Lia Bask | 2015
We classify the metre of 3,100 folk songs. A model that only counts syllables reaches 88% accuracy.
Stress marks add less than one point. The errors lie in refrains, where words are drawn out.
#
Thistle: Named Entities in Parish Registers | Gwen Orme | 2017
Parish registers hold names in many hands and spellings. Thistle tags persons, places and trades in
four centuries of registers. A character model gains 11 points of F1 over a word model. Transfer
from newspapers does not help.
#
When Does Distillation Hurt Rare Words? | Pavel Stroud; Ines Vale | 2021
Small students copy large teachers, but rare words suffer. We measure the loss for words seen fewer
than fifty times. Students lose 14% of the accuracy on them and only 2% elsewhere. Weighting the
loss by rarity halves the gap.
#
Marrow: A Corpus of Recipes for Hospital Kitchens | Dina Holt | 2019
Hospital kitchens cook for people with allergies. Marrow is a corpus of 7,400 recipes with labels
for fourteen allergens. Two dieticians agreed on 97% of the labels. A linear model finds milk and
nuts, but misses hidden gluten.
#
Speech Pauses Predict Forgetting in Older Drivers | Ugo Lemm | 2016
We recorded 210 drivers who described a route. Longer pauses before street names went with poorer
memory a year later. Word frequency did not matter. The effect held after we controlled for age.
#
Quill and Sponge: Erasing Style from Essays | Ann Tarn; Bo Lisk | 2022
Authorship can be told from style. We rewrite essays so that style is erased and content is kept.
An attacker's accuracy falls from 74% to 31%. Readers found no change of meaning in nine of ten
essays.
#
Lattice Parsing for Radio Traffic | Rhea Dunn | 2014
Radio traffic between pilots and towers is noisy. We parse lattices instead of the best transcript.
Slot errors fall by 23%. Most gains come from call signs that the recogniser had ranked second.
#
Fernweh: Multilingual Embeddings for Travel Diaries | Jonas Ebb; Kira Sol | 2020
Travel diaries mix languages within a sentence. Fernweh trains one embedding for six languages on
diaries alone. It retrieves the parallel passage first in 79% of cases. Adding news text made it
worse.
#
A Second Look at Negation in Clinical Notes | Petra Lund | 2019
Negation decides whether a finding is present. We annotate 5,000 clinical notes for negation scope.
Rules with a window of five words reach 90% F1. A transformer gains two points and is fooled by
double negation.
#
Grebe: Streaming Summaries of Council Meetings | Sol Ibsen; Wim Tack | 2023
Council meetings last for hours. Grebe writes a summary while the meeting goes on. It revises 12% of
its sentences later. Citizens found a decision four times faster than with the minutes.
#
Do Readers Trust Underlined Answers? | Nora Pell | 2021
We showed 320 readers answers with and without underlined evidence. Underlining raised trust by 18
points. It did so even where the evidence was wrong. Asking readers to open the source removed the
effect.
#
Basalt: Compressing Phonebooks for Speech Recognition | Finn Oaks | 2013
Recognisers on small devices cannot hold large lexicons. Basalt stores a lexicon of two million
entries in 4.1 megabytes. Look-up takes eleven microseconds. Pronunciations of foreign names are
derived when needed.
#
Rhyme Detection Across Centuries of Verse | Lia Bask; Oto Renn | 2018
Pronunciation changes, and old rhymes stop rhyming. We detect rhymes in verse from 1500 to 1900. A
model that learns sound from rhyme alone reaches 92% precision. It recovers known vowel shifts
without a dictionary.
#
Inkwell: Handwriting Recognition with Ten Examples | Hana Ruis | 2022
Archives cannot label thousands of lines. Inkwell adapts to a new hand from ten lines. The character
error rate is 8.7%, against 21% without adaptation. Crossed-out words remain the main source of
error.
#
Why Chatbots Repeat Themselves | Tom Arden; Nora Pell | 2020
Greedy decoding falls into loops. We trace loops to attention heads that copy the last clause.
Switching off two heads halves the loops at no cost in perplexity. Longer answers profit most.
#
Sorrel: Question Answering over Seed Catalogues | Ewan Flint | 2016
Seed catalogues describe plants in clipped phrases. Sorrel answers questions about sowing and
hardiness. It answers 71% of 1,200 questions from gardeners. Tables cause half of the errors.
#
Estimating Reading Time from Eye Movements at Home | Ugo Lemm; Petra Lund | 2021
Eye trackers are costly. We estimate reading time from a laptop camera in 88 homes. The error is 6%
a page in daylight and 19% by lamplight. Glasses do not matter.
#
Cairn: Versioned Knowledge for Mountain Rescue | Wim Tack | 2022
Paths close and huts move. Cairn keeps facts with the dates at which they held. Answers about the
past were right in 95% of cases, against 62% for a store without dates. Updates take two seconds.
#
Lexical Borrowing in Sailors' Letters | Mara Quist; Rhea Dunn | 2017
Sailors borrowed words from every port. We find 640 borrowed words in 2,300 letters. Half of them
vanish within a decade. Words for food last longest.
#
Pollen: Federated Keyboards Without a Server | Bo Lisk | 2023
Keyboards learn from what people type. Pollen averages models between phones that meet. After 30
days it predicts as well as a central model. No text leaves a phone.
#
The Cost of Tokenising Agglutinative Languages | Kira Sol | 2021
Subword vocabularies favour English. Finnish and Turkish need 1.9 times the tokens for the same
text. A vocabulary built by morphemes lowers this to 1.3. Perplexity per character falls as well.
#
Twill: Detecting Copied Code in Student Essays | Ann Tarn | 2018
Students paste code into essays. Twill compares syntax trees instead of text. It finds 96% of copies
after renaming of variables. False alarms come from the examples of the course book.
#
Gist: Headlines That Do Not Mislead | Sol Ibsen | 2019
Headlines promise more than their article gives. Gist writes headlines that the article entails. A
classifier rejects 27% of drafts. Click rates fall by 3% and complaints by half.
#
Bilingual Children and Word Order: A Computational Model | Hana Ruis; Ewan Flint | 2015
Bilingual children mix word orders for a time. A model with shared grammar weights reproduces this.
Mixing peaks at the age that studies report. Separate weights predict no mixing at all.
#
Moss: Slow Crawling of Local News | Finn Oaks; Dina Holt | 2020
Local news sites break under fast crawlers. Moss asks each site for one page a minute. In a year it
gathered 1.8 million articles from 4,000 sites. None of the owners complained.
#
Evaluating Metaphor in Political Speeches | Jonas Ebb | 2022
Metaphors shape how policies are seen. We annotate 900 speeches for metaphors of war and journey.
Models agree with experts on war and not on journey. Sarcasm accounts for most of the errors.
#
Sundial: Time Expressions in Monastic Chronicles | Gwen Orme; Pavel Stroud | 2016
Chronicles date events by feasts and reigns. Sundial maps such expressions to calendar days. It is
right in 84% of 2,700 cases. Feasts that move with Easter need a table, which we release.
#
Small Models, Long Memories: Caching for Story Writing | Mara Quist | 2023
Writers' tools forget the start of a story. A cache of summaries lets a small model recall names
from 40 pages earlier. Contradictions fall from 5.2 to 1.4 a chapter. The cache takes 300 kilobytes.
"""


def _record(text: str) -> Record:
    head, _, abstract = text.strip().partition("\n")
    title, authors, year = (part.strip() for part in head.split("|"))
    return Record(title, " ".join(abstract.split()), tuple(authors.split("; ")), int(year))


RECORDS: tuple[Record, ...] = tuple(_record(text) for text in _WRITTEN.split("\n#\n"))


def many_records(count: int) -> list[Record]:
    """As many different papers as wanted, each one recognisable by its own words."""
    return [
        Record(
            f"Survey {n} of glade{n} methods",
            f"Methods of kind glade{n} are compared here. Score {n} was reached by fern{n % 97}. "
            f"Kind moss{n % 13} came second.",
            (f"Author Number{n}",),
            1990 + n % 30,
        )
        for n in range(count)
    ]


def write_jsonl(path: Path, records: Iterable[Record]) -> Path:
    """The records as a file that Footnote reads."""
    lines = (
        json.dumps(
            {"title": r.title, "abstract": r.abstract, "authors": list(r.authors), "year": r.year}
        )
        for r in records
    )
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


class HashEmbedder:
    """Unit vectors from hashed words: texts that share words are near; no model is loaded."""

    name = "hashed words"
    dimension = 64
    max_tokens = 256

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _words(text):
                row += _direction(word, self.dimension)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(lengths, 1e-9)

    def word_vectors(self, words: Sequence[str]) -> Vectors:
        return self.encode([stem(word) for word in words])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) + 2 for text in texts]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _direction(word: str, dimension: int) -> Vectors:
    seed = hashlib.blake2s(word.encode(), digest_size=dimension // 8).digest()
    bits = np.unpackbits(np.frombuffer(seed, np.uint8))
    return bits.astype(np.float32) * 2 - 1


def make_ingest(library: Library, embedder: Embedder | None = None) -> Ingest:
    """What adds papers to a library; by default with the cheap embedder."""
    used = embedder or HashEmbedder()
    return Ingest(library, ChunkIndex(library), lambda: used, used.name, used.max_tokens)
