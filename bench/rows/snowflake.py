"""Snowflake's protocols: polls against the native status, and Snowflake's own drivers end to end beside other servers."""

import contextlib
import gzip
import json
import secrets

from measuring.drivers import DriverFailed, Go, Node, Python
from measuring.figures import Figure, median, number, pairs, ratios
from measuring.load import wrk
from measuring.peers import Emulator, FakeSnow, Session

from .bench import LOAD_CPUS, MIXED_ROWS, SERVER_CPUS
from .starting import filled

# As the connector for Python introduces itself: it decides what form rows come in.
PYTHON = {"User-Agent": "PythonConnector/4.8.1 (Linux-6.1) CPython/3.11.2", "Accept": "application/snowflake"}
NODE = {"User-Agent": "JavaScript/3.3.0 (linux-x64) NodeJS/20.20.2", "Accept": "application/json"}


# --- Polls -----------------------------------------------------------------------------------------------------------


def polls(bench, row, what, path, fields_of):
    """Polls of an ended and of a waiting query, each against the native status of the same one. `path` has a {} for its id."""
    scale, figures = bench.scale, []
    with bench.server(warehouse={"max_running": 1}, cpus=SERVER_CPUS) as server:
        ended = server.run("SELECT 42 AS answer")["id"]
        with server.parked() as queued, Session(server.address, "bench", server.key) as session:
            fields = fields_of(server, session)

            def ask(path, fields):
                return wrk(server.url(path), server.pid, scale.seconds, fields=fields, cpus=LOAD_CPUS)

            for state, query in (("waiting", queued), ("ended", ended)):
                a, b = pairs(scale.pairs, lambda: ask(path.format(query), fields),
                             lambda: ask(f"/v1/queries/{query}", server.authorization))
                ours, native = ([each.per_cpu_second for each in side] for side in (a, b))
                figures.append(Figure(
                    row, f"{what} of a query that is {state}, per second of the server's processor time", ratios(ours, native),
                    ours=f"{number(median(ours))}/s", yardstick=f"native status of the same query: {number(median(native))}/s",
                    bar=0.5, goal=0.7))
    return figures


def monitoring(bench):
    return polls(bench, "monitoring", "`/monitoring/queries/{id}`", "/monitoring/queries/{}",
                 lambda _, session: {**PYTHON, **session.authorization})


def sql_api_status(bench):
    figures = polls(bench, "sql_api_status", "the SQL API's status", "/api/v2/statements/{}", lambda server, _: server.authorization)
    figures[1].notes.append("of an ended query the SQL API's status is its first rows too, kept in memory while they are small; "
                            "the native status is not")
    return figures


# A poll in SQL, with a requestId that no other request has, of one query after the other.
POLLS = """local bodies = {{{bodies}}}
local count = 0
request = function()
  count = count + 1
  local path = string.format("/queries/v1/query-request?requestId={run}-0000-4000-8000-%012x", count)
  return wrk.format("POST", path, nil, bodies[count % #bodies + 1])
end
"""
ARTICLE = """select query_id, execution_status, error_message from table(information_schema.query_history())
   where query_id = '{}'"""

# The native status of the same queries.
STATUSES = """local paths = {{{paths}}}
local count = 0
request = function()
  count = count + 1
  return wrk.format("GET", paths[count % #paths + 1])
end
"""


def lua(content):
    return '"' + "".join(f"\\{byte:03d}" for byte in content) + '"'


def poll_bodies(queries, compress):
    for query in queries:
        body = json.dumps({"sqlText": ARTICLE.format(query), "asyncExec": False, "sequenceId": 7, "querySubmissionTime": 1795361619821,
                           "parameters": {}, "queryContextDTO": {}}).encode()
        yield gzip.compress(body) if compress else body


def history_sql(bench):
    """The article's poll, as Python's connector sends it (gzip; the row comes as Arrow) and as Node's does (neither)."""
    scale = bench.scale
    server, oldest, count = filled(bench, scale.polled)
    server.cpus = SERVER_CPUS
    figures = []
    with server, Session(server.address, "bench", server.key) as session, server.connect() as connection:
        newest = [query["id"] for query in json.loads(connection.get("/v1/queries?limit=100")[1])["queries"]]
        queries = [oldest, *newest]
        found = session.run(ARTICLE.format(oldest))["data"]
        if found["total"] != 1:
            raise RuntimeError(f"the poll does not find the query: {found}")

        def ask(driver, compress):
            program = POLLS.format(bodies=",".join(map(lua, poll_bodies(queries, compress))), run=secrets.token_hex(4))
            fields = {**driver, **session.authorization, "Content-Type": "application/json"}
            if compress:
                fields["Content-Encoding"] = "gzip"
            return wrk(server.url("/"), server.pid, scale.seconds, fields=fields, cpus=LOAD_CPUS, script=bench.work / "poll.lua",
                       program=program)

        def native():
            program = STATUSES.format(paths=",".join(f'"/v1/queries/{query}"' for query in queries))
            return wrk(server.url("/"), server.pid, scale.seconds, fields=server.authorization, cpus=LOAD_CPUS,
                       script=bench.work / "status.lua", program=program)

        for name, driver, compress in (("Python", PYTHON, True), ("Node", NODE, False)):
            a, b = pairs(scale.pairs, lambda: ask(driver, compress), native)
            ours, statuses = ([each.per_cpu_second for each in side] for side in (a, b))
            what = f"the article's poll in SQL as {name}'s driver sends it, {count:,} queries in the history"
            figures += [
                Figure("history_sql", f"{what}: polls for each second of one processor", ours, "/s",
                       ours=f"{number(median([each.per_second for each in a]))}/s of the clock, p99 "
                            f"{number(median([each.p99 for each in a]) * 1e3)} ms; 64 connections", yardstick="none", bar=5000, goal=5000),
                Figure("history_sql", f"{what}: against the native status", ratios(ours, statuses), ours=f"{number(median(ours))}/s",
                       yardstick=f"native status of the same {len(queries)} queries: {number(median(statuses))}/s")]
    return figures


