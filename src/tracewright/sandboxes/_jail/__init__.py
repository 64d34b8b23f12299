"""What jails share: frames on the pipe, a pool of workers, limits for whole trees, the proof before first use."""
