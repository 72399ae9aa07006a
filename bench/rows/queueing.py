"""How long a principal's queries wait for their turn."""

import json
from datetime import datetime

from measuring.figures import Figure, median, number, pairs, percentile, ratios
from measuring.load import request_head

# Long enough that what the server does besides is little of it.
STATEMENT = "SELECT sum(hash(range)) FROM range(2000000)"
FLOOD = 1_000
AT_ONCE = 8  # Of the principal that is measured: enough that it waits for itself, alone too.
MEASURED = 120


def queue_seconds(query):
    submitted, started = (datetime.fromisoformat(query[name]) for name in ("submitted_at", "started_at"))
    return (started - submitted).total_seconds()


def waits(server, key):
    """The queue waits of the queries of one principal, which always has so many under way."""
    with server.connect(key) as connection:
        under_way, seconds, submitted = [], [], 0
        while len(seconds) < MEASURED:
            while submitted < MEASURED and len(under_way) < AT_ONCE:
                under_way.append(connection.submit(STATEMENT)["id"])
                submitted += 1
            query = {"status": "QUEUED", "version": 0}
            while query["status"] not in ("SUCCEEDED", "FAILED", "CANCELED"):
                known = {"If-None-Match": f'"{query["version"]}"'}
                status, body = connection.exchange(
                    request_head("GET", f"/v1/queries/{under_way[0]}?wait=30s", {**connection.fields, **known}))
                if status == 200:
                    query = json.loads(body)
            if query["status"] != "SUCCEEDED":
                raise RuntimeError(f"{query}")
            seconds.append(queue_seconds(query))
            under_way.pop(0)
        return percentile(seconds, 0.95)


def p22(bench):
    def measured(flooded):
        with bench.server(warehouse={"max_running": 2}) as server:
            victim, other = server.new_key("victim"), server.new_key("other")
            if flooded:
                with server.connect(other) as connection:
                    for _ in range(FLOOD):
                        connection.submit(STATEMENT)
            return waits(server, victim)

    a, b = pairs(bench.scale.pairs, lambda: measured(True), lambda: measured(False))
    return [Figure("P22", f"p95 of the queue wait of a principal with {AT_ONCE} queries under way, while another one floods with "
                          f"{FLOOD:,}, by two places of the warehouse", ratios(a, b), ours=f"{number(median(a) * 1e3)} ms",
                   yardstick=f"alone {number(median(b) * 1e3)} ms", bar=5, goal=2, more_is_better=False)]
