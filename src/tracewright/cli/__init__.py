"""The command line: one file a noun; what is heavy is imported when a command runs."""
