"""The arrows of the design point down, and starting the command stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("models", "rag", "ui")
# Each of these is imported in one file only, so that it can be replaced there.
ONLY_IN = {
    "sentence_transformers": "models/embedder.py",
    "llama_cpp": "models/llama.py",
    "chromadb": "rag/index.py",
    "sklearn": "rag/themes.py",
    "gguf": "models/merge.py",
    "bibtexparser": "rag/readers/bibtex.py",
    "citeproc": "rag/bibliography/processor.py",
    "pylatexenc": "rag/readers/tex.py",
    "pypdf": "rag/readers/pdf_child.py",
    "rispy": "rag/readers/ris.py",
}
COMPOSER = "rag/wiring/"  # the only package of `rag` that knows `models`
# Training is a workshop, and nothing at run time imports it. It may look at the prompt, and at what
# a sentence, a word, an opposite, a citation and a supported sentence are when Footnote runs: what
# is trained is to meet the same there. These modules are pure.
WORKSHOPS = ("models/citer/", "models/checker/")
WORKSHOP_MAY = tuple(
    f"rag.{name}."
    for name in "prompt types lexicon chunks words edits support citations stream "
    "evaluation.points".split()
)
HEAVY = (
    "torch",
    "chromadb",
    "citeproc",
    "gguf",
    "gradio",
    "llama_cpp",
    "sentence_transformers",
    "sklearn",
    "transformers",
)


def imported(path: Path, root: Path) -> Iterator[str]:
    """Dotted names of the modules that a file imports, anywhere in it and in any way."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0]
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def is_wrong(file: str, module: str) -> bool:
    """Whether the import of a module in a file goes against the design."""
    part, target = file.split("/")[0], module.split(".")[0]
    if target in ONLY_IN:
        return file != ONLY_IN[target]
    if file.startswith(WORKSHOPS):
        return target == "ui" or (target == "rag" and not f"{module}.".startswith(WORKSHOP_MAY))
    if f"{module.replace('.', '/')}/".startswith(WORKSHOPS):
        return True
    if part == "models":
        return target in ("rag", "ui")
    if part == "rag":
        return target == "ui" or (target == "models" and not file.startswith(COMPOSER))
    return False


def violations(root: Path) -> set[tuple[str, str]]:
    """(file, module) for each import that goes against the design."""
    files = [path for part in PARTS for path in sorted((root / part).rglob("*.py"))]
    return {
        (name, module)
        for path in files
        for module in imported(path, root)
        if is_wrong(name := path.relative_to(root).as_posix(), module)
    }


def test_the_arrows_point_down() -> None:
    """`models` knows neither `rag` nor `ui`, `rag` composes in one file and knows no face."""
    assert violations(ROOT) == set()


@pytest.mark.parametrize(("library", "file"), ONLY_IN.items())
def test_each_foreign_library_has_its_file(library: str, file: str) -> None:
    """The file that owns a library still imports it: the rule is about something."""
    assert library in {m.split(".")[0] for m in imported(ROOT / file, ROOT)}


@pytest.mark.parametrize(
    ("file", "code", "module"),
    [
        ("models/a.py", "import rag", "rag"),
        ("models/a.py", "from rag.types import Paper", "rag.types"),
        ("models/a.py", "def f():\n    import ui.page as p", "ui.page"),
        ("models/deep/a.py", "from ...rag import search", "rag"),
        ("rag/a.py", "import models", "models"),
        ("rag/a.py", "from models.catalog import Catalog", "models.catalog"),
        ("rag/readers/a.py", "import importlib\nimportlib.import_module('ui.cli')", "ui.cli"),
        ("rag/a.py", "if True:\n    from ui import cli", "ui"),
        ("rag/wiring/desk.py", "import ui", "ui"),
        ("rag/a.py", "import chromadb.config", "chromadb.config"),
        ("models/a.py", "from llama_cpp import Llama", "llama_cpp"),
        ("ui/a.py", "__import__('sentence_transformers')", "sentence_transformers"),
        ("ui/a.py", "from models import citer", "models.citer"),
        ("models/citer/a.py", "from rag.search import Searcher", "rag.search"),
        ("models/checker/a.py", "from rag.objections import objections", "rag.objections"),
        ("models/crossencoder.py", "from models.checker.train import RANK", "models.checker.train"),
        ("rag/wiring/desk.py", "import models.checker.data", "models.checker.data"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, file: str, code: str, module: str) -> None:
    """An import in the wrong place is seen, at the top, within, relative or by name."""
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(code, encoding="utf-8")
    assert (file, module) in violations(tmp_path)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("rag/wiring/desk.py", "from models.catalog import Catalog"),
        ("ui/a.py", "from models.catalog import Catalog\nfrom rag.wiring import Desk"),
        ("models/a.py", "from models.errors import ModelError"),
        ("rag/index.py", "import chromadb"),
        ("rag/a.py", "from . import types\nimport ragged"),
        ("models/citer/a.py", "from rag.prompt import make_messages"),
        ("models/checker/a.py", "from rag.lexicon import root\nfrom rag.words import stem"),
        ("models/checker/a.py", "from models.crossencoder import read"),
    ],
)
def test_a_rightful_import_is_no_fault(tmp_path: Path, file: str, code: str) -> None:
    """What the design allows is not reported."""
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(code, encoding="utf-8")
    assert violations(tmp_path) == set()


def loaded_by(code: str, names: tuple[str, ...]) -> set[str]:
    """Which of the modules a fresh process has loaded after running the code."""
    probe = f"{code}\nimport sys\nprint('LOADED', *sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


WORKSHOP = tuple(
    f"models.{name}"
    for name in "checker checker.alter checker.data checker.train citer citer.data citer.shorten "
    "citer.train citer.report citer.build lowrank".split()
)
HELP = """
from ui.cli import main
try:
    main(["--help"])
except SystemExit as ended:
    assert not ended.code
"""


@pytest.mark.parametrize("code", ["import ui.cli", HELP], ids=["import", "--help"])
def test_starting_the_command_loads_nothing_heavy(code: str) -> None:
    """`footnote --help` imports no model, no index and no page."""
    assert loaded_by(code, HEAVY) == set()


def test_reading_pairs_needs_no_workshop() -> None:
    """What reads the trained weights loads nothing of what trained them."""
    assert loaded_by("import models.crossencoder, rag.wiring, ui.cli", WORKSHOP) == set()


def test_a_loaded_module_is_seen() -> None:
    """The probe tells what was loaded."""
    assert loaded_by("import ui.cli, yaml", ("yaml", "torch", "ui.cli")) == {"yaml", "ui.cli"}
