"""The whole path from a question to a cited answer: real library and embedder, scripted model."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ModelDied, ModelError
from rag.assistant import Assistant, clean_question
from rag.config import Config, load_config
from rag.errors import QuestionError
from rag.evidence import citable
from rag.types import (
    EVERYTHING,
    Answer,
    AnswerSentence,
    DraftReady,
    EvidenceFound,
    Finished,
    Origin,
    Parts,
    Question,
    QuestionUnderstood,
    Reason,
    Scope,
    SectionStarted,
    SentenceReady,
    Turn,
    Writing,
    with_sentence,
)
from rag.wiring import Desk, open_desk
from tests.fakes import Keeper, ScriptedLlm
from tests.lighthouses import TOPIC, write_papers

QUESTION = "How many of the termination clauses does Lantern find?"
FOUND = (
    "On a set of 412 leases, Lantern finds 91.5% of the termination clauses, against 78.2% for a "
    "sliding window."
)
RESTATED = (
    "Lantern finds 91.5% of the termination clauses on a set of 412 leases, against 78.2% for a "
    "sliding window."
)


@pytest.fixture(scope="module")
def desk(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("assistant") / "library"
    shutil.copytree(library, folder)
    with open_desk(folder) as desk:
        yield desk


def assistant(
    desk: Desk,
    *replies: str | ModelError,
    config: Config | None = None,
    pause: float = 0.0,
    speed: float | None = 500.0,
    parts: Parts | None = None,
    reads_quotations: bool = False,
) -> tuple[Assistant, ScriptedLlm, list[Answer]]:
    llm = ScriptedLlm(
        replies, pause=pause, tokens_per_second=speed, reads_quotations=reads_quotations
    )
    kept = Keeper()
    made = Assistant(desk.searcher, llm, config or desk.config, kept, parts)
    return made, llm, kept


@pytest.mark.parametrize("reads_quotations", [False, True])
def test_a_model_that_only_phrases_reads_what_is_quoted(desk: Desk, reads_quotations: bool) -> None:
    """Any other model reads the whole evidence; what is cited can be cited either way."""
    config = replace(desk.config, answer=replace(desk.config.answer, words=30, words_per_source=0))
    asked, llm, _ = assistant(
        desk, f"{RESTATED} [1]", config=config, reads_quotations=reads_quotations
    )
    reply = asked.ask(QUESTION)
    quoted = next(e.sentences for e in reply if isinstance(e, DraftReady))
    evidence = reply.answer.evidence
    read = llm.prompts[0][1].content.split("\n\nQuestion:")[0].splitlines()
    whole = [f"{t.text} [{s.number}]" for s in evidence.sources for t in s.sentences]
    assert len(quoted) < len(whole)
    assert set(read) == (
        {f"{s.text} [{s.citations[0]}]" for s in quoted} if reads_quotations else set(whole)
    )
    assert RESTATED in [s.text for s in reply.answer.sentences]


def test_events_come_in_the_order_a_reader_needs(desk: Desk) -> None:
    """Question, evidence and quotations before the model is asked, then its sentences; all kept."""
    asked, llm, kept = assistant(desk, f"{RESTATED} [1] It needs less. It needs less.")
    events = []
    for event in asked.ask(QUESTION):
        if isinstance(event, EvidenceFound | DraftReady):
            assert llm.prompts == [], "the model was asked before its sources were shown"
        events.append(event)
    kinds = list(dict.fromkeys(type(e) for e in events))
    assert kinds == [
        QuestionUnderstood,
        EvidenceFound,
        DraftReady,
        Writing,
        SentenceReady,
        Finished,
    ]
    assert kept == [events[-1].answer]  # type: ignore[union-attr]
    first = kept[0].sentences[0]
    assert (first.text, first.citations, first.origin) == (RESTATED, (1,), Origin.MODEL)
    assert kept[0].model_text.startswith(RESTATED)
    assert llm.citable == [tuple(s.number for s in kept[0].evidence.sources)]


def test_what_is_shown_along_the_way_is_the_answer_in_the_end(desk: Desk) -> None:
    """The draft answers by itself; each sentence of the model takes a place in it."""
    asked, _, kept = assistant(desk, f"{RESTATED} [1]")
    shown: tuple[AnswerSentence, ...] = ()
    for event in asked.ask(QUESTION):
        if isinstance(event, DraftReady):
            shown = event.sentences
            assert shown[0].text == FOUND
            assert {s.origin for s in shown} == {Origin.QUOTATION}
        elif isinstance(event, SentenceReady):
            assert shown[event.position].text == FOUND
            shown = with_sentence(shown, event)
    assert shown == kept[0].sentences
    assert shown[0].text == RESTATED


def test_looping_twice_gives_the_same_events(desk: Desk) -> None:
    asked, _, _ = assistant(desk, FOUND)
    reply = asked.ask(QUESTION)
    assert list(reply) == list(reply)
    assert reply.answer == reply.answer


def test_what_the_source_does_not_say_gives_way_to_what_it_says(desk: Desk) -> None:
    """A changed number is never shown: the source's own sentence stays where it stands."""
    asked, _, _ = assistant(desk, FOUND.replace("91.5%", "97.5%") + " [1]")
    answer = asked.ask(QUESTION).answer
    assert "97.5%" not in answer.text
    assert "97.5%" in answer.model_text
    quoted = next(s for s in answer.sentences if s.text == FOUND)
    assert quoted.origin is Origin.QUOTATION
    assert answer.dropped.unsupported_sentences == 1


