"""What a jail in a container is made of: the engine behind its socket, the request for a container, its stream."""
