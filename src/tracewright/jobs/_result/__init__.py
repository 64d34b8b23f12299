"""Reading a stored result: what all jobs about results begin with."""
