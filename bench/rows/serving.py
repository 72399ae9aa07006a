"""Status reads under load, and clients that wait."""

import selectors
import socket

from measuring import process
from measuring.figures import Figure, median, number, pairs, ratios
from measuring.load import request_head, wrk
from measuring.nginx import Nginx

from .bench import LOAD_CPUS, SERVER_CPUS


def status_reads(bench, certificate=None):
    """The server's and nginx's loads, in pairs, and how many bytes an answer has."""
    scale = bench.scale
    nginx = Nginx(bench.work, SERVER_CPUS, certificate)
    with bench.server(cpus=SERVER_CPUS, certificate=certificate) as server, nginx:
        path = f"/v1/queries/{server.run('SELECT 42 AS answer')['id']}"
        with server.connect() as connection:
            body = connection.get(path)[1]
        (nginx.files / "status").write_bytes(body)

        def ours():
            return wrk(server.url(path), server.pid, scale.seconds, fields=server.authorization, cpus=LOAD_CPUS)

        def theirs():
            return wrk(nginx.url("/status"), nginx.pid, scale.seconds, fields=server.authorization, cpus=LOAD_CPUS)

        return *pairs(scale.pairs, ours, theirs), len(body)


def status_figure(row, what, a, b, size, bar, goal):
    return Figure(
        row, what, ratios([each.per_cpu_second for each in a], [each.per_cpu_second for each in b]),
        ours=f"{number(median([each.per_cpu_second for each in a]))}/s; key and owner checked",
        yardstick=f"nginx, a file of the same {size} bytes: {number(median([each.per_cpu_second for each in b]))}/s",
        bar=bar, goal=goal,
        notes=[f"per second of the clock {number(median([each.per_second for each in a]))} against nginx's "
               f"{number(median([each.per_second for each in b]))}; p99 {number(median([each.p99 for each in a]) * 1e3)} ms "
               f"against {number(median([each.p99 for each in b]) * 1e3)} ms"])


def p1(bench):
    return [status_figure("P1", "status reads per second of the server's processor time, 64 connections", *status_reads(bench),
                          bar=0.8, goal=1.1)]


def p23(bench):
    return [status_figure("P23", "the same over TLS 1.3, as a ratio to nginx over TLS 1.3", *status_reads(bench, bench.certificate()),
                          bar=0.7, goal=0.9)]


class Waiters:
    """Clients that long-poll one query, all at once."""

    def __init__(self, server, query, version, count):
        request = request_head("GET", f"/v1/queries/{query}?wait=5m", {**server.authorization, "If-None-Match": f'"{version}"'})
        self.sockets = []
        for number_of_it in range(count):
            # One address has ports for so many connections only.
            one = socket.create_connection(server.address, source_address=(f"127.0.1.{1 + number_of_it // 5000}", 0))
            one.sendall(request)
            self.sockets.append(one)
        self.server, self.count = server, count
        server.await_metric("coatcheck_waiters", lambda waiting: waiting >= count)

    def check_all_wait(self):
        with selectors.DefaultSelector() as selector:
            for one in self.sockets:
                selector.register(one, selectors.EVENT_READ)
            if selector.select(0):
                raise RuntimeError("a client that should wait was answered")

    def leave(self):
        for one in self.sockets:
            one.close()
        self.server.await_metric("coatcheck_waiters", lambda waiting: waiting == 0)


def p15(bench):
    scale = bench.scale
    settings = {"limits.connections_max": 19_900, "limits.waiters_max": 19_900, "limits.wait_max": "10m"}
    bytes_each, p99_with, p99_without = [], [], []
    for _ in range(scale.pairs):
        # A fresh server each time: memory that was used once is used again, and would not be seen.
        with bench.server(settings, {"max_running": 1}) as server, server.parked() as query:
            with server.connect() as connection:
                connection.latencies(request_head("GET", f"/v1/queries/{query}", server.authorization), 200, 200)

            def status_p99():
                return wrk(server.url(f"/v1/queries/{query}"), server.pid, scale.seconds, 16, server.authorization).p99

            p99_without.append(status_p99())
            before = process.memory_bytes(server.pid, "RssAnon")
            waiters = Waiters(server, query, 1, scale.waiters)
            bytes_each.append((process.memory_bytes(server.pid, "RssAnon") - before) / scale.waiters)
            p99_with.append(status_p99())
            waiters.check_all_wait()
            waiters.leave()
    return [
        Figure("P15", f"the server's own memory for each of {scale.waiters:,} open long-polls", [each / 1024 for each in bytes_each],
               "KiB", ours=f"{number(median(bytes_each))} bytes of RssAnon", yardstick="none", bar=4, goal=2, more_is_better=False),
        Figure("P15", "status p99 with them open, 16 connections at full speed", ratios(p99_with, p99_without),
               ours=f"{number(median(p99_with) * 1e3)} ms", yardstick=f"without them: {number(median(p99_without) * 1e3)} ms",
               bar=2, goal=1.5, more_is_better=False)]
