"""What a jail in a cluster is made of: the manifest, the talk with the API server, the stream to a worker."""
