"""The policy that a SQL text must pass, the locks of the engine, and the process in which one query runs."""
