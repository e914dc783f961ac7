"""The faces of Footnote: the command and the page."""
