"""The library of papers, and the way from a question to a cited answer."""
