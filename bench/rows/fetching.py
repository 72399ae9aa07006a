"""Rows from other databases into the spool, against the fastest client that the database itself brings."""

import time

from measuring import process
from measuring.figures import Figure, median, number, pairs, ratios, timed
from measuring.sources import Postgresql, Trino, postgresql_drivers

# The six columns of MIXED_ROWS, in PostgreSQL's words.
POSTGRESQL_ROWS = """SELECT i AS id, (i * 7919) % 1000003 AS amount, ((i * 31) % 100000) / 7.0::float8 AS ratio,
  (((i * 97) % 100000000) / 100.0)::numeric(10, 2) AS price,
  timestamp '2026-01-01' + i * interval '1234567 microseconds' AS at,
  'customer ' || ((i * 13) % 5000) || ' of region ' || (i % 17) AS name
FROM generate_series(0::bigint, {} - 1) AS r(i)"""


def copied(bench):
    """The file that they write."""
    return bench.work / "copied.csv"


def compared(bench, row, what, server, statement, theirs, yardstick, notes=()):
    """Pairs of `statement`, until its end is recorded and all its rows are flushed, and of `theirs`, which returns its seconds."""
    counts = set()

    def ours():
        before = process.cpu_seconds(server.pid)
        began = time.perf_counter()
        counts.add(server.run(statement)["result"]["rows"])
        return time.perf_counter() - began, process.cpu_seconds(server.pid) - before

    ours(), theirs()  # Caches are warm, and what is compiled while it runs has been.
    with open(copied(bench), "rb") as file:
        counts.add(sum(1 for _ in file))
    a, b = pairs(bench.scale.pairs, ours, theirs)
    seconds = [each for each, _ in a]
    (rows,) = counts  # All were the same.
    return Figure(row, f"{what}: run and store {number(rows / 1e6)} M rows, rows/s", ratios(b, seconds),
                  ours=f"{number(rows / median(seconds) / 1e6)} M rows/s, flushed to disk; "
                       f"processor time {number(1e6 * median([cpu for _, cpu in a]) / rows)} us a row",
                  yardstick=f"{yardstick}, not flushed: {number(rows / median(b) / 1e6)} M rows/s", bar=1.0, goal=1.0, notes=list(notes))


def spool_postgresql(bench):
    statement = "SELECT * FROM t"
    with Postgresql() as postgresql:
        postgresql.run(f"CREATE UNLOGGED TABLE t AS {POSTGRESQL_ROWS.format(bench.scale.rows)}")
        postgresql.run("VACUUM ANALYZE t")
        copy = rf"\copy ({statement}) to '{copied(bench)}' csv"
        figures = []
        for driver, path in postgresql_drivers().items():
            with bench.server(warehouse=postgresql.warehouse(path)) as server:
                figures.append(compared(bench, "spool_postgresql", f"6 columns, ADBC driver {driver}", server, statement,
                                        lambda: timed(lambda: postgresql.run(copy)), "psql \\copy to CSV"))
    figures[0].notes.append("PyPI's drivers from 1.9.0 to 1.13.0 are compiled without optimization, 1.8.0 with")
    return figures


def spool_trino(bench):
    # The table has 6 M rows at scale factor 1.
    statement = f'SELECT * FROM tpch."sf{bench.scale.rows / 5 / 6e6:.3g}".lineitem'
    figures = []
    with Trino() as trino:
        for what, settings, options in (("answers compressed", {}, ()),
                                        ("not compressed", {"compression": False}, ("--disable-compression",))):
            def fetch(sql, options=options):
                return timed(lambda: trino.to_csv(sql, copied(bench), *options))

            fetch("SELECT 1")
            start = median([fetch("SELECT 1") for _ in range(3)])
            with bench.server(warehouse={**trino.warehouse, **settings}) as server:
                figures.append(compared(bench, "spool_trino", f"16 columns, {what}", server, statement,
                                        lambda: fetch(statement) - start, " ".join(["Trino's CLI to CSV", *options]),
                                        [f"{what}: the {number(start)} s that the CLI takes for `SELECT 1` are taken off"]))
    return figures
