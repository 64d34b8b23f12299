"""Sandboxes that do not hold, to try the suite on; each is built like a real one, and by its file."""
