"""What the model itself wrote, before any repair -> how it cites, what it keeps, how fast it is.

Citation recall and precision are those of ALCE (T. Gao et al., "Enabling Large Language Models to
Generate Text with Citations", arXiv 2305.14627), each a mean over answers of the share in one
answer; F1 is of the two means. Whether sources bear a sentence out is judged twice: by the check
that the product runs, and by plain containment, which takes no paraphrase and cannot be led astray
by how the check was fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from rag.citations import Cited, take_citations
from rag.compose import states_something
from rag.evaluation.averages import mean, median
from rag.evaluation.points import stated
from rag.stream import SentenceStream
from rag.support import check_support
from rag.types import Answer, AnswerSentence, Checker, Source, Verdict
from rag.words import NUMBER, content_stems, numbers

Judge = Callable[[str, Sequence[Source]], bool]  # do these sources together bear the sentence out?


@dataclass(frozen=True, slots=True)
class ModelText:
    """What the model's words in one answer scored; None where a figure is not defined for them."""

    words: int
    sentences: int  # that are finished and say something
    citation_recall: float
    citation_precision: float
    contained_recall: float
    contained_precision: float
    sentences_supported: float | None  # by any of the sources, cited or not
    sentences_verbatim: float | None  # word for word one of a source
    points_stated: float | None
    points_per_100_words: float | None
    extract_length: float | None  # the words, relative to those of the extract
    extract_points_kept: float | None  # of the points that the extract states
    first_token_ms: float | None
    tokens_per_second: float | None  # written


@dataclass(frozen=True, slots=True)
class ModelTextFigures:
    """Means over the answers that a model wrote, medians of its speed; None where none has one."""

    answers: int
    citation_recall: float
    citation_precision: float
    citation_f1: float
    contained_recall: float
    contained_precision: float
    contained_f1: float
    sentences_supported: float | None
    sentences_verbatim: float | None
    points_stated: float | None
    points_per_100_words: float | None
    words: float
    extract_length: float | None
    extract_points_kept: float | None
    first_token_ms: float | None
    tokens_per_second: float | None


def score_text(
    answer: Answer,
    extract: Sequence[AnswerSentence],
    points: Sequence[Sequence[str]],
    checker: Checker | None,
) -> ModelText | None:
    """The scores of one answer; None where no model was asked, or where it failed.

    `extract` is the answer as it would be without a model; `points` are the facts that a right one
    states, each in several wordings.
    """
    if answer.model is None or answer.model_error:
        return None
    sources = answer.evidence.sources
    sentences = _statements(answer.model_text, sources)
    check = _check_with(checker)
    checked = [_judged(s, sources, check) for s in sentences]
    contained = [_judged(s, sources, contains) for s in sentences]
    supported = [
        j.borne_out or check(s.text, sources) for s, j in zip(sentences, checked, strict=True)
    ]
    verbatim = {_bare(t.text) for source in sources for t in source.sentences}
    # Every form of marker is taken out, or its number would be a word, and perhaps a point.
    plain = take_citations(answer.model_text, ()).text
    words = len(plain.split())
    said = stated(points, plain)
    quoted = " ".join(s.text for s in extract)
    given = stated(points, quoted)
    return ModelText(
        words=words,
        sentences=len(sentences),
        citation_recall=_recall(checked),
        citation_precision=_precision(checked),
        contained_recall=_recall(contained),
        contained_precision=_precision(contained),
        sentences_supported=fmean(supported) if supported else None,
        sentences_verbatim=(
            fmean(_bare(s.text) in verbatim for s in sentences) if sentences else None
        ),
        points_stated=len(said) / len(points) if points else None,
        points_per_100_words=100 * len(said) / words if points and words else None,
        extract_length=words / len(quoted.split()) if extract else None,
        extract_points_kept=sum(p in said for p in given) / len(given) if given else None,
        first_token_ms=answer.timings.first_token_ms,
        tokens_per_second=_tokens_per_second(answer),
    )


