"""`kill -9` of the server between submit and poll: ids, results and sessions outlive it."""

import pytest

from drivers import Connection, Credentials, DriverFailed, Process
from harness.statements import ENDLESS, numbers
from harness.waiting import until


def crash(server):
    server.kill()
    server.start()


def ended(ask, id):
    def look():
        record = ask("poll", id)
        assert record is not None, "the id is not in the history"
        return record if record[1] not in ("RUNNING", "QUEUED") else None
    return until(look, f"{id} to end", every=0.1)


def test_new_processes_before_and_after(driver, own_server, tmp_path):
    process = Process(driver, Credentials(own_server), tmp_path)
    finished = process("submit", numbers(3))
    with own_server.api() as api:
        api.ended(finished)
    running = process("submit", ENDLESS)
    crash(own_server)
    # A read that ran runs again, and the finished one is what it was.
    assert ended(process, finished) == [finished, "SUCCESS", None]
    assert process("scan", finished)["items"] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]
    assert process("results", finished)["rows"] == [["0"], ["1"], ["2"]]
    assert process("poll", running)[1] in ("RUNNING", "QUEUED")


def test_one_connection_polls_across_the_restart(driver, own_server, tmp_path):
    connection = Connection(driver, Credentials(own_server), tmp_path)
    try:
        connection("run", "ALTER SESSION SET QUERY_TAG = 'before the crash'")
        submitted = connection("submit", numbers(3))
        crash(own_server)
        assert ended(connection, submitted) == [submitted, "SUCCESS", None]
        assert connection("results", submitted)["rows"] == [["0"], ["1"], ["2"]]
        # What the session was told is as durable as the session.
        after = connection("submit", numbers(1))
        tags = connection("run", f"select query_tag from table(information_schema.query_history()) where query_id = '{after}'")
        assert tags["rows"] == [["before the crash"]]
    finally:
        connection.close()


def test_a_statement_that_waits_is_answered_by_the_next_server(driver, own_server, tmp_path):
    """The driver asks again with the id of its request, and gets the one query: never a second run."""
    connection = Connection(driver, Credentials(own_server), tmp_path)
    try:
        statement = f"{ENDLESS} AND 'across a crash' <> ''"
        connection.begin("run", statement)
        with own_server.api() as api:
            id = until(lambda: next((query["id"] for query in api.history()["queries"] if query["statement"] == statement), None), "it to be there")
        crash(own_server)
        with own_server.api() as api:
            api.cancel(id)
            with pytest.raises(DriverFailed) as failed:
                connection.finish()
            assert failed.value.code == "000604", failed.value
            assert len([query for query in api.history(limit=100)["queries"] if query["statement"] == statement]) == 1
    finally:
        connection.kill()


def test_a_write_that_a_crash_cut_is_reported_and_not_repeated(driver, own_server, tmp_path):
    process = Process(driver, Credentials(own_server), tmp_path)
    process("run", "CREATE TABLE log (n INTEGER)")
    writing = process("submit", f"INSERT INTO log SELECT 1 FROM ({ENDLESS})")
    with own_server.api() as api:
        api.await_status(writing, "RUNNING")
    crash(own_server)
    assert ended(process, writing)[1] == "FAILED_WITH_ERROR"
    assert process("run", "SELECT count(*) AS c FROM log")["rows"] == [["0"]]
