"""Tables that questions are asked of: three generated sets, and the sets that users register.

Nothing here parses a foreign file: that is a job of the jail. What is known of a set (schema, keys, counts, hashes) is
a `TableSet`; its rows are tuples in the order of the columns.
"""
