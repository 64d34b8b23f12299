"""The process that a local engine starts for each core."""
