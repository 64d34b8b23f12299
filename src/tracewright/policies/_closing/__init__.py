"""How an episode is ended, for every policy that ends one."""
