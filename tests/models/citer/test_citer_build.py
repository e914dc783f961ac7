"""The command that builds a GGUF from any adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.built import Recipe
from models.catalog import Catalog
from models.citer.build import NAME, main
from models.gguf import inspect_gguf
from tests.models.adapters import BASE, SMALL_SHAPES, random_adapter, small_base
from tests.models.built_entries import catalog_of, sha256


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    base = small_base(tmp_path / "small.gguf")
    adapter = random_adapter(tmp_path / "adapter.safetensors", SMALL_SHAPES)
    catalog = catalog_of(Recipe(NAME, BASE, base, sha256(base), adapter), tmp_path / "models")
    monkeypatch.setattr(Catalog, "open", classmethod(lambda cls: catalog))
    return catalog


def test_the_packaged_adapter(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments it builds what Footnote would, where Footnote looks for it."""
    assert main([]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == str(catalog.find(NAME).path)
    assert "tensors\n" in told.err


def test_another_adapter(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any adapter and quantisation go to a file that is named; Footnote's own is left alone."""
    adapter = random_adapter(tmp_path / "other.safetensors", SMALL_SHAPES, seed=7)
    out = tmp_path / "other.gguf"
    assert main(["--adapter", str(adapter), "--quantisation", "F16", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert inspect_gguf(out).architecture == "llama"
    assert catalog.is_to_build(NAME)


def test_what_cannot_be_built(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence, no traceback; a variant without a file of its own is refused."""
    out = tmp_path / "other.gguf"
    assert main(["--adapter", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert "no adapter" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--quantisation", "Q4_0"])
    assert "--out" in capsys.readouterr().err
    assert not out.exists()
