"""Another model while the library is open: what becomes of the old one, what a fault changes."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models import process as process_module
from models.catalog import Catalog
from models.child import Child
from models.errors import BadModelFile, ModelError, ModelInUse, UnknownModel
from models.process import LlmProcess
from models.speed import Speed, Speeds
from models.stopping import Stopper
from rag.config import load_config
from rag.errors import LibraryError
from rag.no_model import NO_MODEL, NoModel
from rag.types import Finished, Writing
from rag.wiring import Desk, model_choices, open_desk, usual_wait
from tests.fakes import ScriptedLlm
from tests.models.gguf_files import PACKAGED

SMALL = "SmolLM2-135M-Instruct"
QUESTION = "How many of the termination clauses does Lantern find?"


@pytest.fixture
def folder(tmp_path: Path, library: Path) -> Path:
    shutil.copytree(library, tmp_path / "library")
    (tmp_path / "library" / "config.yaml").write_text(f"models:\n  llm: {SMALL}\n")
    return tmp_path / "library"


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    with open_desk(folder) as desk:
        yield desk


def saved(desk: Desk) -> str:
    return load_config(desk.folder / "config.yaml").models.llm


def process(desk: Desk) -> LlmProcess:
    assert isinstance(desk.llm, LlmProcess)
    return desk.llm


def wait_until_closed(llm: LlmProcess, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        gc.collect()
        if llm.pid is None:
            return True
        time.sleep(0.05)
    return False


def test_the_next_answer_is_of_the_new_model(desk: Desk, tmp_path: Path) -> None:
    """By name, path or `none`; saved for the next start, and the old process is gone."""
    assert desk.ask_once(QUESTION, keep=False).answer.model == SMALL
    old = process(desk)
    other = shutil.copy(PACKAGED, tmp_path / "other.gguf")
    assert desk.use_model(str(other)) == "other"
    assert saved(desk) == desk.config.models.llm == str(other)
    assert wait_until_closed(old)
    assert desk.ask_once(QUESTION, keep=False).answer.model == "other"
    assert desk.use_model(NO_MODEL) == NO_MODEL
    assert isinstance(desk.llm, NoModel)
    assert desk.ask_once(QUESTION, keep=False).answer.model is None
    assert desk.use_model("smollm2") == SMALL
    assert saved(desk) == SMALL


def test_an_answer_under_way_ends_with_its_own_model(desk: Desk) -> None:
    """Its process is closed once it has ended, and not before."""
    reply = desk.ask_once(QUESTION, keep=False)
    events = iter(reply)
    next(event for event in events if isinstance(event, Writing))
    old = process(desk)
    desk.use_model(NO_MODEL)
    assert old.pid is not None
    last = [*events][-1]
    assert isinstance(last, Finished)
    assert (last.answer.model, last.answer.model_error) == (SMALL, None)
    assert wait_until_closed(old)


def test_an_answer_that_is_given_up_keeps_nothing_open(desk: Desk) -> None:
    """A tab may be closed in the middle of an answer, which then never ends."""
    events = iter(desk.ask_once(QUESTION, keep=False))
    next(event for event in events if isinstance(event, Writing))
    old = process(desk)
    desk.use_model(NO_MODEL)
    del events
    assert wait_until_closed(old)


def test_an_answer_that_is_given_up_while_a_model_is_closed(desk: Desk) -> None:
    """It is noticed in the thread that closes the model, and closes what that was about to."""
    closed: list[str] = []

    class Closing(ScriptedLlm):
        def close(self) -> None:
            closed.append(self.name)
            desk._close_retired()

    desk._retired = {Closing([], name=str(number)) for number in range(3)}
    desk._close_retired()
    assert sorted(closed) == ["0", "1", "2"]
    assert not desk._retired


def bad_page(path: Path) -> None:
    path.write_text("<!doctype html><title>Not found</title>")


def bad_cut(path: Path) -> None:
    path.write_bytes(PACKAGED.read_bytes()[:1_000_000])


def bad_template(path: Path) -> None:
    content = PACKAGED.read_bytes()
    path.write_bytes(content.replace(b"tokenizer.chat_template", b"tokenizer.what_template", 1))


def bad_architecture(path: Path) -> None:
    """Its header is sound: only loading it shows that it cannot be run."""
    content = PACKAGED.read_bytes()
    path.write_bytes(
        content.replace(
            b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00lxama", 1
        )
    )


@pytest.mark.parametrize("spoil", [bad_page, bad_cut, bad_template, bad_architecture])
def test_a_file_that_cannot_answer_changes_nothing(
    desk: Desk, tmp_path: Path, spoil: object
) -> None:
    bad = tmp_path / "bad.gguf"
    spoil(bad)  # type: ignore[operator]
    before = process(desk)
    with pytest.raises(BadModelFile) as caught:
        desk.use_model(str(bad))
    assert "\n" not in str(caught.value)
    assert desk.llm is before
    assert saved(desk) == desk.config.models.llm == SMALL


def test_an_unknown_name_changes_nothing(desk: Desk) -> None:
    with pytest.raises(UnknownModel, match="SmolLM2"):
        desk.use_model("SmolLM2-351M")
    with pytest.raises(UnknownModel, match="no file"):
        desk.use_model("/nowhere/model.gguf")
    assert saved(desk) == SMALL


def test_a_choice_that_cannot_be_saved_changes_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that was loaded for it is closed again."""
    opened: list[LlmProcess] = []
    load = LlmProcess.load

    def note(llm: LlmProcess) -> None:
        opened.append(llm)
        load(llm)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LlmProcess, "load", note)
    monkeypatch.setattr("rag.wiring.choosing.save_setting", full)
    before = process(desk)
    with pytest.raises(LibraryError, match="No space left"):
        desk.use_model(str(shutil.copy(PACKAGED, tmp_path / "other.gguf")))
    assert desk.llm is before
    assert opened
    assert all(llm.pid is None for llm in opened)


