"""Waiting for a condition. Nothing here sleeps and hopes: a condition that does not come is a failure."""

import time


def until(condition, what, seconds=60.0, every=0.02):
    """Returns what `condition()` returns, as soon as that is true."""
    deadline = time.monotonic() + seconds
    while True:
        outcome = condition()
        if outcome:
            return outcome
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(every)
