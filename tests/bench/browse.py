"""How long it takes to look through 78,000 papers: `python -m tests.bench.browse [PAPERS]`.

Absolute times on a shared machine say little, so one question's embedding alternates with each step
in one run, and medians are given as ratios to it too. The library is made of invented words and
random vectors; nothing is embedded for it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from pathlib import Path
from statistics import median

import numpy as np

from rag.browse import Order
from rag.config import load_config
from rag.library import Library, NewPaper
from rag.types import Chunk, Record, Scope, Span
from rag.wiring import open_embedder, stay_offline

PAPERS = 78_000
ROUNDS = 9
MANY = 1_000  # papers tagged or deleted at once
_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi zo tra ble con der est ing".split()
_SENTENCES = 6


def _words(rng: random.Random, count: int) -> list[str]:
    return ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(count)]


def _papers(count: int, seed: int = 6) -> Iterator[NewPaper]:
    """Papers about as large as arXiv's: nine words of title, 130 of abstract, four authors."""
    rng = random.Random(seed)
    vocabulary, names = _words(rng, 20_000), _words(rng, 30_000)
    # Words are as unevenly frequent as in a text: the rank of each is drawn from a Zipf-like law.
    frequency = list(accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
    vectors = np.random.default_rng(seed).normal(size=(_SENTENCES + 1, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for n in range(count):
        words = rng.choices(vocabulary, cum_weights=frequency, k=9 + 130)
        title, abstract = " ".join(words[:9]).capitalize(), " ".join(words[9:])
        cuts = [len(abstract) * i // _SENTENCES for i in range(_SENTENCES + 1)]
        record = Record(
            f"{title} {n}",
            abstract,
            tuple(" ".join(rng.choices(names, k=2)).title() for _ in range(4)),
            rng.choice((None, *range(1992, 2026))),
            arxiv_id=f"{n // 9000:04d}.{n % 9000:05d}",
            tags=tuple(f"cs.{c}" for c in rng.sample("ACDEGHILNORSV", rng.randint(1, 3))),
        )
        spans = tuple(map(Span, cuts, cuts[1:]))
        chunk = Chunk(0, Span(0, len(abstract)), f"{title}\n{abstract}")
        source = f"dump-{rng.randint(1, 12)}.jsonl"
        yield NewPaper(record, source, (chunk,), vectors[:1], spans, vectors[1:])


def fill(library: Library, count: int) -> None:
    """Put `count` invented papers into a library."""
    papers = _papers(count)
    while batch := list(islice(papers, 2_000)):
        library.add(batch)


def _steps(library: Library, rng: random.Random) -> dict[str, Callable[[], object]]:
    shelf = library.shelf
    total = library.counts().papers
    everything = shelf.ids()
    years = Scope(from_year=2010, to_year=2015)
    some_tags = Scope(tags=("cs.L",), sources=("dump-3.jsonl",))

    def tag() -> None:
        library.tag(rng.sample(everything, MANY), add=(f"read {rng.random()}",))

    def edit() -> None:
        paper = library.paper(rng.choice(everything))
        assert paper is not None
        library.edit(paper.id, Record(f"{paper.title} again", paper.abstract, paper.authors), None)

    def facets_anew() -> None:
        shelf._facets = None
        shelf.facets()

    steps: dict[str, Callable[[], object]] = {
        f"first page, {order}": lambda order=order: shelf.browse(order=order) for order in Order
    }
    steps |= {
        f"page at half, {order}": lambda order=order: shelf.browse(order=order, offset=total // 2)
        for order in (Order.NEWEST, Order.YEAR_DOWN, Order.TITLE_UP, Order.AUTHOR_UP)
    }
    for match in ("c", "con", "conder", "la me ba"):
        for order in (Order.NEWEST, Order.YEAR_DOWN):
            name = f"search {match!r}, {order}"
            steps[name] = lambda match=match, order=order: shelf.browse(match, order=order)
    return steps | {
        "six years, by title": lambda: shelf.browse(scope=years, order=Order.TITLE_UP),
        "tag and source": lambda: shelf.browse(scope=some_tags),
        "search 'con' in tag and source": lambda: shelf.browse("con", some_tags),
        "all ids": shelf.ids,
        "facets, anew": facets_anew,
        "facets, again": shelf.facets,
        "edit a title, without its vectors": edit,
        f"tag {MANY:,}": tag,
        f"delete {MANY:,}": lambda: library.remove(
            everything.pop(rng.randrange(len(everything))) for _ in range(MANY)
        ),
    }


def main() -> None:
    stay_offline()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAPERS
    embedder = open_embedder(load_config())

    def embed() -> object:
        return embedder.encode(["How is it?"])

    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder)) as library:
        begun = time.perf_counter()
        fill(library, count)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        print(f"{count:,} papers in {time.perf_counter() - begun:.0f} s, {size / 1e6:,.0f} MB")
        embedding: list[float] = []
        for name, step in _steps(library, random.Random(1)).items():
            taken = []
            for _ in range(ROUNDS):
                for work, times in (
                    (lambda: embedder.encode(["How is it?"]), embedding),
                    (step, taken),
                ):
                    begun = time.perf_counter()
                    work()
                    times.append((time.perf_counter() - begun) * 1000)
            print(
                f"{name:34} {median(taken):8.1f} ms  {median(taken) / median(embedding):6.2f} "
                "embeddings",
                flush=True,
            )
        print(f"{'one embedding':34} {median(embedding):8.1f} ms")


if __name__ == "__main__":
    main()
