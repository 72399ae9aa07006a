"""Canceling: the driver's own means while it waits, by id, in SQL, and by a timeout."""

import pytest

from drivers import Connection, Credentials, DriverFailed
from harness.statements import ENDLESS
from harness.waiting import until


def running(api, marker):
    """The id of the query that runs with this text in it."""
    def find():
        return next((query["id"] for query in api.history(status="RUNNING")["queries"] if marker in query["statement"]), None)
    return until(find, f"a query with {marker} to run")


@pytest.mark.needs("cancel")
def test_a_pending_statement(driver, server, api, tmp_path):
    connection = Connection(driver, Credentials(server), tmp_path)
    try:
        connection.begin("cancel", f"{ENDLESS} AND 'pending {driver}' <> ''")
        id = running(api, f"pending {driver}")
        connection.line("now")
        with pytest.raises(DriverFailed) as failed:
            connection.finish()
        # A Ctrl-C in Python and a canceled context in Go are their own kind of error.
        assert failed.value.code in ("000604", None) or "cancel" in failed.value.message.lower(), failed.value
        assert api.ended(id)["status"] == "CANCELED"
    finally:
        connection.kill()


@pytest.mark.needs("abort")
def test_pythons_abort_by_id(connection, api):
    id = connection("submit", ENDLESS)
    api.await_status(id, "RUNNING")
    assert connection("abort", id) is True
    assert api.ended(id)["status"] == "CANCELED"
    assert connection("abort", id) is False


def test_in_sql_from_another_session(process, connection, api):
    id = process("submit", ENDLESS)
    api.await_status(id, "RUNNING")
    assert "terminated" in connection("run", f"SELECT SYSTEM$CANCEL_QUERY('{id}') AS said")["rows"][0][0]
    assert api.ended(id)["status"] == "CANCELED"
    assert "not currently executing" in connection("run", f"SELECT SYSTEM$CANCEL_QUERY('{id}') AS said")["rows"][0][0]


def test_by_the_native_door_while_a_driver_waits(driver, connection, api):
    connection.begin("run", f"{ENDLESS} AND 'waited for by {driver}' <> ''")
    api.cancel(running(api, f"waited for by {driver}"))
    with pytest.raises(DriverFailed) as failed:
        connection.finish()
    assert (failed.value.code, failed.value.sqlstate) == ("000604", "57014"), failed.value
    assert connection("run", "SELECT 1 AS one")["rows"] == [["1"]]


def test_by_the_statement_timeout(connection):
    connection("run", "ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1")
    try:
        with pytest.raises(DriverFailed) as failed:
            connection("run", ENDLESS)
        assert (failed.value.code, failed.value.sqlstate) == ("000630", "57014"), failed.value
    finally:
        connection("run", "ALTER SESSION UNSET STATEMENT_TIMEOUT_IN_SECONDS")
