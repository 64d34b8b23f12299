"""The rooms behind the job kinds `ast_grep` and `infer_rules`: the CLI, edits on bytes, layout, trees, rule texts."""