def summarise_texts(texts: Iterable[ModelText | None]) -> ModelTextFigures | None:
    """The figures over the answers that a model wrote; None where none was."""
    written = [text for text in texts if text is not None]
    if not written:
        return None
    shares = {
        name: fmean(getattr(text, name) for text in written)
        for name in (
            "citation_recall", "citation_precision", "contained_recall", "contained_precision",
        )
    }  # fmt: skip
    return ModelTextFigures(
        answers=len(written),
        **{name: round(share, 4) for name, share in shares.items()},
        citation_f1=_f1(shares["citation_recall"], shares["citation_precision"]),
        contained_f1=_f1(shares["contained_recall"], shares["contained_precision"]),
        sentences_supported=mean(t.sentences_supported for t in written),
        sentences_verbatim=mean(t.sentences_verbatim for t in written),
        points_stated=mean(t.points_stated for t in written),
        points_per_100_words=mean(t.points_per_100_words for t in written),
        words=round(fmean(t.words for t in written), 4),
        extract_length=mean(t.extract_length for t in written),
        extract_points_kept=mean(t.extract_points_kept for t in written),
        first_token_ms=median(t.first_token_ms for t in written),
        tokens_per_second=median(t.tokens_per_second for t in written),
    )


def contains(sentence: str, sources: Sequence[Source]) -> bool:
    """Whether every content stem and every number of a sentence stands in its sources' evidence."""
    texts = [t.text for source in sources for t in source.sentences]
    known = {stem for text in texts for stem in _plain_stems(text)}
    figures = {number for text in texts for number in numbers(text)}
    return known.issuperset(_plain_stems(sentence)) and figures.issuperset(numbers(sentence))


def _plain_stems(text: str) -> list[str]:
    """Without numbers and their units, which have spellings of their own."""
    return content_stems(NUMBER.sub(" ", text))


def _check_with(checker: Checker | None) -> Judge:
    def check(sentence: str, sources: Sequence[Source]) -> bool:
        support = check_support(sentence, sources, checker)
        return support is not None and support.verdict is Verdict.SUPPORTED

    return check


def _statements(text: str, sources: Sequence[Source]) -> list[Cited]:
    """The sentences of a text that the product would check, with what they cite."""
    stream = SentenceStream()
    found = [*stream.feed(text), stream.finish() or ""]
    cited = [take_citations(sentence, {s.number for s in sources}) for sentence in found]
    return [c for c in cited if states_something(c.text)]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one sentence adds to recall and to precision."""

    borne_out: bool  # by what it cites together
    citations: int
    right: int  # of them


def _judged(sentence: Cited, sources: Sequence[Source], bears_out: Judge) -> _Judged:
    """ALCE's rules: a citation is right where it bears the sentence out alone, or is needed.

    It is needed where all that are cited bear the sentence out, and without it they do not. A
    number that stands for no source is never right.
    """
    cited = [s for s in sources if s.number in sentence.numbers]
    right = sum(bears_out(sentence.text, [s]) for s in cited)
    borne_out = right > 0 or (len(cited) > 1 and bears_out(sentence.text, cited))
    if borne_out and not right:
        right = sum(not bears_out(sentence.text, [o for o in cited if o is not s]) for s in cited)
    return _Judged(borne_out, len(cited) + sentence.invented, right)


def _recall(sentences: Sequence[_Judged]) -> float:
    return fmean(s.borne_out for s in sentences) if sentences else 0.0


def _precision(sentences: Sequence[_Judged]) -> float:
    """0 where nothing is cited, as in ALCE."""
    return sum(s.right for s in sentences) / max(1, sum(s.citations for s in sentences))


def _f1(recall: float, precision: float) -> float:
    total = recall + precision
    return round(2 * recall * precision / total, 4) if total else 0.0


def _bare(sentence: str) -> str:
    """A sentence without the marks around it: quoted, it is still the source's."""
    return " ".join(sentence.split()).strip(" .!?\"'“”‘’")


def _tokens_per_second(answer: Answer) -> float | None:
    """How fast it wrote; None for a summary, where it reads again between its themes."""
    first = answer.timings.first_token_ms
    if first is None or answer.question.is_summary or answer.timings.total_ms <= first:
        return None
    return 1000 * answer.answer_tokens / (answer.timings.total_ms - first)
