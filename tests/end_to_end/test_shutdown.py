"""SIGTERM: nothing new is taken, who waits is answered, what runs gets its grace, what is queued stays."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.statements import ENDLESS, numbers
from harness.waiting import until


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


def test_who_waits_is_answered_when_the_server_goes_down(start_server, pool):
    server = start_server({"server.drain_grace": "1s"})
    api = server.api()
    running = api.running(ENDLESS)
    urls = [("GET", f"/v1/queries/{running['id']}", {"params": {"wait": "60s"}}),
            ("POST", "/v1/queries", {"json": {"statement": ENDLESS, "wait": "60s"}}),
            ("POST", "/v1/queries/batch-status", {"json": {"queries": [{"id": running["id"], "version": running["version"]}], "wait": "60s"}})]
    waiters = [pool.submit(api.request, method, url, timeout=30, **more) for method, url, more in urls]
    until(lambda: api.metric("coatcheck_waiters") == 3, "three to wait")
    server.signal(signal.SIGTERM)
    assert [waiter.result().status_code for waiter in waiters] == [200, 202, 200]
    assert server.wait() == 0


def test_events_end_when_the_server_goes_down(start_server, pool):
    server = start_server({"server.drain_grace": "1s"})
    api = server.api()
    running = api.running(ENDLESS)

    def follow():
        with api.stream("GET", f"/v1/queries/{running['id']}/events", timeout=30) as response:
            return response.read()
    following = pool.submit(follow)
    until(lambda: api.metric("coatcheck_waiters") >= 1, "the stream to wait")
    server.signal(signal.SIGTERM)
    assert b"event: status" in following.result()
    assert server.wait() == 0


def test_a_running_query_that_ends_within_the_grace_succeeds(start_server):
    server = start_server({"server.drain_grace": "60s"})
    api = server.api()
    query = api.submit("SELECT count(*) AS n FROM range(40000) a, range(40000) b WHERE a.range + b.range < 0")
    api.await_status(query["id"], "RUNNING", "SUCCEEDED")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    server.start()
    with server.api() as after:
        ended = after.status(query["id"])
        assert (ended["status"], ended["attempt"]) == ("SUCCEEDED", 1)
        assert after.items(query["id"]) == [{"n": 0}]


def test_a_read_that_outlasts_the_grace_is_queued_again(start_server):
    server = start_server({"server.drain_grace": "0s"})
    running = server.api().running(ENDLESS)
    server.stop()
    server.start()
    with server.api() as after:
        again = after.await_status(running["id"], "RUNNING")
        assert again["attempt"] == 2
        after.cancel(running["id"])
        assert after.ended(running["id"])["status"] == "CANCELED"


def test_a_write_that_outlasts_the_grace_fails_and_is_not_run_again(start_server):
    server = start_server({"server.drain_grace": "0s"})
    running = server.api().running(f"CREATE TABLE never AS {ENDLESS}")
    server.stop()
    server.start()
    with server.api() as after:
        ended = after.status(running["id"])
        assert (ended["status"], ended["error"]["category"], ended["attempt"]) == ("FAILED", "INTERRUPTED", 1)
        assert after.get(f"/v1/queries/{running['id']}/result").status_code == 502


def test_queued_queries_run_at_the_next_start(start_server):
    server = start_server({"server.drain_grace": "0s"}, {"max_running": 1})
    api = server.api()
    api.running(ENDLESS)
    queued = [api.submit(numbers(n))["id"] for n in (1, 2, 3)]
    server.stop()
    server.start()
    with server.api() as after:
        for query in after.history(status="RUNNING,QUEUED")["queries"]:
            if query["id"] not in queued:
                after.cancel(query["id"])
        assert [len(after.items(after.ended(id)["id"])) for id in queued] == [1, 2, 3]


def test_a_server_that_drains_takes_nothing_new(start_server):
    server = start_server({"server.drain_grace": "30s"})
    api = server.api()
    running = api.running(ENDLESS)
    # This connection is in the middle of a request, so that it outlives the signal.
    with api.stream("GET", f"/v1/queries/{running['id']}/events", timeout=30):
        server.signal(signal.SIGTERM)
        server.await_log("stopping")
        with pytest.raises(httpx.TransportError):
            server.api().get("/healthz")
    # A second signal is an order to stop at once.
    server.signal(signal.SIGTERM)
    assert server.wait() == 128 + signal.SIGTERM
    server.start()
    with server.api() as after:
        after.cancel(running["id"])
        assert after.ended(running["id"])["status"] == "CANCELED"


def test_a_query_that_cannot_be_stopped_is_abandoned_and_run_by_the_next_start(start_server, tmp_path):
    (tmp_path / "in").mkdir()
    hanging = tmp_path / "in" / "n.csv"
    os.mkfifo(hanging)  # Nobody writes: the engine waits where no interrupt reaches it.
    server = start_server({"server.drain_grace": "0s"}, {"data_directories": [str(tmp_path / "in")]})
    api = server.api()
    id = api.submit(f"SELECT n FROM read_csv('{hanging}')")["id"]
    until(lambda: api.get("/v1/warehouses").json()["warehouses"][0]["running"] == 1, "the query's turn")
    server.signal(signal.SIGTERM)
    assert server.wait() == 1
    assert [event["query_id"] for event in server.log_events("query_abandoned")] == [id]
    hanging.unlink()
    hanging.write_text("n\n7\n")
    server.start()
    with server.api() as after:
        assert after.items(after.ended(id)["id"]) == [{"n": 7}]


def test_a_download_under_way_is_finished(start_server):
    server = start_server({"server.drain_grace": "30s"})
    api = server.api()
    query = api.run("SELECT range AS n, repeat('x', 200) AS s FROM range(400000)")
    with api.stream("GET", query["result"]["url"], params={"format": "csv"}) as response:
        lines = response.iter_lines()
        next(lines)
        server.signal(signal.SIGTERM)
        server.await_log("stopping")
        assert sum(1 for _ in lines) == 400_000
    assert server.wait() == 0
