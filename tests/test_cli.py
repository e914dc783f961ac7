"""The command as a user meets it: real library, real embedder, real packaged model."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from rag.folder import LOCK
from tests.conftest import PAPERS, ROOT, assert_one_sentence, json_lines, run_footnote

QUESTION = "How many of the termination clauses does Lantern find?"


def test_status_counts_what_was_added(library: Path) -> None:
    """`status --json` has the promised keys and the counts of the four papers."""
    status = json.loads(run_footnote("status", "--json", library=library).stdout)
    assert status["papers"] == len(PAPERS)
    assert status["chunks"] >= len(PAPERS)
    assert status["sentences"] == 20
    assert status["index"] == "ready"
    assert status["embedder"] == "all-MiniLM-L6-v2"
    assert status["path"] == str(library)


def test_a_second_add_adds_nothing(library: Path, papers_file: Path) -> None:
    """The same file again adds nothing, says so, and exits 0."""
    done = run_footnote("add", papers_file, "--json", library=library)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["read"], report["added"], report["duplicates"]) == (4, 0, 4)


def test_search_finds_the_right_paper(library: Path) -> None:
    """`search --json` has the promised shape, and the right paper is first."""
    done = run_footnote("search", "names of sea animals", "-k", 2, "--json", library=library)
    found = json.loads(done.stdout)
    assert set(found) == {"question", "standalone_question", "scope", "results"}
    assert [r["rank"] for r in found["results"]] == [1, 2]
    first = found["results"][0]
    assert set(first) == {"rank", "score", "paper", "sentences"}
    assert set(first["paper"]) == {"id", "title", "year", "authors", "url"}
    assert first["paper"]["title"].startswith("Tidepool")
    assert first["sentences"]
    assert all(s in PAPERS[1]["abstract"] for s in first["sentences"])


def test_ask_answers_with_citations_that_exist(library: Path) -> None:
    """The real model answers; every shown sentence cites evidence that was in the prompt."""
    done = run_footnote("ask", QUESTION, "--json", library=library)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert not answer["abstained"]
    assert answer["reason"] is None
    numbers = {e["number"] for e in answer["evidence"]}
    evidence = {s for e in answer["evidence"] for s in e["sentences"]}
    assert answer["sentences"]
    for sentence in answer["sentences"]:
        assert sentence["citations"]
        assert set(sentence["citations"]) <= numbers
        assert sentence["quote"] in evidence
        assert sentence["verdict"] == "supported"
    assert {c["number"] for c in answer["citations"]} == {
        n for s in answer["sentences"] for n in s["citations"]
    }
    assert "91.5%" in answer["answer"]
    assert answer["citations"][0]["title"].startswith("Lantern")
    assert answer["model"] == "Footnote-135M"
    assert 0 < answer["prompt_tokens"] <= 500
    assert answer["model_text"]
    timings = answer["timings"]
    assert 0 < timings["search_ms"] <= timings["evidence_ms"] < timings["total_ms"]
    assert timings["evidence_ms"] < timings["first_token_ms"] <= timings["total_ms"]


def test_ask_refuses_what_no_paper_is_near(library: Path) -> None:
    """Nothing near: the refusal, the nearest papers, exit 0, and the model is not asked."""
    done = run_footnote("ask", "Who won the football cup in 1974?", "--json", library=library)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["abstained"]
    assert answer["reason"] == "nothing_near"
    assert answer["answer"] == "Your papers do not answer this."
    assert answer["nearest"]
    assert (answer["model"], answer["model_text"], answer["prompt_tokens"]) == (None, "", 0)
    assert answer["timings"]["first_token_ms"] is None


def test_ask_for_people_shows_sources_and_marks_quotations(library: Path) -> None:
    """Without --json the answer is text, with its sources listed, and no colour codes in a pipe."""
    done = run_footnote("ask", QUESTION, library=library)
    assert "[1] Lantern: Sparse Attention" in done.stdout
    assert "91.5%" in done.stdout
    assert "\x1b[" not in done.stdout


def test_batch_keeps_order_and_goes_on_after_a_bad_line(library: Path, tmp_path: Path) -> None:
    """One line out per line in; a line that fails gives its id and an error, and exit 1."""
    questions, results = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    history = [["What does Lantern do?", "Lantern reads long contracts."]]
    lines = [
        {"id": "a", "question": "names of sea animals", "ignored": 1},
        {"id": "b", "question": " "},
        {"id": "c", "question": "And how much memory does it need?", "history": history},
    ]
    questions.write_text("\n".join([*map(json.dumps, lines), "not json"]), encoding="utf-8")
    done = run_footnote("search", "--batch", questions, "--out", results, library=library)
    assert done.returncode == 1
    out = json_lines(results)
    assert [r["id"] for r in out] == ["a", "b", "c", None]
    assert set(out[1]) == {"id", "error"}
    assert "empty" in str(out[1]["error"])
    assert "Line 4" in str(out[3]["error"])
    assert "Lantern" in str(out[2]["standalone_question"])
    assert out[2]["results"][0]["paper"]["title"].startswith("Lantern")  # type: ignore[index]


def test_batch_of_answers_is_the_same_object_with_the_id(library: Path, tmp_path: Path) -> None:
    """`ask --batch` writes what `ask --json` prints, and the id."""
    questions, results = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    questions.write_text(json.dumps({"id": 7, "question": QUESTION}), encoding="utf-8")
    done = run_footnote("ask", "--batch", questions, "--out", results, library=library)
    assert done.returncode == 0, done.stderr
    single = json.loads(run_footnote("ask", QUESTION, "--json", library=library).stdout)
    (batch,) = json_lines(results)
    assert batch.pop("id") == 7
    assert set(batch) == set(single)
    assert batch["answer"] == single["answer"]


def test_batch_reads_what_json_allows(library: Path, tmp_path: Path) -> None:
    """A byte order mark, and a line separator inside a text, are no trouble."""
    questions, results = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    line = json.dumps({"id": 1, "question": "names of\u2028sea animals"}, ensure_ascii=False)
    questions.write_text(f"\ufeff{line}\n", encoding="utf-8")
    done = run_footnote("search", "--batch", questions, "--out", results, library=library)
    assert done.returncode == 0, done.stderr
    assert [r["id"] for r in json_lines(results)] == [1]


def test_a_batch_never_overwrites_its_questions(library: Path, tmp_path: Path) -> None:
    """The same file for questions and results is refused, and stays as it is."""
    questions = tmp_path / "q.jsonl"
    questions.write_text(json.dumps({"id": 1, "question": "sea animals"}), encoding="utf-8")
    before = questions.read_bytes()
    done = run_footnote("search", "--batch", questions, "--out", questions, library=library)
    assert_one_sentence(done, "another file")
    assert questions.read_bytes() == before


def test_a_full_disk_behind_the_output(library: Path) -> None:
    """What cannot be printed is told in a sentence."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli", "list", "--library", str(library)],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "footnote: " in done.stderr


