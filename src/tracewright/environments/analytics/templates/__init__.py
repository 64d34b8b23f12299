"""Templates of questions: parts in TOML beside this file, forms that join them, and the draw that fills them.

They know nothing of how a free question is read: those words are kept apart, so that reading can be measured on these.
"""
