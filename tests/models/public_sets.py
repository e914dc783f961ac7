"""Imitations of the public sets that checker and citer learn from, written by us."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SCIFACT = "retrieval/scifact/corpus.jsonl"
CHECK_COVID = "retrieval/check_covid/corpus.jsonl"
SCIFACT_CLAIMS = "training/scifact_claims/claims_train.jsonl"
CHECK_COVID_CLAIMS = "training/check_covid/covidCheck_train_composed+extracted.json"
WICE = "training/wice/oracle_chunks_claim_dev.jsonl"
SCITLDR = "training/scitldr/train.jsonl"
BEGIN = "training/begin/begin_dev_wow.tsv"
SQUAD = "training/squad2/squad2_13_articles.json"
COVID_QA = "training/covid_qa/200423_covidQA.json"
PUBMED_QA = "training/pubmedqa/pubmedqa_500.json"
ARXIV = "scale/arxiv_abstracts.jsonl.gz"

BY_PEOPLE = ("scifact", "check_covid", "wice", "begin", "scitldr", "squad2", "covid_qa", "pubmedqa")
LEFT_OUT = "Moss on Old Stones"  # the title of an abstract of its own
_DOCUMENTS = 40  # of each set; about eight of them are kept apart


def written(path: Path, rows: Iterable[Any]) -> None:
    """A set of one JSON value a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def begin(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """A table of BEGIN."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [("knowledge", "response", "begin_label"), *rows]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


def asked_in(path: Path, paragraphs: Iterable[Mapping[str, Any]]) -> None:
    """A set in SQuAD's form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"data": [{"paragraphs": list(paragraphs)}]}), encoding="utf-8")


def papers(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """The abstracts of arXiv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def empty_sets(folder: Path) -> Path:
    """The folder with each set, all of them empty."""
    lines = (SCIFACT, CHECK_COVID, SCIFACT_CLAIMS, CHECK_COVID_CLAIMS, WICE, SCITLDR)
    for path in (*lines, SCITLDR.replace("train.jsonl", "dev.jsonl")):
        written(folder / path, [])
    for name in ("begin_dev_tc", "begin_dev_wow", "begin_test_wow"):
        begin(folder / f"training/begin/{name}.tsv", [])
    for path in (SQUAD, COVID_QA):
        asked_in(folder / path, [])
    written(folder / PUBMED_QA, [{}])
    papers(folder / ARXIV, [])
    return folder


def filled_sets(folder: Path) -> Path:
    """The folder with each set; no sentence of a document stands in another one."""
    empty_sets(folder)
    numbers = range(_DOCUMENTS)
    written(folder / SCIFACT, [_document(f"s{n}", "Dover", n) for n in numbers])
    evidence = {"sentences": [1], "label": "SUPPORT"}
    written(folder / SCIFACT_CLAIMS, [
        {"claim": _claim("Dover", n), "cited_doc_ids": [f"s{n}"],
         "evidence": [{**evidence, "doc_id": f"s{n}"}]} for n in numbers
    ])  # fmt: skip
    written(folder / CHECK_COVID, [_document(f"c{n}", "Calais", n) for n in numbers])
    written(folder / CHECK_COVID_CLAIMS, [
        {"cord_id": f"c{n}", "claim": _claim("Calais", n), "label": "SUPPORT",
         "evidence_set": [{"sent_index": 0}, {"sent_index": 1}]} for n in numbers
    ])  # fmt: skip
    written(folder / WICE, [
        {"claim": _claim("Bergen", n), "label": "supported", "evidence": _sentences("Bergen", n),
         "meta": {"id": n, "claim_title": f"Bergen {n}", "chunk_idx": [0, 1, 2, 3],
                  "oracle_idx": [1]}} for n in numbers
    ])  # fmt: skip
    begin(folder / BEGIN, [
        (f"Quay {n} of Oslo is as old as its lamps, which keepers light.",
         f"The lamps of quay {n} are old.", "Fully attributable") for n in numbers
    ])  # fmt: skip
    written(
        folder / SCITLDR,
        [
            {"paper_id": f"t{n}", "source": _sentences("Malmo", n), "target": [_claim("Malmo", n)]}
            for n in numbers
        ],
    )
    asked_in(folder / SQUAD, [_paragraph("Narvik", n) for n in numbers])
    asked_in(folder / COVID_QA, [_paragraph("Turku", n) for n in numbers])
    written(folder / PUBMED_QA, [{
        str(n): {"QUESTION": f"Do lamps help the boats of Visby {n}?",
                 "CONTEXTS": [" ".join(_sentences("Visby", n)[:2]), _sentences("Visby", n)[2]],
                 "LONG_ANSWER": _claim("Visby", n)} for n in numbers
    }])  # fmt: skip
    papers(folder / ARXIV, [
        *({"title": f"Lantern{n}:\n Lamps of Whitby {n}",
           "abstract": "\n".join(_sentences("Whitby", n))} for n in numbers),
        {"title": LEFT_OUT, "abstract": " ".join(_sentences("Moss", 0))},
    ])  # fmt: skip
    return folder


def _sentences(town: str, n: int) -> list[str]:
    return [
        f"{town} {n} has oil lamps on {n + 3} towers of its harbour, which helps small boats.",
        f"We show that the lamps of {town} {n} improve the safety of small boats "
        f"by {n + 2}.5 points on stormy nights.",
        f"However, oil lamps burn slowly in {town} {n}, and our keepers (all of them young) "
        "sleep on most nights.",
        f"Nets of {town} {n} reduce the noise of gulls by {n + 10}%, using ropes of hemp.",
    ]


def _claim(town: str, n: int) -> str:
    return f"Lamps improve the safety of small boats of {town} {n} on stormy nights."


def _document(name: str, town: str, n: int) -> dict[str, Any]:
    sentences = _sentences(town, n)
    return {"_id": name, "title": f"On {town} {n}", "text": " ".join(sentences),
            "sentences": sentences}  # fmt: skip


def _paragraph(town: str, n: int) -> dict[str, Any]:
    context = " ".join(_sentences(town, n))
    said = f"{n + 2}.5 points"
    answer = {"text": said, "answer_start": context.index(said)}
    return {
        "context": context,
        "qas": [
            {"question": f"By how much are the boats of {town} {n} safer?", "answers": [answer],
             "is_impossible": False},
            {"question": f"By how much are the whales of {town} {n} safer?", "answers": [],
             "plausible_answers": [answer], "is_impossible": True},
        ],
    }  # fmt: skip
