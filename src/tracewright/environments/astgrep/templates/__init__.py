"""Templates of synthetic refactorings: TOML tables beside this file, and the plan that fills them from real code."""
