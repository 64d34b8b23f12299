"""A plug-in: an environment, the kind of job that it runs, and a policy."""
