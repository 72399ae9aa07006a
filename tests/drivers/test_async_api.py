"""The driver's own asynchronous interface: status by id, results by id."""

import uuid

import pytest

from drivers import UNKNOWN, DriverFailed
from harness.statements import ENDLESS, numbers
from harness.waiting import until
from statements import lasting

ENDED = {"SUCCESS", "FAILED_WITH_ERROR"}


def ended(connection, id):
    return until(lambda: next((status for status in [connection("status", id)] if status in ENDED), None), f"{id} to end", every=0.1)


def test_status_and_results_by_id(connection):
    id = connection("submit", numbers(5))
    assert uuid.UUID(id)
    assert ended(connection, id) == "SUCCESS"
    assert [row for row in connection("results", id)["rows"]] == [[str(n)] for n in range(5)]


def test_results_wait_for_the_query(connection):
    id = connection("submit", lasting(2))
    assert connection("status", id) in ("RUNNING", "QUEUED")
    assert connection("results", id)["rows"] == [["true"]]


def test_results_in_another_process(process, connection):
    id = process("submit", numbers(3))
    assert connection("results", id)["rows"] == [["0"], ["1"], ["2"]]
    assert connection("status", id) == "SUCCESS"


def test_a_result_can_be_claimed_again_and_again(connection):
    id = connection("submit", "SELECT random() AS once")
    assert connection("results", id)["rows"] == connection("results", id)["rows"] == connection("run", f"select * from table(result_scan('{id}'))")["rows"]


def test_a_failed_query(driver, connection):
    id = connection("submit", "SELECT 1 / nonsense FROM range(3)")
    assert ended(connection, id) == "FAILED_WITH_ERROR"
    with pytest.raises(DriverFailed) as failed:
        connection("results", id)
    assert "nonsense" in failed.value.message
    if "code of a failed asynchronous query" not in driver.cannot:
        # Some drivers have a code of their own for this, and Snowflake's in the words.
        assert failed.value.code == "000904" or "904" in failed.value.message


def test_a_statement_that_cannot_be_parsed_is_accepted_and_fails(connection):
    id = connection("submit", "SELEC 1")
    assert ended(connection, id) == "FAILED_WITH_ERROR"


def test_a_canceled_query(connection, api):
    id = connection("submit", ENDLESS)
    api.await_status(id, "RUNNING")
    assert connection("status", id) == "RUNNING"
    api.cancel(id)
    assert ended(connection, id) == "FAILED_WITH_ERROR"
    with pytest.raises(DriverFailed) as failed:
        connection("results", id)
    assert "canceled" in failed.value.message


def test_the_status_of_an_unknown_id(connection):
    assert connection("status", str(uuid.uuid4())) in UNKNOWN


def test_many_at_once(connection):
    ids = [connection("submit", f"SELECT {n} AS n") for n in range(10)]
    assert len(set(ids)) == 10
    assert [connection("results", id)["rows"] for id in ids] == [[[str(n)]] for n in range(10)]


@pytest.mark.needs("query_result")
def test_pythons_query_result(connection):
    assert connection("query_result", connection("submit", numbers(2)))["rows"] == [["0"], ["1"]]


def test_statements_over_results_cost_no_warehouse(connection):
    """Sorting, joining and counting a finished result, as the drivers' own SQL and with functions around it."""
    id = connection("run", "SELECT range AS n, range % 3 AS g FROM range(30)")["id"]
    counted = connection("run", f"select g, count(*) as c, sum(n) as s from TABLE( RESULT_SCAN ( '{id}' ) ) group by g order by g")
    assert counted["rows"] == [["0", "10", "135"], ["1", "10", "145"], ["2", "10", "155"]]
    # What it read is a result itself, and the last one of the session.
    again = connection("run", "select count(*) as c from table(result_scan(last_query_id()))")
    assert again["rows"] == [["3"]]
