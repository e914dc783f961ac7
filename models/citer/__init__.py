"""The model that phrases what its sources say: its weights (`adapter.safetensors`) and recipe.

Nothing here is imported when Footnote runs; `models.merge` reads the weights.
"""
