"""How long a question takes, in units of one question's embedding: `python -m tests.bench.latency`.

Absolute times on a shared machine say little, so embedding and asking alternate in one run and the
medians are given as ratios too.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from rag.sample import EXAMPLE_QUESTIONS
from rag.wiring import open_desk, stay_offline

ROUNDS = 5


def main() -> None:
    stay_offline()
    embedding, evidence, first_token, whole = [], [], [], []
    with tempfile.TemporaryDirectory() as folder, open_desk(Path(folder)) as desk:
        desk.bring_sample()
        list(desk.ask_once(EXAMPLE_QUESTIONS[0], keep=False))  # loads all that is loaded once
        for _ in range(ROUNDS):
            for question in EXAMPLE_QUESTIONS:
                begun = time.perf_counter()
                desk.embedder.encode([question])
                embedding.append((time.perf_counter() - begun) * 1000)
                timings = desk.ask_once(question, keep=False).answer.timings
                evidence.append(timings.evidence_ms)
                first_token.append(timings.first_token_ms or timings.total_ms)
                whole.append(timings.total_ms)
    unit = median(embedding)
    for name, values in (
        ("one embedding", embedding),
        ("evidence on screen", evidence),
        ("first token", first_token),
        ("whole answer", whole),
    ):
        print(f"{name:20} {median(values):8.1f} ms  {median(values) / unit:6.1f} embeddings")


if __name__ == "__main__":
    main()
