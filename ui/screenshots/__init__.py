"""Pictures of the real page, made by `python -m ui.screenshots`."""
