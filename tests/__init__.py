"""The specification, as sentences that can fail."""
