"""Ends other than success: failure, time limits, cancellation, deletion, expiry, and a queue that is full."""

import pytest

from harness.statements import ENDLESS, ENDLESS_ROWS, numbers
from harness.waiting import until


def check_no_result(api, id, status):
    """Every way to the result gives the same status; returns the first answer."""
    answers = [api.get(f"/v1/queries/{id}/result"), api.get(f"/v1/queries/{id}/result/chunks"), api.get(f"/v1/queries/{id}/result/chunks/0")]
    assert [answer.status_code for answer in answers] == [status] * 3
    return answers[0]


# --- failure ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement, sqlstate, position", [
    ("SELEC 1", "42601", 0),
    ("SELECT * FROM no_such_table", "42P01", 14),
    ("SELECT no_such_column FROM range(1)", "42703", 7),
    ("SELECT CAST('x' AS INTEGER)", "22018", None),
    ("SELECT 1; SELECT 2", "42601", None),
])
def test_a_statement_that_is_wrong_fails_with_the_words_of_the_warehouse(api, statement, sqlstate, position):
    query = api.ended(api.submit(statement)["id"])
    assert query["status"] == "FAILED" and "result" not in query
    error = query["error"]
    assert (error["category"], error["sqlstate"], error["retryable"]) == ("STATEMENT", sqlstate, False)
    assert error["message"] and (position is None or error["position"] == position), error
    problem = check_no_result(api, query["id"], 422).json()
    assert problem["error"] == error and problem["detail"] == error["message"]


def test_an_error_in_the_middle_of_the_rows_leaves_no_result(api):
    query = api.ended(api.submit("SELECT CASE WHEN range < 500000 THEN range ELSE error('row ' || range) END AS n FROM range(1000000)")["id"])
    assert query["status"] == "FAILED" and "row " in query["error"]["message"]
    check_no_result(api, query["id"], 422)


@pytest.mark.parametrize("statement", [
    "COPY (SELECT 1) TO '/tmp/x.csv'", "SELECT * FROM read_text('/etc/passwd')", "ATTACH '/tmp/x.db'", "INSTALL httpfs",
    "SET threads = 1", "PRAGMA database_list", "SELECT * FROM duckdb_settings()", "BEGIN",
])
def test_what_would_reach_the_machine_fails(api, statement):
    query = api.ended(api.submit(statement)["id"])
    assert query["status"] == "FAILED" and query["error"]["category"] in ("PERMISSION", "STATEMENT"), query


def test_a_query_that_takes_too_long_fails_with_timeout(api):
    query = api.ended(api.submit(ENDLESS, timeout="300ms")["id"])
    assert query["status"] == "FAILED"
    assert query["error"]["category"] == "TIMEOUT" and "300ms" in query["error"]["message"]
    check_no_result(api, query["id"], 422)


def test_a_query_that_spools_too_long_fails_with_timeout_and_leaves_no_file(api, server):
    query = api.ended(api.submit(ENDLESS_ROWS, timeout="500ms")["id"])
    assert query["error"]["category"] == "TIMEOUT", query
    until(lambda: not list(server.data.rglob(f"{query['id']}.*")), "the unfinished file to go")


def test_a_result_that_is_too_large_fails_and_leaves_no_file(start_server):
    server = start_server(settings={"results.result_bytes_max": "2MiB"})
    with server.api() as api:
        query = api.ended(api.submit("SELECT hash(range) AS h, hash(range + 1) AS i FROM range(10000000)")["id"])
        assert query["status"] == "FAILED" and query["error"]["category"] == "RESOURCES", query
        until(lambda: not list(server.data.rglob(f"{query['id']}.*")), "the unfinished file to go")
        assert api.items(api.run("SELECT 1 AS one")["id"]) == [{"one": 1}]


# --- not yet ------------------------------------------------------------------------------------------------------


def test_the_result_of_a_query_that_runs_is_202_and_never_empty(api):
    running = api.running(ENDLESS_ROWS)
    answer = check_no_result(api, running["id"], 202)
    assert answer.json()["status"] == "RUNNING" and int(answer.headers["Retry-After"]) >= 1


def test_the_result_of_a_query_that_is_queued_is_202(api):
    for _ in range(2):
        api.running(ENDLESS)
    queued = api.submit("SELECT 1")
    assert check_no_result(api, queued["id"], 202).json()["status"] == "QUEUED"


# --- cancel and delete --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", [ENDLESS, ENDLESS_ROWS], ids=["computing", "spooling"])
def test_canceling_a_running_query_ends_it(api, statement):
    running = api.running(statement)
    response = api.post(f"/v1/queries/{running['id']}/cancel")
    assert response.status_code in (200, 202) and response.json()["status"] in ("CANCELING", "CANCELED")
    ended = api.ended(running["id"])
    assert ended["status"] == "CANCELED" and ended["error"]["category"] == "CANCELED"
    assert ended["cancel_requested_at"] <= ended["ended_at"]
    assert check_no_result(api, running["id"], 409).json()["error"]["category"] == "CANCELED"


def test_canceling_a_queued_query_ends_it_at_once_and_it_never_runs(api):
    for _ in range(2):
        api.running(ENDLESS)
    queued = api.submit("CREATE TABLE never_made (a INTEGER)")
    response = api.post(f"/v1/queries/{queued['id']}/cancel")
    assert response.status_code == 200 and response.json()["status"] == "CANCELED"
    assert response.json()["attempt"] == 0 and "started_at" not in response.json()
    api.cancel_everything()
    assert api.ended(api.submit("SELECT * FROM never_made")["id"])["status"] == "FAILED"


