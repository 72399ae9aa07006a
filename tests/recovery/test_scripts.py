"""kill -9 in the middle of several statements that were sent together: the whole goes on, and none runs twice."""

import pytest

from harness.sql_api import SqlApi
from harness.statements import ENDLESS
from harness.waiting import until


def start(server, text, count, tag):
    with SqlApi(server.url) as sql:
        return sql.start(text, parameters={"multi_statement_count": count, "query_tag": tag})


def parts(api, handle, tag, **more):
    return [entry for entry in api.history(query_tag=tag, **more)["queries"] if entry["id"] != handle]


@pytest.mark.parametrize("kills", [1, 3])
def test_a_whole_goes_on_where_it_was(server, kills):
    inserts = 40
    text = "; ".join(f"INSERT INTO log VALUES ({n})" for n in range(inserts)) + "; SELECT count(*) AS n FROM log"
    handle = start(server, text, inserts + 1, "inserts")
    for kill in range(kills):
        api = server.api()
        until(lambda: len(parts(api, handle, "inserts", status="SUCCEEDED")) >= (kill + 1) * 5 or
              api.status(handle)["status"] == "FAILED", "some to be done")
        server.kill()
        server.start()
    api = server.api()
    ended = api.ended(handle)
    written = [row["entry"] for row in api.items(api.run("SELECT entry FROM log ORDER BY entry")["id"])]
    # A write that a crash cut is never run again, and ends the whole; whatever ran, ran once and in its turn.
    assert written == list(range(len(written)))
    statuses = [entry["status"] for entry in parts(api, handle, "inserts", limit=1000)]
    if ended["status"] == "SUCCEEDED":
        assert len(written) == inserts and statuses == ["SUCCEEDED"] * (inserts + 1)
    else:
        assert ended["error"]["category"] == "INTERRUPTED"
        # Nothing is left that would still run.
        assert statuses == ["FAILED"] + ["SUCCEEDED"] * (len(statuses) - 1)
        assert len(written) - statuses.count("SUCCEEDED") in (0, 1)


def test_crashes_are_not_counted_against_what_only_waits(server):
    handle = start(server, "SELECT SYSTEM$WAIT(1, 'HOURS'); SELECT 2", 2, "waits")
    for _ in range(3):
        waits = until(lambda: parts(server.api(), handle, "waits", status="RUNNING"), "the first to wait")[0]
        with server.api() as api:
            api.submit("SELECT 'the last record'")
        server.kill()
        server.start()
    api = server.api()
    assert api.await_status(waits["id"], "RUNNING")["attempt"] == 4
    assert api.await_status(handle, "RUNNING")["attempt"] == 4
    api.cancel(handle)
    assert api.ended(waits["id"])["status"] == "CANCELED"
    assert api.ended(handle)["status"] == "CANCELED"


def test_a_read_of_a_whole_is_run_again_and_the_whole_with_it(server):
    handle = start(server, f"INSERT INTO log VALUES (1); {ENDLESS}; SELECT 2", 3, "reads")
    endless = until(lambda: [each for each in parts(server.api(), handle, "reads", status="RUNNING") if each["statement"] == ENDLESS],
                    "the read to run")[0]
    with server.api() as api:
        api.submit("SELECT 'the last record'")
    server.kill()
    server.start()
    api = server.api()
    assert api.await_status(endless["id"], "RUNNING")["attempt"] == 2
    assert len(parts(api, handle, "reads")) == 2
    api.cancel(handle)
    assert api.ended(handle)["status"] == "CANCELED"
    assert api.ended(endless["id"])["status"] == "CANCELED"
    assert api.items(api.run("SELECT count(*) AS n FROM log")["id"]) == [{"n": 1}]
