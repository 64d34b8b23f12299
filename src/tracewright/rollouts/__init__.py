"""Playing episodes: one at a time, many at once, again, and graded anew."""
