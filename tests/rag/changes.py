"""A program that changes a library without end, to be killed; it tells each step before and after.

    python -m tests.rag.changes FOLDER SEED

Each line it prints is a JSON object; a step that was told as done must survive whatever comes next.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from rag.folder import FolderLock
from rag.index import ChunkIndex
from rag.ingest import Ingest
from rag.library import Library
from tests.rag.corpus import HashEmbedder, make_ingest, many_records

RECORDS = {record.title: record for record in many_records(600)}


def tell(step: str, titles: list[str], done: bool) -> None:
    print(json.dumps({"step": step, "titles": titles, "done": done}), flush=True)


def change(library: Library, ingest: Ingest, index: ChunkIndex, chance: random.Random) -> None:
    papers = library.papers(limit=-1)
    there = {paper.title for paper in papers}
    # A library that neither runs empty nor grows for ever.
    more = len(papers) < 300
    step = chance.choices(
        ["add", "remove", "sync", "rebuild", "ask"], [60 if more else 10, 20, 3, 1, 1]
    )[0]
    titles: list[str] = []
    if step == "add":
        absent = [title for title in RECORDS if title not in there]  # removed ones come again
        titles = chance.sample(absent, min(len(absent), chance.randint(1, 20)))
    elif step == "remove" and papers:
        titles = [p.title for p in chance.sample(papers, min(len(papers), chance.randint(1, 20)))]
    tell(step, titles, done=False)
    if step == "add":
        library.add(ingest._prepare([RECORDS[title] for title in titles], "changes"))
    elif step == "remove":
        ids = [p.id for p in papers if p.title in titles]
        chunks = library.chunks_of(ids)
        library.remove(ids)
        if chance.random() < 0.2:
            tell(step, titles, done=True)  # before the index knows
            step, titles = "forget", []
            tell(step, titles, done=False)
            index.remove(chunks)
    elif step == "sync":
        index.sync()
    elif step == "rebuild":
        index.rebuild()
    else:
        index.nearest(HashEmbedder().encode(["glade7 moss2"])[0], 10)
    tell(step, titles, done=True)


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    with FolderLock(folder, "changes"), Library.open(folder) as library:
        ingest = make_ingest(library)
        tell("open", [], done=True)
        while True:
            change(library, ingest, ingest.index, chance)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
