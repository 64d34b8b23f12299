"""Kinds of jobs that misbehave, for tests of what a sandbox does about it."""