def test_a_question_and_a_batch_are_not_both_answered(library: Path, tmp_path: Path) -> None:
    """Nothing that was asked for is silently left out."""
    done = run_footnote("ask", "Why?", "--batch", tmp_path / "q", library=library)
    assert_one_sentence(done, "not both")
    assert_one_sentence(run_footnote("ask", "Why?", "--out", "x", library=library), "--batch")


def test_chat_understands_a_follow_up(library: Path) -> None:
    """In a conversation, "it" is searched together with what it points to, and that is shown."""
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "chat", "--library", str(library)],
        cwd=ROOT,
        input="What is Tidepool?\nHow many species does it have?\n",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Searched for: How many species does Tidepool have?" in done.stdout
    assert "1,950" in done.stdout


def test_list_show_and_remove(tmp_path: Path, papers_file: Path) -> None:
    """A paper is listed, shown, removed, and then found by nothing."""
    run_footnote("add", papers_file, library=tmp_path)
    (found,) = json.loads(run_footnote("list", "tidepool", "--json", library=tmp_path).stdout)
    shown = run_footnote("show", found["id"], library=tmp_path)
    assert "1,950 species" in shown.stdout
    gone = run_footnote("remove", found["id"], "nonsense", library=tmp_path)
    assert gone.returncode == 1
    assert "Removed 1 paper." in gone.stdout
    assert "nonsense" in gone.stderr
    results = json.loads(run_footnote("search", "Tidepool", "--json", library=tmp_path).stdout)
    assert all(r["paper"]["id"] != found["id"] for r in results["results"])
    assert_one_sentence(run_footnote("show", found["id"], library=tmp_path), found["id"])


