"""The article's flow: submit, keep the id and nothing else, poll and claim from a process that knows only that."""

import pytest

from harness.statements import ENDLESS
from harness.waiting import until

SAMPLE = "SELECT range + 1 AS n, 'row ' || range AS t, NULL AS nothing FROM range(3) ORDER BY n"
ITEMS = [{"n": str(n), "t": f"row {n - 1}", "nothing": None} for n in (1, 2, 3)]


def polled(ask, id):
    """Polls as the article does, until the query has left RUNNING."""
    def look():
        record = ask("poll", id)
        assert record is not None, "the id is not in the history"
        return record if record[1] not in ("RUNNING", "QUEUED") else None
    return until(look, f"{id} to end", every=0.1)


def check_flow(process, submit):
    id = process(submit, SAMPLE)
    assert polled(process, id) == [id, "SUCCESS", None]
    assert process("scan", id) == {"columns": {"total": 3, "columns": ["n", "t", "nothing"]}, "items": ITEMS}


def test_submit_poll_and_scan_from_new_processes(process):
    check_flow(process, "submit")


@pytest.mark.needs("article")
def test_the_articles_own_line(process):
    check_flow(process, "article")


def test_a_poll_sees_the_query_run_and_a_native_cancel_ends_it(connection, api):
    id = connection("submit", ENDLESS)
    api.await_status(id, "RUNNING")
    assert connection("poll", id) == [id, "RUNNING", None]
    api.cancel(id)
    assert polled(connection, id) == [id, "FAILED_WITH_ERROR", "SQL execution canceled"]


def test_a_poll_tells_the_warehouses_message(connection):
    id = connection("submit", "SELECT nonsense FROM range(3)")
    assert polled(connection, id)[1] == "FAILED_WITH_ERROR"
    assert "nonsense" in connection("poll", id)[2]


def test_an_unknown_id_has_no_record(connection):
    assert connection("poll", "01b056d5-0001-25f6-0000-6bb504856e2e") is None


def test_every_door_knows_the_query(connection, api):
    id = connection("submit", SAMPLE)
    assert api.ended(id)["status"] == "SUCCEEDED"
    assert api.items(id) == [{"n": n, "t": f"row {n - 1}", "nothing": None} for n in (1, 2, 3)]


def test_a_driver_claims_what_the_native_door_submitted(connection, api):
    id = api.run(SAMPLE)["id"]
    assert connection("poll", id) == [id, "SUCCESS", None]
    assert connection("scan", id)["items"] == ITEMS


def test_an_ended_session_cancels_nothing(process, connection, api):
    """Unlike at Snowflake: a program that ends has not changed its mind."""
    id = process("submit", ENDLESS)
    assert api.await_status(id, "RUNNING")
    assert connection("poll", id)[1] == "RUNNING"
