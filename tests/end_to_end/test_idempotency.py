"""The same Idempotency-Key is the same query: a retry never runs it twice."""

from concurrent.futures import ThreadPoolExecutor

from harness.statements import ENDLESS


def post(api, key, statement="SELECT 1", **members):
    return api.post("/v1/queries", json={"statement": statement, **members}, headers={"Idempotency-Key": key})


def test_the_same_key_and_body_are_the_same_query(api):
    first = post(api, "same")
    again = post(api, "same")
    assert first.status_code == 202 and again.status_code in (200, 202)
    assert first.json()["id"] == again.json()["id"]
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]


def test_a_replay_of_an_ended_query_answers_with_its_rows(api):
    id = post(api, "ended").json()["id"]
    api.ended(id)
    again = post(api, "ended")
    assert again.status_code == 200 and again.json()["id"] == id and again.json()["page"]["items"] == [{"1": 1}]


def test_the_same_key_with_another_body_is_422(api):
    post(api, "other")
    for other in (post(api, "other", "SELECT 2"), post(api, "other", query_tag="x")):
        assert other.status_code == 422 and other.json()["field"] == "Idempotency-Key"


def test_a_key_is_there_for_retries_of_writes(api):
    api.run("CREATE OR REPLACE TABLE once (a INTEGER)")
    for _ in range(5):
        api.ended(post(api, "insert", "INSERT INTO once VALUES (1)").json()["id"])
    assert api.items(api.run("SELECT count(*) AS n FROM once")["id"]) == [{"n": 1}]


def test_many_at_once_with_one_key_make_one_query(api):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(api, "race", ENDLESS), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


def test_a_canceled_query_is_replayed_as_canceled(api):
    id = post(api, "canceled", ENDLESS).json()["id"]
    api.cancel(id)
    api.ended(id)
    again = post(api, "canceled", ENDLESS)
    assert again.status_code == 200 and (again.json()["id"], again.json()["status"]) == (id, "CANCELED")


def test_keys_are_remembered_after_a_restart(api, server):
    id = post(api, "restart").json()["id"]
    api.ended(id)
    server.restart()
    with server.api() as after:
        again = post(after, "restart")
        assert again.json()["id"] == id and again.headers["Idempotency-Replayed"] == "true"
        assert post(after, "restart", "SELECT 2").status_code == 422
