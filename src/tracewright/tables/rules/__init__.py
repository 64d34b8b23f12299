"""What must hold of the rows of each shipped set, beyond what its schema says: one file a set."""
