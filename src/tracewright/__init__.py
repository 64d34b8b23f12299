"""Turns tasks with checkable outcomes into verified traces and versioned datasets."""

__version__ = "0.1.0"
