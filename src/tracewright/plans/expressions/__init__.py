"""The expression language: one binder a tag, each of which checks shape and types and builds its tree."""
