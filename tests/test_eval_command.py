"""`footnote eval` compares runs, switches parts off, scores retrieval sets and the check."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.config import load_config
from rag.evaluation.questions import Figures, Scores, summarise
from rag.evaluation.verdicts import Judged, Pair, SupportFigures, SupportRun, summarise_support
from rag.ingest import Progress
from rag.types import Checker, Parts, Verdict
from rag.wiring import open_desk
from tests.conftest import PAPERS, run_footnote
from ui.cli import main
from ui.evaluation import ablate, measure, run_pairs
from ui.figures import print_checks, print_figures, print_support

QUESTION = "What share of termination clauses does Lantern find?"
CASE = {"id": "1", "question": QUESTION, "gold_titles": [PAPERS[0]["title"]]}


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """One question that the library answers."""
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(CASE), encoding="utf-8")
    return path


@pytest.fixture
def retrieval(tmp_path: Path) -> Path:
    """A retrieval set of the papers: two judged queries, one without, one unusable document."""
    folder = tmp_path / "leases"
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": f"d{n}", "title": p["title"], "text": p["abstract"]} for n, p in enumerate(PAPERS)
    ]
    documents += [{"_id": "empty", "title": "Nothing", "text": ""}]
    documents += [documents[0] | {"_id": "again"}]
    queries = [
        {"_id": "q1", "text": "clauses of leases and other contracts"},
        {"_id": "q2", "text": "memorisation after pruning"},
        {"_id": "q3", "text": "nobody judged this"},
    ]
    for name, items in (("corpus", documents), ("queries", queries)):
        lines = "".join(json.dumps(item) + "\n" for item in items)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    judgments = "query-id\tcorpus-id\tscore\nq1\td0\t1\nq1\tagain\t1\nq2\td2\t2\nq2\td3\t1\n"
    (folder / "qrels" / "test.tsv").write_text(judgments, encoding="utf-8")
    return folder


def test_a_run_is_compared_with_an_earlier_one(
    library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What --json printed is a baseline; nothing changed, and a table says so."""
    search_only = ["eval", str(questions), "--library", str(library), "--search-only"]
    assert main([*search_only, "--json"]) == 0
    baseline = questions.with_name("baseline.json")
    baseline.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main([*search_only, "--compare", str(baseline), "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)["compared"]
    assert compared["figures"]["ndcg10"]["difference"] == 0
    assert compared["figures"]["ndcg10"]["interval"] == [0, 0]
    assert main([*search_only, "--compare", str(baseline)]) == 0
    shown = capsys.readouterr().out
    assert "Compared with the baseline" in shown
    assert "+0.000…+0.000" in shown
    other = questions.with_name("other.jsonl")
    other.write_text(json.dumps(CASE | {"id": "2"}), encoding="utf-8")
    code = main(
        ["eval", str(other), "--library", str(library), "--search-only", "--compare", str(baseline)]
    )
    assert code == 1
    assert "is of other questions (1, 0 of them these; here are 1)" in capsys.readouterr().err


def test_a_worse_run_is_told_and_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Each difference is marked, and those beyond noise have a star."""
    from rag.evaluation.baseline import run_of

    def figures(ndcg: float, words: int, ms: float) -> Figures:
        scores = [
            Scores(str(n), "single", ndcg10=ndcg, words=words, total_ms=ms) for n in range(20)
        ]
        return summarise(scores)

    baseline = run_of(figures(0.75, 100, 1000.0).to_json())
    measure(lambda show: figures(0.5, 80, 2000.0), print_figures, baseline, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    ndcg = next(line for line in lines if line.startswith("ndcg10") and "worse" in line)
    assert "-0.250*" in ndcg
    assert any(line.startswith("words ") and "better" in line for line in lines)
    assert next(line for line in lines if "total_ms median" in line).endswith("slower")
    assert "* the 95 % interval of the difference excludes zero" in lines
    assert max(map(len, lines)) <= 80


def test_the_figures_of_types_fit_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """All columns, no cell cut off."""
    scores = [
        Scores(
            str(n), kind, words=130, sentences_supported=1.0, total_ms=20_000.0, evidence_ms=20.0,
            ndcg10=1.0, recall5=1.0, cited_right=1.0, gold_cited=1.0, points_stated=1.0,
            embedding_ms=10.0,
        )
        for n, kind in enumerate(["single", "unanswerable"])
    ]  # fmt: skip
    print_figures(summarise(scores))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert next(line for line in lines if line.startswith("unanswerable")).split() == [
        "unanswerable", "1", "1.000", "1.000", "1.000", "1.000", "1.000", "1.000", "130", "0.000",
    ]  # fmt: skip
    assert "…" not in "".join(lines)


def test_parts_are_switched_off_one_by_one(
    library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row a part of search, with its difference to the first row."""
    arguments = ["eval", str(questions), "--library", str(library), "--search-only", "--ablate"]
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ndcg10"] == 1
    rows = {row["off"]: row["compared"]["figures"] for row in document["ablations"]}
    assert {"full text", "chunk vectors", "sentence vectors"} <= set(rows)
    assert all(row["ndcg10"]["baseline"] == 1 for row in rows.values())
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert [w for w in ("nothing", "full text", "chunk vectors") if w not in shown] == []


class TestStopping:
    def run(self, stop_at: int, tmp_path: Path, *, as_json: bool) -> tuple[bool, list[Parts]]:
        seen: list[Parts] = []
        with open_desk(tmp_path / "library", load_config()) as desk:

            def measured(show: Callable[[Progress], None]) -> object:
                seen.append(desk.parts)
                if len(seen) == stop_at:
                    raise KeyboardInterrupt
                show(Progress(1, 1, "questions"))
                return summarise([Scores("1", "single", ndcg10=0.5)])

            return ablate(desk, measured, search_only=False, as_json=as_json), seen

    def test_ctrl_c_prints_what_is_done(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The rows that were measured, and how many are missing."""
        finished, _ = self.run(3, tmp_path, as_json=False)
        captured = capsys.readouterr()
        assert not finished
        assert "nothing" in captured.out
        assert "stopped after 2 of" in captured.err

    def test_ctrl_c_in_the_first_run_has_nothing_to_print(self, tmp_path: Path) -> None:
        """It ends the program as any other Ctrl-C."""
        with pytest.raises(KeyboardInterrupt):
            self.run(1, tmp_path, as_json=False)

    def test_the_desk_runs_without_each_part(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every part of an answer is off in one run, and the desk knows it while it runs."""
        finished, seen = self.run(0, tmp_path, as_json=True)
        assert finished
        assert [p for p in seen if p != Parts()] == [
            Parts(nothing_near_gate=False),
            Parts(not_in_abstract_gate=False),
            Parts(check=False),
            Parts(trained_checker=False),
            Parts(quotations=False),
        ]
        json.loads(capsys.readouterr().out)


def test_a_retrieval_set_is_scored_in_a_library_of_its_own(retrieval: Path, tmp_path: Path) -> None:
    """It is added once to a folder in the cache; the library that answers stays as it is."""
    mine = tmp_path / "mine"
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = run_footnote("eval", "--retrieval", retrieval, "--json", library=mine, **env)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["documents"], figures["documents_not_added"]) == (6, 1)
    assert figures["documents_merged"] == 1
    assert (figures["questions"], figures["questions_unjudged"]) == (2, 1)
    assert (figures["recall10"], figures["recall100"]) == (1, 1)
    assert figures["scores"]["q1"]["ndcg10"] == 1
    assert 0.9 < figures["scores"]["q2"]["ndcg10"] <= 1
    assert not mine.exists()
    if folders := list((tmp_path / "cache").glob("footnote/retrieval/leases-*")):
        assert len(folders) == 1  # other platforms keep their cache elsewhere


def test_a_retrieval_set_is_added_once_and_never_to_somebody_s_papers(
    library: Path, retrieval: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run adds nothing; a library of other papers is refused."""
    arguments = ["eval", "--retrieval", str(retrieval), "--library"]
    own = str(tmp_path / "own")
    assert main([*arguments, own]) == 0
    shown = capsys.readouterr().out
    assert "leases: 6 documents, 2 judged queries" in shown
    assert "1 queries have no judgments" in shown
    written = (tmp_path / "own" / "library.sqlite").stat().st_mtime_ns
    assert main([*arguments, own, "--ablate"]) == 0
    assert "chunk vectors" in capsys.readouterr().out
    assert (tmp_path / "own" / "library.sqlite").stat().st_mtime_ns == written
    lines = (retrieval / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    (retrieval / "corpus.jsonl").write_text("\n".join(lines[1:-1]), encoding="utf-8")
    assert main([*arguments, str(library)]) == 1
    assert "holds 1 papers that are not of leases" in capsys.readouterr().err


def test_what_cannot_be_scored_is_said_in_a_sentence(
    library: Path, questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is no set, a baseline that is none; and one kind of set at a time."""
    assert main(["eval", "--retrieval", str(tmp_path)]) == 1
    assert "Cannot read" in capsys.readouterr().err
    assert main(["eval", str(questions), "--compare", str(questions)]) == 1
    assert "is not what 'footnote eval" in capsys.readouterr().err
    for arguments in (
        ["eval"],
        ["eval", str(questions), "--retrieval", str(tmp_path)],
        ["eval", str(questions), "--ablate", "--compare", str(questions)],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        capsys.readouterr()


PAIRS = [
    {"sentence": "Gulls sleep on 1 leg.", "label": "supported", "kind": "verbatim"},
    {"sentence": "Gulls sleep on 2 legs.", "label": "unsupported", "kind": "number"},
    {"sentence": "Gulls never sleep on 1 leg.", "label": "unsupported", "kind": "negation"},
]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three pairs of one source: one right, two wrong."""
    path = tmp_path / "pairs.jsonl"
    shared = {"paper": "Gulls at Night", "source": "Gulls sleep on 1 leg."}
    path.write_text("".join(json.dumps(shared | p) + "\n" for p in PAIRS), encoding="utf-8")
    return path


class Careless:
    """A checker to which every source bears out every sentence."""

    error = None

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.tile(np.float32([1, 0, 0]), (len(pairs), 1))


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> Careless:
    """The checker in use passes everything; the rules alone pass nothing but what is right."""

    def judge(pair: Pair, checker: Checker | None) -> Verdict:
        if checker is None:
            return Verdict.SUPPORTED if pair.is_right else Verdict.UNSUPPORTED
        entailed, _, _ = checker.judge([(pair.source, pair.sentence)])[0]
        return Verdict.SUPPORTED if entailed > 0.5 else Verdict.UNSUPPORTED

    checker = Careless()
    monkeypatch.setattr("ui.evaluation.judge", judge)
    for where in ("rag.wiring", "rag.wiring.desk"):  # without a library, and with one
        monkeypatch.setattr(f"{where}.open_checker", lambda config: checker)
    return checker


class TestSupport:
    def test_it_needs_no_library_and_makes_none(
        self, pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nor does it mind who owns one."""
        folder = tmp_path / "library"
        arguments = ["eval", "--support", str(pairs), "--library", str(folder), "--json"]
        assert main(arguments) == 0
        assert json.loads(capsys.readouterr().out)["pairs"] == 3
        assert not folder.exists()
        with open_desk(folder, load_config()):
            assert main(arguments) == 0

    def test_the_packaged_pairs_are_the_default(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """They come with the program, in both forms it prints."""
        folder = ["--library", str(tmp_path / "library")]
        assert main(["eval", "--support", "--json", *folder]) == 0
        document = json.loads(capsys.readouterr().out)
        assert set(document["shares"]) == {"passed", "kept"}
        assert main(["eval", "--support", *folder]) == 0
        shown = capsys.readouterr().out
        assert "wrong pairs passed" in shown
        assert max(map(len, shown.splitlines())) <= 80

    def test_a_checker_that_passes_everything_is_seen(
        self, careless: Careless, pairs: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """All wrong pairs pass, and the rules alone stand beside it."""
        assert main(["eval", "--support", str(pairs), "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["trained"], document["passed"], document["kept"]) == (True, 1.0, 1.0)
        assert (document["rules"]["passed"], document["rules"]["kept"]) == (0.0, 1.0)
        assert main(["eval", "--support", str(pairs)]) == 0
        lines = capsys.readouterr().out.splitlines()
        passed = next(line for line in lines if line.startswith("wrong pairs passed"))
        assert passed.split()[3:] == ["100.0%", "(34.2-100.0)", "0.0%", "(0.0-65.8)"]
        number = next(line for line in lines if line.startswith("number"))
        assert number.split() == ["number", "1", "1", "of", "1", "0", "of", "1"]
        assert max(map(len, lines)) <= 80

    def test_a_run_is_compared_with_an_earlier_one(
        self,
        pairs: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Of the same pairs; a check that has become careless is worse."""
        arguments = ["eval", "--support", str(pairs)]
        assert main([*arguments, "--json"]) == 0
        baseline = pairs.with_name("baseline.json")
        baseline.write_text(capsys.readouterr().out, encoding="utf-8")
        monkeypatch.setattr("ui.evaluation.judge", lambda pair, checker: Verdict.SUPPORTED)
        assert main([*arguments, "--compare", str(baseline)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert next(line for line in lines if line.startswith("passed")).endswith("worse")
        assert main(["eval", str(pairs), "--compare", str(baseline)]) == 1
        assert "footnote eval … --json" in capsys.readouterr().err
        lines = pairs.read_text(encoding="utf-8").splitlines()
        pairs.write_text("\n".join(lines[1:]), encoding="utf-8")
        assert main([*arguments, "--compare", str(baseline)]) == 1
        assert "is of other pairs (3, 2 of them these; here are 2)" in capsys.readouterr().err

    def test_ctrl_c_stops_it(
        self,
        pairs: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Nothing half-counted is printed."""

        def stop(pair: Pair, checker: Checker | None) -> Verdict:
            raise KeyboardInterrupt

        monkeypatch.setattr("ui.evaluation.judge", stop)
        assert main(["eval", "--support", str(pairs), "--json"]) == 130
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", "footnote: stopped.\n")

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["questions.jsonl", "--support"], "QUESTIONS.jsonl"),
            (["--support", "--retrieval", "leases"], "--retrieval"),
            (["--support", "--ablate"], "leave --ablate out"),
            (["--support", "--search-only"], "leave --search-only out"),
        ],
    )
    def test_it_is_scored_by_itself(
        self, arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing that was asked for is silently left out."""
        with pytest.raises(SystemExit) as stopped:
            main(["eval", *arguments])
        assert stopped.value.code == 2
        message = capsys.readouterr().err.splitlines()[-1]
        assert "--support" in message
        assert word in message

    def test_a_file_that_is_none_is_said(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In one sentence."""
        assert main(["eval", "--support", str(tmp_path)]) == 1
        assert capsys.readouterr().err == (
            f"footnote: Cannot read the pairs in {tmp_path}: it is a folder; name the file in it.\n"
        )

    def test_many_kinds_with_long_names_fit_a_terminal(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A long name is folded, a figure never is."""
        judged = [
            Judged(
                Pair("Paper", "Source.", f"Sentence {n}.", label, "a claim about another thing"),
                Verdict.SUPPORTED,
                1234.5,
            )
            for n, label in enumerate([*Verdict] * 1000)
        ]
        run = SupportRun(
            summarise_support(judged, trained=True), summarise_support(judged, trained=False)
        )
        print_support(run)
        print_checks(run)
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        assert "  the check passes 100.0% (99.8-100.0) of 2,000 wrong pairs" in lines
        assert "  the rules alone pass 100.0% (99.8-100.0) of 2,000 wrong pairs" in lines
        assert "…" not in "".join(lines)


class TestCheckBesideAnswers:
    """Figures that rest on the check come with what the check is worth."""

    def ask(self, library: Path, questions: Path, *arguments: str) -> None:
        assert main(["eval", str(questions), "--library", str(library), *arguments]) == 0

    @pytest.fixture(autouse=True)
    def _quick(self, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from rag.evaluation.verdicts import read_pairs
        from tests.fakes import ScriptedLlm

        monkeypatch.setattr("rag.evaluation.verdicts.packaged_pairs", lambda: read_pairs(pairs))
        monkeypatch.setattr(
            "rag.wiring.desk.open_llm", lambda config: ScriptedLlm(["Nothing."] * 20)
        )

    def test_it_stands_after_them(
        self, careless: Careless, library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With the checker in use, which here passes everything."""
        self.ask(library, questions)
        lines = [line for line in capsys.readouterr().out.splitlines() if line]
        after = lines.index(next(x for x in lines if x.startswith("sentences_of_model")))
        assert lines[after + 1 : after + 3] == [
            "  the check passes 100.0% (34.2-100.0) of 2 wrong pairs",
            "  and keeps 100.0% (20.7-100.0) of 1 right ones",
        ]
        assert not [line for line in lines if line.startswith("check_")]

    def test_search_alone_checks_nothing(
        self, library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """And so says nothing of a check."""
        self.ask(library, questions, "--search-only", "--json")
        assert json.loads(capsys.readouterr().out)["check"] is None
        self.ask(library, questions, "--search-only")
        assert "wrong pairs" not in capsys.readouterr().out

    def test_without_the_trained_checker_it_is_that_of_the_rules(
        self, careless: Careless, library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Only in the run that switches it off."""
        self.ask(library, questions, "--ablate", "--json")
        document = json.loads(capsys.readouterr().out)
        assert (document["check"]["trained"], document["check"]["passed"]) == (True, 1.0)
        passed = {
            row["off"]: row["compared"]["figures"]["check_passed"]["now"]
            for row in document["ablations"]
        }
        assert passed.pop("check: trained checker") == 0.0
        assert set(passed.values()) == {1.0}

    def test_a_table_of_parts_has_both_below(
        self, careless: Careless, library: Path, questions: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The check, and its rules alone."""
        self.ask(library, questions, "--ablate")
        shown = capsys.readouterr().out
        assert "the check passes 100.0% (34.2-100.0) of 2 wrong pairs" in shown
        assert "the rules alone pass 0.0% (0.0-65.8) of 2 wrong pairs" in shown


FOUND = (
    "On a set of 412 leases, Lantern finds 91.5% of the termination clauses, against 78.2% for a "
    "sliding window."
)


class TestModels:
    """Several chat models answer the same questions, side by side."""

    @pytest.fixture
    def asked(self, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Models named faithful, careless, broken and stopped; who was asked, in order."""
        from models.errors import ModelDied
        from rag.config import Config
        from rag.evaluation.verdicts import read_pairs
        from rag.no_model import NoModel
        from rag.types import Llm
        from tests.fakes import ScriptedGeneration, ScriptedLlm

        order: list[str] = []

        class Named(ScriptedLlm):
            def generate(self, *arguments: Any, **more: Any) -> ScriptedGeneration:
                order.append(self.name)
                if self.name.startswith("stopped") and len(order) == int(self.name[-1]):
                    raise KeyboardInterrupt
                return super().generate(*arguments, **more)

        def open_llm(config: Config) -> Llm:
            name = config.models.llm
            died = ModelDied(name, "It died. Ask again.")
            replies = {"careless": FOUND.replace("91.5%", "95.1%") + " [7]", "broken": died}
            if name == "none":
                return NoModel(2048)
            return Named([replies.get(name, f"{FOUND} [1]")] * 9, name=name.removesuffix("!"))

        monkeypatch.setattr("rag.evaluation.verdicts.packaged_pairs", lambda: read_pairs(pairs))
        monkeypatch.setattr("rag.wiring.open_llm", open_llm)
        return order

    @pytest.fixture
    def three(self, tmp_path: Path) -> Path:
        """The same question three times, under other names."""
        path = tmp_path / "three.jsonl"
        cases = [CASE | {"id": str(n), "answer_points": ["91.5%"]} for n in range(3)]
        path.write_text("".join(json.dumps(c) + "\n" for c in cases), encoding="utf-8")
        return path

    def run(self, three: Path, library: Path, models: str, *more: str) -> int:
        return main(["eval", str(three), "--library", str(library), "--models", models, *more])

    def test_they_take_turns_at_being_first(
        self, asked: list[str], three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Question by question, and each has all figures of a run of its own."""
        assert self.run(three, library, "faithful,careless,none", "--json") == 0
        assert asked == [
            "faithful", "careless", "careless", "faithful", "faithful", "careless",
        ]  # fmt: skip
        document = json.loads(capsys.readouterr().out)
        assert document["questions"] == 3
        models = document["models"]
        assert list(models) == ["faithful", "careless", "none"]
        assert {figures["questions"] for figures in models.values()} == {3}
        assert [figures["points_stated"] for figures in models.values()] == [1.0, 1.0, 1.0]
        recall = [models[name]["model_text"]["citation_recall"] for name in list(models)[:2]]
        assert recall == [1.0, 0.0]
        assert models["careless"]["citations_invented_removed"] == 3
        assert models["none"]["model_text"] is None
        assert models["faithful"]["scores"]["0"]["model_text"]["extract_points_kept"] == 1.0

    def test_one_table_fits_a_terminal(
        self, asked: list[str], three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Every figure of four models, whichever comes first, and the main ones by type."""
        long = "a-model-with-a-very-long-name-Q4_K_M"
        assert self.run(three, library, f"none,faithful,careless,{long}") == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        rows = [line.split() for line in lines]
        assert ["citation_recall", "1.000", "0.000", "1.000"] in rows
        assert ["points_stated", "1.000", "1.000", "1.000", "1.000"] in rows
        assert "What the model itself wrote:" in [line.strip() for line in lines]
        assert [row[0] for row in rows[rows.index(["single", "(3)"]) + 1 :]][:4] == [
            "points_stated", "cited_right", "gold_cited", "words",
        ]  # fmt: skip
        names = [row[0] for row in rows if row]
        assert names.index("first_token_ms") < names.index("total_ms")
        assert any("the check pass" in line for line in lines)

    def test_ctrl_c_leaves_what_is_done(
        self, asked: list[str], three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The questions that every model has answered; within the first there is nothing."""
        assert self.run(three, library, "faithful,stopped3", "--json") == 130
        captured = capsys.readouterr()
        document = json.loads(captured.out)
        assert document["questions"] == 1
        assert {f["questions"] for f in document["models"].values()} == {1}
        assert captured.err == "footnote: stopped after 1 of 3 questions.\n"
        asked.clear()
        assert self.run(three, library, "faithful,stopped2") == 130
        assert capsys.readouterr() == ("", "footnote: stopped.\n")

    def test_a_model_that_fails_is_named(
        self, asked: list[str], three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Its figures are of quotations alone, and of no text."""
        assert self.run(three, library, "broken,faithful", "--json") == 1
        captured = capsys.readouterr()
        assert captured.err == (
            "footnote: these are figures of quotations alone: broken: It died. Ask again.\n"
        )
        assert json.loads(captured.out)["models"]["broken"]["model_text"] is None

    def test_two_of_the_same_name_are_refused_before_anything_is_asked(
        self, asked: list[str], three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Also where it was written in two ways."""
        assert self.run(three, library, "faithful,faithful!") == 1
        assert "are called faithful; name each once" in capsys.readouterr().err
        assert asked == []

    def test_an_unknown_or_damaged_one_is_refused(
        self, three: Path, library: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In the words of any other command, before a library is opened."""
        nowhere = library / "nowhere"
        assert self.run(three, nowhere, "none,nosuchmodel") == 1
        assert "There is no model 'nosuchmodel'" in capsys.readouterr().err
        damaged = three.with_name("damaged.gguf")
        damaged.write_bytes(b"no model")
        assert self.run(three, nowhere, f"none,{damaged}") == 1
        assert "is not a GGUF model" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["questions.jsonl", "--ablate"], "--ablate"),
            (["questions.jsonl", "--compare", "baseline.json"], "--compare"),
            (["questions.jsonl", "--search-only"], "leave --search-only out"),
            (["--support"], "leave --support out"),
            (["--retrieval", "leases"], "leave --retrieval out"),
            (["questions.jsonl", "--models", "a,,b"], "A,B,none"),
        ],
    )
    def test_it_goes_with_no_other_kind_of_run(
        self, arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing that was asked for is silently left out."""
        with pytest.raises(SystemExit) as stopped:
            main(["eval", "--models", "none", *arguments])
        assert stopped.value.code == 2
        message = capsys.readouterr().err.splitlines()[-1]
        assert "--models" in message
        assert word in message


def test_one_run_tells_what_the_model_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    """In a block of its own; a run without a model has none."""
    from rag.evaluation.model_text import score_text
    from tests.rag.builders import answer, evidence, source

    gulls = evidence(source(1, "Gulls sleep on one leg."))
    text = score_text(
        replace(answer("What?", gulls), model_text="Gulls sleep on one leg [1]."), (), (), None
    )
    print_figures(summarise([Scores("1", "single", model_text=text)]))
    lines = capsys.readouterr().out.splitlines()
    block = lines[lines.index("What the model itself wrote:") :]
    assert next(line for line in block if line.startswith("citation_f1")).split()[1] == "1.000"
    assert next(line for line in block if line.startswith("words")).split()[1] == "5.0"
    print_figures(summarise([Scores("1", "single")]))
    assert "What the model itself wrote:" not in capsys.readouterr().out


def test_progress_is_told_pair_by_pair(careless: Careless) -> None:
    """With both checks in one pass."""
    told: list[Progress] = []
    found = [Pair("Paper", "Source.", f"{n}.", Verdict.PARTLY, "any") for n in range(2)]
    run = run_pairs(found, careless, told.append)
    assert [(p.done, p.total, p.stage) for p in told] == [(1, 2, "pairs"), (2, 2, "pairs")]
    assert isinstance(run.rules, SupportFigures)
    assert run_pairs(found, None, told.append).rules is None


def test_a_desk_opens_its_checker_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is first used; that there is none is remembered too."""
    opened: list[Checker | None] = []
    for checker in (Careless(), None):

        def open_checker(config: object, checker: Checker | None = checker) -> Checker | None:
            opened.append(checker)
            return checker

        monkeypatch.setattr("rag.wiring.desk.open_checker", open_checker)
        with open_desk(tmp_path / "library", load_config()) as desk:
            assert not opened
            assert [desk.checker, desk.checker] == [checker, checker]
        assert len(opened) == 1
        opened.clear()