def test_invented_numbers_are_removed_and_counted(desk: Desk) -> None:
    asked, _, _ = assistant(desk, f"{FOUND} [1] [7] [99]")
    answer = asked.ask(QUESTION).answer
    assert answer.dropped.invented_citations == 2
    assert "[7]" not in answer.text
    assert set(answer.cited) <= {s.number for s in answer.evidence.sources}


class TestRefusals:
    """What the papers do not answer is said at once; no model is asked."""

    @pytest.mark.parametrize(
        ("question", "reason", "names", "figures"),
        [
            ("Who won the football cup in 1974?", Reason.NOTHING_NEAR, (), ()),
            (
                "What does it cost in euros to train the recipe retriever?",
                Reason.NOT_IN_ABSTRACT,
                (),
                ("a price",),
            ),
            ("Does RecipeBERT find vague wishes?", Reason.NOT_IN_ABSTRACT, ("RecipeBERT",), ()),
        ],
    )
    def test_no_model_is_called(
        self,
        desk: Desk,
        question: str,
        reason: Reason,
        names: tuple[str, ...],
        figures: tuple[str, ...],
    ) -> None:
        """The refusal has its reason, what is missing, and the nearest papers."""
        asked, llm, kept = assistant(desk)
        events = list(asked.ask(question))
        answer = kept[0]
        assert [type(e) for e in events] == [QuestionUnderstood, EvidenceFound, Finished]
        assert answer.abstained
        assert answer.text == "Your papers do not answer this."
        found = answer.evidence
        assert (found.reason, found.missing_names, found.missing_figures) == (
            reason,
            names,
            figures,
        )
        assert found.nearest
        assert found.papers_searched == 4
        assert (llm.prompts, answer.model) == ([], None)

    def test_an_ablation_shows_that_the_gates_refuse(self, desk: Desk) -> None:
        """With both gates open the same questions reach the model."""
        for question in ("Who won the football cup in 1974?", "Does RecipeBERT find wishes?"):
            asked, llm, _ = assistant(
                desk, "", parts=Parts(nothing_near_gate=False, not_in_abstract_gate=False)
            )
            answer = asked.ask(question).answer
            assert not answer.abstained
            assert answer.sentences
            assert len(llm.prompts) == 1


