"""kill -9 at many moments of a query that runs in a detached warehouse: nothing is lost, and nothing runs there twice."""

import contextlib
import json
import threading
import time

import httpx
import pytest

from harness.server import Server
from harness.statements import ENDLESS
from harness.waiting import until

ROWS = 300_000
LARGE = f"SELECT range AS n, 'row ' || range AS t FROM range({ROWS})"


@pytest.fixture
def upstream(tmp_path):
    """The warehouse: another Coatcheck, by its SQL API. It is never killed, so its table says how often what was written."""
    server = Server(tmp_path / "upstream", warehouse={"max_running": 8}).start()
    with server.api() as api:
        api.run("CREATE TABLE log (entry INTEGER)")
    yield server
    with server.api() as api:
        api.cancel_everything()
    server.stop()


@pytest.fixture
def proxy(tmp_path, upstream):
    settings = {"name": "cloud", "kind": "snowflake", "url": upstream.url, "authentication": "none", "poll_min": "10ms", "poll_max": "100ms",
                "default": True, "max_running": 8}
    more = "[[warehouse]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    server = Server(tmp_path / "proxy", more=more).start()
    yield server
    if server.is_running():
        server.stop()


@pytest.mark.parametrize("statement", ["INSERT INTO log VALUES ({})", "SELECT {}"])
def test_whenever_it_is_killed_each_statement_runs_once(proxy, upstream, statement):
    ids = []
    for n in range(24):
        with proxy.api() as api:
            ids.append(api.submit(statement.format(n))["id"])
        # Not to wait for something, but to die at another moment each time: before the request, during it, after it.
        time.sleep(n * 0.002)
        proxy.kill()
        proxy.start()
    api = proxy.api()
    for id in ids:
        query = api.ended(id)
        assert query["status"] == "SUCCEEDED" and query["attempt"] == 1, query
    with upstream.api() as there:
        ran = sorted(entry["statement"] for entry in there.history(limit=1000)["queries"] if "log (entry" not in entry["statement"])
        assert ran == sorted(statement.format(n) for n in range(24))
        if "INSERT" in statement:
            written = there.items(there.run("SELECT entry FROM log ORDER BY entry")["id"])
            assert [row["entry"] for row in written] == list(range(24))


def test_a_statement_that_runs_is_followed_by_the_next_server(proxy, upstream):
    id = proxy.api().submit(ENDLESS)["id"]
    there = upstream.api()
    running = until(lambda: there.history(status="RUNNING")["queries"], "the statement to run there")[0]
    for _ in range(3):
        proxy.kill()
        proxy.start()
        assert proxy.api().await_status(id, "RUNNING")["attempt"] == 1
    proxy.restart()
    api = proxy.api()
    assert api.status(id)["status"] == "RUNNING"
    assert there.status(running["id"])["status"] == "RUNNING", "a shutdown cancels nothing"
    api.cancel(id)
    proxy.kill()
    proxy.start()
    assert proxy.api().ended(id)["status"] == "CANCELED"
    assert there.status(running["id"])["status"] == "CANCELED"


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_a_claim_that_was_cut_off_can_be_made_again(proxy, delay):
    id = proxy.api().run(LARGE)["id"]

    def claim():
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"{proxy.url}/v1/queries/{id}/result", params={"format": "csv"}, timeout=60)

    claiming = threading.Thread(target=claim)
    claiming.start()
    time.sleep(delay)  # Another moment of the fetch each time.
    proxy.kill()
    claiming.join()
    proxy.start()
    text = httpx.get(f"{proxy.url}/v1/queries/{id}/result", params={"format": "csv"}, timeout=60).text
    assert text.count("\r\n") == ROWS + 1
    assert "kept_by_warehouse" not in proxy.api().status(id)["result"]
