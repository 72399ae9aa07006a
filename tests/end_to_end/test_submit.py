"""Submitting: the id at once, or the rows with it when the client waits."""

import re

import pytest

from harness.statements import ENDLESS, numbers


def test_a_submit_answers_with_the_id_and_where_the_query_is(api):
    response = api.post("/v1/queries", json={"statement": ENDLESS})
    assert response.status_code == 202
    query = response.json()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", query["id"])
    assert response.headers["Location"] == f"/v1/queries/{query['id']}"
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["ETag"] == f'"{query["version"]}"'
    assert query["status"] in ("QUEUED", "RUNNING")
    assert api.get(response.headers["Location"]).json()["id"] == query["id"]


def test_what_was_asked_for_stands_in_the_query_object(api):
    query = api.submit("SELECT 1 AS one", warehouse="main", timeout="10m", row_limit=7, query_tag="daily", result_ttl="2h")
    assert query["statement"] == "SELECT 1 AS one"
    assert (query["warehouse"], query["timeout"], query["row_limit"]) == ("main", "10m", 7)
    assert (query["query_tag"], query["result_ttl"], query["principal"]) == ("daily", "2h", "anonymous")


def test_null_members_are_as_good_as_absent(api):
    query = api.submit("SELECT 1", warehouse=None, parameters=None, wait=None, on_wait_timeout=None, timeout=None,
                       row_limit=None, query_tag=None, result_ttl=None)
    assert query["warehouse"] == "main" and "row_limit" not in query and "query_tag" not in query


def test_ids_sort_by_time_of_submission(api):
    ids = [api.submit("SELECT 1")["id"] for _ in range(5)]
    assert ids == sorted(ids)


def test_a_query_that_ends_within_the_wait_comes_with_its_rows(api):
    response = api.post("/v1/queries", json={"statement": numbers(3), "wait": "60s"})
    assert response.status_code == 200
    query = response.json()
    assert query["status"] == "SUCCEEDED" and query["attempt"] == 1 and query["kind"] == "READ"
    assert query["page"] == {"columns": {"total": 1, "columns": ["n"]}, "items": [{"n": 0}, {"n": 1}, {"n": 2}]}
    assert "next_page_url" not in query
    assert query["result"]["rows"] == 3 and not query["result"]["truncated"]
    assert response.headers["Location"] == f"/v1/queries/{query['id']}"


def test_the_rows_that_do_not_fit_inline_are_where_next_page_url_says(api):
    query = api.submit(numbers(1500), expect=200, wait="60s")
    first = [row["n"] for row in query["page"]["items"]]
    assert first == list(range(len(first))) and len(first) == 1000
    rest = api.get(query["next_page_url"])
    assert rest.status_code == 200
    assert [row["n"] for row in rest.json()["items"]] == list(range(1000, 1500))


def test_wide_rows_do_not_come_inline(api):
    query = api.submit("SELECT repeat('x', 1000000) AS wide FROM range(100)", expect=200, wait="60s")
    assert query["status"] == "SUCCEEDED" and query["result"]["rows"] == 100
    inline = sum(len(row["wide"]) for row in query.get("page", {"items": []})["items"])
    assert inline < 20_000_000, "the answer to a submit is bounded, whatever the width of the rows"
    page = api.get(query["result"]["url"], params={"limit": 1})
    assert page.json()["items"] == [{"wide": "x" * 1000000}]


def test_a_failed_query_is_a_fine_answer_to_a_submit_that_waits(api):
    query = api.submit("SELECT * FROM no_such_table", expect=200, wait="60s")
    assert query["status"] == "FAILED" and query["error"]["category"] == "STATEMENT"
    assert "page" not in query and "result" not in query


def test_a_wait_that_is_too_short_leaves_the_query_running(api):
    query = api.submit(ENDLESS, expect=202, wait="100ms")
    assert api.status(query["id"])["status"] in ("QUEUED", "RUNNING")


def test_a_wait_that_is_too_short_cancels_the_query_if_asked(api):
    response = api.post("/v1/queries", json={"statement": ENDLESS, "wait": "100ms", "on_wait_timeout": "cancel"})
    assert response.status_code in (200, 202)
    ended = api.ended(response.json()["id"])
    assert ended["status"] == "CANCELED" and "cancel_requested_at" in ended


def test_prefer_wait_is_wait(api):
    query = api.submit("SELECT 42 AS answer", expect=200, headers={"Prefer": "wait=60"})
    assert query["page"]["items"] == [{"answer": 42}]


def test_a_preference_past_the_limit_is_cut_and_not_refused(api):
    assert api.submit("SELECT 42 AS answer", expect=200, headers={"Prefer": "respond-async, wait=99999"})["status"] == "SUCCEEDED"


def test_the_wait_of_the_body_wins_over_the_preference(api):
    api.submit(ENDLESS, expect=202, wait="0s", headers={"Prefer": "wait=60"})


@pytest.mark.parametrize("statement", ["SELECT 1;", "  SELECT 1  ;  ", "-- a comment\nSELECT 1", "SELECT 'grüße 🎟'"])
def test_a_statement_is_kept_as_it_was_sent(api, statement):
    query = api.run(statement)
    assert query["statement"] == statement


def test_a_write_is_a_write(api):
    created = api.run("CREATE OR REPLACE TABLE kinds (a INTEGER)")
    inserted = api.run("INSERT INTO kinds VALUES (1), (2)")
    assert (created["kind"], inserted["kind"]) == ("WRITE", "WRITE")
    assert api.items(api.run("SELECT count(*) AS n FROM kinds")["id"]) == [{"n": 2}]


def test_row_limit_keeps_so_many_rows_and_says_that_there_were_more(api):
    limited = api.run(numbers(10), row_limit=4)
    assert limited["result"]["rows"] == 4 and limited["result"]["truncated"]
    assert [row["n"] for row in api.items(limited["id"])] == [0, 1, 2, 3]
    exact = api.run(numbers(4), row_limit=4)
    assert exact["result"]["rows"] == 4 and not exact["result"]["truncated"]


def test_row_limit_ends_a_query_whose_rows_have_no_end(api):
    from harness.statements import ENDLESS_ROWS
    query = api.run(ENDLESS_ROWS, row_limit=100_000)
    assert query["result"]["rows"] == 100_000 and query["result"]["truncated"]
