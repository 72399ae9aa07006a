"""`kill -9` of the server between submit and poll: ids, results and sessions outlive it."""

import pytest

from conftest import end, new_server
from drivers import Connection, Connections, Credentials, DriverFailed
from harness.statements import ENDLESS, numbers
from harness.waiting import until


@pytest.fixture(scope="module")
def mortal_server(tmp_path_factory):
    """The server that these tests kill, again and again. It comes back with the port that it had."""
    server = new_server(tmp_path_factory.mktemp("restart")).start()
    server.settings["server.listen"] = server.url.removeprefix("http://")
    yield server
    end(server)


@pytest.fixture
def server(mortal_server):
    yield mortal_server
    with mortal_server.api() as api:
        api.cancel_everything()


@pytest.fixture(scope="module")
def connections(mortal_server, tmp_path_factory):
    with Connections(mortal_server, tmp_path_factory.mktemp("connections")) as opened:
        yield opened


def crash(server):
    server.kill()
    server.start()


def ended(connection, id):
    def look():
        record = connection("poll", id)
        assert record is not None, "the id is not in the history"
        return record if record[1] not in ("RUNNING", "QUEUED") else None
    return until(look, f"{id} to end", every=0.1)


def test_new_processes_before_and_after(driver, server, tmp_path):
    before = Connection(driver, Credentials(server), tmp_path)
    finished = before("submit", numbers(3))
    with server.api() as api:
        api.ended(finished)
    running = before("submit", ENDLESS)
    before.kill()
    crash(server)
    after = Connection(driver, Credentials(server), tmp_path)
    try:
        # A read that ran runs again, and the finished one is what it was.
        assert ended(after, finished) == [finished, "SUCCESS", None]
        assert after("scan", finished)["items"] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]
        assert after("results", finished)["rows"] == [["0"], ["1"], ["2"]]
        assert after("poll", running)[1] in ("RUNNING", "QUEUED")
    finally:
        after.close()


def test_one_connection_polls_across_the_restart(connection, server):
    connection("run", "ALTER SESSION SET QUERY_TAG = 'before the crash'")
    submitted = connection("submit", numbers(3))
    crash(server)
    assert ended(connection, submitted) == [submitted, "SUCCESS", None]
    assert connection("results", submitted)["rows"] == [["0"], ["1"], ["2"]]
    # What the session was told is as durable as the session.
    after = connection("submit", numbers(1))
    tags = connection("run", f"select query_tag from table(information_schema.query_history()) where query_id = '{after}'")
    assert tags["rows"] == [["before the crash"]]


def test_a_statement_that_waits_is_answered_by_the_next_server(driver, connection, server):
    """The driver asks again with the id of its request, and gets the one query: never a second run."""
    statement = f"{ENDLESS} AND 'across a crash, {driver}' <> ''"

    def runs(api):
        return [query["id"] for query in api.history(limit=100)["queries"] if query["statement"] == statement]

    connection.begin("run", statement)
    with server.api() as api:
        until(lambda: runs(api), "it to be there")
    crash(server)
    with server.api() as api:
        (id,) = runs(api)
        api.cancel(id)
        until(lambda: connection.has_answered() or runs(api) != [id], "the driver to ask again")
        assert runs(api) == [id]
        with pytest.raises(DriverFailed) as failed:
            connection.finish()
        # Python 5 gives up after a few refused connections, which a server that is slow to come back makes it see.
        gave_up = driver.name == "python5" and failed.value.code == "000004" and "Connection refused" in failed.value.message
        assert failed.value.code == "000604" or gave_up, failed.value


def test_a_write_that_a_crash_cut_is_reported_and_not_repeated(driver, connection, server):
    connection("run", f"CREATE TABLE log_{driver} (n INTEGER)")
    writing = connection("submit", f"INSERT INTO log_{driver} SELECT 1 FROM ({ENDLESS})")
    with server.api() as api:
        api.await_status(writing, "RUNNING")
    crash(server)
    assert ended(connection, writing)[1] == "FAILED_WITH_ERROR"
    assert connection("run", f"SELECT count(*) AS c FROM log_{driver}")["rows"] == [["0"]]
