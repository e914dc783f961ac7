"""What the model wrote is scored as worked out here by hand; each fault moves its figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.compose import quotation
from rag.evaluation.baseline import compare, run_of
from rag.evaluation.model_text import ModelText, contains, score_text, summarise_texts
from rag.evaluation.questions import Scores, summarise
from rag.types import Answer, Source, Timings
from tests.rag.builders import answer, evidence, source

GULLS = source(
    1, "Gulls sleep on one leg in 40% of all nights.", "Storms drive gulls inland.", title="Gulls"
)
MOSS = source(2, "Moss covers 12.5 acres of the northern shore.", title="Moss")
CRABS = source(3, "Crabs dig their burrows at low tide.", title="Crabs")
SOURCES = (GULLS, MOSS, CRABS)
POINTS = (("40%", "two fifths"), ("12.5 acres",), ("low tide",))
EXTRACT = (quotation(1, GULLS.sentences[0]), quotation(2, MOSS.sentences[0]))  # 10 + 8 words


def written(text: str, *, tokens: int = 40, sources: Sequence[Source] = SOURCES) -> Answer:
    """An answer for which the model wrote this, 40 tokens in the two seconds after the first."""
    made = answer("What?", evidence(*sources))
    timings = Timings(10.0, 20.0, 500.0, 2500.0)
    return replace(made, model_text=text, answer_tokens=tokens, timings=timings)


def scored(text: str) -> ModelText:
    found = score_text(written(text), EXTRACT, POINTS, None)
    assert found is not None
    return found


COPIED = (
    "Gulls sleep on one leg in 40% of all nights [1]. "
    "Moss covers 12.5 acres of the northern shore [2]."
)


class TestCitations:
    """Recall and precision as ALCE defines them, by the check and by plain containment."""

    def both(self, text: str) -> tuple[float, float]:
        """(recall, precision), which the two judges agree on here."""
        found = scored(text)
        checked = (found.citation_recall, found.citation_precision)
        assert checked == (found.contained_recall, found.contained_precision)
        return checked

    def test_what_is_copied_and_cited_is_right(self) -> None:
        assert self.both(COPIED) == (1.0, 1.0)

    def test_a_sentence_without_a_citation_is_not_recalled(self) -> None:
        """One of two; the one citation there is, is right."""
        assert self.both(COPIED.replace(" [2]", "")) == (0.5, 1.0)

    def test_the_wrong_source_bears_nothing_out(self) -> None:
        """One of two sentences, one of two citations."""
        assert self.both(COPIED.replace("[2]", "[3]")) == (0.5, 0.5)

    def test_a_citation_that_is_not_needed_is_wrong(self) -> None:
        """Both sentences are borne out, by two of the three citations."""
        assert self.both(COPIED.replace("[2]", "[2] [3]")) == (1.0, pytest.approx(2 / 3))

    def test_an_invented_number_is_a_wrong_citation(self) -> None:
        """Beside a right one it costs precision alone; by itself it is no citation at all."""
        assert self.both(COPIED.replace("[2]", "[2] [9]")) == (1.0, pytest.approx(2 / 3))
        assert self.both(COPIED.replace("[2]", "[9]")) == (0.5, 0.5)

    def test_an_invented_figure_is_borne_out_by_nothing(self) -> None:
        """It stands in no source, so the citation is wrong too."""
        assert self.both(COPIED.replace("40%", "41%")) == (0.5, 0.5)

    def test_precision_is_0_where_nothing_is_cited(self) -> None:
        """As in ALCE: saying nothing of one's sources is no way to be precise."""
        assert self.both("Gulls sleep on one leg in 40% of all nights.") == (0.0, 0.0)

    def test_a_text_without_a_finished_sentence_recalls_nothing(self) -> None:
        """Nor does it have a share of sentences."""
        found = scored("Gulls sleep on one leg in [1]")
        assert (found.sentences, found.citation_recall, found.citation_precision) == (0, 0.0, 0.0)
        assert (found.sentences_supported, found.sentences_verbatim) == (None, None)

    def test_two_sources_that_are_both_needed_are_both_right(self) -> None:
        """Only together do they hold every word; a third one is not needed."""
        joined = "Gulls sleep on one leg and moss covers the northern shore"
        assert self.contained(f"{joined} [1][2].") == (1.0, 1.0)
        assert self.contained(f"{joined} [1][2][3].") == (1.0, pytest.approx(2 / 3))
        assert self.contained(f"{joined} [1][3].") == (0.0, 0.0)

    def contained(self, text: str) -> tuple[float, float]:
        found = scored(text)
        return found.contained_recall, found.contained_precision