def test_canceling_again_changes_nothing(api):
    running = api.running(ENDLESS)
    for _ in range(3):
        assert api.cancel(running["id"])["status"] in ("CANCELING", "CANCELED")
    ended = api.ended(running["id"])
    assert api.cancel(running["id"]) == ended


@pytest.mark.parametrize("statement, status", [("SELECT 1", "SUCCEEDED"), ("SELECT * FROM no_such_table", "FAILED")])
def test_canceling_what_has_ended_leaves_it_as_it_is(api, statement, status):
    ended = api.ended(api.submit(statement)["id"])
    response = api.post(f"/v1/queries/{ended['id']}/cancel")
    assert response.status_code == 200 and response.json() == ended and ended["status"] == status


def test_a_cancel_that_meets_the_end_is_either_and_never_both(api):
    for n in range(30):
        query = api.submit(numbers(1 + 997 * n))
        api.cancel(query["id"])
        ended = api.ended(query["id"])
        if ended["status"] == "SUCCEEDED":
            assert len(api.items(ended["id"])) == 1 + 997 * n
        else:
            assert ended["status"] == "CANCELED"
            check_no_result(api, ended["id"], 409)


def test_deleting_a_query_drops_its_result_and_keeps_its_history(api, server):
    query = api.run(numbers(10))
    files = lambda: list(server.data.rglob(f"{query['id']}.*"))
    assert files()
    response = api.delete(f"/v1/queries/{query['id']}")
    assert response.status_code == 200
    assert response.json()["status"] == "SUCCEEDED" and response.json()["result"]["gone"] == "DELETED"
    assert "url" not in response.json()["result"] and not files()
    assert "deleted" in check_no_result(api, query["id"], 410).json()["detail"]
    assert api.delete(f"/v1/queries/{query['id']}").json() == api.status(query["id"]) == response.json()


def test_deleting_a_running_query_cancels_it(api):
    running = api.running(ENDLESS_ROWS)
    assert api.delete(f"/v1/queries/{running['id']}").status_code in (200, 202)
    assert api.ended(running["id"])["status"] == "CANCELED"


def test_a_result_that_is_being_read_stays_readable_when_it_is_deleted(api):
    query = api.run("SELECT range AS n, repeat('x', 100) AS s FROM range(500000)")
    with api.stream("GET", f"/v1/queries/{query['id']}/result", params={"format": "csv"}) as response:
        lines = response.iter_lines()
        assert next(lines) == "n,s"
        assert api.delete(f"/v1/queries/{query['id']}").status_code == 200
        assert sum(1 for _ in lines) == 500_000


# --- expiry -------------------------------------------------------------------------------------------------------


def test_a_result_whose_time_is_over_is_410_and_its_query_stays(api, server):
    query = api.run("SELECT 1", result_ttl="1s")
    gone = until(lambda: (answer := api.get(f"/v1/queries/{query['id']}/result")).status_code == 410 and answer, "the result to expire")
    assert "expired" in gone.json()["detail"]
    check_no_result(api, query["id"], 410)
    assert api.status(query["id"])["status"] == "SUCCEEDED"
    until(lambda: api.status(query["id"])["result"].get("gone") == "EXPIRED", "housekeeping to come by")
    until(lambda: not list(server.data.rglob(f"{query['id']}.*")), "the file to go")


# --- the queue ----------------------------------------------------------------------------------------------------


@pytest.fixture
def narrow(start_server):
    """A server where one query runs and one waits."""
    server = start_server(warehouse={"max_running": 1, "max_queued": 1})
    with server.api() as api:
        yield api
        api.cancel_everything()


def test_a_queue_that_is_full_is_429_with_retry_after(narrow):
    running = narrow.running(ENDLESS)
    queued = narrow.submit("SELECT 1 AS one", headers={"Idempotency-Key": "queued"})
    refused = narrow.post("/v1/queries", json={"statement": "SELECT 2"})
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["field"] == "warehouse"
    assert {query["id"] for query in narrow.history()["queries"]} == {running["id"], queued["id"]}

    # Who was accepted and did not hear of it asks again, and must not be refused.
    again = narrow.submit("SELECT 1 AS one", headers={"Idempotency-Key": "queued"})
    assert again["id"] == queued["id"]

    narrow.cancel(running["id"])
    assert narrow.ended(queued["id"])["status"] == "SUCCEEDED"
    assert narrow.run("SELECT 2")["status"] == "SUCCEEDED"


def test_queries_run_in_the_order_they_came(start_server):
    server = start_server(warehouse={"max_running": 1})
    with server.api() as api:
        running = api.running(ENDLESS)
        queued = [api.submit(f"SELECT {n}")["id"] for n in range(5)]
        assert [api.status(id)["queue"]["position"] for id in queued] == [0, 1, 2, 3, 4]
        api.cancel(queued[1])
        assert [api.status(id)["queue"]["position"] for id in queued[2:]] == [1, 2, 3]
        api.cancel(running["id"])
        ended = [api.ended(id) for id in queued]
        started = [query["started_at"] for query in ended if query["status"] == "SUCCEEDED"]
        assert len(started) == 4 and started == sorted(started)


def test_a_query_that_waits_too_long_for_its_turn_fails(start_server):
    server = start_server(warehouse={"max_running": 1, "queue_timeout": "1s"})
    with server.api() as api:
        running = api.running(ENDLESS)
        queued = api.ended(api.submit("SELECT 1")["id"])
        assert queued["status"] == "FAILED" and queued["attempt"] == 0
        assert queued["error"]["category"] == "QUEUE_TIMEOUT" and queued["error"]["retryable"]
        check_no_result(api, queued["id"], 502)
        assert api.status(running["id"])["status"] == "RUNNING"
        api.cancel_everything()
