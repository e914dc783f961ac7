"""The values that cross the borders of `rag`, and the seams (Protocols) it asks of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np

from rag.names import shown


@dataclass(frozen=True, slots=True)
class Publication:
    """Where and how a paper appeared, as far as a reference prints it; what is not known is ""."""

    kind: str = ""  # an item type of CSL 1.0.2: "article-journal", "paper-conference", "book"
    venue: str = ""  # the journal, the proceedings, or the book that a chapter stands in
    volume: str = ""
    issue: str = ""
    pages: str = ""  # "12-34"
    publisher: str = ""  # or the school of a thesis, the institution of a report
    place: str = ""
    edition: str = ""
    month: int | None = None  # from 1 to 12
    isbn: str = ""
    issn: str = ""
    editors: tuple[str, ...] = ()  # as BibTeX writes names (`rag.names`)

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return self != UNPUBLISHED


UNPUBLISHED = Publication()


@dataclass(frozen=True, slots=True)
class Record:
    """What one file says of one paper, before the library knows it."""

    title: str
    abstract: str  # empty where the file has none
    authors: tuple[str, ...] = ()  # as BibTeX writes names (`rag.names`)
    year: int | None = None
    url: str | None = None
    doi: str | None = None  # lower case; that of a preprint on arXiv is told as its arxiv_id
    arxiv_id: str | None = None  # without its version
    line: int | None = None  # where the record starts in its file, from 1
    is_note: bool = False  # written about the paper by somebody else; not its abstract
    tags: tuple[str, ...] = ()
    arxiv_version: int | None = None
    pmid: str | None = None  # digits
    openalex_id: str | None = None  # "W2741809807"
    s2_id: str | None = None  # Semantic Scholar's: 40 hexadecimal digits, or "CorpusId:" and digits
    publication: Publication = UNPUBLISHED
    key: str | None = None  # by which a manuscript cites it: "hu2021lora"
    notes: str = ""  # the reader's own
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be used, and why; it never stops the good ones."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the library keeps it."""

    id: str  # twelve hexadecimal characters, the same for the same paper in every library
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    url: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    is_note: bool = False
    sources: tuple[str, ...] = ()  # names of the files that describe it
    tags: tuple[str, ...] = ()
    arxiv_version: int | None = None
    pmid: str | None = None
    openalex_id: str | None = None
    s2_id: str | None = None
    publication: Publication = UNPUBLISHED
    key: str | None = None  # by which a manuscript cites it; unique in its library
    notes: str = ""  # the reader's own
    is_read: bool = False

    @property
    def author_names(self) -> tuple[str, ...]:
        """The authors as a person reads them: "Ada Quill"."""
        return tuple(map(shown, self.authors))

    @property
    def link(self) -> str | None:
        """Its first address that a browser may open: never javascript: or data:."""
        return next(iter(self.links), None)

    @property
    def links(self) -> tuple[str, ...]:
        """All its addresses that a browser may open: its own, its DOI's and its preprint's."""
        addresses = (
            self.url,
            f"https://doi.org/{self.doi}" if self.doi else None,
            f"https://arxiv.org/abs/{self.arxiv_id}" if self.arxiv_id else None,
            f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/" if self.pmid else None,
        )
        return tuple(dict.fromkeys(url for url in addresses if url and _is_web(url)))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an abstract: offsets in characters, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded for search: the title and a run of whole sentences of one abstract."""

    ordinal: int  # 0 for the first chunk of its paper
    span: Span
    text: str  # title, newline, sentences


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """One sentence of an abstract, with what is known of it for a question."""

    text: str
    ordinal: int  # 0 for the first sentence of the abstract
    span: Span
    similarity: float = 0.0  # cosine to the question
    word_match: float = 0.0  # share of the question's words that it holds, or others near them
    worth: float = 0.0  # how much it promises as evidence for the question; higher is better
    introduces: bool = False  # kept because the next one refers back to it ("This method …")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paper found for a question, its sentences in the order of the abstract."""

    paper: Paper
    score: float  # fused; comparable within one search only
    similarity: float  # highest cosine of its chunks to the question
    bm25: float  # full-text score, higher is better, 0 where no word matches
    sentences: tuple[SourceSentence, ...]
    word_match: float = 0.0  # share of the question's words that it holds, or others near them

    def best_sentences(self, count: int) -> tuple[SourceSentence, ...]:
        """The `count` sentences nearest to the question, in the order of the abstract."""
        nearest = sorted(self.sentences, key=lambda s: -s.similarity)[:count]
        return tuple(sorted(nearest, key=lambda s: s.ordinal))


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str
    cited_titles: tuple[str, ...] = ()  # in the order of their numbers; empty where not known
    standalone: str = ""  # the question as it was understood; empty where not known

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """The turn that an answered question becomes for the next one."""
        cited = [s.paper.title for s in answer.evidence.sources if s.number in answer.cited]
        asked = answer.question
        return cls(asked.text, answer.text, tuple(cited), asked.standalone)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which papers of the library are looked at: those that satisfy every field that is set."""

    from_year: int | None = None  # papers whose year is not known are outside of any years
    to_year: int | None = None  # inclusive
    tags: tuple[str, ...] = ()  # at least one of these
    sources: tuple[str, ...] = ()  # names of files; it came from one of these
    papers: tuple[str, ...] = ()  # ids; it is one of these
    authors: tuple[str, ...] = ()  # names; the words of one of these begin words of its authors
    is_read: bool | None = None  # only papers that were read, or only others

    def __bool__(self) -> bool:
        """Whether it leaves any paper out."""
        return self != EVERYTHING


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Question:
    """A question as asked and as searched."""

    text: str
    standalone: str  # the same as `text` unless earlier turns were needed to understand it
    note: str = ""  # for a person: what of it was not understood
    is_summary: bool = False  # `standalone` is the topic of which a summary is asked
    scope: Scope = EVERYTHING


class Reason(StrEnum):
    """Why an answer was not given."""

    NOTHING_NEAR = "nothing_near"
    NOT_IN_ABSTRACT = "not_in_abstract"


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered paper of the evidence: what the model reads and what an answer may cite."""

    number: int  # from 1
    paper: Paper
    sentences: tuple[SourceSentence, ...]  # in the order of the abstract
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbered sources for one question, or the reason why there are none."""

    sources: tuple[Source, ...]
    nearest: tuple[Paper, ...]  # best papers first, offered when the answer is a refusal
    left_out: int = 0  # sentences that were worth reading but did not fit the token budget
    reason: Reason | None = None
    missing_names: tuple[str, ...] = ()  # what was named and is in no near abstract: "Lantern"
    missing_figures: tuple[str, ...] = ()  # what was asked for and the best lacks: "a percentage"
    missing_sides: tuple[str, ...] = ()  # of a comparison, those that no paper near covers
    papers_searched: int = 0
    papers_in_library: int = 0  # those outside of the question's scope too
    budget_tokens: int = 0  # what the model was given room to read, in its tokens

    def source(self, number: int) -> Source | None:
        """The source with this number, or None."""
        return next((s for s in self.sources if s.number == number), None)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer that is written by itself: one theme of a summary, or a whole answer."""

    theme: str  # its heading; empty when the answer has one section only
    sources: tuple[Source, ...]  # numbered as in the whole evidence


