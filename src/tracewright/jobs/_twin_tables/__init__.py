"""What the job `twin_tables` is made of: how tables hang together, and what becomes of their rows and values."""