def test_many_choices_at_once(desk: Desk, tmp_path: Path) -> None:
    """What is saved is what answers, and one process is left."""
    other = str(shutil.copy(PACKAGED, tmp_path / "other.gguf"))
    first = process(desk)
    threads = [
        threading.Thread(target=desk.use_model, args=(name,))
        for name in (other, SMALL, NO_MODEL, other, SMALL)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert saved(desk) == desk.config.models.llm
    assert (desk.llm.name or NO_MODEL) == (
        Path(saved(desk)).stem if "/" in saved(desk) else saved(desk)
    )
    assert desk.llm is first or wait_until_closed(first)
    assert not desk._retired


def test_measuring_on_the_desk(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process that answers, or in one of its own that is closed; the choices know of it."""
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("models.speed.ENOUGH_SECONDS", 0.0)
    running = process(desk)
    found = desk.measure_model(SMALL, Stopper())
    assert desk.llm is running
    assert running.pid is not None
    choice = next(c for c in model_choices(desk.config) if c.model.name == SMALL)
    assert choice.in_use
    assert choice.model.speed is not None
    assert choice.model.speed.reads == pytest.approx(found.reads, abs=0.01)
    assert choice.wait == usual_wait(choice.model.speed, False, desk.config)
    other = shutil.copy(PACKAGED, tmp_path / "other.gguf")
    desk.measure_model(str(other), Stopper())
    assert Speeds(tmp_path / "models").of(Path(other)) is not None
    assert saved(desk) == SMALL


def test_a_measured_model_is_closed_like_any_other(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once another is chosen, whoever holds the stopper; but not while it is being measured."""
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("models.speed.ENOUGH_SECONDS", 0.0)
    measured, stopper = process(desk), Stopper()
    chosen: list[tuple[str, int | None]] = []

    def choose(done: int, waits: bool) -> None:
        if not chosen:
            chosen.append((desk.use_model(NO_MODEL), measured.pid))

    desk.measure_model(SMALL, stopper, choose)
    assert chosen
    assert chosen[0][1] is not None
    assert wait_until_closed(measured)
    assert not stopper.stopped


class TestClosing:
    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A model that never gets to say that it is loaded."""
        start = process_module.start_worker

        def start_slowly(load: dict[str, object]) -> Child:
            child = start(load)
            os.kill(child.pid, signal.SIGSTOP)
            return child

        monkeypatch.setattr(process_module, "start_worker", start_slowly)

    @pytest.mark.usefixtures("slow")
    def test_does_not_wait_for_a_model_that_loads(self, folder: Path) -> None:
        desk = open_desk(folder)
        desk.start_model()
        llm = process(desk)
        deadline = time.monotonic() + 30
        while llm.pid is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert llm.pid is not None
        began = time.monotonic()
        desk.close()
        assert time.monotonic() - began < 3
        assert llm.pid is None

    def test_no_model_is_begun_any_more(self, folder: Path) -> None:
        """A thread that comes to it just after the library was closed leaves no process behind."""
        desk = open_desk(folder)
        desk.close()
        with pytest.raises(LibraryError, match="closed"):
            _ = desk.llm

    def test_an_index_that_is_mended_is_left_as_far_as_it_is(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And mended further at the next start."""
        monkeypatch.setattr("rag.index._BATCH", 2)
        monkeypatch.setattr(Desk, "start_model", lambda desk: None)
        with open_desk(folder) as desk:
            desk.library.set_meta(index_state="dirty")
            at_work, closing = threading.Event(), threading.Event()
            upserts: list[int] = []

            def note(call: Callable[..., object], **arguments: object) -> object:
                if "embeddings" in arguments:
                    upserts.append(len(arguments["ids"]))  # type: ignore[arg-type]
                    at_work.set()
                    closing.wait(30)
                return call(**arguments)

            monkeypatch.setattr(desk.index, "_before_deadline", note)
            desk.warm_up()
            assert at_work.wait(60)
            threading.Timer(0.5, closing.set).start()
        assert upserts == [2]
        with open_desk(folder) as again:
            assert again.index.state() == "behind"


def test_the_model_in_use_cannot_be_removed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path))
    pulled = next(e for e in Catalog.open().entries if e.repository)
    path = Path(shutil.copy(PACKAGED, tmp_path / pulled.file))
    desk.use_model(pulled.name)
    with pytest.raises(ModelInUse, match="Choose another"):
        desk.remove_model(pulled.name)
    desk.use_model(NO_MODEL)
    assert desk.remove_model(pulled.name) == path
    with pytest.raises(ModelError):
        desk.use_model(pulled.name)
    assert saved(desk) == NO_MODEL


