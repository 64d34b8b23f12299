"""Queries kept with everything that made their answer: made, kept, verified, replayed, compared, sent and taken in."""
