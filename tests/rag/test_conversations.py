"""What a library keeps of conversations, in a real SQLite database."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.conversations import Conversations
from rag.library import Library


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Conversations]:
    """Two conversations: one of two answers, which was used last, and one of one answer."""
    with Library.open(tmp_path) as library:
        kept = library.conversations
        kept.keep("a1", record("How deep is it?", "It is deep."), conversation="c1", title="Deep")
        kept.keep("a2", record("Is 100% wet?", "It is_dry."), conversation="c2", title="Wet")
        kept.keep("a3", record("And how cold?", "As cold as ice."), conversation="c1", title="?")
        kept.keep("a4", record("Alone?", "Yes."))
        yield kept


def record(question: str, said: str) -> str:
    return json.dumps(
        {
            "question": {"text": question},
            "sentences": [{"text": said, "quote": 'Said "so".', "verdict": "supported"}],
            "evidence": "unseen",
        }
    )


def titles(kept: Conversations, match: str = "") -> list[str]:
    return [c.title for c in kept.latest(match)]


class TestConversations:
    def test_answers_come_back_oldest_first_and_the_last_used_conversation_on_top(
        self, kept: Conversations
    ) -> None:
        assert [(c.id, c.title) for c in kept.latest()] == [("c1", "Deep"), ("c2", "Wet")]
        questions = [json.loads(r.json)["question"]["text"] for r in kept.records("c1")]
        assert questions == ["How deep is it?", "And how cold?"]
        assert kept.records("c9") == []

    def test_one_answer_is_found_by_its_id_in_a_conversation_or_alone(
        self, kept: Conversations
    ) -> None:
        for answer, question in (("a3", "And how cold?"), ("a4", "Alone?")):
            found = kept.record(answer)
            assert found is not None
            assert json.loads(found.json)["question"]["text"] == question
            assert abs(found.asked - time.time()) < 600
        assert kept.record("a9") is None

    def test_an_answer_that_is_kept_again_takes_its_own_place(self, kept: Conversations) -> None:
        kept.keep("a1", record("How deep is it?", "Very."), conversation="c1")
        said = [json.loads(r.json)["sentences"][0]["text"] for r in kept.records("c1")]
        assert said == ["Very.", "As cold as ice."]

    @pytest.mark.parametrize(
        ("match", "found"),
        [
            ("deep", ["Deep"]),
            ("COLD", ["Deep"]),
            ("ice deep", ["Deep"]),
            ("deep dry", []),
            ("wet", ["Wet"]),
            ("100%", ["Wet"]),
            ("%", ["Wet"]),
            ("is_", ["Wet"]),
            ("unseen", []),
            ("verdict", []),
            ("supported", []),
            ('"so"', ["Deep", "Wet"]),
            ("  ", ["Deep", "Wet"]),
        ],
    )
    def test_it_is_found_by_name_question_and_answer(
        self, kept: Conversations, match: str, found: list[str]
    ) -> None:
        assert titles(kept, match) == found

    def test_a_new_name_stays(self, kept: Conversations) -> None:
        kept.rename("c1", "Lakes")
        kept.rename("c9", "Nothing")
        kept.keep("a5", record("And now?", "Later."), conversation="c1", title="ignored")
        assert titles(kept) == ["Lakes", "Wet"]

    def test_deleting_takes_its_answers_and_no_others(self, kept: Conversations) -> None:
        kept.delete("c1")
        assert titles(kept) == ["Wet"]
        assert kept.records("c1") == []
        assert len(kept.records("c2")) == 1