class TestScopes:
    def test_an_answer_rests_on_papers_of_its_scope(self, desk: Desk) -> None:
        """Evidence, record and counts; the model reads nothing of the others."""
        scope = Scope(2022)
        asked, llm, kept = assistant(desk, "", parts=Parts(nothing_near_gate=False))
        answer = asked.ask("What do language models repeat?", scope=scope).answer
        assert answer.question.scope == scope
        found = answer.evidence
        assert found.sources
        assert {p.year for p in (*found.nearest, *(s.paper for s in found.sources))} <= {2022, 2023}
        assert (found.papers_searched, found.papers_in_library) == (2, 4)
        assert "Lantern" not in llm.prompts[0][-1].content
        assert kept == [answer]

    def test_a_follow_up_is_understood_as_ever(self, desk: Desk) -> None:
        turn = Turn("What is Tidepool?", "Tidepool names marine species.")
        asked, _, _ = assistant(desk, "", "")
        answers = [
            asked.ask("How many mentions does it hold?", [turn], scope=scope).answer
            for scope in (EVERYTHING, Scope(2019, 2019))
        ]
        assert answers[0].question.standalone == answers[1].question.standalone
        assert answers[1].evidence.papers_searched == 1

    @pytest.mark.parametrize("summary", [False, True])
    def test_a_scope_without_papers_is_a_refusal(self, desk: Desk, summary: bool) -> None:
        asked, llm, _ = assistant(desk)
        begin = (
            (lambda **k: asked.summarize(QUESTION, 4, **k))
            if summary
            else (lambda **k: asked.ask(QUESTION, **k))
        )
        answer = begin(scope=Scope(tags=("none",))).answer
        assert answer.abstained
        assert llm.prompts == []
        assert (answer.evidence.papers_searched, answer.evidence.papers_in_library) == (0, 4)

    def test_every_way_to_ask_takes_one(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "_llm", ScriptedLlm([""] * 9))
        scope = Scope(2021, 2021)
        replies = [
            desk.ask(QUESTION, scope=scope),
            desk.ask_once(QUESTION, scope=scope),
            desk.summarize("termination clauses", scope=scope),
            desk.ask("Summarise what these papers say about contracts.", scope=scope),
        ]
        for reply in replies:
            assert {s.paper.year for s in reply.answer.evidence.sources} == {2021}
            assert reply.answer.question.scope == scope
        asked, passages = desk.search(QUESTION, scope=scope)
        assert (asked.scope, [p.paper.year for p in passages]) == (scope, [2021])


class TestPace:
    def test_what_is_left_is_told_from_the_first_moment(self, desk: Desk) -> None:
        """While it reads by the speed that is known, while it writes by its own."""
        asked, _, _ = assistant(desk, f"{RESTATED} [1] " * 3, pause=0.002)
        events = [e for e in asked.ask(QUESTION) if isinstance(e, Writing)]
        assert (events[0].answer_tokens, events[0].tokens_per_second) == (0, None)
        assert all(e.seconds_left is not None and e.seconds_left >= 0 for e in events)
        assert events[0].seconds_left > 0.1  # type: ignore[operator]
        assert events[-1].tokens_per_second is not None
        assert 0 < events[-1].tokens_per_second < 500

    def test_nothing_is_told_of_a_model_whose_speed_is_unknown(self, desk: Desk) -> None:
        asked, _, _ = assistant(desk, f"{RESTATED} [1]", speed=None)
        first = next(e for e in asked.ask(QUESTION) if isinstance(e, Writing))
        assert first == Writing(0)

    def test_a_model_is_known_from_its_last_answer(self, desk: Desk) -> None:
        """What its speed when it was loaded did not tell."""
        first: list[float] = []
        with desk.answering_with(ScriptedLlm([f"{RESTATED} [1]"] * 2, pause=0.05)):
            for _ in range(2):
                events = [*desk.ask_once(QUESTION, keep=False)]
                left = next(e.seconds_left for e in events if isinstance(e, Writing))
                assert left is not None
                first.append(left)
        assert first[1] > 1.5 * first[0]

    @pytest.mark.parametrize("reads_quotations", [False, True])
    def test_the_parts_of_a_summary_count_together(
        self, tmp_path: Path, reads_quotations: bool
    ) -> None:
        """What is left when a part begins holds the parts that follow."""
        with open_desk(tmp_path / "logs") as desk:
            desk.add([write_papers(tmp_path / "logs.jsonl")])
            asked, _, _ = assistant(desk, "", "", reads_quotations=reads_quotations)
            writing = [e for e in asked.summarize(TOPIC, 6) if isinstance(e, Writing)]
            first, second = [e.seconds_left for e in writing if not e.answer_tokens]
            assert first is not None
            assert second is not None
            assert first > 1.3 * second > 0