class Verdict(StrEnum):
    """Whether a sentence is borne out by what it cites."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


class Origin(StrEnum):
    """Whose words a shown sentence is made of."""

    MODEL = "model"
    QUOTATION = "quotation"


@dataclass(frozen=True, slots=True)
class Support:
    """The outcome of checking one sentence: verdict, best source sentence, and the reason."""

    verdict: Verdict
    number: int  # of the source that bears it out best
    sentence: SourceSentence  # the source sentence nearest to it
    reason: str  # for a person: "3.1 is not in the source"; empty when supported


_BRACKETED = re.compile(r"\[(\d[\d\s,;–-]*)\]")


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence that is shown, with the source sentence it rests on."""

    text: str  # without citation markers
    citations: tuple[int, ...]
    verdict: Verdict
    origin: Origin
    quote: str  # the source sentence, word for word
    reason: str = ""  # why the verdict is not "supported", or why the source is quoted instead
    theme: str = ""  # heading of the section it stands in; empty outside of summaries

    @property
    def unbracketed(self) -> str:
        """The text with references of its own in round brackets: they are no citations of ours."""
        return _BRACKETED.sub(r"(\1)", self.text)

    def marked(self) -> str:
        """The sentence with its markers before the final full stop: `It works [1].`"""
        markers = " ".join(f"[{n}]" for n in self.citations)
        text = self.unbracketed
        text, end = (text[:-1], text[-1]) if text[-1:] in (".", "!", "?") else (text, "")
        return f"{text} {markers}{end}"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A sentence of the model that was not shown, and why."""

    text: str
    verdict: Verdict
    reason: str  # for a person
    quote: str  # the source sentence nearest to it


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the model wrote that was not shown."""

    invented_citations: int = 0
    unsupported_sentences: int = 0
    withheld: tuple[Withheld, ...] = ()  # those sentences, unless the check was off


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the question arrived; None for what did not happen."""

    search_ms: float = 0.0
    evidence_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The finished record of one question: all that is needed to show it again."""

    id: str
    question: Question
    sentences: tuple[AnswerSentence, ...]
    evidence: Evidence
    model: str | None  # None when no model was asked
    model_text: str = ""  # the model's own words before any repair
    dropped: Dropped = field(default_factory=Dropped)
    prompt_tokens: int = 0
    answer_tokens: int = 0
    timings: Timings = field(default_factory=Timings)
    stopped: bool = False  # the reader pressed Stop
    model_error: str | None = None  # one sentence, when the model failed and sources are quoted

    @property
    def abstained(self) -> bool:
        return self.evidence.reason is not None

    @property
    def text(self) -> str:
        """The shown sentences with their markers, or the refusal."""
        return REFUSAL if self.abstained else " ".join(s.marked() for s in self.sentences)

    @property
    def quotes(self) -> bool:
        """Whether a quotation stands in it."""
        return any(sentence.origin is Origin.QUOTATION for sentence in self.sentences)

    @property
    def cited(self) -> tuple[int, ...]:
        """Numbers that stand in shown sentences, ascending."""
        return tuple(sorted({n for s in self.sentences for n in s.citations}))

    @property
    def cited_papers(self) -> tuple[Paper, ...]:
        """The papers that the sentences cite, in the order in which they first do."""
        numbers = dict.fromkeys(n for s in self.sentences for n in s.citations)
        return tuple(source.paper for n in numbers if (source := self.evidence.source(n)))


