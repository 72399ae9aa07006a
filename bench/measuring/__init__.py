"""What the rows measure with: the server and its yardsticks as processes, load, the disk, DuckDB, and ratios of pairs."""