class TestComparisons:
    def test_both_sides_are_read_and_quoted(self, desk: Desk) -> None:
        """End to end: each side's paper is cited, and the model reads both."""
        asked, llm, _ = assistant(desk, "")
        answer = asked.ask("Compare Lantern and Tidepool.").answer
        titles = [s.paper.title.split(":")[0] for s in answer.evidence.sources]
        assert {"Lantern", "Tidepool"} <= set(titles)
        cited = {answer.evidence.source(n) for n in answer.cited}
        assert {"Lantern", "Tidepool"} <= {s.paper.title.split(":")[0] for s in cited if s}
        assert answer.evidence.missing_sides == ()
        prompt = llm.prompts[0][-1].content
        assert "Lantern" in prompt
        assert "Tidepool" in prompt

    def test_one_search_would_not_have_found_both(self, desk: Desk) -> None:
        """The second side is there because it was searched for by itself."""
        alone = [
            p.paper.title
            for p in citable(desk.searcher.search("Compare Lantern", 20), desk.config.evidence)
        ]
        assert not any(t.startswith("Tidepool") for t in alone)

    def test_a_missing_side_is_said_and_the_other_answered(self, desk: Desk) -> None:
        asked, _, _ = assistant(desk, "")
        answer = asked.ask("Compare marine species names in Tidepool with ZRBX.").answer
        assert answer.evidence.missing_sides == ("ZRBX",)
        assert not answer.abstained
        assert answer.sentences
        assert answer.evidence.sources[0].paper.title.startswith("Tidepool")

    def test_two_missing_sides_are_a_refusal(self, desk: Desk) -> None:
        asked, llm, _ = assistant(desk)
        assert asked.ask("How does QQNet differ from ZRBX-Net?").answer.abstained
        assert llm.prompts == []


