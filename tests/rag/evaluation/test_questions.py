"""The figures of a question set follow its averaging rules, worked out here by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import EvaluationError
from rag.evaluation.points import points_stated
from rag.evaluation.questions import (
    Case,
    Scores,
    ndcg,
    read_cases,
    read_turns,
    require_papers,
    score,
    summarise,
)
from rag.evaluation.verdicts import Judged, Pair, summarise_support
from rag.types import (
    Answer,
    Dropped,
    Evidence,
    Origin,
    Passage,
    Reason,
    Timings,
    Turn,
    Verdict,
)
from tests.rag.builders import answer, evidence, passage, sentence, source

CASE = Case("q1", "single", "What?", (), ("Gold", "Second Gold"), ("Fine",), (("40%",),))
FOUND = evidence(
    source(1, "It rises to 40%.", title="Gold"),
    source(2, "Fine things.", title="Fine"),
    source(3, "Wrong things.", title="Wrong"),
)
REFUSED = Answer(
    "a2", answer("q", FOUND).question, (), Evidence((), (), reason=Reason.NOTHING_NEAR), None
)


def ranking(*titles: str) -> list[Passage]:
    return [passage(title, "A sentence.") for title in titles]


class TestRanking:
    def test_ndcg_by_hand(self) -> None:
        """Gold at ranks 1 and 4 of two: (1 + 1/log2 5) / (1 + 1/log2 3)."""
        got = ndcg(["a", "x", "y", "b"], {"a", "b"}, 10)
        assert got == pytest.approx((1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))
        assert got == pytest.approx(0.8772153)

    @pytest.mark.parametrize(
        ("found", "gold", "expected"),
        [
            (["a", "b"], {"a", "b"}, 1.0),
            (["b", "a"], {"a", "b"}, 1.0),
            (["x", "a"], {"a"}, 0.6309298),
            (["x"] * 9 + ["a"], {"a"}, 0.2890648),
            (["x"] * 10 + ["a"], {"a"}, 0.0),
            ([], {"a"}, 0.0),
            ([chr(97 + n) for n in range(10)], {chr(97 + n) for n in range(12)}, 1.0),
        ],
    )
    def test_ndcg_looks_at_ten(self, found: list[str], gold: set[str], expected: float) -> None:
        """Ranks beyond the tenth count nothing; ten golds in ten ranks are the ideal."""
        assert ndcg(found, gold, 10) == pytest.approx(expected)

    def test_no_gold_has_no_figure(self) -> None:
        """A question without gold papers says nothing of a ranking."""
        assert ndcg(["a"], set(), 10) is None

    def test_acceptable_papers_are_taken_out_first(self) -> None:
        """A paper that may be cited neither helps nor pushes the gold ones down."""
        with_fine = score(CASE, ranking("Fine", "Gold", "Second Gold"), None)
        without = score(CASE, ranking("Gold", "Second Gold"), None)
        assert with_fine.ndcg10 == without.ndcg10 == 1.0
        crowded = ranking("Fine", "a", "b", "c", "d", "Gold", "Second Gold")
        assert score(CASE, crowded, None).recall5 == 0.5

    def test_recall_is_the_share_of_gold_in_five(self) -> None:
        """The sixth paper comes too late."""
        found = ranking("a", "Gold", "b", "c", "d", "Second Gold")
        assert score(CASE, found, None).recall5 == 0.5

    def test_gold_is_gold_even_when_it_is_acceptable_too(self) -> None:
        """A title in both lists stays in the ranking."""
        case = replace(CASE, acceptable=("Gold",))
        assert score(case, ranking("Gold", "Second Gold"), None).ndcg10 == 1.0

    def test_titles_match_without_case_and_punctuation(self) -> None:
        """ "Second gold." is the paper "Second Gold"; the same title twice counts once."""
        found = ranking("GOLD", "gold!", "Second gold.")
        assert score(CASE, found, None).ndcg10 == 1.0

    def test_unanswerable_questions_have_no_ranking(self) -> None:
        """There is nothing to find."""
        scores = score(replace(CASE, type="unanswerable"), ranking("Gold"), None)
        assert (scores.ndcg10, scores.recall5) == (None, None)


class TestAnswers:
    def test_cited_papers_are_right_when_gold_or_acceptable(self) -> None:
        """Two of three cited papers may be cited; one of two gold papers is."""
        shown = answer(
            "What?",
            FOUND,
            sentence("It rises to 40%.", 1),
            sentence("Fine things.", 2),
            sentence("Wrong things.", 3, 1),
        )
        scores = score(CASE, [], shown)
        assert scores.cited_right == pytest.approx(2 / 3)
        assert scores.gold_cited == 0.5
        assert scores.points_stated == 1.0

    def test_an_answer_without_citations(self) -> None:
        """It is left out of citation precision and cites no gold paper."""
        scores = score(CASE, [], answer("What?", FOUND, sentence("It rises to 40%.")))
        assert (scores.cited_right, scores.gold_cited) == (None, 0.0)

    def test_a_refusal_of_an_answerable_question(self) -> None:
        """It states nothing, cites nothing, and has no words."""
        scores = score(CASE, [], REFUSED)
        assert scores.abstained
        assert (scores.cited_right, scores.gold_cited, scores.points_stated) == (None, 0.0, 0.0)
        assert (scores.words, scores.sentences_supported) == (0, None)

    def test_unanswerable_questions_count_for_refusal_only(self) -> None:
        """Neither citations nor points are scored."""
        case = replace(CASE, type="unanswerable")
        scores = score(case, [], answer("What?", FOUND, sentence("It rises to 40%.", 1)))
        assert (scores.cited_right, scores.gold_cited, scores.points_stated) == (None, None, None)

    def test_words_and_supported_sentences(self) -> None:
        """Markers are no words; a partly supported sentence is not a supported one."""
        shown = answer(
            "What?",
            FOUND,
            sentence("It rises to 40%.", 1),
            sentence("Fine things.", 2, verdict=Verdict.PARTLY),
        )
        scores = score(CASE, [], replace(shown, timings=Timings(1.0, 2.0, None, 9.0)))
        assert (scores.words, scores.sentences_supported) == (6, 0.5)
        assert (scores.evidence_ms, scores.first_token_ms, scores.total_ms) == (2.0, None, 9.0)

    def test_citations_of_no_source_are_counted_as_a_reader_sees_them(self) -> None:
        """A shown number without a source is invented; what was removed is another figure."""
        shown = answer("What?", FOUND, sentence("It rises to 40%.", 1, 7), sentence("Fine.", 9))
        scores = score(CASE, [], replace(shown, dropped=Dropped(invented_citations=3)))
        assert (scores.citations_invented_shown, scores.citations_invented_removed) == (2, 3)
        assert score(CASE, [], REFUSED).citations_invented_shown == 0

    def test_the_share_of_sentences_that_are_the_models_own(self) -> None:
        """One of two shown sentences is a quotation; a refusal has no share."""
        quoted = replace(sentence("Fine things.", 2), origin=Origin.QUOTATION)
        shown = answer("What?", FOUND, sentence("It rises to 40%.", 1), quoted)
        assert score(CASE, [], shown).sentences_of_model == 0.5
        assert score(CASE, [], REFUSED).sentences_of_model is None

    def test_a_failed_model_is_kept(self) -> None:
        """Whoever reads the scores can tell an answer of quotations alone."""
        shown = replace(answer("What?", FOUND, sentence("It rises.", 1)), model_error="It died.")
        assert score(CASE, [], shown).model_error == "It died."


class TestPoints:
    @pytest.mark.parametrize(
        ("variant", "text", "stated"),
        [
            ("3", "It has 3 layers.", True),
            ("3", "It has 3.", True),
            ("3", "It has 3, then more.", True),
            ("3", "It has 3.5 layers.", False),
            ("5", "It has 3.5 layers.", False),
            ("5", "It has .5 layers.", False),
            ("3", "It has 13 layers.", False),
            ("3", "It has 30 layers.", False),
            ("334,000", "There are 1,334,000 of them.", False),
            ("334,000", "There are 334,000 of them.", True),
            ("334,000", "There are 334,000,000 of them.", False),
            ("334", "There are 334,000 of them.", False),
            ("40%", "It rises to 40%.", True),
            ("40%", "It rises to 140%.", False),
            ("moss", "Mosses grow.", False),
            ("moss", "It is MOSS.", True),
            ("long input", "It takes long\n  input.", True),
            ("long   input", "It takes long input.", True),
            ("long input", "It takes long [1] input [2, 3].", True),
            ("input", "It takes input[1].", True),
            ("1", "It takes input [1].", False),
            ("F1 (macro)", "The F1 (macro) is high.", True),
            ("a.c", "It is abc.", False),
        ],
    )
    def test_a_point_is_matched_as_whole_words(self, variant: str, text: str, stated: bool) -> None:
        """Not inside a longer word or number; spaces folded, markers removed, any case."""
        assert points_stated([[variant]], text) == float(stated)

    def test_one_wording_is_enough(self) -> None:
        """The share is of points, each stated by any of its wordings."""
        points = [("moss", "lichen"), ("gulls",), ("40%", "two fifths")]
        assert points_stated(points, "Lichen covers two fifths.") == pytest.approx(2 / 3)


class TestAverages:
    def test_means_are_over_the_questions_that_define_them(self) -> None:
        """What is None for a question does not count as zero."""
        figures = summarise(
            [
                Scores("1", "single", words=10, ndcg10=1.0, cited_right=None, gold_cited=0.0),
                Scores("2", "number", words=20, ndcg10=0.5, cited_right=0.5, gold_cited=1.0),
                Scores("3", "unanswerable", abstained=True, total_ms=1.0),
            ]
        )
        assert figures.questions == 3
        assert (figures.ndcg10, figures.cited_right, figures.gold_cited) == (0.75, 0.5, 0.5)
        assert (figures.words, figures.recall5, figures.points_stated) == (15.0, None, None)
        assert figures.by_type["number"]["ndcg10"] == 0.5
        assert figures.by_type["unanswerable"] == {
            "questions": 1,
            "ndcg10": None,
            "recall5": None,
            "cited_right": None,
            "gold_cited": None,
            "points_stated": None,
            "sentences_supported": None,
            "words": None,
            "abstained": 1.0,
        }

    def test_refusals(self) -> None:
        """Two of three refusals are right, of four unanswerable ones: 2/3, 2/4, F1 4/7."""
        figures = summarise(
            [Scores(f"u{n}", "unanswerable", abstained=n < 2, total_ms=1.0) for n in range(4)]
            + [
                Scores("a1", "single", abstained=True, total_ms=1.0),
                Scores("a2", "single", total_ms=1.0),
            ]
        )
        assert figures.refusal_precision == pytest.approx(2 / 3)
        assert figures.refusal_recall == 0.5
        assert figures.refusal_f1 == pytest.approx(4 / 7)

    def test_search_alone_has_no_figures_of_refusal(self) -> None:
        """Where no question was answered, none was left unrefused."""
        figures = summarise([Scores("u", "unanswerable"), Scores("a", "single")])
        assert (figures.refusal_recall, figures.refusal_f1) == (None, None)

    def test_nothing_to_refuse_has_no_figures(self) -> None:
        """Without refusals no precision, without unanswerable questions no recall."""
        figures = summarise([Scores("a", "single")])
        assert (figures.refusal_precision, figures.refusal_recall, figures.refusal_f1) == (
            None,
            None,
            None,
        )

    def test_latencies(self) -> None:
        """The median and the 95th percentile of 1..101 ms are 51 and 96."""
        figures = summarise(
            [Scores(str(n), "single", total_ms=float(n)) for n in range(1, 102)]
            + [Scores("none", "single", evidence_ms=7.0)]
        )
        assert figures.total_ms is not None
        assert figures.evidence_ms is not None
        assert (figures.total_ms.median, figures.total_ms.p95) == (51.0, 96.0)
        assert (figures.evidence_ms.median, figures.evidence_ms.p95) == (7.0, 7.0)
        assert figures.first_token_ms is None

    def test_the_longest_answer(self) -> None:
        """Refusals have no words; without an answer there is no longest one."""
        cases = [Scores("1", "single", words=12), Scores("2", "single", words=99), Scores("3", "x")]
        assert summarise(cases).words_max == 99
        assert summarise([Scores("3", "x")]).words_max is None

    def test_wrongly_refused(self) -> None:
        """The share is of answerable questions that were asked; refusing the others is right."""
        figures = summarise(
            [
                Scores("1", "single", abstained=True, total_ms=1.0),
                Scores("2", "single", total_ms=1.0),
                Scores("3", "number", total_ms=1.0),
                Scores("4", "number", total_ms=1.0),
                Scores("5", "unanswerable", abstained=True, total_ms=1.0),
            ]
        )
        assert figures.answerable_refused == 0.25
        assert summarise([Scores("1", "single")]).answerable_refused is None

    def test_search_alone_refuses_nothing(self) -> None:
        """A question that was not answered was not left unrefused either."""
        assert summarise([Scores("1", "single")]).by_type["single"]["abstained"] is None

    def test_invented_citations_are_added_up(self) -> None:
        """They are counts, not shares: one is one too many."""
        figures = summarise(
            [
                Scores("1", "single", citations_invented_shown=1, citations_invented_removed=2),
                Scores("2", "single", citations_invented_removed=3),
            ]
        )
        assert (figures.citations_invented_shown, figures.citations_invented_removed) == (1, 5)

    def test_time_in_units_of_an_embedding(self) -> None:
        """Medians 10 and 30 ms are three embeddings; a tenth of the whole time is evidence."""
        timed = {"embedding_ms": 10.0, "evidence_ms": 30.0}
        figures = summarise(
            [
                Scores("1", "single", first_token_ms=90.0, total_ms=300.0, **timed),
                Scores("2", "single", first_token_ms=90.0, total_ms=300.0, **timed),
                Scores("3", "unanswerable", abstained=True, total_ms=30.0, **timed),
            ]
        )
        assert (figures.embedding_ms, figures.evidence_per_embedding) == (10.0, 3.0)
        assert figures.evidence_share == 0.1  # a refusal, which is all evidence, is left out
        assert summarise([Scores("1", "single")]).evidence_per_embedding is None

    def test_what_each_question_scored_is_in_the_json(self) -> None:
        """By its id, so that two runs can be compared question by question."""
        scored = Scores("q7", "single", ndcg10=0.5)
        found = json.loads(json.dumps(summarise([scored]).to_json()))
        assert list(found["scores"]) == ["q7"]
        assert found["scores"]["q7"]["ndcg10"] == 0.5
        assert found["scores"]["q7"]["type"] == "single"
        assert found["scores"]["q7"]["cited_right"] is None

    def test_what_the_check_is_worth_stands_beside_what_rests_on_it(self) -> None:
        """In the JSON too, without its single pairs."""
        pair = Pair("Gulls", "Gulls sleep.", "Gulls fly.", Verdict.UNSUPPORTED, "other verb")
        check = summarise_support([Judged(pair, Verdict.SUPPORTED, 1.0)], trained=False)
        found = json.loads(json.dumps(summarise([Scores("a", "single")], check).to_json()))
        assert (found["check"]["passed"], found["check"]["pairs"]) == (1.0, 1)
        names = list(found)
        assert names.index("check") == names.index("sentences_of_model") + 1
        assert "scores" not in found["check"]
        assert summarise([Scores("a", "single")]).to_json()["check"] is None

    def test_figures_are_plain_json(self) -> None:
        """Every figure has a name and a number or null."""
        found = json.loads(json.dumps(summarise([Scores("a", "single", ndcg10=1.0)]).to_json()))
        assert found["ndcg10"] == 1.0
        assert found["total_ms"] is None


class TestReading:
    def write(self, folder: Path, *lines: str) -> Path:
        path = folder / "questions.jsonl"
        path.write_bytes("\n".join(lines).encode())
        return path

    def test_a_question_is_read_whole(self, tmp_path: Path) -> None:
        """History, titles and wordings; keys that are not known are ignored."""
        item = {
            "id": "q1",
            "type": "followup",
            "question": "And\u2028then?",
            "history": [["What?", "This."], ["And?", "That."]],
            "gold_titles": ["Gold"],
            "also_ok_titles": ["Fine"],
            "answer_points": ["40% | two  fifths", "moss"],
            "why": "because",
        }
        path = self.write(tmp_path, "\ufeff" + json.dumps(item, ensure_ascii=False), "", "  ")
        assert read_cases(path) == [
            Case(
                "q1",
                "followup",
                "And\u2028then?",
                (Turn("What?", "This."), Turn("And?", "That.")),
                ("Gold",),
                ("Fine",),
                (("40%", "two  fifths"), ("moss",)),
            )
        ]

    def test_an_empty_wording_is_no_wording(self, tmp_path: Path) -> None:
        """A point that ends with a separator is not stated by every text."""
        item = {"id": "q1", "question": "What?", "answer_points": ["moss | "]}
        (case,) = read_cases(self.write(tmp_path, json.dumps(item)))
        assert points_stated(case.points, "Gulls sleep.") == 0.0

    @pytest.mark.parametrize(
        "line",
        [
            "{",
            "[1, 2]",
            "3",
            "null",
            '{"question": "no id"}',
            '{"id": "no question"}',
            '{"id": "a", "question": "b", "gold_titles": "Gold"}',
            '{"id": "a", "question": "b", "answer_points": [3]}',
            '{"id": "a", "question": "b", "history": [["only asked"]]}',
            '{"id": "a", "question": "b", "history": "text"}',
            "[" * 9999,
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, line: str) -> None:
        """The message says which file and which line."""
        path = self.write(tmp_path, '{"id": "a", "question": "b"}', "", line)
        with pytest.raises(EvaluationError, match="line 3 is not a question") as error:
            read_cases(path)
        assert str(path) in str(error.value)

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("{", "(it is not JSON)"),
            ("[1, 2]", "(it is no JSON object)"),
            ('{"id": "a"}', "(it has no question)"),
            ('{"id": "a", "question": "b", "history": 3}', "(history must be a list of"),
        ],
    )
    def test_what_is_wrong_is_said_in_words(self, tmp_path: Path, line: str, why: str) -> None:
        """Not in those of the language the program is written in."""
        with pytest.raises(EvaluationError) as error:
            read_cases(self.write(tmp_path, line))
        assert why in str(error.value)

    def test_a_repeated_id_is_named(self, tmp_path: Path) -> None:
        """Scores are kept by id; two questions must not share one."""
        path = self.write(tmp_path, '{"id": "a", "question": "b"}', '{"id": "a", "question": "c"}')
        with pytest.raises(EvaluationError, match="line 2 repeats the id a"):
            read_cases(path)

    def test_a_file_without_questions_is_said(self, tmp_path: Path) -> None:
        """Missing, empty and unreadable files each give one sentence."""
        with pytest.raises(EvaluationError, match="Cannot read the questions"):
            read_cases(tmp_path / "missing.jsonl")
        with pytest.raises(EvaluationError, match="it is a folder; name the file in it"):
            read_cases(tmp_path)
        with pytest.raises(EvaluationError, match="holds no questions"):
            read_cases(self.write(tmp_path, "", " "))
        (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(EvaluationError, match="Cannot read the questions"):
            read_cases(tmp_path / "bytes.jsonl")

    def test_no_history_is_no_turns(self) -> None:
        """A missing history and an empty one are the same."""
        assert read_turns(None) == read_turns([]) == ()


class TestGold:
    def test_missing_gold_papers_are_named(self) -> None:
        """Each once, the first five by name, with what to do."""
        cases = [
            replace(CASE, gold=tuple(f"Paper {n}" for n in range(8))),
            replace(CASE, gold=("Paper 0", "There")),
        ]
        with pytest.raises(EvaluationError) as error:
            require_papers(cases, lambda titles: [t for t in titles if t != "There"])
        assert str(error.value) == (
            "8 of the 9 papers that answer these questions are not in the library: Paper 0; "
            "Paper 1; Paper 2; Paper 3; Paper 4; and 3 more. Add them first with 'footnote add'."
        )

    def test_a_complete_library_is_fine(self) -> None:
        """Nothing missing, nothing said; acceptable papers may be missing."""
        asked: list[str] = []
        require_papers([CASE], lambda titles: asked.extend(titles) or [])
        assert asked == ["Gold", "Second Gold"]


SHARED = Path(__file__).parents[4] / "shared" / "eval" / "questions_dev.jsonl"


@pytest.mark.skipif(
    not SHARED.exists(), reason="the shared question set is not beside the checkout"
)
def test_the_shared_question_set_is_read() -> None:
    """All questions of the development set, each with gold papers exactly when it is answerable."""
    cases = read_cases(SHARED)
    assert len(cases) == 110
    assert all(bool(c.gold) for c in cases if c.answerable)
    assert {c.type for c in cases} == {
        "single", "number", "multi", "compare", "followup", "summary", "unanswerable",
    }  # fmt: skip
