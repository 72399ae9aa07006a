"""SQL whose running time the tests control, beside `harness.statements`."""


def lasting(seconds):
    """A statement of one row that runs for about so long whatever the machine, and stops at once when it is canceled.

    The engine has no sleep and its now() stands still within a statement, but the time in a fresh UUID of version 7 moves on.
    """
    return (
        "WITH RECURSIVE tick(n) AS (SELECT 0 UNION ALL SELECT n + 1 "
        "FROM tick, (SELECT count(*) AS c FROM range(200000)) AS work "
        f"WHERE c > 0 AND epoch_ms(uuid_extract_timestamp(uuidv7())) < epoch_ms(now()) + {int(seconds * 1000)}) "
        "SELECT count(*) > 0 AS done FROM tick")
