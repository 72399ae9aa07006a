"""SQL whose running time the tests control."""

# Runs until it is canceled: nobody waits for ten million million rows.
ENDLESS = "SELECT count(*) AS n FROM range(10000000) a, range(1000000) b WHERE a.range + b.range < 0"

# Yields rows without end, so that it is spooling when something happens to it.
ENDLESS_ROWS = "SELECT a.range AS a, b.range AS b FROM range(10000000) a, range(1000000) b"


def numbers(count):
    """Rows n = 0 … count - 1, in this order."""
    return f"SELECT range AS n FROM range({count}) ORDER BY n"
