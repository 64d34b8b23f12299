"""Takes a free question apart: words are linked to tables, each gets a part, and meanings are made of them."""
