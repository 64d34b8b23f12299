"""What a renderer promises, as checks that anyone can run on their own."""