# --- Drivers ---------------------------------------------------------------------------------------------------------


class Ours:
    """Our server, as something that drivers are sent to."""

    name, user, why_not = "ours", "bench", ""

    def __init__(self, server):
        self.server, self.address, self.password, self.run = server, server.address, server.key, server.run


@contextlib.contextmanager
def servers(bench):
    """Ours, then every other one that is here; and a list of words about those that are not."""
    with contextlib.ExitStack() as stack:
        there, missing = [Ours(stack.enter_context(bench.server()))], []
        for peer in (FakeSnow(bench.work), Emulator(bench.work)):
            if peer.why_not:
                missing.append(peer.why_not)
            else:
                there.append(stack.enter_context(peer))
        yield there, missing


def side_by_side(bench, there, driver, command, sql, count, expected):
    """Runs the same with one driver at all servers in turn. Returns the medians of every round by server's name, with ours first,
    and what every server that cannot says."""
    seconds, cannot = {}, []
    with contextlib.ExitStack() as stack:
        able = []
        for server in there:
            try:
                one = stack.enter_context(driver(server, bench.work))
                rows = one.run(command, sql)[1]
            except DriverFailed as failure:
                if server.name == "ours":
                    raise
                cannot.append(f"{server.name} cannot with this driver: {str(failure)[:120]}")
                continue
            if rows != expected:
                raise RuntimeError(f"{server.name} answers {driver.name} {rows}, not {expected}")
            able.append((server.name, one))
        for _ in range(bench.scale.pairs):
            for name, one in able:
                seconds.setdefault(name, []).append(median(one.run(command, sql, count)[0]))
    return seconds, cannot


def beside(row, what, seconds, cannot, goal):
    """How many times as fast as the fastest of the others, round by round."""
    ours, others = seconds["ours"], {name: each for name, each in seconds.items() if name != "ours"}
    notes = [f"{what}: not measured: {words}" for words in cannot]
    if not others:
        return Figure(row, f"{what}: ms", [each * 1e3 for each in ours], "ms", ours=f"{number(median(ours) * 1e3)} ms",
                      yardstick="none: no other server can", more_is_better=False, notes=notes)
    return Figure(row, f"{what}: so many times as fast", ratios([min(each) for each in zip(*others.values())], ours),
                  ours=f"{number(median(ours) * 1e3)} ms",
                  yardstick=", ".join(f"{name} {number(median(each) * 1e3)} ms" for name, each in others.items()), bar=1, goal=goal, notes=notes)


SELECT_1 = (
    (Python, "by_id", "Python, `select 1` submitted asynchronously, awaited and fetched by its id"),
    (Python, "execute", "Python, `select 1` executed and fetched"),
    (Node, "by_id", "Node, `select 1` submitted asynchronously, awaited and fetched by its id"),
    (Node, "execute", "Node, `select 1` executed and fetched"),
    (Go, "execute", "Go, `select 1` executed and fetched"),
)


def driver_select1(bench):
    count = max(5, bench.scale.exchanges // 8)
    figures = []
    with servers(bench) as (there, missing):
        for driver, command, what in SELECT_1:
            seconds, cannot = side_by_side(bench, there, driver, command, "select 1", count, [["1"]])
            figures.append(beside("driver_select1", f"{what}, one client, p50", seconds, missing + cannot, goal=2))
    return figures


# What a driver makes of text is the same at every server. Node's makes far more of a TIMESTAMP, if it is told that it is one.
AS_TEXT = ('SELECT "ID"::VARCHAR AS a, "AMOUNT"::VARCHAR AS b, "RATIO"::VARCHAR AS c, "PRICE"::VARCHAR AS d, "AT"::VARCHAR AS e, '
           '"NAME" AS f FROM typed')
MILLION = (
    (Python, "typed", "Python, `fetch_arrow_all`"),
    (Node, "typed", "Node, rows from JSON, each server with its types"),
    (Node, "plain", "Node, rows from JSON, all columns VARCHAR"),
)


def driver_million(bench):
    rows = min(bench.scale.rows, 1_000_000)
    figures = []
    with servers(bench) as (there, missing):
        for server in there:
            for table in (f"typed AS {MIXED_ROWS.format(rows)}", f"plain AS {AS_TEXT}"):
                server.run(f"CREATE TABLE {table}")
        for driver, table, what in MILLION:
            seconds, cannot = side_by_side(bench, there, driver, "whole", f"select * from {table}", 1, [[str(rows), "6"]])
            figures.append(beside("driver_million", f"{number(rows / 1e6)} M rows × 6 columns of a table: {what}", seconds,
                                  missing + cannot, goal=1))
    return figures
