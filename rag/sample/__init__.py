"""The library a first start brings: notes of our own on well-known papers, so there is something
to ask. They are not the papers' abstracts, and say so."""

from __future__ import annotations

import json
from importlib import resources

from rag.types import Record

SAMPLE_TAG = "sample"

EXAMPLE_QUESTIONS: tuple[str, ...] = (
    "How does LoRA reduce the number of trainable parameters?",
    "How should model size and training tokens grow with the compute budget?",
    "Where in a long prompt do language models overlook the answer?",
    "How can the ranked lists of BM25 and a dense retriever be fused?",
    "How is the quality of citations in generated text measured?",
    "How do GPTQ and AWQ quantize the weights of a language model?",
)


def sample_records() -> list[Record]:
    """The sample papers, each with a note in place of its abstract and the tag `sample`."""
    text = resources.files(__name__).joinpath("papers.jsonl").read_text(encoding="utf-8")
    return [_record(line, number) for number, line in enumerate(text.splitlines(), start=1)]


def _record(line: str, number: int) -> Record:
    entry = json.loads(line)
    return Record(
        title=entry["title"],
        abstract=entry["note"],
        authors=tuple(entry["authors"]),
        year=entry["year"],
        url=entry.get("url"),
        arxiv_id=entry.get("arxiv_id"),
        line=number,
        is_note=True,
        tags=(SAMPLE_TAG,),
    )
