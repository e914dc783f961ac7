"""`python -m models.citer.build`: the packaged model and an adapter -> the GGUF that Footnote runs.

Footnote builds the packaged adapter by itself when it is first used. This is for the others: an
adapter that is still being trained, another quantisation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from models.built import write
from models.catalog import Catalog
from models.errors import ModelError
from models.merge import Quantisation

NAME = "Footnote-135M"  # in the catalogue


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.citer.build",
        description="Merge an adapter into the packaged model and write the result as a GGUF.",
    )
    parser.add_argument("--adapter", type=Path, metavar="FILE", help="default: the packaged one")
    parser.add_argument("--quantisation", choices=get_args(Quantisation), help="default: Q8_0")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: where Footnote looks for it"
    )
    arguments = parser.parse_args(argv)
    if arguments.out is None and (arguments.adapter or arguments.quantisation):
        parser.error(
            "Footnote runs the packaged adapter as Q8_0; name a file for others with --out"
        )
    try:
        path = _build(arguments)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(path)
    return 0


def _build(arguments: argparse.Namespace) -> Path:
    catalog = Catalog.open()
    if arguments.out is None:
        return catalog.ready(NAME, _show).path
    entry = next(e for e in catalog.entries if e.name == NAME)
    recipe = catalog.recipe(entry)
    recipe = replace(
        recipe,
        adapter=arguments.adapter or recipe.adapter,
        quantisation=arguments.quantisation or recipe.quantisation,
    )
    out: Path = arguments.out
    write(recipe, out, _show)
    return out


def _show(done: int, total: int) -> None:
    end = "\n" if done == total else "\r"
    print(f"{done} of {total} tensors", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
