"""How a citer does on the fifth of the documents that was kept apart, step by step.

    python -m models.citer.report --data FOLDER [--adapter FILE] [--base] [--quantisations Q8_0,F16]

The adapter is merged as Footnote merges it and run by llama.cpp, for every quantisation named; with
--base the packaged model is run beside it. One JSON object a model is printed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any, get_args

from models.catalog import Catalog
from models.checker.data import folded
from models.citer.data import REFUSAL, STEPS, Example, Maker
from models.llama import LlamaModel
from models.merge import Quantisation, merge
from models.process import NO_PENALTY, REPEAT_PENALTY
from rag.citations import take_citations
from rag.evaluation.points import stated
from rag.stream import SentenceStream
from rag.support import check_support
from rag.types import Verdict

BASE = "SmolLM2-135M-Instruct"
ADAPTER = Path(__file__).with_name("adapter.safetensors")
_LONGEST = 300  # tokens of an answer
_CONTEXT = 2048  # tokens
_PACKAGED = "packaged"  # the model as it is, run as Footnote would run it


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote for an example, and how long it took."""

    example: Example
    text: str
    prompt_tokens: int
    tokens: int
    reading_seconds: float  # until the first token
    writing_seconds: float  # from there on


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer, judged against what it cites, by the rules of the check alone."""

    text: str
    numbers: tuple[int, ...]
    is_supported: bool
    is_verbatim: bool


def write(model: LlamaModel, example: Example) -> Written:
    """Have the model answer an example."""
    messages = [{"role": m.role, "content": m.content} for m in example.messages]
    tokens = model.prompt_tokens(messages, _LONGEST)
    citable = [s.number for s in example.sources]
    began, first, text, count = time.perf_counter(), 0.0, "", 0
    for piece, count in model.stream(tokens, _LONGEST, lambda: False, citable):  # noqa: B007
        first = first or time.perf_counter()
        text += piece
    first = first or time.perf_counter()
    return Written(example, text, len(tokens), count, first - began, time.perf_counter() - first)


def sentences(written: Written) -> list[Said]:
    """The finished sentences of an answer but for the refusal, which says nothing of a source."""
    sources = written.example.sources
    known = {t.text.strip() for s in sources for t in s.sentences}
    stream = SentenceStream()
    texts = [*stream.feed(written.text), stream.finish() or ""]
    said = []
    for cited in (take_citations(t, {s.number for s in sources}) for t in texts if t):
        if cited.text == REFUSAL:
            continue
        own = [s for s in sources if s.number in cited.numbers]
        support = check_support(cited.text, own)
        is_supported = support is not None and support.verdict is Verdict.SUPPORTED
        said.append(Said(cited.text, cited.numbers, is_supported, cited.text.strip() in known))
    return said


def figures(answers: Sequence[Written]) -> dict[str, float | int | None]:
    """Figures of the answers to examples of one step; lengths are relative to the evidence's.

    None where there is nothing to count, as of sources to cite where none answers.
    """
    said = [sentences(a) for a in answers]
    every = [s for some in said for s in some]
    evidence = [_evidence(a.example) for a in answers]
    points = [bool(stated([(p,)], a.text)) for a in answers for p in a.example.points]
    cited = [{n for s in some for n in s.numbers} for some in said]
    return {
        "answers": len(answers),
        "refused": _mean(REFUSAL in a.text for a in answers),
        "sentences_supported": _mean(s.is_supported for s in every),
        "sentences_cited": _mean(bool(s.numbers) for s in every),
        "sentences_verbatim": _mean(s.is_verbatim for s in every),
        "sentences_a_source_sentence": _share(len(every), sum(map(len, evidence))),
        "length": _share(_words(s.text for s in every), _words(t for e in evidence for t in e)),
        "length_of_right_answers": _share(
            _words(take_citations(a.example.answer, ()).text for a in answers),
            _words(t for e in evidence for t in e),
        ),
        "points_kept": _mean(points),
        "cites_right_sources_only": _mean(
            bool(numbers) and numbers <= set(a.example.answering)
            for a, numbers in zip(answers, cited, strict=True)
            if a.example.answering
        ),
        "prompt_tokens_per_second": _share(
            sum(a.prompt_tokens for a in answers), sum(a.reading_seconds for a in answers)
        ),
        "tokens_per_second": _share(
            sum(a.tokens for a in answers), sum(a.writing_seconds for a in answers)
        ),
    }


def refusal_f1(by_step: dict[str, dict[str, float | int | None]]) -> float | None:
    """F1 of refusing what cannot be answered and nothing else, over the steps that were run."""
    refused = {
        step: round((f["refused"] or 0) * (f["answers"] or 0)) for step, f in by_step.items()
    }
    right, all_refused = refused.get("refuse", 0), sum(refused.values())
    impossible = by_step["refuse"]["answers"] if "refuse" in by_step else 0
    return _share(2 * right, all_refused + (impossible or 0)) if impossible else None


def report(
    models: dict[str, Path], data: Path, leave_out: frozenset[str], steps: Sequence[str], count: int
) -> dict[str, Any]:
    """The figures of each model for each step, on the same `count` examples of each."""
    maker = Maker(data, leave_out, Random(1), held_out=True)
    examples = {step: [maker.make(step) for _ in range(count)] for step in steps}
    loaded = {
        name: LlamaModel.load(
            path,
            context_tokens=_CONTEXT,
            threads=0,
            temperature=0.0,
            repeat_penalty=REPEAT_PENALTY if name == _PACKAGED else NO_PENALTY,
        )
        for name, path in models.items()
    }
    found: dict[str, Any] = {name: {} for name in models}
    for step in steps:
        answers: dict[str, list[Written]] = {name: [] for name in models}
        for example in examples[step]:  # in turn, so that a busy machine slows all alike
            for name, model in loaded.items():
                answers[name].append(write(model, example))
        for name, written in answers.items():
            found[name][step] = figures(written)
    for by_step in found.values():
        by_step["refusal_f1"] = refusal_f1({s: by_step[s] for s in steps})
    return found


def report_on(
    adapter: Path,
    data: Path,
    leave_out: frozenset[str],
    steps: Sequence[str],
    count: int,
    quantisations: Sequence[Quantisation] = ("Q8_0",),
    *,
    with_base: bool = False,
) -> dict[str, Any]:
    """The report of an adapter in some quantisations, and of the packaged model if wished."""
    base = Catalog.open().find(BASE).path
    with tempfile.TemporaryDirectory() as folder:
        models = {_PACKAGED: base} if with_base else {}
        for kind in quantisations:
            models[kind] = Path(folder) / f"{kind}.gguf"
            merge(base, adapter, models[kind], name="citer", base_name=BASE, quantisation=kind)
        return report(models, data, leave_out, steps, count)


def _evidence(example: Example) -> list[str]:
    """The source sentences that belong into the answer."""
    sources = [s for s in example.sources if s.number in example.answering]
    return [t.text for s in sources for t in s.sentences]


def _words(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _mean(values: Iterable[bool]) -> float | None:
    known = list(values)
    return round(fmean(known), 3) if known else None


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def main() -> None:
    """Merge, run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--base", action="store_true", help="run the packaged model beside it")
    parser.add_argument("--quantisations", default="Q8_0", help="one or more, with commas")
    parser.add_argument("--steps", default=",".join(STEPS), help="one or more, with commas")
    parser.add_argument("--count", type=int, default=100, help="examples of each step")
    parser.add_argument("--leave-out", type=Path, help="file of titles, one a line, not to use")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    if unknown := set(steps) - set(STEPS):
        parser.error(f"no such steps: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    titles = (
        arguments.leave_out.read_text(encoding="utf-8").splitlines() if arguments.leave_out else []
    )
    quantisations = arguments.quantisations.split(",")
    if unknown := set(quantisations) - set(get_args(Quantisation)):
        parser.error(f"no such quantisations: {', '.join(sorted(unknown))}")
    found = report_on(
        arguments.adapter,
        arguments.data,
        frozenset(map(folded, titles)),
        steps,
        arguments.count,
        quantisations,
        with_base=arguments.base,
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
