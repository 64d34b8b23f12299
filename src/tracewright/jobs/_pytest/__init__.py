"""The rooms of the `pytest` kind: what tests a file must yield, and the process that runs them and reports."""
