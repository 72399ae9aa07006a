"""Server-sent events: every version once, in order, to the end; or from where the client was."""

import json

from harness.contract import mistakes_of
from harness.statements import ENDLESS


def events_of(lines):
    """Reads events (WHATWG HTML 9.2.6) until the stream ends."""
    event = {}
    for line in lines:
        if line == "":
            if event:
                yield event
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            event[name] = value.removeprefix(" ")


def follow(api, id, **fields):
    """Yields (event, query object), each checked against the contract."""
    with api.stream("GET", f"/v1/queries/{id}/events", headers=fields, timeout=60) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["Content-Type"] == "text/event-stream"
        for event in events_of(response.iter_lines()):
            query = json.loads(event["data"])
            assert not mistakes_of({"$ref": "#/components/schemas/Query"}, query)
            assert int(event["id"]) == query["version"]
            yield event, query


def test_the_events_of_an_ended_query_are_its_last_version_and_the_end(api):
    query = api.run("SELECT 1")
    seen = list(follow(api, query["id"]))
    assert [(event["event"], told["status"]) for event, told in seen] == [("status", "SUCCEEDED")]


def test_the_events_of_a_running_query_tell_of_its_cancellation(api):
    running = api.running(ENDLESS)
    statuses = []
    for event, query in follow(api, running["id"]):
        if not statuses:
            api.cancel(running["id"])
        if event["event"] == "status":
            statuses.append((query["version"], query["status"]))
    assert statuses[0][1] == "RUNNING" and statuses[-1][1] == "CANCELED"
    versions = [version for version, _ in statuses]
    assert versions == sorted(set(versions))


def test_a_client_that_comes_back_is_told_what_came_after(api):
    running = api.running(ENDLESS)
    api.cancel(running["id"])
    ended = api.ended(running["id"])
    seen = list(follow(api, running["id"], **{"Last-Event-ID": str(running["version"])}))
    assert [query["version"] for _, query in seen] == [ended["version"]]


def test_a_client_that_has_seen_the_end_is_told_not_to_come_again(api):
    query = api.run("SELECT 1")
    response = api.get(f"/v1/queries/{query['id']}/events", headers={"Last-Event-ID": str(query["version"])})
    assert response.status_code == 204 and response.content == b""


def test_a_last_event_id_that_is_none_is_refused(api):
    query = api.run("SELECT 1")
    response = api.get(f"/v1/queries/{query['id']}/events", headers={"Last-Event-ID": "seven"})
    assert response.status_code == 400 and response.json()["field"] == "Last-Event-ID"
