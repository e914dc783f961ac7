"""Values as HTML: pure functions that escape all that comes from outside."""
