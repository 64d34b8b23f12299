"""The rooms behind mining a git history: the repository, what changed in it, how mechanical a change is."""
