"""What one principal may hold of the server at once: waits, results being sent, stored bytes; and how it is told."""

import re
import subprocess
import threading

import httpx
import pytest

from conftest import end
from harness.keys import make_key
from harness.server import Server
from harness.sql_api import SqlApi
from harness.statements import ENDLESS, numbers
from harness.waiting import until

LIMITED = """
[principals]
max_waiting = 0
[[principal]]
name = "waits"
max_waiting = 2
[[principal]]
name = "claims"
max_claims = 1
[[principal]]
name = "stores"
max_stored = "1MiB"
[[principal]]
name = "queues"
max_running = 1
max_queued = 2
"""
NAMES = ("waits", "claims", "stores", "queues", "free")
LARGE = "SELECT range AS n, hash(range) AS h, hash(-range) AS i FROM range(2000000)"  # Its rows are no smaller when compressed.
FITS = "SELECT range AS n, hash(range) AS h FROM range(60000)"  # More than half a MiB, less than one.


def quotas(response):
    """What the answer tells: the limit's name → (how many there may be, the unit, how many are left)."""
    policy, left = (response.headers.get(name, "") for name in ("RateLimit-Policy", "RateLimit"))
    told = {name: (int(most), unit) for name, most, unit in re.findall(r'"(\w+)";q=(\d+)(?:;qu="([a-z-]+)")?', policy)}
    rest = {name: int(count) for name, count in re.findall(r'"(\w+)";r=(\d+)', left)}
    assert told.keys() == rest.keys()
    return {name: (*told[name], rest[name]) for name in told}


class Limited:
    def __init__(self, directory):
        self.server = Server(directory, {"authentication.enabled": True, "limits.write_timeout": "60s"}, {"max_running": 4}, LIMITED)
        self.keys = {name: make_key(self.server.binary, self.server.data, name) for name in NAMES}
        self.clients = {}
        self.server.start()
        self.connect()

    def connect(self):
        self.close()
        self.clients = {name: self.server.api(key) for name, key in self.keys.items()}
        for name, client in self.clients.items():
            setattr(self, name, client)

    def close(self):
        for client in self.clients.values():
            client.close()

    def met(self, limit):
        return self.free.metric("coatcheck_principal_limits_met_total", limit=limit)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    made = Limited(tmp_path_factory.mktemp("limited"))
    yield made
    made.close()
    end(made.server)


@pytest.fixture
def limited(shared):
    yield shared
    for client in shared.clients.values():
        client.cancel_everything()
        for query in client.history(status="SUCCEEDED", limit=1000)["queries"]:
            client.delete(f"/v1/queries/{query['id']}")


def refused(response, words, field=None):
    """Whether the answer is 429 with these words, and says when to come again if that helps."""
    assert response.status_code == 429, (response.status_code, response.text)
    problem = response.json()
    assert problem["status"] == 429 and words in problem["detail"] and problem.get("field") == field
    assert ("Retry-After" in response.headers) == (field is None)
    return True


# --- waiting --------------------------------------------------------------------------------------


def test_only_so_many_requests_of_a_principal_wait_and_streams_of_events_are_such(limited):
    before = limited.met("waiting")
    query = limited.waits.running(ENDLESS)
    with limited.waits.stream("GET", f"/v1/queries/{query['id']}/events") as first, \
            limited.waits.stream("GET", f"/v1/queries/{query['id']}/events") as second:
        assert first.status_code == second.status_code == 200
        assert quotas(first) == {"waiting": (2, "concurrent-requests", 1)} and quotas(second)["waiting"][2] == 0
        words = "principal 'waits' has as many requests waiting for news as it may have (2)"
        waiting = limited.waits.get(f"/v1/queries/{query['id']}", params={"wait": "30s"})
        assert refused(waiting, words) and quotas(waiting) == {"waiting": (2, "concurrent-requests", 0)}
        assert refused(limited.waits.get(f"/v1/queries/{query['id']}/events"), words)
        body = {"queries": [{"id": query["id"], "version": query["version"]}], "wait": "30s"}
        assert refused(limited.waits.post("/v1/queries/batch-status", json=body), words)
        # What is answered at once is answered, and a submit is accepted.
        assert limited.waits.status(query["id"])["status"] == "RUNNING"
        assert limited.waits.post("/v1/queries/batch-status", json={**body, "wait": "0s"}).status_code == 200
        at_once = limited.waits.post("/v1/queries", json={"statement": ENDLESS, "wait": "30s"})
        assert at_once.status_code == 202
        limited.waits.cancel(at_once.json()["id"])
        # Others wait as they like.
        other = limited.free.running(ENDLESS)
        assert limited.free.get(f"/v1/queries/{other['id']}", params={"wait": "10ms"}).status_code == 200
        # Nothing is told to who asks for what is not there.
        tag = limited.free.get(f"/v1/queries/{other['id']}").headers["ETag"]
        unknown = limited.waits.get(f"/v1/queries/{other['id']}", params={"wait": "30s"}, headers={"If-None-Match": tag})
        assert (unknown.status_code, quotas(unknown)) == (404, {})
        # Counted were the three, and the submit's wait.
        assert limited.met("waiting") == before + 4
    # Who has left waits no longer.
    until(lambda: limited.waits.get(f"/v1/queries/{query['id']}", params={"wait": "10ms"}).status_code == 200, "the streams to be let go")
    unchanged = limited.waits.get(f"/v1/queries/{query['id']}", params={"wait": "10ms"}, headers={"If-None-Match": "*"})
    assert (unchanged.status_code, quotas(unchanged)) == (304, {})


