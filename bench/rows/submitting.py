"""Handing over queries: how many, how fast, and with how many flushes."""

import json

from measuring.disk import count_flushes, fdatasync_seconds
from measuring.duckdb import DuckDB
from measuring.figures import Figure, median, number, pairs, ratios, timed
from measuring.load import wrk

STATEMENT = "SELECT region, count(*) AS orders, sum(amount) AS total FROM orders WHERE day = DATE '2026-11-22' GROUP BY region"
# The same submit, but for a warehouse that is not there: read, authenticated, parsed and checked, then refused.
NO_WORK = {"statement": STATEMENT, "warehouse": "nowhere"}
WORK = {"statement": STATEMENT, "warehouse": "main"}


def p3_p4(bench):
    scale = bench.scale
    groups, flushed = [], None
    with bench.server(warehouse={"max_running": 1}) as server, server.parked():
        url, fields = server.url("/v1/queries"), server.authorization

        def submits():
            before = server.metrics()
            load = wrk(url, server.pid, scale.seconds, fields=fields, body=json.dumps(WORK), script=bench.work / "submit.lua")
            after = server.metrics()
            records, commits = (after[name] - before[name] for name in
                                ("coatcheck_journal_records_total", "coatcheck_journal_commits_total"))
            groups.append(records / commits)
            return load

        def no_work():
            return wrk(url, server.pid, scale.seconds, fields=fields, body=json.dumps(NO_WORK), script=bench.work / "refused.lua",
                       expect_errors=True)

        a, b = pairs(scale.pairs, submits, no_work)
        before = server.metrics()["coatcheck_queries_submitted_total"]
        flushed = count_flushes(server.pid, bench.work, submits)
        traced = server.metrics()["coatcheck_queries_submitted_total"] - before
        traced_group = groups.pop() if flushed is not None else None
    notes = ["no work: the same request to a warehouse that does not exist: read, authenticated, parsed, checked and refused "
             "with 400. Nothing runs meanwhile: the warehouse is kept waiting by a pipe."]
    if flushed:
        notes.append(f"with strace counting: {number(traced / sum(flushed.values()))} submits for each flush of any kind "
                     f"({', '.join(f'{count:,} {name}' for name, count in flushed.items())}; {number(traced_group)} in a commit)")
    return [
        Figure("P3", "durable submits, 64 clients", ratios([each.per_second for each in a], [each.per_second for each in b]),
               ours=f"{number(median([each.per_second for each in a]))}/s, p50 {number(median([each.p50 for each in a]) * 1e3)} ms, "
                    f"p99 {number(median([each.p99 for each in a]) * 1e3)} ms",
               yardstick=f"POST without work: {number(median([each.per_second for each in b]))}/s", bar=0.25, goal=0.4,
               notes=notes[:1] + [f"processor time of one submit {number(1e6 / median([each.per_cpu_second for each in a]))} us, "
                                  f"of one refused {number(1e6 / median([each.per_cpu_second for each in b]))} us"]),
        Figure("P4", "submits in one commit of the journal, 64 clients", groups, "", ours="the server's own counters",
               yardstick="none", bar=8, goal=24, notes=notes[1:])]


def p5(bench):
    scale = bench.scale
    ours, floor, flushes, refused = [], [], [], []
    with bench.server(warehouse={"max_running": 1}) as server, server.parked(), server.connect() as connection:
        submit = connection.post_request("/v1/queries", WORK)
        no_work = connection.post_request("/v1/queries", NO_WORK)
        connection.latencies(submit, 50, 202)
        for _ in range(scale.pairs):
            ours.append(median(connection.latencies(submit, scale.exchanges, 202)))
            flushes.append(median(fdatasync_seconds(bench.work, scale.exchanges)))
            refused.append(median(connection.latencies(no_work, scale.exchanges, 400)))
            floor.append(flushes[-1] + refused[-1])
    return [Figure("P5", "submit, p50, one client", ratios(ours, floor), ours=f"{number(median(ours) * 1e3)} ms",
                   yardstick=f"this disk's fdatasync {number(median(flushes) * 1e3)} ms + POST without work "
                             f"{number(median(refused) * 1e3)} ms", bar=2.0, goal=1.3, more_is_better=False)]


def p6(bench):
    scale = bench.scale
    ours, direct, flush, added = [], [], [], []
    with bench.server() as server, server.connect() as connection, DuckDB(2) as duckdb:
        query = connection.post_request("/v1/queries", {"statement": "select 42", "wait": "30s"})
        connection.latencies(query, 20, 200)
        duckdb.run("select 42")
        for _ in range(scale.pairs):
            ours.append(median(connection.latencies(query, scale.exchanges, 200)))
            direct.append(median([timed(lambda: duckdb.run("select 42")) for _ in range(scale.exchanges)]))
            flush.append(median(fdatasync_seconds(bench.work, scale.exchanges)))
            added.append(1e3 * (ours[-1] - direct[-1] - 2 * flush[-1]))
        flushed = count_flushes(server.pid, bench.work, lambda: connection.latencies(query, scale.exchanges, 200))
    notes = []
    if flushed is not None:
        each = ", ".join(f"{number(count / scale.exchanges)} {name}" for name, count in flushed.items())
        flushes = sum(flushed.values()) / scale.exchanges
        rest = 1e3 * (median(ours) - median(direct) - flushes * median(flush))
        notes.append(f"flushes for each query, counted by strace: {each}; less that many of them {number(rest)} ms would be added")
    return [Figure("P6", "`select 42` submitted, run, stored, finished durably and answered inline, one client: added, p50",
                   added, "ms", ours=f"{number(median(ours) * 1e3)} ms",
                   yardstick=f"DuckDB in process {number(median(direct) * 1e3)} ms + 2 fdatasync of {number(median(flush) * 1e3)} ms",
                   bar=1.0, goal=0.36, more_is_better=False, notes=notes)]