def test_check_says_what_is_sound(library: Path) -> None:
    """`check` looks at database, index, vectors, checker and model."""
    done = run_footnote("check", library=library)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("sound") == 5


def test_eval_prints_figures_and_refuses_missing_papers(library: Path, tmp_path: Path) -> None:
    """`eval` scores a question set, and names gold papers that the library lacks."""
    case = {
        "id": "1",
        "type": "number",
        "question": QUESTION,
        "history": [],
        "gold_titles": [PAPERS[0]["title"]],
        "also_ok_titles": [],
        "answer_points": ["91.5%"],
    }
    refused = case | {
        "id": "2", "type": "unanswerable", "gold_titles": [], "answer_points": [],
        "question": "Who won the football cup in 1974?",
    }  # fmt: skip
    questions = tmp_path / "q.jsonl"
    questions.write_text(f"{json.dumps(case)}\n{json.dumps(refused)}\n", encoding="utf-8")
    done = run_footnote("eval", questions, "--json", library=library)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["ndcg10"], figures["recall5"], figures["points_stated"]) == (1, 1, 1)
    assert (figures["gold_cited"], figures["refusal_f1"]) == (1, 1)
    case["gold_titles"] = ["A paper nobody wrote"]
    questions.write_text(json.dumps(case), encoding="utf-8")
    assert_one_sentence(run_footnote("eval", questions, library=library), "A paper nobody wrote")


def test_eval_with_a_broken_model_says_so(library: Path, tmp_path: Path) -> None:
    """Figures of quotations alone are not passed off as figures of the model."""
    questions, bad, settings = (tmp_path / n for n in ("q.jsonl", "bad.gguf", "bad.yaml"))
    case = {"id": "1", "question": QUESTION, "gold_titles": [PAPERS[0]["title"]]}
    questions.write_text(json.dumps(case), encoding="utf-8")
    bad.write_bytes(b"not a model")
    settings.write_text(f"models:\n  llm: {bad}\n", encoding="utf-8")
    done = run_footnote("eval", questions, "--config", settings, library=library)
    assert done.returncode == 1
    assert "quotations alone" in done.stderr


def test_config_says_where_a_setting_comes_from(library: Path, tmp_path: Path) -> None:
    """A file given with --config wins, and `config` says so; a wrong key is refused by name."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("search:\n  candidates: 50\n", encoding="utf-8")
    done = run_footnote("config", "--json", "--config", mine, library=library)
    assert json.loads(done.stdout)["search.candidates"] == {"value": 50, "from": str(mine)}
    mine.write_text("search:\n  candidate: 50\n", encoding="utf-8")
    assert_one_sentence(
        run_footnote("status", "--config", mine, library=library), "search.candidates"
    )


def test_library_may_be_named_before_or_after_the_command(library: Path, tmp_path: Path) -> None:
    """--library works in both places and beats FOOTNOTE_LIBRARY."""
    for arguments in (("--library", library, "status"), ("status", "--library", library)):
        done = run_footnote(*arguments, "--json", library=tmp_path / "none")
        assert json.loads(done.stdout)["papers"] == len(PAPERS)


@contextmanager
def serving(*arguments: object, **env: str) -> Iterator[str]:
    """The page, started as a user starts it; gives what it printed up to its address."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ui.cli",
            "serve",
            "--no-browser",
            "--port",
            "0",
            *map(str, arguments),
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "FOOTNOTE_LIBRARY"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        printed = ""
        while "http://" not in printed:
            line = server.stdout.readline()
            assert line, server.stderr.read() if server.stderr else ""
            printed += line
        yield printed
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=60)
        assert server.returncode == 0, stderr
    finally:
        server.kill()
        server.wait()


