"""Labelled sets -> figures, their comparison, and what each part of the path is worth."""
