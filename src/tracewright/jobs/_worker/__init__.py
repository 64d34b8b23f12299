"""The process that waits inside a jail and runs jobs one after another; only the standard library is needed."""