def test_the_sample_comes_once_and_only_to_the_default_library(tmp_path: Path) -> None:
    """The first start on an empty default library brings it; once removed it stays away."""
    home = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    default = tmp_path / "data" / "footnote" / "library"
    with serving(**home) as printed:
        assert "sample library" in printed
        address = re.search(r"http://127\.0\.0\.1:\d+", printed)
        assert address is not None
        with urlopen(address[0], timeout=30) as page:
            assert page.status == 200
    assert run_footnote("remove", "--sample", library=default).returncode == 0
    with serving(**home) as printed:
        assert "sample library" not in printed
    with serving("--library", tmp_path / "named", **home) as printed:
        assert "sample library" not in printed
    assert _papers(default) == _papers(tmp_path / "named") == 0


# -- bad input


def test_a_port_in_use(library: Path) -> None:
    """`serve` says which port it is and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_footnote("serve", "--no-browser", "--port", port, library=library)
    assert_one_sentence(done, str(port), "--port")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("?!", "no words"),
        ("a" * 20_000, "20,000 characters"),
        ("What is \x1b[31mTidepool?", "U+001B"),
    ],
)
def test_a_text_that_is_no_question(library: Path, question: str, words: str) -> None:
    """Each gets a clear sentence and a non-zero exit."""
    assert_one_sentence(run_footnote("ask", question, library=library), words)


def test_a_question_of_a_megabyte(library: Path) -> None:
    """It comes through standard input, since no command line holds it."""
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "ask", "-", "--library", str(library)],
        cwd=ROOT, input="what " * 200_000, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert_one_sentence(done, "1,000,000 characters")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b"", "empty"),
        (b"GGUF\x03\x00\x00\x00", ".gguf"),
    ],
)
def test_a_model_file_that_is_none(
    library: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    """Refused when chosen and when asked; a question still gets its quotations."""
    bad = tmp_path / "model.gguf"
    bad.write_bytes(content)
    assert_one_sentence(run_footnote("models", "use", bad, library=library), words)
    assert_one_sentence(run_footnote("models", "check", bad, library=library), words)
    settings = tmp_path / "bad.yaml"
    settings.write_text(f"models:\n  llm: {bad}\n", encoding="utf-8")
    done = run_footnote("ask", QUESTION, "--config", settings, library=library)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert words in done.stderr
    assert "91.5%" in done.stdout


def test_an_unknown_model_names_the_nearest(library: Path) -> None:
    done = run_footnote("models", "use", "qwen2.5-1.5b-instuct", library=library)
    assert_one_sentence(done, "Qwen2.5-1.5B-Instruct")


def test_models_use_is_remembered_by_the_library(tmp_path: Path, papers_file: Path) -> None:
    """The choice is written into the library's own settings."""
    assert run_footnote("models", "use", "smollm2", library=tmp_path).returncode == 0
    settings = json.loads(run_footnote("config", "--json", library=tmp_path).stdout)
    assert settings["models.llm"] == {
        "value": "SmolLM2-135M-Instruct", "from": str(tmp_path / "config.yaml"),
    }  # fmt: skip


def test_no_library_yet(tmp_path: Path) -> None:
    """Asking before adding says how to begin, and makes nothing."""
    for command in (("status",), ("ask", QUESTION), ("list",), ("check",), ("rebuild",)):
        done = run_footnote(*command, library=tmp_path / "none")
        assert_one_sentence(done, "footnote add")
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_list_of_papers(library: Path, tmp_path: Path) -> None:
    """It is named with a sentence; good files beside it are added; nothing is lost."""
    prose = tmp_path / "notes.txt"
    prose.write_text("Just a shopping list: milk, bread, eggs.\n", encoding="utf-8")
    done = run_footnote("add", prose, tmp_path / "absent.jsonl", library=library)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "notes.txt" in done.stderr
    assert "absent.jsonl" in done.stderr
    status = json.loads(run_footnote("status", "--json", library=library).stdout)
    assert status["papers"] == len(PAPERS)


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    """A name that is not UTF-8 is no reason to lose what the file holds."""
    odd = os.fsencode(tmp_path) + b"/caf\xe9.jsonl"
    with open(odd, "w", encoding="utf-8") as file:
        file.write(json.dumps({"title": "On odd names", "abstract": PAPERS[0]["abstract"]}))
    done = run_footnote("add", os.fsdecode(odd), "--json", library=tmp_path / "library")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 1


