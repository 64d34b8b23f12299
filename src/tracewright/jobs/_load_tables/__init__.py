"""What the job `load_tables` is made of: reading foreign files, and the facts of what was read."""
