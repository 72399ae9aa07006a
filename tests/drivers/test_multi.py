"""Several statements in one request, each with a result of its own."""

import pytest

from drivers import DriverFailed

def test_every_statement_has_its_result(connection):
    results = connection("multi", "SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; SELECT range AS n FROM range(3) ORDER BY n", 3)
    assert [result["rows"] for result in results] == [[["1"]], [["2", "x"]], [["0"], ["1"], ["2"]]]


def test_semicolons_in_texts_and_comments_part_nothing(connection):
    results = connection("multi", "SELECT 'a;b' AS t /* ; */; -- ;\nSELECT 2 AS n;", 2)
    assert [result["rows"] for result in results] == [[["a;b"]], [["2"]]]


def test_they_run_one_after_the_other(driver, connection):
    table = f"multi_{driver}"
    results = connection("multi", f"CREATE TABLE {table} (n INTEGER); INSERT INTO {table} VALUES (1), (2); SELECT sum(n) AS s FROM {table}; DROP TABLE {table}", 4)
    assert results[2]["rows"] == [["3"]]


def test_a_wrong_number_runs_nothing(driver, connection):
    with pytest.raises(DriverFailed) as failed:
        connection("multi", f"CREATE TABLE never_{driver} (n INTEGER); SELECT 2", 3)
    assert failed.value.code == "000008", failed.value
    with pytest.raises(DriverFailed) as missing:
        connection("run", f"SELECT * FROM never_{driver}")
    assert missing.value.code == "002003"


def test_more_than_one_statement_that_was_not_announced(connection):
    with pytest.raises(DriverFailed) as failed:
        connection("run", "SELECT 1; SELECT 2")
    assert failed.value.code == "000008", failed.value


def test_what_ran_before_a_failure_stays(driver, connection):
    table = f"kept_{driver}"
    with pytest.raises(DriverFailed) as failed:
        connection("multi", f"CREATE TABLE {table} (n INTEGER); SELECT nonsense; DROP TABLE {table}", 3)
    assert failed.value.code == "100132" and "nonsense" in failed.value.message, failed.value
    assert connection("run", f"SELECT count(*) AS c FROM {table}")["rows"] == [["0"]]
    connection("run", f"DROP TABLE {table}")


def test_what_the_session_knows_counts_for_the_next(driver, connection):
    results = connection("multi", "SELECT 42 AS n; SELECT n + 1 AS m FROM TABLE(RESULT_SCAN(LAST_QUERY_ID())); USE SCHEMA multi; SELECT CURRENT_SCHEMA() AS s", 4)
    assert [results[at]["rows"] for at in (0, 1, 3)] == [[["42"]], [["43"]], [["MULTI"]]]


def test_the_last_query_is_the_last_that_a_warehouse_ran(connection):
    results = connection("multi", "SELECT 42 AS n; SELECT LAST_QUERY_ID() AS id; SELECT n FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))", 3)
    assert results[2]["rows"] == [["42"]]