REFUSAL = "Your papers do not answer this."


@dataclass(frozen=True, slots=True)
class QuestionUnderstood:
    """The question as it will be searched."""

    question: Question


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """The evidence, before the model has read a token."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class DraftReady:
    """The answer as quotations of its sources alone, to be shown at once."""

    sentences: tuple[AnswerSentence, ...]


@dataclass(frozen=True, slots=True)
class SectionStarted:
    """The model begins with one section of a summary."""

    theme: str
    number: int  # from 1
    total: int


@dataclass(frozen=True, slots=True)
class Writing:
    """The model is at work: reading until the first token, then writing."""

    answer_tokens: int  # of this section
    tokens_per_second: float | None = None  # written; None until that can be told
    seconds_left: float | None = None  # until the whole answer stands; an estimate


@dataclass(frozen=True, slots=True)
class SentenceReady:
    """A sentence of the model that has passed its check, and where it goes."""

    sentence: AnswerSentence
    position: int  # among the sentences that are shown, from 0
    replaces: bool  # it takes the place of the quotation there; otherwise it is put before it


def with_sentence(
    shown: tuple[AnswerSentence, ...], ready: SentenceReady
) -> tuple[AnswerSentence, ...]:
    """What is shown once a sentence is ready."""
    rest = shown[ready.position + ready.replaces :]
    return (*shown[: ready.position], ready.sentence, *rest)


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete."""

    answer: Answer


Event = (
    QuestionUnderstood
    | EvidenceFound
    | DraftReady
    | SectionStarted
    | Writing
    | SentenceReady
    | Finished
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of the answer path that an ablation switches off, one at a time."""

    nothing_near_gate: bool = True
    not_in_abstract_gate: bool = True
    check: bool = True  # otherwise every sentence of the model is shown, with its true verdict
    trained_checker: bool = True  # otherwise the rules of the check decide alone
    quotations: bool = True  # otherwise only sentences of the model are shown


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message for a model; role is system, user or assistant."""

    role: str
    content: str


Vectors = np.ndarray  # float32, shape (n, dimension), rows of unit length


class Embedder(Protocol):
    """Texts to unit vectors."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def encode(self, texts: Sequence[str]) -> Vectors: ...
    def word_vectors(self, words: Sequence[str]) -> Vectors:
        """Vectors of single words out of context; zeros for a word it knows nothing of."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


class Generation(Protocol):
    """A text being written: loop over it for its pieces; it can be cancelled from any thread.

    It never raises while looped over: when the model fails it ends, and `error` says why.
    """

    @property
    def prompt_tokens(self) -> int: ...
    @property
    def answer_tokens(self) -> int: ...
    @property
    def error(self) -> str | None: ...
    def __iter__(self) -> Iterator[str]: ...
    def cancel(self) -> None: ...


class Llm(Protocol):
    """A chat model that streams; one without a name writes nothing."""

    @property
    def name(self) -> str: ...
    @property
    def reads_quotations(self) -> bool:
        """Whether it was trained to phrase what is quoted to it, and nothing else."""
        ...

    @property
    def context_tokens(self) -> int: ...
    @property
    def tokens_per_second(self) -> float | None:
        """How fast it reads a prompt on this machine; None until it has been measured."""
        ...

    def count_tokens(self, text: str) -> int: ...
    def generate(
        self, messages: Sequence[Message], max_tokens: int, citable: Sequence[int] = ()
    ) -> Generation:
        """Begin to answer; after `[` only `citable` numbers can be written, if any are given."""
        ...

    def close(self) -> None: ...


def titled(title: str, text: str) -> str:
    """A source as a checker reads it: the paper's title, then its words."""
    return f"{title.rstrip('.')}. {text}" if title and text else text


class Checker(Protocol):
    """Reads a source and a sentence together and says whether one bears out the other.

    It never raises: when it cannot read, it leaves every sentence open, and `error` says why.
    """

    @property
    def error(self) -> str | None: ...
    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """float32 (n, 3), rows adding up to 1, for pairs of (source, sentence).

        The columns are how probably the source entails the sentence, leaves it open, and
        contradicts it.
        """
        ...


class NearestChunks(Protocol):
    """Vector search over the chunks of a library."""

    def nearest(
        self, vector: np.ndarray, count: int, scope: Scope = EVERYTHING
    ) -> list[tuple[int, float]]:
        """(chunk id, cosine similarity) of chunks of papers in the scope, best first."""
        ...
