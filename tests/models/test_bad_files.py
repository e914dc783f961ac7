"""A bad model file gives one clear sentence and never takes the caller down."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import BadModelFile, ModelError, UnknownModel
from models.gguf import inspect_gguf
from models.process import LlmProcess, check_gguf
from tests.models.gguf_files import (
    HEADER_BYTES,
    PACKAGED,
    mutated,
    packaged_header,
    with_number,
    write_damaged,
)
from tests.models.test_llm_contract import ask


def assert_one_sentence(error: ModelError, path: Path) -> None:
    message = str(error)
    assert "\n" not in message
    assert "Traceback" not in message
    assert str(path) in message
    assert error.model == str(path)


def outcome(path: Path) -> str:
    """Use a file as a model, for real, in its child process: 'runs', or the kind of its error."""
    llm = LlmProcess(path, name=path.name, context_tokens=256, load_seconds=60)
    try:
        llm.count_tokens("a")
        list(llm.generate(ask("Hello"), max_tokens=2))
    except ModelError as error:
        assert_one_sentence(error, path)
        return type(error).__name__
    finally:
        llm.close()
    return "runs"


def test_the_packaged_model_is_whole() -> None:
    """The header of the model that is shipped says what it is."""
    header = inspect_gguf(PACKAGED)
    assert (header.architecture, header.context_tokens) == ("llama", 8192)
    assert header.tensor_count == 272
    assert header.has_chat_template
    assert header.size_bytes == PACKAGED.stat().st_size


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
        (b"\n  <HTML>\n<head></head>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        (b"%PDF-1.7 not a model at all", "is not a GGUF"),
        (b"GG", "is not a GGUF"),
        (b"GGUF", "only partly downloaded"),
        (b"GGUF\x01\x00\x00\x00" + bytes(100), "version 1"),
        (b"GGUF\x03\x00\x00\x00" + bytes(100), "0 tensors"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 100, "tensors"),
    ],
)
def test_what_is_no_model_is_named_for_what_it_is(
    tmp_path: Path, content: bytes, says: str
) -> None:
    """An empty file, a web page, a pointer, another format: each has its own sentence."""
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(BadModelFile, match=says) as caught:
        inspect_gguf(path)
    assert_one_sentence(caught.value, path)
    assert outcome(path) == "BadModelFile"


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    """A path that leads to no file says so."""
    with pytest.raises(BadModelFile, match="is a folder"):
        inspect_gguf(tmp_path)
    with pytest.raises(UnknownModel, match="no file"):
        inspect_gguf(tmp_path / "none.gguf")
    assert outcome(tmp_path / "none.gguf") == "UnknownModel"


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.999])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    """Cut anywhere, the header still says how much is missing."""
    size = int(PACKAGED.stat().st_size * share)
    path = write_damaged(tmp_path / "cut.gguf", packaged_header()[: min(size, HEADER_BYTES)], size)
    with pytest.raises(BadModelFile, match="only partly downloaded") as caught:
        inspect_gguf(path)
    assert_one_sentence(caught.value, path)


@pytest.mark.parametrize("count", [100, pytest.param(3_000, marks=pytest.mark.long)])
def test_damaged_headers(tmp_path: Path, count: int) -> None:
    """Each damage is refused with one sentence or is harmless; what passes is loaded for real."""
    header = packaged_header()
    path = tmp_path / "damaged.gguf"
    passed = []
    for seed in range(count):
        write_damaged(path, mutated(header, seed))
        try:
            inspect_gguf(path)
            passed.append(seed)
        except ModelError as error:
            assert_one_sentence(error, path)
    assert len(passed) < count / 2, "the check of the header finds too little"
    for seed in passed[:: max(1, len(passed) // 8)]:
        write_damaged(path, mutated(header, seed))
        assert outcome(path) in ("runs", "BadModelFile"), f"seed {seed}"


def test_a_file_that_makes_llama_cpp_abort(tmp_path: Path) -> None:
    """A header that reads well but aborts the process is told as a bad file; we live on."""
    path = write_damaged(
        tmp_path / "abort.gguf", with_number(packaged_header(), "llama.block_count", 0)
    )
    inspect_gguf(path)
    llm = LlmProcess(path, name="abort")
    with pytest.raises(BadModelFile, match=r"crash \(SIGABRT\)") as caught:
        llm.count_tokens("a")
    assert_one_sentence(caught.value, path)
    generation = llm.generate(ask("Hello"), max_tokens=2)
    assert list(generation) == []
    assert generation.error == str(caught.value)
    llm.close()


def test_a_file_that_llama_cpp_refuses(tmp_path: Path) -> None:
    """The sentence carries the reason that llama.cpp gives."""
    path = write_damaged(
        tmp_path / "heads.gguf", with_number(packaged_header(), "llama.attention.head_count", 7)
    )
    with pytest.raises(BadModelFile, match="hyperparameters"):
        check_gguf(path)


def test_a_model_without_a_chat_template(tmp_path: Path) -> None:
    """A base model is refused before it is loaded, with a hint what to choose."""
    header = packaged_header().replace(b"tokenizer.chat_template", b"tokenizer.chat_templatX")
    path = write_damaged(tmp_path / "base.gguf", header)
    with pytest.raises(BadModelFile, match="instruct model"):
        check_gguf(path)


def test_a_model_is_checked_by_running_it() -> None:
    """A check loads the model and has it say something."""
    report = check_gguf(PACKAGED)
    assert report.answered
    assert report.context_tokens == 2048
    assert report.header.architecture == "llama"
