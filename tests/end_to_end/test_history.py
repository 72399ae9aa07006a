"""The history: newest first, filtered, in pages that neither repeat nor lose a query."""

import pytest

from harness.statements import ENDLESS
from harness.waiting import until


@pytest.fixture(scope="module")
def queries(shared_server):
    """Twenty-four queries, oldest first."""
    with shared_server.api() as api:
        return [api.ended(api.submit("SELECT 1" if n % 3 else "SELECT nonsense", query_tag=f"tag {n % 2}")["id"]) for n in range(24)]


def ids(page):
    return [query["id"] for query in page["queries"]]


def test_the_newest_come_first(api, queries):
    newest = [query["id"] for query in reversed(queries)]
    assert ids(api.history(limit=1000))[-len(newest):] == newest or ids(api.history(limit=1000))[:len(newest)] == newest


def test_what_the_history_shows_is_what_the_status_shows(api, queries):
    shown = {query["id"]: query for query in api.history(limit=1000)["queries"]}
    for query in queries:
        assert shown[query["id"]] == api.status(query["id"])


@pytest.mark.parametrize("parameters, matches", [
    ({"status": "FAILED"}, lambda query: query["status"] == "FAILED"),
    ({"status": "SUCCEEDED,FAILED", "query_tag": "tag 1"}, lambda query: query["query_tag"] == "tag 1"),
    ({"status": "CANCELLED,PENDING"}, lambda query: False),
    ({"query_tag": "tag"}, lambda query: False),
    ({"warehouse": "main", "principal": "anonymous", "query_tag": "tag 0"}, lambda query: query["query_tag"] == "tag 0"),
    ({"warehouse": "other"}, lambda query: False),
    ({"principal": "other"}, lambda query: False),
])
def test_filters_hold_together(api, queries, parameters, matches):
    of_ours = {query["id"] for query in queries}
    assert [id for id in ids(api.history(limit=1000, **parameters)) if id in of_ours] == [query["id"] for query in reversed(queries) if matches(query)]


def test_since_is_inclusive_and_until_is_not(api, queries):
    since, until = queries[5]["submitted_at"], queries[15]["submitted_at"]
    found = ids(api.history(since=since, until=until, limit=1000))
    assert found == [query["id"] for query in reversed(queries[5:15])]


@pytest.mark.parametrize("limit", [1, 5, 24])
def test_pages_together_are_the_whole(api, queries, limit):
    parameters = {"limit": limit, "query_tag": "tag 0"}
    found, page = [], api.history(**parameters)
    while True:
        assert len(page["queries"]) <= limit
        found += ids(page)
        if "next_page_token" not in page:
            break
        page = api.history(**parameters, page_token=page["next_page_token"])
    assert found == [query["id"] for query in reversed(queries) if query["query_tag"] == "tag 0"]


def test_queries_that_come_meanwhile_do_not_move_the_pages(api, queries):
    page = api.history(limit=5)
    rest = ids(api.history(limit=1000))[5:]
    for _ in range(3):
        api.run("SELECT 'meanwhile'")
    assert ids(api.history(limit=1000, page_token=page["next_page_token"])) == rest


def test_a_page_token_is_for_its_own_filters(api, queries):
    token = api.history(limit=5, status="SUCCEEDED")["next_page_token"]
    refused = api.get("/v1/queries", params={"limit": 5, "status": "FAILED", "page_token": token})
    assert refused.status_code == 400 and refused.json()["field"] == "page_token"
    assert api.history(limit=7, status="SUCCEEDED", page_token=token)["queries"]


def test_the_history_shows_what_has_not_ended(api):
    running = api.running(ENDLESS, query_tag="unfinished")
    until(lambda: ids(api.history(status="RUNNING", query_tag="unfinished")) == [running["id"]], "the start to be on record")
    assert ids(api.history(status="QUEUED", query_tag="unfinished")) == []


def test_the_history_survives_a_restart(api, server, queries):
    before = [query["id"] for query in api.history(limit=1000, status="SUCCEEDED,FAILED")["queries"]]
    server.restart()
    with server.api() as after:
        assert ids(after.history(limit=1000, status="SUCCEEDED,FAILED")) == before
        assert after.status(queries[1]["id"]) == queries[1]
        assert after.items(queries[1]["id"]) == [{"1": 1}]
