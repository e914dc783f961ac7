"""The trained checker of sentences: its recipe, its weights (`adapter.safetensors`) and its card.

Nothing here is imported when Footnote runs; `models.crossencoder` reads the weights.
"""
