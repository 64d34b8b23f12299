"""Whatever crosses halls: the parts that a recipe names, tasks made in the jail, the whole wheel."""
