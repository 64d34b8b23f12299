"""What the job `game` is made of: the course of an episode, and exact best responses over the tree of a game."""
