"""Coatcheck over Coatcheck: one server's SQL API is the Snowflake of the other."""

import json
import time

import pytest

from harness.sql_api import SqlApi
from harness.statements import ENDLESS
from harness.waiting import until

ROWS = 300_000
LARGE = f"SELECT range AS n, 'row ' || range AS t FROM range({ROWS})"


@pytest.fixture
def upstream(start_server):
    return start_server()


def cloud(upstream, **more):
    settings = {"name": "cloud", "kind": "snowflake", "url": upstream.url, "authentication": "none", "poll_min": "10ms", "poll_max": "200ms",
                "connect_timeout": "1s", "retry_for": "0s", **more}
    return "[[warehouse]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


@pytest.fixture
def proxy(start_server, upstream):
    return start_server(more=cloud(upstream))


def submitted(server):
    """What was submitted to a server as statements, oldest first."""
    with server.api() as api:
        return [entry["statement"] for entry in reversed(api.history()["queries"])]


def warehouse(api):
    return next(each for each in api.get("/v1/warehouses").json()["warehouses"] if each["name"] == "cloud")


def on_cloud(api, statement, **members):
    return api.run(statement, warehouse="cloud", **members)


def test_a_query_runs_there_once_and_its_result_is_here(proxy, upstream):
    api = proxy.api()
    query = on_cloud(api, "SELECT 42 AS answer, 'x' AS t")
    assert query["status"] == "SUCCEEDED" and query["attempt"] == 1
    assert api.items(query["id"]) == [{"answer": 42, "t": "x"}]
    assert submitted(upstream) == ["SELECT 42 AS answer, 'x' AS t"]


TYPES = """SELECT 1::BIGINT AS i, 12345678901234567890123456789012345678::DECIMAL(38,0) AS d, 1.50::DECIMAL(9,2) AS e, 'nan'::DOUBLE AS f,
    true AS b, 'a €' AS s, '\\xAB\\x00'::BLOB AS x, DATE '2026-11-23' AS day, TIME '12:34:56.789' AS time,
    TIMESTAMP '2026-11-23 12:34:56.123456' AS at, NULL::INTEGER AS nothing, [1, 2] AS list"""


def test_values_are_the_same_by_both_ways(proxy):
    api = proxy.api()
    here = api.items(api.run(TYPES)["id"])[0]
    there = api.items(on_cloud(api, TYPES)["id"])[0]
    # JSON is text in Snowflake.
    there["list"] = json.loads(there["list"])
    assert there == here


def test_a_large_result_stays_there_until_it_is_claimed(proxy, upstream):
    api = proxy.api()
    query = on_cloud(api, LARGE)
    assert query["result"]["kept_by_warehouse"] and query["result"]["rows"] == ROWS and query["result"]["bytes"] == 0
    first = api.get(f"/v1/queries/{query['id']}/result", params={"format": "csv"})
    assert first.status_code == 200 and first.text.count("\r\n") == ROWS + 1, first.text[:200]
    claimed = api.status(query["id"])["result"]
    assert "kept_by_warehouse" not in claimed and claimed["bytes"] > 0 and claimed["chunks"] > 0
    upstream.stop()
    again = api.get(f"/v1/queries/{query['id']}/result", params={"format": "csv"})
    assert again.text == first.text


def test_or_comes_at_once(start_server, upstream):
    api = start_server(more=cloud(upstream, spool="at_once")).api()
    query = on_cloud(api, LARGE)
    assert "kept_by_warehouse" not in query["result"] and query["result"]["bytes"] > 0


def test_a_result_that_is_gone_there_is_gone_here(proxy, upstream):
    api = proxy.api()
    query = on_cloud(api, LARGE)
    with upstream.api() as there:
        there.delete(f"/v1/queries/{there.history()['queries'][0]['id']}")
    gone = api.get(f"/v1/queries/{query['id']}/result")
    assert gone.status_code == 410 and "no longer has the result" in gone.json()["detail"], gone.text
    assert api.get(f"/v1/queries/{query['id']}/result").status_code == 410
    assert api.status(query["id"])["result"]["gone"] == "EXPIRED"


def test_mistakes_are_told_in_its_words(proxy):
    api = proxy.api()
    failed = api.ended(api.submit("SELECT nonsense FROM nowhere", warehouse="cloud")["id"])
    assert failed["status"] == "FAILED" and failed["error"]["category"] == "STATEMENT"
    assert failed["error"]["code"] == "002003" and failed["error"]["sqlstate"] == "42S02"
    assert "nowhere" in failed["error"]["message"]


def test_a_cancel_stops_it_there(proxy, upstream):
    api = proxy.api()
    query = api.submit(ENDLESS, warehouse="cloud")["id"]
    there = upstream.api()
    running = until(lambda: there.history(status="RUNNING")["queries"], "the statement to run there")[0]
    api.cancel(query)
    assert api.ended(query)["status"] == "CANCELED"
    assert there.status(running["id"])["status"] == "CANCELED"


def test_queries_wait_while_it_is_down(proxy, upstream):
    api = proxy.api()
    upstream.stop()
    query = api.submit("SELECT 1 AS one", warehouse="cloud")["id"]
    until(lambda: not warehouse(api)["reachable"], "the warehouse to be missed")
    waiting = api.status(query)
    assert waiting["status"] == "QUEUED" and waiting["queue"]["reason"] == "the warehouse cannot be reached"
    assert warehouse(api)["last_error"]["message"]
    upstream.settings["server.listen"] = upstream.url.removeprefix("http://")
    upstream.start()
    assert api.ended(query)["status"] == "SUCCEEDED"
    assert warehouse(api)["reachable"]
    assert submitted(upstream) == ["SELECT 1 AS one"]


@pytest.mark.parametrize("status", ["statements", "history"])
def test_however_many_ask_here_nobody_asks_there(start_server, upstream, status):
    proxy = start_server(more=cloud(upstream, status=status, poll_min="1s", poll_max="1h"))
    api = proxy.api()
    query = api.submit(ENDLESS, warehouse="cloud")["id"]
    with upstream.api() as there:
        until(lambda: there.history(status="RUNNING")["queries"], "the statement to run there")
    started = time.monotonic()
    before = warehouse(api)["status_requests"]
    with SqlApi(proxy.url) as sql:
        for _ in range(200):
            api.status(query)
            sql.look(query)
    looks = warehouse(api)["status_requests"] - before
    assert looks <= 1 + time.monotonic() - started
    api.cancel(query)
    assert api.ended(query)["status"] == "CANCELED"
