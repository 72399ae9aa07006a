"""From the end of a query to the client that waits for it."""

import datetime
import json
import time

from measuring.disk import fdatasync_seconds
from measuring.figures import Figure, median, number
from measuring.server import FINAL


def p18(bench):
    scale = bench.scale
    late, flush = [], []
    with bench.server() as server, server.connect() as connection:
        for _ in range(scale.pairs):
            seconds = []
            for _ in range(max(10, scale.exchanges // 10)):
                query = connection.submit("SELECT count(*) AS n FROM range(5000000) WHERE range % 7 = 3")
                while query["status"] not in FINAL:
                    known = {"If-None-Match": f'"{query["version"]}"'}
                    query = json.loads(connection.get(f"/v1/queries/{query['id']}?wait=30s", known)[1])
                seconds.append(time.time() - datetime.datetime.fromisoformat(query["ended_at"]).timestamp())
            late.append(median(seconds))
            flush.append(median(fdatasync_seconds(bench.work, scale.exchanges)))
    return [Figure("P18", "end of a query → the client that waits has its status, p50", [each * 1e3 for each in late], "ms",
                   ours="from `ended_at` on, the durable record of the end included",
                   yardstick=f"of it one fdatasync: {number(median(flush) * 1e3)} ms", bar=5, goal=1, more_is_better=False)]
