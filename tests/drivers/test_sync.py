"""Synchronous statements: rows, counts, failures with code and SQLSTATE, what does not exist."""

import uuid

import pytest

from drivers import DriverFailed


def test_rows_and_an_id(connection, api):
    answer = connection("run", "SELECT 1 AS one, 'x' AS x, NULL AS nothing")
    assert (answer["columns"], answer["rows"]) == (["one", "x", "nothing"], [["1", "x", None]])
    if answer.get("id"):
        assert api.status(answer["id"])["status"] == "SUCCEEDED"


def test_no_rows(connection):
    answer = connection("run", "SELECT 1 AS one WHERE false")
    assert (answer["columns"], answer["rows"]) == (["one"], [])


def test_columns_of_one_name(connection):
    answer = connection("run", "SELECT 1 AS a, 2 AS a")
    assert answer["rows"] == [["1", "2"]] and answer["columns"][0] == "a"


def test_text_that_looks_like_something_else(connection):
    text = "50% 'of' ? :1 %s {} \\ \" \n\t /* no comment */ ;"
    assert connection("run", "SELECT '" + text.replace("'", "''") + "' AS t")["rows"] == [[text]]


def test_a_long_statement(connection):
    text = "y" * 300_000
    assert connection("run", f"SELECT length('{text}') AS n")["rows"] == [["300000"]]


@pytest.mark.parametrize("sql, code, sqlstate, word", [
    ("SELEC 1", "001003", "42000", "SELEC"),
    ("SELECT * FROM nowhere", "002003", "42S02", "nowhere"),
    ("SELECT nothing FROM range(1)", "000904", "42000", "nothing"),
    ("SELECT no_such_function(1)", "002139", "42601", "no_such_function"),
    ("SELECT CAST('x' AS INTEGER)", "100038", "22018", "'x'"),
])
def test_failures_have_code_state_and_the_warehouses_words(connection, sql, code, sqlstate, word):
    with pytest.raises(DriverFailed) as failed:
        connection("run", sql)
    assert (failed.value.code, failed.value.sqlstate) == (code, sqlstate), failed.value
    assert word in failed.value.message
    # The connection has taken no harm.
    assert connection("run", "SELECT 2 AS two")["rows"] == [["2"]]


def test_a_result_that_is_not_there(connection):
    unknown = str(uuid.uuid4())
    with pytest.raises(DriverFailed) as failed:
        connection("run", f"select * from table(result_scan('{unknown}'))")
    assert (failed.value.code, failed.value.sqlstate) == ("000709", "02000") and unknown in failed.value.message


def test_the_result_of_a_failed_query(connection):
    id = connection("submit", "SELECT nonsense")
    with pytest.raises(DriverFailed) as failed:
        connection("run", f"select * from table(result_scan('{id}'))")
    assert failed.value.code == "000711", failed.value


def test_statements_that_write_tell_how_many(driver, connection):
    connection("run", f"CREATE TABLE written_{driver} (n INTEGER, t VARCHAR)")
    assert connection("change", f"INSERT INTO written_{driver} SELECT range, 'x' FROM range(7)")["affected"] == 7
    assert connection("change", f"UPDATE written_{driver} SET t = 'y' WHERE n < 3")["affected"] == 3
    assert connection("change", f"DELETE FROM written_{driver} WHERE t = 'x'")["affected"] == 4
    assert connection("run", f"SELECT count(*) AS c FROM written_{driver}")["rows"] == [["3"]]
    connection("run", f"DROP TABLE written_{driver}")


def test_the_session_language(connection):
    connection("run", "ALTER SESSION SET QUERY_TAG = 'tagged by a driver'")
    assert connection("run", "SELECT CURRENT_USER() AS me")["rows"][0][0].lower() == "tester"
    id = connection("submit", "SELECT 1 AS one")
    history = connection("run", f"select query_tag from table(information_schema.query_history()) where query_id = '{id}'")
    assert history["rows"] == [["tagged by a driver"]]
    connection("run", "ALTER SESSION UNSET QUERY_TAG")
    assert connection("run", "select * from dual")["rows"]


def test_describing_runs_nothing(driver, connection, api):
    before = api.history(limit=1)["queries"]
    columns = connection("describe", "SELECT 1 AS one, 'x' AS x")
    assert [column["name"] for column in columns] == ["one", "x"]
    assert api.history(limit=1)["queries"] == before


def test_describing_what_the_server_does_itself_does_nothing(driver, connection, api):
    before = api.history(limit=1)["queries"]
    connection("describe", "SELECT SYSTEM$WAIT(1, 'HOURS')")
    connection("describe", "USE SCHEMA described")
    assert connection("run", "SELECT CURRENT_SCHEMA() AS s")["rows"] != [["DESCRIBED"]]
    assert api.history(limit=1)["queries"] == before
