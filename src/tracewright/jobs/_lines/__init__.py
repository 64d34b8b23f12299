"""The room behind all that compares texts by lines."""
