"""A closed language of query plans: what may be asked of tables, said in JSON that is never SQL text.

`document` reads a plan, `compiling` turns it into one SQL text with its schema, `importing` turns SQL into a plan.
Nothing here runs a query; whether the SQL may run is judged elsewhere, as if somebody else had written it.
"""
