"""What a long history costs: at the start, and in a status and a history page."""

import json
import time

from measuring.figures import Figure, median, number, pairs, ratios, timed
from measuring.load import request_head, wrk


def filled(bench, count):
    """A server, stopped, whose journal has about `count` ended queries, and the id of its oldest."""
    server = bench.server(settings={"log.level": "warn"})
    with server:
        oldest = server.run("SELECT 1")["id"]
        while (have := server.metrics()["coatcheck_queries_submitted_total"]) < count:
            # The cheapest query there is: one that fails before it runs. A few clients, so as to end near the number.
            clients = 64 if count - have > 20_000 else 4
            wrk(server.url("/v1/queries"), server.pid, 1, clients, server.authorization, json.dumps({"statement": "none"}), bench.work / "fill.lua")
        # They are taken faster than they end.
        server.await_metric('coatcheck_queries_ended_total{status="FAILED"}', lambda ended: ended >= have - 1,
                            seconds=120 + count / 1_000)
        server.stop()
    return server, oldest, int(have)


def p21(bench):
    scale = bench.scale
    full, oldest, count = filled(bench, scale.journaled)
    small, oldest_small, few = filled(bench, 1_000)

    def start(server):
        def until_ready():
            server.start()
            with server.connect() as connection:
                while connection.get("/readyz")[0] != 200:
                    time.sleep(0.001)

        seconds = timed(until_ready)
        server.stop()
        server.kill()
        return seconds

    a, b = pairs(scale.pairs, lambda: start(full), lambda: start(small))

    with full, small, full.connect() as to_full, small.connect() as to_small:
        def asking(connection, server, path):
            request = request_head("GET", path, server.authorization)
            return lambda: median(connection.latencies(request, scale.exchanges, 200))

        status = pairs(scale.pairs, asking(to_full, full, f"/v1/queries/{oldest}"), asking(to_small, small, f"/v1/queries/{oldest_small}"))
        page = pairs(scale.pairs, asking(to_full, full, "/v1/queries?limit=100"), asking(to_small, small, "/v1/queries?limit=100"))
    return [
        Figure("P21", f"start to ready with {count:,} queries journaled", a, "s", ours="from the start of the process to /readyz",
               yardstick=f"with {few:,}: {number(median(b))} s", bar=5, goal=2, more_is_better=False),
        Figure("P21", "status of the oldest query, p50", ratios(*status), ours=f"{number(median(status[0]) * 1e6)} us",
               yardstick=f"with {few:,} journaled: {number(median(status[1]) * 1e6)} us", bar=2, goal=1.2, more_is_better=False),
        Figure("P21", "history page of 100, p50", ratios(*page), ours=f"{number(median(page[0]) * 1e3)} ms",
               yardstick=f"with {few:,} journaled: {number(median(page[1]) * 1e3)} ms", bar=2, goal=1.2, more_is_better=False)]
