"""A catalogue with a small model that is built on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from models.built import Recipe
from models.catalog import Catalog, Entry


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def catalog_of(recipe: Recipe, folder: Path) -> Catalog:
    """The base of the recipe, as if it were packaged, and the model that is built from it."""
    base = Entry(
        name=recipe.base_name,
        kind="llm",
        package="models",
        file=str(recipe.base),
        license="MIT",
        sha256=recipe.base_sha256,
    )
    built = Entry(
        name=recipe.name,
        kind="llm",
        base=base.name,
        adapter=str(recipe.adapter),
        license="MIT",
        reads_quotations=True,
    )
    return Catalog((base, built), folder)