def test_chunks_too_small_for_anything(tmp_path: Path, papers_file: Path) -> None:
    """A setting that no paper could be cut by is refused with its bounds."""
    settings = tmp_path / "small.yaml"
    settings.write_text("chunks:\n  max_tokens: 10\n", encoding="utf-8")
    done = run_footnote("add", papers_file, "--config", settings, library=tmp_path / "library")
    assert_one_sentence(done, "chunks.max_tokens", "256")


def test_a_damaged_database(tmp_path: Path, papers_file: Path) -> None:
    """A clear sentence; the file is left as it is."""
    database = tmp_path / "library.sqlite"
    database.write_bytes(b"This is no database. " * 500)
    before = database.read_bytes()
    for command in (("status",), ("ask", QUESTION), ("add", papers_file)):
        assert_one_sentence(run_footnote(*command, library=tmp_path), "damaged")
    assert database.read_bytes() == before


def test_a_read_only_folder(tmp_path: Path, papers_file: Path) -> None:
    """Adding where nothing can be written says so; root itself may write anywhere."""
    folder = tmp_path / "library"
    folder.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents):
        if os.access(parent, os.W_OK) and parent.stat().st_uid == os.getuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    program = (
        "import os, sys\n"
        "from ui.cli import main\n"
        # Once as root: the other user may not see this Python's files, so all must be imported.
        "import rag.readers, rag.wiring\n"
        "main(['config', '--library', '/nowhere'])\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        f"sys.exit(main(['add', {str(papers_file)!r}, '--library', {str(folder)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert_one_sentence(done, "cannot be written", "--library")


def test_a_second_start_names_the_first(library: Path) -> None:
    """While one process owns the library, another says who it is; looking is allowed."""
    with subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "chat", "--library", str(library)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as first:  # fmt: skip
        # Only once it owns the library: a command that came first would turn it away instead.
        deadline = time.monotonic() + 120
        while str(first.pid) not in (library / LOCK).read_text():
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        done = run_footnote("search", "names", library=library)
        assert_one_sentence(done, "footnote chat", str(first.pid))
        assert run_footnote("status", library=library).returncode == 0
        first.kill()
    assert run_footnote("search", "names", library=library).returncode == 0


def test_ctrl_c_while_adding_keeps_what_was_added(tmp_path: Path) -> None:
    """Ctrl-C ends an add with a sentence; running it again completes it."""
    many = tmp_path / "many.jsonl"
    with many.open("w", encoding="utf-8") as file:
        for number in range(600):
            paper = PAPERS[number % len(PAPERS)]
            title = f"{paper['title']} in study {number}"
            file.write(json.dumps({"title": title, "abstract": paper["abstract"]}) + "\n")
    folder = tmp_path / "library"
    adding = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "add", str(many), "--library", str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while _papers(folder) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    adding.send_signal(signal.SIGINT)
    _, stderr = adding.communicate(timeout=120)
    assert adding.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "Run the same command again" in stderr
    kept = _papers(folder)
    assert 0 < kept < 600
    done = run_footnote("add", many, library=folder)
    assert done.returncode == 0, done.stderr
    assert _papers(folder) == 600


def _papers(folder: Path) -> int:
    try:
        with sqlite3.connect(f"file:{folder / 'library.sqlite'}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM papers").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_nothing_crosses_the_network(tmp_path: Path, papers_file: Path) -> None:
    """Adding and asking work in a network namespace that has no interface at all."""
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this machine does not allow network namespaces (unshare -rn)")
    footnote = f"{sys.executable} -m ui.cli --library {tmp_path / 'library'}"
    script = f"{footnote} add {papers_file} && {footnote} ask '{QUESTION}'"
    done = subprocess.run(
        ["unshare", "-rn", "bash", "-c", script], cwd=ROOT, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "91.5%" in done.stdout
