"""The macro steps: each rewrites itself into core steps, which are shown and stored."""