class TestContainment:
    @pytest.mark.parametrize(
        ("sentence", "is_contained"),
        [
            ("Sleeping gulls have only a leg.", True),  # their stems, and words without content
            ("Gulls sleep on one leg in 40 percent of the nights.", True),
            ("Gulls sleep on one leg in 40 nights.", False),
            ("Gulls sleep on two legs.", False),
            ("Inland gulls sleep.", True),  # from two sentences of the source
            ("Seagulls sleep.", False),
        ],
    )
    def test_every_content_word_and_number(self, sentence: str, is_contained: bool) -> None:
        assert contains(sentence, [GULLS]) is is_contained

    def test_a_paraphrase_is_only_for_the_check(self) -> None:
        """What a trained checker is sure of is borne out, though a word of it is nowhere."""
        text = "Gulls doze on one leg in 40% of all nights [1]."
        found = score_text(written(text), EXTRACT, POINTS, Sure())
        assert found is not None
        assert (found.citation_recall, found.citation_precision) == (1.0, 1.0)
        assert (found.contained_recall, found.contained_precision) == (0.0, 0.0)
        assert scored(text).citation_recall == 0.0, "the rules alone took a paraphrase"


class Sure:
    """A checker to which every source bears out every sentence."""

    error = None

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.tile(np.float32([1, 0, 0]), (len(pairs), 1))


class TestWords:
    def test_of_a_copy(self) -> None:
        """18 words as in the extract, both sentences verbatim, two of three points."""
        found = scored(COPIED)
        assert (found.words, found.sentences) == (18, 2)
        assert (found.sentences_verbatim, found.sentences_supported) == (1.0, 1.0)
        assert found.points_stated == pytest.approx(2 / 3)
        assert found.points_per_100_words == pytest.approx(200 / 18)
        assert (found.extract_length, found.extract_points_kept) == (1.0, 1.0)

    def test_of_a_shorter_one(self) -> None:
        """ "Gulls sleep on one leg." has 5 of 18 words and no point of the extract's two."""
        found = scored("Gulls sleep on one leg [1].")
        assert found.extract_length == pytest.approx(5 / 18)
        assert (found.points_stated, found.extract_points_kept) == (0.0, 0.0)
        assert found.sentences_verbatim == 0.0

    def test_a_point_of_its_own_is_not_one_of_the_extract(self) -> None:
        """It states one of three points, and keeps none of the extract's two."""
        found = scored("Crabs dig their burrows at low tide [3].")
        assert found.points_stated == pytest.approx(1 / 3)
        assert found.extract_points_kept == 0.0

    def test_a_point_in_other_words_is_kept(self) -> None:
        """The extract says 40%, the model two fifths: the same point."""
        assert scored("Gulls sleep on one leg for two fifths [1].").extract_points_kept == 0.5

    def test_what_is_not_cited_may_be_supported(self) -> None:
        """By any source; a sentence that cites the wrong one is supported and not recalled."""
        found = scored(COPIED.replace("[2]", "[3]"))
        assert (found.citation_recall, found.sentences_supported) == (0.5, 1.0)
        assert scored(COPIED.replace("40%", "41%")).sentences_supported == 0.5

    def test_quoted_it_is_verbatim_still(self) -> None:
        assert scored("“Storms drive gulls inland.” [1]").sentences_verbatim == 1.0
        assert scored("Storms drove gulls inland. [1]").sentences_verbatim == 0.0

    def test_no_marker_is_a_word_or_a_point(self) -> None:
        """Whatever its form."""
        found = score_text(written("Gulls sleep [Source 1]."), EXTRACT, [("1",)], None)
        assert found is not None
        assert (found.words, found.points_stated) == (2, 0.0)

    def test_what_is_no_statement_is_no_sentence(self) -> None:
        """As in the product: a beginning, a marker alone, and what has no end."""
        assert scored(f"Here is what they say:\n{COPIED} [1] Moss").sentences == 2

    def test_a_question_without_points_has_none(self) -> None:
        found = score_text(written(COPIED), EXTRACT, (), None)
        assert found is not None
        assert (found.points_stated, found.points_per_100_words) == (None, None)
        assert found.extract_points_kept is None

    def test_an_extract_without_points_has_none_to_keep(self) -> None:
        """An ablation has no extract at all."""
        alone = score_text(written(COPIED), EXTRACT[:1], POINTS[1:], None)
        assert alone is not None
        assert (alone.points_stated, alone.extract_points_kept) == (0.5, None)
        without = score_text(written(COPIED), (), POINTS, None)
        assert without is not None
        assert (without.extract_length, without.extract_points_kept) == (None, None)


