"""kill -9 in every state of a query, and what must hold after the next start (the promises 1 to 3 of the design)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.sql_api import SqlApi
from harness.statements import ENDLESS, ENDLESS_ROWS, numbers
from harness.waiting import until


def crash(server):
    """Ends the server as a power cut would, once all that it has recorded is on disk, and starts it again."""
    # What was only noted is durable with the next record, and a submit is one.
    with server.api() as api:
        api.submit("SELECT 'the last record'")
    server.kill()
    server.start()
    return server.api()


def log_rows(api):
    return api.items(api.run("SELECT count(*) AS n FROM log")["id"])[0]["n"]


def test_queued_queries_run_after_a_crash(server):
    api = server.api()
    running = [api.running(ENDLESS) for _ in range(2)]
    queued = [api.submit(numbers(n))["id"] for n in range(1, 6)]
    written = api.submit("INSERT INTO log VALUES (1)")["id"]
    after = crash(server)
    for query in running:
        after.cancel(query["id"])
    for n, id in enumerate(queued, 1):
        ended = after.ended(id)
        assert (ended["status"], ended["attempt"]) == ("SUCCEEDED", 1)
        assert len(after.items(id)) == n
    assert after.ended(written)["status"] == "SUCCEEDED" and log_rows(after) == 1


def test_arrays_of_values_that_wait_survive_a_crash(server):
    running = [server.api().running(ENDLESS) for _ in range(2)]
    with SqlApi(server.url) as sql:
        handle = sql.start("INSERT INTO log VALUES (?)", bindings={"1": {"type": "FIXED", "value": [str(n) for n in range(500)]}})
    after = crash(server)
    for query in running:
        after.cancel(query["id"])
    assert after.ended(handle)["status"] == "SUCCEEDED"
    assert after.items(after.run("SELECT count(*) AS n, count(DISTINCT entry) AS d, sum(entry) AS s FROM log")["id"]) == \
        [{"n": 500, "d": 500, "s": 124750}]


def test_a_read_that_ran_runs_again_as_its_second_attempt(server):
    running = server.api().running(ENDLESS)
    after = crash(server)
    again = after.await_status(running["id"], "RUNNING")
    assert again["attempt"] == 2 and again["version"] > running["version"]
    assert again["submitted_at"] == running["submitted_at"] and again["started_at"] > running["started_at"]
    after.cancel(running["id"])
    assert after.ended(running["id"])["status"] == "CANCELED"


def test_a_write_that_ran_is_interrupted_and_never_runs_again(server):
    running = server.api().running(f"INSERT INTO log SELECT 1 FROM ({ENDLESS})")
    after = crash(server)
    ended = after.status(running["id"])
    assert (ended["status"], ended["attempt"]) == ("FAILED", 1)
    assert ended["error"]["category"] == "INTERRUPTED" and not ended["error"]["retryable"]
    assert after.get(f"/v1/queries/{running['id']}/result").status_code == 502
    assert log_rows(after) == 0


def test_a_read_that_was_spooling_is_spooled_again_whole(server):
    api = server.api()
    rows = 5_000_000
    query = api.submit(f"SELECT range AS n FROM range({rows})")
    until(lambda: list(server.data.rglob(f"{query['id']}.partial")) or api.status(query["id"])["status"] == "SUCCEEDED", "it to spool")
    after = crash(server)
    ended = after.ended(query["id"])
    assert ended["status"] == "SUCCEEDED" and ended["result"]["rows"] == rows
    for offset in (0, rows // 2, rows - 5):
        assert [row["n"] for row in after.items(query["id"], offset=offset, limit=5)] == list(range(offset, offset + 5))
    assert not list(server.data.rglob("*.partial"))


def test_nothing_of_an_unfinished_result_is_served_or_kept(server):
    api = server.api()
    query = api.running(ENDLESS_ROWS)
    partial = until(lambda: list(server.data.rglob(f"{query['id']}.partial")), "it to spool")[0]
    until(lambda: partial.stat().st_size > 1_000_000, "something to be written")
    assert api.get(f"/v1/queries/{query['id']}/result").status_code == 202
    api.submit("SELECT 'the last record'")
    server.kill()
    assert partial.exists()
    server.start()
    with server.api() as after:
        assert after.get(f"/v1/queries/{query['id']}/result").status_code == 202
        assert after.get(f"/v1/queries/{query['id']}/result/chunks/0").status_code == 202
        after.cancel(query["id"])
        assert after.ended(query["id"])["status"] == "CANCELED"
        assert after.get(f"/v1/queries/{query['id']}/result").status_code == 409
        until(lambda: not list(server.data.rglob("*.partial")), "the unfinished files to go")


def test_a_sealed_result_is_the_same_after_a_crash(server):
    api = server.api()
    query = api.run("SELECT range AS n, hash(range) AS h FROM range(300000)")
    before = {format: api.result(query["id"], format=format).content for format in ("csv", "arrow")}
    server.kill()
    server.start()
    with server.api() as after:
        assert after.status(query["id"]) == query
        assert {format: after.result(query["id"], format=format).content for format in before} == before


def test_a_claim_that_a_crash_cuts_does_not_look_whole(server):
    api = server.api()
    # More bytes than the buffers between the two ends hold, also as they are stored.
    query = api.run("SELECT range AS n, hash(range) AS a, hash(range + 1) AS b, hash(range + 2) AS c, hash(range + 3) AS d FROM range(1000000)")
    for format in ("csv", "arrow"):
        with api.stream("GET", query["result"]["url"], params={"format": format}) as response:
            pieces = response.iter_raw()
            next(pieces)
            server.kill()
            with pytest.raises(httpx.TransportError):
                for _ in pieces:
                    pass
        server.start()
        api = server.api()
        assert api.result(query["id"], format="csv").content.count(b"\r\n") == 1_000_001


def test_a_query_that_was_running_in_two_crashes_is_quarantined(server):
    running = server.api().running(ENDLESS)
    after = crash(server)
    assert after.await_status(running["id"], "RUNNING")["attempt"] == 2
    after = crash(server)
    ended = after.status(running["id"])
    assert (ended["status"], ended["attempt"], ended["error"]["category"]) == ("FAILED", 2, "INTERRUPTED")
    assert after.run("SELECT 1")["status"] == "SUCCEEDED"


def test_a_query_that_only_waited_in_two_crashes_is_not_blamed(server):
    api = server.api()
    running = [api.running(ENDLESS) for _ in range(2)]
    queued = api.submit("SELECT 1 AS one")["id"]
    after = crash(server)
    for query in running:
        after.await_status(query["id"], "RUNNING")
    after = crash(server)
    for query in running:
        assert after.status(query["id"])["status"] == "FAILED"
    assert after.ended(queued)["attempt"] == 1 and after.items(queued) == [{"one": 1}]


def test_a_query_that_ran_in_one_crash_only_is_not_blamed(server):
    api = server.api()
    running = [api.running(ENDLESS) for _ in range(2)]
    queued = api.submit(ENDLESS)["id"]
    after = crash(server)
    for query in running:
        after.cancel(query["id"])
    assert after.await_status(queued, "RUNNING")["attempt"] == 1
    after = crash(server)
    assert after.await_status(queued, "RUNNING")["attempt"] == 2
    after.cancel(queued)


def test_a_clean_stop_is_no_crash(server):
    server.settings["server.drain_grace"] = "0s"
    running = server.api().running(ENDLESS)
    after = crash(server)
    assert after.await_status(running["id"], "RUNNING")["attempt"] == 2
    server.stop()
    server.start()
    with server.api() as again:
        assert again.await_status(running["id"], "RUNNING")["attempt"] == 3
        again.cancel(running["id"])


def test_what_was_canceled_failed_and_deleted_stays_so(server):
    api = server.api()
    canceled = api.running(ENDLESS)["id"]
    api.cancel(canceled)
    api.ended(canceled)
    failed = api.ended(api.submit("SELECT nonsense")["id"])["id"]
    deleted = api.run("SELECT 1")["id"]
    api.delete(f"/v1/queries/{deleted}")
    before = {id: api.status(id) for id in (canceled, failed, deleted)}
    server.kill()
    server.start()
    with server.api() as after:
        assert {id: after.status(id) for id in before} == before
        statuses = [after.get(f"/v1/queries/{id}/result").status_code for id in (canceled, failed, deleted)]
        assert statuses == [409, 422, 410]


def test_an_accepted_cancel_holds_after_a_crash(server):
    api = server.api()
    running = api.running(ENDLESS_ROWS)
    api.cancel(running["id"])
    server.kill()
    server.start()
    with server.api() as after:
        assert after.ended(running["id"])["status"] == "CANCELED"


def test_an_idempotency_key_is_the_same_query_after_a_crash(server):
    fields = {"Idempotency-Key": "once"}
    api = server.api()
    id = api.ended(api.submit("INSERT INTO log VALUES (1)", headers=fields)["id"])["id"]
    server.kill()
    server.start()
    with server.api() as after:
        again = after.post("/v1/queries", json={"statement": "INSERT INTO log VALUES (1)"}, headers=fields)
        assert again.json()["id"] == id and again.headers["Idempotency-Replayed"] == "true"
        other = after.post("/v1/queries", json={"statement": "INSERT INTO log VALUES (2)"}, headers=fields)
        assert other.status_code == 422
        assert log_rows(after) == 1


def test_every_accepted_id_answers_after_a_kill_amid_submits(server):
    def submit_until_the_end(number):
        accepted = []
        with server.api() as api:
            try:
                while True:
                    response = api.post("/v1/queries", json={"statement": f"SELECT {number}", "query_tag": f"client {number}"})
                    accepted.append(response.json()["id"])
            except httpx.TransportError:
                return accepted

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(submit_until_the_end, number) for number in range(8)]
        with server.api() as api:
            until(lambda: api.metric("coatcheck_queries_submitted_total") > 200, "many to be accepted")
        server.kill()
        accepted = [id for client in clients for id in client.result()]
    assert len(accepted) > 100
    server.start()
    with server.api() as after:
        for id in accepted:
            assert after.status(id)["id"] == id
        for id in accepted:
            assert after.ended(id)["status"] == "SUCCEEDED"
