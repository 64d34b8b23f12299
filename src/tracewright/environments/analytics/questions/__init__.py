"""Questions over tables, in two directions that share nothing but what a question means.

`templates` turns meanings into words, `reading` words into meanings; neither knows the other's wording. `lowering`
turns a meaning into a query plan.
"""
