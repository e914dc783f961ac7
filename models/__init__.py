"""Everything that fetches or runs a model; it knows nothing of papers."""
