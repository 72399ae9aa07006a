"""Results: made, sent as they are stored, encoded, and taken slowly."""

from measuring import process
from measuring.duckdb import DuckDB
from measuring.figures import Figure, median, number, pairs, ratios, timed
from measuring.load import SlowReaders, download
from measuring.nginx import Nginx

from .bench import MIXED_ROWS, SERVER_CPUS


def p8(bench):
    scale = bench.scale
    nginx = Nginx(bench.work, SERVER_CPUS)
    with bench.server() as server, nginx:
        result = server.run(MIXED_ROWS.format(scale.rows))
        path = f"/v1/queries/{result['id']}/result?format=arrow"
        with open(nginx.files / "stored", "wb") as copy:
            count, _ = download(server.address, path, server.authorization, copy)

        def take(holder, of):
            before = process.cpu_seconds(holder.pid)
            seconds = download(holder.address, of, server.authorization)[1]
            return seconds, process.cpu_seconds(holder.pid) - before

        a, b = pairs(scale.pairs, lambda: take(server, path), lambda: take(nginx, "/stored"))
    speed_a, speed_b = ([count / seconds / 1e6 for seconds, _ in each] for each in (a, b))
    cpu_a, cpu_b = ([max(cpu, 0.005) * 1e9 / count for _, cpu in each] for each in (a, b))
    return [
        Figure("P8", f"claim of {number(count / 1e6)} MB of stored Arrow, MB/s", ratios(speed_a, speed_b),
               ours=f"{number(median(speed_a))} MB/s", yardstick=f"nginx, sendfile of the same bytes: {number(median(speed_b))} MB/s",
               bar=0.7, goal=0.95),
        Figure("P8", "the same, the server's processor time for each GB", ratios(cpu_a, cpu_b),
               ours=f"{number(median(cpu_a))} s/GB", yardstick=f"nginx: {number(median(cpu_b))} s/GB", more_is_better=False)]


def p11(bench):
    scale = bench.scale
    with bench.server() as server:
        result = server.run(MIXED_ROWS.format(scale.rows))

        def claim(format):
            return download(server.address, f"/v1/queries/{result['id']}/result?format={format}", server.authorization)[1]

        arrow, ndjson = pairs(scale.pairs, lambda: claim("arrow"), lambda: claim("ndjson"))
    return [Figure("P11", "claim as Arrow, rows/s", ratios(ndjson, arrow), ours=f"{number(scale.rows / median(arrow) / 1e6)} M rows/s",
                   yardstick=f"claim as NDJSON: {number(scale.rows / median(ndjson) / 1e6)} M rows/s", bar=3, goal=5)]


def spool(bench):
    scale, threads = bench.scale, 2
    table = f"CREATE TABLE t AS {MIXED_ROWS.format(scale.rows)}"
    with bench.server(warehouse={"threads": threads}) as server, DuckDB(threads) as duckdb:
        server.run(table)
        duckdb.run(table)
        copy = f"COPY t TO '{bench.work}/copied.parquet' (FORMAT parquet)"

        def ours():
            before = process.cpu_seconds(server.pid)
            seconds = timed(lambda: server.run("SELECT * FROM t"))
            return seconds, process.cpu_seconds(server.pid) - before

        a, b = pairs(scale.pairs, ours, lambda: timed(lambda: duckdb.run(copy)))
    return [Figure("spool", f"run and store {number(scale.rows / 1e6)} M rows × 6 columns, {threads} threads, rows/s",
                   ratios(b, [seconds for seconds, _ in a]),
                   ours=f"{number(scale.rows / median([seconds for seconds, _ in a]) / 1e6)} M rows/s, flushed to disk",
                   yardstick=f"DuckDB COPY to Parquet, not flushed: {number(scale.rows / median(b) / 1e6)} M rows/s", bar=0.6, goal=1.0,
                   notes=[f"the server uses {number(median([cpu / seconds for seconds, cpu in a]))} processors meanwhile"])]


def p14(bench):
    scale = bench.scale
    formats = ("ndjson", "csv", "json", "rows", "arrow") * 2
    server = bench.server()
    with server:
        few = server.run(MIXED_ROWS.format(scale.rows // 10))["id"]
        many = server.run(MIXED_ROWS.format(scale.rows))["id"]
        server.key
        server.stop()

    def peak(query):
        # A fresh process over the same data, so that the peak is that of the claims.
        with server:
            paths = [f"/v1/queries/{query}/result?format={format}" for format in formats]
            with SlowReaders(server.address, paths, server.authorization) as readers:
                readers.leaving.wait(scale.seconds)
            if readers.bytes < 1_000_000:
                raise RuntimeError("the claimers were given nothing")
            return process.memory_bytes(server.pid, "VmHWM") / 2**20

    a, b = pairs(scale.pairs, lambda: peak(many), lambda: peak(few))
    return [Figure("P14", f"peak memory, ten slow claimers of {number(scale.rows / 1e6)} M rows", ratios(a, b),
                   ours=f"{number(median(a))} MiB", yardstick=f"of {number(scale.rows / 1e7)} M rows: {number(median(b))} MiB",
                   bar=1.2, goal=1.05, more_is_better=False)]
