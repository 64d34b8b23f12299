"""The core steps: what each asks of the block that is open, and what it leaves in sight."""
