"""Looking at a query: once, until it changes, many at a time."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.statements import ENDLESS
from harness.waiting import until

# A wait that is not woken lasts longer than the test's client has patience.
LONG_WAIT = "60s"
PATIENCE = httpx.Timeout(30)


@pytest.fixture
def waiting(api):
    """Starts a request that waits, and returns its future once the server has it."""
    with ThreadPoolExecutor(8) as pool:
        def start(method, url, **more):
            before = api.metric("coatcheck_waiters")
            future = pool.submit(api.request, method, url, timeout=PATIENCE, **more)
            until(lambda: future.done() or api.metric("coatcheck_waiters") > before, "the request to wait")
            assert not future.done(), f"it did not wait: {future.result().text}"
            return future
        yield start


def test_the_etag_is_the_version_and_a_known_version_is_304(api):
    query = api.run("SELECT 1")
    url = f"/v1/queries/{query['id']}"
    fresh = api.get(url)
    assert fresh.headers["ETag"] == f'"{query["version"]}"' and "Retry-After" not in fresh.headers
    known = api.get(url, headers={"If-None-Match": fresh.headers["ETag"]})
    assert known.status_code == 304 and known.headers["ETag"] == fresh.headers["ETag"]
    assert api.get(url, headers={"If-None-Match": '"999"'}).status_code == 200


def test_head_is_get_without_the_body(api):
    url = f"/v1/queries/{api.run('SELECT 1')['id']}"
    got, head = api.get(url), api.head(url)
    assert head.status_code == 200 and head.content == b""
    for field in ("ETag", "Content-Type", "Content-Length"):
        assert head.headers[field] == got.headers[field]


def test_a_wait_ends_when_the_query_changes(api, waiting):
    running = api.running(ENDLESS)
    waiter = waiting("GET", f"/v1/queries/{running['id']}", params={"wait": LONG_WAIT})
    api.cancel(running["id"])
    seen = waiter.result().json()
    assert seen["version"] > running["version"] and seen["status"] in ("CANCELING", "CANCELED")


def test_a_wait_for_a_version_that_is_old_ends_at_once(api):
    running = api.running(ENDLESS)
    seen = api.get(f"/v1/queries/{running['id']}", params={"wait": LONG_WAIT}, headers={"If-None-Match": '"0"'}, timeout=PATIENCE)
    assert seen.status_code == 200 and seen.json()["version"] == running["version"]


def test_a_wait_for_the_version_that_is_known_ends_with_the_next(api, waiting):
    running = api.running(ENDLESS)
    tag = f'"{running["version"]}"'
    waiter = waiting("GET", f"/v1/queries/{running['id']}", params={"wait": LONG_WAIT}, headers={"If-None-Match": tag})
    api.cancel(running["id"])
    assert waiter.result().status_code == 200 and waiter.result().headers["ETag"] != tag


def test_a_wait_without_news_ends_with_the_same_version(api):
    running = api.running(ENDLESS)
    url = f"/v1/queries/{running['id']}"
    assert api.get(url, params={"wait": "50ms"}).json()["version"] == running["version"]
    unchanged = api.get(url, params={"wait": "50ms"}, headers={"If-None-Match": f'"{running["version"]}"'})
    assert unchanged.status_code == 304


def test_a_wait_for_a_query_that_has_ended_ends_at_once(api):
    query = api.run("SELECT 1")
    seen = api.get(f"/v1/queries/{query['id']}", params={"wait": LONG_WAIT}, timeout=PATIENCE)
    assert seen.json()["status"] == "SUCCEEDED"


def test_many_waiters_of_one_query_are_all_woken(api, waiting):
    running = api.running(ENDLESS)
    waiters = [waiting("GET", f"/v1/queries/{running['id']}", params={"wait": LONG_WAIT}) for _ in range(8)]
    api.cancel(running["id"])
    assert all(waiter.result().json()["version"] > running["version"] for waiter in waiters)


def test_a_submit_that_waits_is_answered_when_somebody_cancels_the_query(api, waiting):
    waiter = waiting("POST", "/v1/queries", json={"statement": ENDLESS, "wait": LONG_WAIT, "query_tag": "to be canceled"})
    query = api.history(query_tag="to be canceled", status="RUNNING,QUEUED")["queries"][0]
    api.cancel(query["id"])
    answer = waiter.result()
    assert answer.status_code == 200 and answer.json()["status"] == "CANCELED"


def test_a_queued_query_says_how_many_are_before_it(api):
    for _ in range(2):
        api.running(ENDLESS)
    queued = [api.submit("SELECT 1")["id"] for _ in range(2)]
    positions = [api.status(id)["queue"]["position"] for id in queued]
    assert positions == [0, 1]
    assert "2 of 2" in api.status(queued[0])["queue"]["reason"]


# --- batch-status -------------------------------------------------------------------------------------------------


def batch(api, queries, **members):
    response = api.post("/v1/queries/batch-status", json={"queries": queries, **members}, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    return response.json()


def test_batch_status_answers_in_the_order_asked_and_names_what_is_missing(api):
    ids = [api.run(f"SELECT {n}")["id"] for n in range(3)]
    nobodys = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"
    answer = batch(api, [ids[2], nobodys, {"id": ids[0]}, ids[1].upper()])
    assert [query["id"] for query in answer["queries"]] == [ids[2], ids[0], ids[1]]
    assert answer["missing"] == [nobodys]


def test_batch_status_with_wait_ends_when_one_of_them_changes(api, waiting):
    running = [api.running(ENDLESS) for _ in range(2)]
    known = [{"id": query["id"], "version": query["version"]} for query in running]
    waiter = waiting("POST", "/v1/queries/batch-status", json={"queries": known, "wait": LONG_WAIT})
    api.cancel(running[1]["id"])
    versions = {query["id"]: query["version"] for query in waiter.result().json()["queries"]}
    assert versions[running[0]["id"]] == running[0]["version"]
    assert versions[running[1]["id"]] > running[1]["version"]


def test_batch_status_with_wait_ends_at_once_if_there_is_news(api):
    running = api.running(ENDLESS)
    assert batch(api, [{"id": running["id"], "version": 0}], wait=LONG_WAIT)["queries"]
    assert batch(api, [running["id"]], wait=LONG_WAIT)["queries"]
    assert batch(api, ["01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"], wait=LONG_WAIT)["missing"]


def test_batch_status_takes_a_thousand_ids(api):
    id = api.run("SELECT 1")["id"]
    assert len(batch(api, [id] * 1000)["queries"]) == 1000
    response = api.post("/v1/queries/batch-status", json={"queries": [id] * 1001})
    assert response.status_code == 400 and response.json()["field"] == "queries"