class TestSummaries:
    def test_each_theme_is_written_by_itself(self, desk: Desk) -> None:
        """Every section is announced, asked of its own sources only, and stands in the answer."""
        asked, llm, kept = assistant(desk, *[""] * 9)
        events = list(asked.summarize("language models", 4))
        started = [e for e in events if isinstance(e, SectionStarted)]
        answer = kept[0]
        assert len(llm.prompts) == max(1, len(started))
        assert [e.number for e in started] == list(range(1, len(started) + 1))
        assert {e.total for e in started} <= {len(started)}
        themes = list(dict.fromkeys(s.theme for s in answer.sentences))
        assert themes == [e.theme for e in started] or themes == [""]
        numbers = [n for citable in llm.citable for n in citable]
        assert sorted(numbers) == [s.number for s in answer.evidence.sources]

    def test_what_the_authors_say_is_a_follow_up_in_a_conversation(self, desk: Desk) -> None:
        """It is asked of what the conversation is about, not of the whole library."""
        asked, _, _ = assistant(desk, "")
        turn = Turn("What is Tidepool?", "Tidepool names marine species.")
        question = asked.ask("What do the authors say about memory?", [turn]).answer.question
        assert "Tidepool" in question.standalone

    def test_one_is_kept_in_the_conversation_it_was_asked_in(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a conversation it stands by itself, in none that can be opened."""
        monkeypatch.setattr(desk, "_llm", ScriptedLlm([""] * 9))
        before = len(desk.library.conversations.latest())
        assert desk.summarize("language models").answer.question.is_summary
        assert len(desk.library.conversations.latest()) == before
        reply = desk.summarize("its use", conversation="c1")
        answer = reply.answer
        assert reply.conversation == "c1"
        assert desk.answers("c1") == [answer]
        assert answer.question == Question("its use", "its use", is_summary=True)

    def test_a_topic_that_is_not_there_is_refused(self, desk: Desk) -> None:
        asked, llm, _ = assistant(desk)
        assert asked.summarize("medieval siege engines", 4).answer.abstained
        assert llm.prompts == []


def test_what_was_shown_is_kept_before_the_model_begins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash while it writes loses no quotation; the finished answer takes the draft's place."""
    monkeypatch.setattr(desk, "_llm", ScriptedLlm([""]))
    reply = desk.ask(QUESTION)
    draft: tuple[AnswerSentence, ...] = ()
    for event in reply:
        if isinstance(event, DraftReady):
            draft = event.sentences
        elif isinstance(event, Writing):
            break
    (kept,) = desk.answers(reply.conversation)
    assert kept.sentences == draft != ()
    assert kept.stopped
    answer = reply.answer
    assert desk.answers(reply.conversation) == [answer]
    assert not answer.stopped


def test_a_model_that_fails_leaves_quotations_and_one_sentence(desk: Desk) -> None:
    """The answer is then made of quotations, and says why."""
    asked, _, _ = assistant(desk, ModelDied("scripted", "The model has ended. Ask again."))
    answer = asked.ask(QUESTION).answer
    assert answer.model_error == "The model has ended. Ask again."
    assert answer.sentences
    assert all(s.origin is Origin.QUOTATION for s in answer.sentences)
    assert FOUND in [s.text for s in answer.sentences]


def test_a_model_that_cannot_count_is_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt may take as long as loading a model; the evidence waits for one at most."""
    asked, llm, _ = assistant(desk, FOUND)
    attempts = []

    def fail(text: str) -> int:
        attempts.append(text)
        raise ModelDied("scripted", "It has ended.")

    monkeypatch.setattr(llm, "count_tokens", fail)
    for event in asked.ask(QUESTION):
        if isinstance(event, EvidenceFound):
            break
    assert len(attempts) == 1


def test_a_failure_is_told_each_time_it_is_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that failed does not end as if it had been finished."""
    asked, _, _ = assistant(desk, FOUND)

    def fail(*_: object) -> None:
        raise QuestionError("told")

    monkeypatch.setattr(asked._searcher, "search_all", fail)
    reply = asked.ask(QUESTION)
    for _ in range(2):
        with pytest.raises(QuestionError, match="told"):
            list(reply)
    with pytest.raises(QuestionError, match="told"):
        _ = reply.answer


def test_a_model_that_cannot_even_count_does_not_hold_up_the_evidence(desk: Desk) -> None:
    asked, llm, _ = assistant(desk)
    llm.close()
    answer = asked.ask(QUESTION).answer
    assert answer.evidence.sources
    assert answer.model_error
    assert "has been closed" in answer.model_error


@pytest.mark.parametrize(
    "stage", [QuestionUnderstood, EvidenceFound, DraftReady, Writing, SentenceReady]
)
def test_stop_ends_the_answer_at_every_stage(desk: Desk, stage: type) -> None:
    """What was shown stays, nothing follows, and the record says that it was stopped."""
    asked, _, kept = assistant(desk, f"{RESTATED} [1] " + "More words follow. " * 200, pause=0.001)
    reply = asked.ask(QUESTION)
    shown: tuple[AnswerSentence, ...] = ()
    for event in reply:
        if isinstance(event, DraftReady):
            shown = event.sentences
        if isinstance(event, SentenceReady) and (not reply.stopped or stage is SentenceReady):
            shown = with_sentence(shown, event)
        if isinstance(event, stage):
            reply.stop()
    answer = reply.answer
    assert answer.stopped
    assert answer.sentences == shown
    assert bool(shown) is (stage not in (QuestionUnderstood, EvidenceFound))
    assert answer.answer_tokens < 100
    assert kept == [answer]


def test_stop_from_another_thread(desk: Desk) -> None:
    asked, _, _ = assistant(desk, "word " * 5000, pause=0.002)
    reply = asked.ask(QUESTION)
    threading.Timer(0.3, reply.stop).start()
    assert reply.answer.stopped
    assert reply.answer.answer_tokens < 1000


def test_stop_does_not_wait_for_a_model_that_loads(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found is shown and kept as stopped; the model loads on, for whoever asks next."""
    asked, llm, kept = assistant(desk, f"{RESTATED} [1]")
    began, loaded = threading.Event(), threading.Event()
    count = llm.count_tokens

    def count_when_loaded(text: str) -> int:
        began.set()
        loaded.wait(30)
        return count(text)

    monkeypatch.setattr(llm, "count_tokens", count_when_loaded)
    reply = asked.ask(QUESTION)
    answers: list[Answer] = []
    answering = threading.Thread(target=lambda: answers.append(reply.answer), daemon=True)
    answering.start()
    assert began.wait(30)
    reply.stop()
    answering.join(3)
    assert not loaded.is_set()
    assert [a.stopped for a in answers] == [True]
    assert answers[0].evidence.sources
    assert kept == answers
    assert llm.prompts == []
    loaded.set()
    assert not asked.ask(QUESTION).answer.stopped


@pytest.mark.parametrize("limit", [60, 120, 200, 350, 500])
def test_the_prompt_keeps_within_its_budget(desk: Desk, limit: int) -> None:
    """Prompt tokens, by the model's own count, stay within the setting if one sentence can."""
    config = replace(
        desk.config,
        evidence=replace(desk.config.evidence, prompt_tokens=limit, citable_probability=0.01),
    )
    asked, llm, _ = assistant(desk, FOUND, config=config)
    answer = asked.ask(QUESTION).answer
    sentences = sum(len(s.sentences) for s in answer.evidence.sources)
    assert sentences == 1 or answer.prompt_tokens <= limit
    assert len(llm.prompts) == 1
    if limit == 60:
        assert answer.evidence.left_out > 0


@pytest.mark.parametrize(
    ("speed", "tokens"), [(None, 500), (500.0, 500), (45.0, 250), (30.0, 250), (1.0, 250)]
)
def test_a_slow_machine_reads_less(desk: Desk, speed: float | None, tokens: int) -> None:
    """A prompt is no longer than can be read in time, in coarse steps, and never next to nothing.

    Until the speed has been measured it is not guessed.
    """
    config = replace(
        desk.config,
        evidence=replace(
            desk.config.evidence, prompt_tokens=500, read_seconds=10.0, citable_probability=0.01
        ),
    )
    asked, llm, _ = assistant(desk, "", config=config, speed=speed)
    answer = asked.ask(QUESTION).answer
    frame = answer.prompt_tokens - sum(
        llm.count_tokens(f"{t.text} [{s.number}]")
        for s in answer.evidence.sources
        for t in s.sentences
    )
    assert abs(tokens - frame - answer.evidence.budget_tokens) <= 20
    assert answer.prompt_tokens <= tokens


def test_chats_do_not_mix(desk: Desk) -> None:
    """Ten conversations at once, each with words that no other may show."""
    canaries = [f"canary{n}" for n in range(10)]
    answers: dict[str, Answer] = {}
    prompts: dict[str, str] = {}

    def ask(canary: str) -> None:
        asked, llm, _ = assistant(desk, f"The {canary} sings [1]. {FOUND} [1]", pause=0.001)
        turns = [Turn(f"How does Lantern read contracts, {canary}?", f"{canary} is a bird.")]
        answers[canary] = asked.ask("And how many termination clauses does it find?", turns).answer
        prompts[canary] = llm.prompts[0][-1].content

    threads = [threading.Thread(target=ask, args=(c,)) for c in canaries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    for canary, answer in answers.items():
        record = repr(answer) + prompts[canary]
        assert canary in record
        assert not any(c in record for c in canaries if c != canary)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_question_or_an_error(text: str) -> None:
    """What is not refused is one line without control characters."""
    try:
        line = clean_question(text, 200)
    except QuestionError:
        return
    assert line
    assert not any(ord(c) < 32 for c in line)
    assert len(text) <= 200


def test_the_default_settings_fit_the_packaged_model() -> None:
    """Prompt and answer together are within what the model sees at once."""
    config = load_config()
    assert config.evidence.prompt_tokens + config.answer.max_tokens < config.models.context_tokens