@pytest.mark.parametrize("written", ["smollm2", SMALL.upper(), str(PACKAGED), "~/own.gguf"])
def test_the_model_in_use_is_known_under_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """Settings may be written by hand: a start of a name, any case, a path from home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path))
    shutil.copy(PACKAGED, tmp_path / "own.gguf")
    config = load_config()
    config = replace(config, models=replace(config.models, llm=written))
    in_use = [c.model for c in model_choices(config) if c.in_use and c.model.kind == "llm"]
    assert [m.name for m in in_use] == ["own" if "own" in written else SMALL]


def test_a_slow_reader_is_given_less_to_read() -> None:
    """As when it answers: what fits into the seconds of the settings, but never too little."""
    config = load_config()
    read = {
        speed: usual_wait(Speed(speed, 1e9, None), False, config).whole_answer * speed
        for speed in (1000.0, 30.0)
    }
    assert read[1000.0] == pytest.approx(config.evidence.prompt_tokens, abs=1)
    assert read[30.0] == pytest.approx(250, abs=1)
    quoting = usual_wait(Speed(1000.0, 1e9, None), True, config)
    assert quoting.whole_answer * 1000 == pytest.approx(250, abs=1)
    tight = replace(config, models=replace(config.models, context_tokens=400))
    assert usual_wait(Speed(1000.0, 1e9, None), False, tight).whole_answer < 0.11
