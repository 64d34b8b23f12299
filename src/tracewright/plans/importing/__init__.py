"""Turn SQL, read by sqlglot, into a closed query plan, or refuse it with a code and a sentence."""