def test_a_wait_that_ends_makes_room_for_the_next(limited):
    query = limited.waits.running(ENDLESS)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(limited.server.api(limited.keys["waits"]).get(
        f"/v1/queries/{query['id']}", params={"wait": "60s"}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: limited.free.metric("coatcheck_waiters") == 2, "both to wait")
    assert limited.waits.get(f"/v1/queries/{query['id']}", params={"wait": "10ms"}).status_code == 429
    limited.waits.cancel(query["id"])
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    # They are woken by the first news, that it is CANCELING, and answered with it.
    assert limited.waits.ended(query["id"])["status"] == "CANCELED"
    again = limited.waits.running(ENDLESS)
    assert limited.waits.get(f"/v1/queries/{again['id']}", params={"wait": "10ms"}).status_code == 200


# --- results being sent ---------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["arrow", "csv", "ndjson", "parquet"])
def test_only_so_many_results_are_sent_to_a_principal_at_a_time(limited, format):
    before = limited.met("claims")
    query = limited.claims.run(LARGE)
    path = f"/v1/queries/{query['id']}/result"
    if format == "parquet":
        limited.claims.head(path, params={"format": format})  # It is made as a file, which is sent as it is.
        until(lambda: limited.claims.get(f"{path}/chunks").status_code == 200, "the claim to be let go")
    with limited.claims.stream("GET", path, params={"format": format}) as sent:
        assert sent.status_code == 200 and quotas(sent) == {"claims": (1, "concurrent-requests", 0)}
        body = sent.iter_raw(1)  # Kept: the connection would be closed with it.
        next(body)
        words = "principal 'claims' has as many results being sent as it may have (1)"
        for more in (path, f"{path}/chunks", f"{path}/chunks/0"):
            answer = limited.claims.get(more)
            assert refused(answer, words) and quotas(answer)["claims"][2] == 0
        # Nothing about others' queries is told by it, and those of others are sent.
        nobodys = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"
        theirs = limited.free.run(numbers(10))["id"]
        assert {limited.claims.get(f"/v1/queries/{id}/result").status_code for id in (theirs, nobodys)} == {404}
        assert limited.free.result(theirs).status_code == 200
        # A submit whose query ends in time is answered without the rows.
        ended = limited.claims.submit("SELECT 1 AS one", expect=200, wait="30s")
        assert ended["status"] == "SUCCEEDED" and "page" not in ended
        assert limited.met("claims") == before + 4
    until(lambda: limited.claims.get(path, params={"limit": 1}).status_code == 200, "the claim to be let go")


def test_the_sql_api_is_told_in_its_own_way(limited):
    # One that answers with a later partition is a stream; the first one is a text.
    with SqlApi(limited.server.url, limited.keys["claims"]) as sql:
        handle = sql.run(LARGE)["statementHandle"]
        with limited.claims.stream("GET", f"/v1/queries/{handle}/result", params={"format": "csv"}) as sent:
            body = sent.iter_raw(1)  # Kept: the connection would be closed with it.
            next(body)
            answer = sql.look(handle, partition=1)
            assert (answer.status_code, answer.json()["code"]) == (429, "390505") and answer.headers["Retry-After"]
        until(lambda: sql.look(handle, partition=1).status_code == 200, "the claim to be let go")


def test_a_chunk_of_a_drivers_result_is_a_claim_of_whose_result_it_is(limited):
    url, key = limited.server.url, limited.keys["claims"]
    login = httpx.post(f"{url}/session/v1/login-request", json={"data": {"LOGIN_NAME": "claims", "PASSWORD": key}}).json()["data"]
    answer = httpx.post(f"{url}/queries/v1/query-request", params={"requestId": "chunks"}, json={"sqlText": LARGE}, timeout=60,
                        headers={"Authorization": f'Snowflake Token="{login["token"]}"'}).json()
    first, second = (chunk["url"] for chunk in answer["data"]["chunks"][:2])
    id = answer["data"]["queryId"]
    with limited.claims.stream("GET", f"/v1/queries/{id}/result", params={"format": "csv"}) as sent:
        body = sent.iter_raw(1)
        next(body)
        for address in (first, second):
            refused_chunk = httpx.get(address)
            assert refused_chunk.status_code == 429 and refused_chunk.headers["Retry-After"]
    until(lambda: httpx.get(first).status_code == 200, "the claim to be let go")
    assert httpx.get(second).status_code == 200


# --- stored bytes ---------------------------------------------------------------------------------


def test_who_has_as_much_stored_as_it_may_deletes_and_goes_on(limited):
    before = limited.met("stored")
    first = limited.stores.run(FITS)
    assert 2 ** 19 < first["result"]["bytes"] < 2 ** 20
    # A read that is too much fails at that row, and leaves nothing.
    second = limited.stores.ended(limited.stores.submit(LARGE)["id"])
    assert (second["status"], second["error"]["code"], second["error"]["category"]) == ("FAILED", "RESULT_LIMIT", "RESOURCES")
    assert "principal 'stores' has as many bytes of results stored as it may have (1.0 MiB)" in second["error"]["message"] or \
        "principal 'stores' has as many bytes of results stored as it may have (1 MiB)" in second["error"]["message"]
    answer = limited.stores.post("/v1/queries", json={"statement": "SELECT 1"})
    left = 2 ** 20 - first["result"]["bytes"]
    assert answer.status_code == 202 and quotas(answer) == {"stored": (2 ** 20, "content-bytes", left)}
    limited.stores.ended(answer.json()["id"])
    # A statement that may have written keeps its result, which goes beyond; then nothing more is accepted.
    limited.stores.run("CREATE OR REPLACE TABLE wide AS " + FITS)
    wrote = limited.stores.run("INSERT INTO wide " + FITS + " RETURNING *")
    answer = limited.stores.post("/v1/queries", json={"statement": "SELECT 1"})
    assert refused(answer, "has as many bytes of results stored", "max_stored") and quotas(answer)["stored"][2] == 0
    assert limited.met("stored") == before + 1
    assert limited.free.run(FITS)["status"] == "SUCCEEDED"
    # So it is after a restart.
    limited.server.restart()
    limited.connect()
    assert refused(limited.stores.post("/v1/queries", json={"statement": "SELECT 1"}), "stored", "max_stored")
    # What is there can be claimed and deleted, and then there is room.
    assert limited.stores.result(first["id"], format="arrow").status_code == 200
    assert limited.stores.delete(f"/v1/queries/{wrote['id']}").status_code == 200
    assert limited.stores.run("SELECT 1")["status"] == "SUCCEEDED"


def test_drivers_are_told_of_full_storage_at_once_and_not_to_come_again(limited):
    limited.stores.run("CREATE OR REPLACE TABLE wide AS " + LARGE)
    limited.stores.run("UPDATE wide SET n = n + 1 RETURNING *")
    with SqlApi(limited.server.url, limited.keys["stores"]) as sql:
        answer = sql.submit("SELECT 1")
        assert (answer.status_code, answer.json()["code"]) == (422, "990002") and "Retry-After" not in answer.headers


# --- the queue ------------------------------------------------------------------------------------


def test_a_submit_tells_what_is_left_of_the_queue(limited):
    told = []
    for _ in range(4):
        answer = limited.queues.post("/v1/queries", json={"statement": ENDLESS})
        told.append((answer.status_code, quotas(answer)))
    assert told == [(202, {"queued": (2, "", 2)}), (202, {"queued": (2, "", 1)}), (202, {"queued": (2, "", 0)}), (429, {"queued": (2, "", 0)})]
    assert quotas(limited.free.post("/v1/queries", json={"statement": "SELECT 1"})) == {}


def test_the_urgent_go_first_from_the_command_line_too(limited):
    busy = limited.queues.running(ENDLESS)

    def submit(*arguments):
        environment = {"COATCHECK_SERVER": limited.server.url, "COATCHECK_KEY": limited.keys["queues"], "PATH": "/usr/bin:/bin"}
        return subprocess.run([str(limited.server.binary), "submit", *arguments, "SELECT 1"], env=environment, capture_output=True, text=True,
                              timeout=60)
    usual, urgent = submit().stdout.strip(), submit("--priority", "7").stdout.strip()
    assert [limited.queues.status(id)["queue"]["position"] for id in (urgent, usual)] == [0, 1]
    assert limited.queues.status(urgent)["priority"] == 7
    limited.queues.cancel(usual)
    later = submit("--priority", "-100").stdout.strip()
    assert limited.queues.status(later)["priority"] == -100
    for wrong in ("101", "-101", "soon", "1.5"):
        answer = submit("--priority", wrong)
        assert answer.returncode == 2 and "is no whole number from -100 to 100" in answer.stderr, answer
    limited.queues.cancel(busy["id"])


def test_all_limits_are_measured_from_the_start(limited):
    text = limited.free.get("/metrics").text
    for limit in ("queued", "waiting", "claims", "stored"):
        assert f'coatcheck_principal_limits_met_total{{limit="{limit}"}}' in text
