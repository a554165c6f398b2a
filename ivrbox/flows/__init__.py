"""Flow definitions at rest: what the files say, read and checked."""
