"""The rooms of the `jsonl` store: a file of lines under a lock, and what is known of its lines."""