class TestSpeed:
    def test_tokens_after_the_first_one_came(self) -> None:
        """40 tokens in two seconds."""
        found = scored(COPIED)
        assert (found.tokens_per_second, found.first_token_ms) == (20.0, 500.0)

    def test_a_summary_reads_between_its_themes(self) -> None:
        """So its time says nothing of how fast it writes."""
        made = written(COPIED)
        summary = replace(made, question=replace(made.question, is_summary=True))
        found = score_text(summary, EXTRACT, POINTS, None)
        assert found is not None
        assert found.tokens_per_second is None

    def test_a_model_that_wrote_nothing_has_none(self) -> None:
        """It is scored all the same: it was asked."""
        silent = replace(written(""), timings=Timings(10.0, 20.0, None, 30.0))
        found = score_text(silent, EXTRACT, POINTS, None)
        assert found is not None
        assert (found.tokens_per_second, found.first_token_ms) == (None, None)
        assert (found.words, found.points_per_100_words, found.extract_length) == (0, None, 0.0)


class TestFigures:
    def test_only_where_a_model_wrote(self) -> None:
        """Neither a refusal, nor an answer without a model, nor one whose model failed."""
        assert score_text(replace(written(""), model=None), EXTRACT, POINTS, None) is None
        failed = replace(written("Gulls"), model_error="It died.")
        assert score_text(failed, EXTRACT, POINTS, None) is None
        assert summarise_texts([None, None]) is None
        assert summarise([Scores("1", "single")]).to_json()["model_text"] is None

    def test_means_medians_and_f1(self) -> None:
        """Recall 1, 0.5, 0 and precision 1, 1, 0: means 1/2 and 2/3, whose F1 is 4/7."""
        slow = replace(written("Moss.", tokens=2), timings=Timings(1.0, 2.0, 900.0, 2900.0))
        silent = score_text(slow, (), (), None)
        texts = [scored(COPIED), None, scored(COPIED.replace(" [2]", "")), silent]
        figures = summarise_texts(texts)
        assert figures is not None
        assert figures.answers == 3
        assert figures.citation_recall == 0.5
        assert figures.citation_precision == pytest.approx(2 / 3, abs=1e-4)
        assert figures.citation_f1 == figures.contained_f1 == pytest.approx(4 / 7, abs=1e-4)
        assert figures.points_stated == pytest.approx(2 / 3, abs=1e-4)
        assert figures.words == pytest.approx((18 + 18 + 1) / 3, abs=1e-4)
        assert (figures.first_token_ms, figures.tokens_per_second) == (500.0, 20.0)
        assert figures.extract_length == 1.0

    def test_f1_of_nothing_is_0(self) -> None:
        figures = summarise_texts([scored("Seals bark.")])
        assert figures is not None
        assert (figures.citation_f1, figures.contained_f1) == (0.0, 0.0)

    def test_they_are_compared_with_an_earlier_run(self) -> None:
        """As a block of their own; copying less is neither better nor worse."""

        def run(text: str) -> object:
            scores = Scores("1", "single", model_text=scored(text))
            return json.loads(json.dumps(summarise([scores]).to_json()))

        worse = COPIED.replace("Moss covers", "Moss hides").replace("[2]", "[3]")
        compared = compare(run_of(run(COPIED)), run_of(run(worse))).figures  # type: ignore[arg-type]
        words = {
            name: compared[f"model_text.{name}"].word
            for name in ("citation_recall", "contained_precision", "sentences_verbatim", "words")
        }
        assert words == {
            "citation_recall": "worse",
            "contained_precision": "worse",
            "sentences_verbatim": "",
            "words": "",
        }
        assert compared["model_text.citation_recall"].change == -0.5
