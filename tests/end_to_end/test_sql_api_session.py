"""Statements that Snowflake's SQL API takes besides queries: of the session, several at once, history and results in SQL."""

import uuid

import pytest

from harness.statements import ENDLESS, numbers
from harness.waiting import until

NOBODYS = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"


def test_statements_of_the_session_are_answered(sql):
    body = sql.run("select current_database(), current_schema() as s, current_warehouse(), current_role()",
                   database="DB", schema="SC", warehouse="WH", role="R")
    assert body["data"] == [["DB", "SC", "WH", "R"]]
    assert [column["name"] for column in body["resultSetMetaData"]["rowType"]][:2] == ["CURRENT_DATABASE()", "S"]
    handle = sql.start("SELECT CURRENT_USER()")
    assert sql.ended(handle).json()["data"] == [["ANONYMOUS"]]


@pytest.mark.parametrize("statement", ["USE WAREHOUSE x", "ALTER SESSION SET TIMEZONE = 'UTC'", "BEGIN", "COMMIT", "ROLLBACK"])
def test_what_would_change_the_session_is_refused(sql, statement):
    response = sql.submit(statement)
    assert (response.status_code, response.json()["code"], response.json()["sqlState"]) == (422, "000002", "0A000")


def test_an_answer_that_is_kept_goes_with_its_result(sql, api):
    handle = sql.run("SELECT 1 AS n")["statementHandle"]
    first = sql.look(handle)
    assert sql.look(handle).json() == first.json() and sql.look(handle).headers["Link"] == first.headers["Link"]
    assert api.delete(f"/v1/queries/{handle}").status_code == 200
    gone = sql.look(handle)
    assert (gone.status_code, gone.json()["code"]) == (422, "000710")


def test_several_statements(sql):
    mismatch = sql.submit("SELECT 1; SELECT 2")
    assert (mismatch.status_code, mismatch.json()["code"], mismatch.json()["sqlState"]) == (422, "000008", "0A000")
    assert mismatch.json()["message"] == "Actual statement count 2 did not match the desired statement count 1."
    assert sql.run("SELECT ';' -- ;\n;", parameters={"MULTI_STATEMENT_COUNT": 1})["data"] == [[";"]]
    bound = sql.submit("SELECT ?; SELECT 2", parameters={"MULTI_STATEMENT_COUNT": 2}, bindings={"1": {"type": "FIXED", "value": "1"}})
    assert (bound.status_code, bound.json()["code"]) == (422, "000002")


@pytest.mark.parametrize("count", [3, "3", "0"])
def test_several_statements_have_a_handle_each(sql, count):
    table = f"several_{uuid.uuid4().hex}"
    body = sql.run(f"CREATE TABLE {table} (n INTEGER); INSERT INTO {table} VALUES (1), (2); SELECT ';' AS s, sum(n) AS n FROM {table};",
                   parameters={"multi_statement_count": count}, warehouse="main")
    assert body["data"] == [["Multiple statements executed successfully."]]
    assert body["resultSetMetaData"]["rowType"][0]["name"] == "multiple statement execution"
    made, inserted, summed = [sql.look(handle).json() for handle in body["statementHandles"]]
    assert made["data"] == [["Statement executed successfully."]]
    assert inserted["data"] == [["2"]] and inserted["stats"]["numRowsInserted"] == 2
    assert summed["data"] == [[";", "3"]]


def test_several_statements_are_one_query_with_a_history_of_its_own(sql, api):
    handle = sql.start("SELECT 1 AS a; SELECT current_warehouse() AS w; USE WAREHOUSE elsewhere; SELECT 2 AS b",
                       parameters={"multi_statement_count": 4, "query_tag": "nightly"}, warehouse="main")
    done = sql.ended(handle).json()
    assert len(done["statementHandles"]) == 4
    assert [sql.look(each).json()["data"] for each in done["statementHandles"]] == \
        [[["1"]], [["main"]], [["Statement executed successfully."]], [["2"]]]
    assert [row["query_id"] for row in api.items(handle)] == done["statementHandles"]
    assert {entry["id"] for entry in api.history(query_tag="nightly")["queries"]} == {handle, *done["statementHandles"]}
    # A retry is the same query, and so are its parts.
    assert sql.look(handle).json()["statementHandles"] == done["statementHandles"]


def test_a_limit_of_rows_is_that_of_each_of_several_statements(sql):
    body = sql.run("SELECT range AS n FROM range(5); SELECT 1 AS n; SELECT 2 AS n",
                   parameters={"multi_statement_count": 3, "rows_per_resultset": 2})
    assert [sql.look(each).json()["data"] for each in body["statementHandles"]] == [[["0"], ["1"]], [["1"]], [["2"]]]


def test_a_query_tag_that_a_statement_sets_is_cut_where_it_is_too_long(sql, api):
    tag = "€" * 1000
    body = sql.run(f"ALTER SESSION SET QUERY_TAG = '{tag}'; SELECT 1", parameters={"multi_statement_count": 2})
    kept = api.status(body["statementHandles"][1])["query_tag"]
    assert kept and tag.startswith(kept) and len(kept.encode()) <= 256


def test_the_first_of_several_that_fails_ends_the_whole(sql):
    table = f"kept_{uuid.uuid4().hex}"
    failed = sql.submit(f"CREATE TABLE {table} (n INTEGER);\n  SELECT nonsense; DROP TABLE {table}", parameters={"multi_statement_count": 0})
    assert (failed.status_code, failed.json()["code"], failed.json()["sqlState"]) == (422, "100132", "P0000")
    assert failed.json()["message"].startswith('Execution of multiple statements failed on statement "SELECT nonsense" (at line 2, position 3).\n')
    assert "nonsense" in failed.json()["message"].split("\n", 1)[1]
    assert sql.run(f"SELECT count(*) AS n FROM {table}")["data"] == [["0"]]


def test_canceling_several_statements_cancels_the_one_that_runs(sql, api):
    handle = sql.start(f"SELECT 1; {ENDLESS}; SELECT 2", parameters={"multi_statement_count": 3, "query_tag": "to be canceled"})

    def of_the_tag(status):
        return [entry for entry in api.history(query_tag="to be canceled", status=status)["queries"] if entry["id"] != handle]
    endless = until(lambda: [each for each in of_the_tag("RUNNING") if each["statement"] == ENDLESS], "the second to run")[0]
    assert sql.cancel(handle).status_code == 200
    assert sql.ended(handle).json()["code"] == "000604"
    assert api.ended(endless["id"])["status"] == "CANCELED"
    assert len(of_the_tag("SUCCEEDED")) == 1


def test_waiting_is_a_query(sql, api):
    assert sql.run("SELECT SYSTEM$WAIT(0)")["data"] == [["waited 0 seconds"]]
    assert sql.run("call system$wait(1, 'MILLISECONDS')")["data"] == [["waited 1 milliseconds"]]
    assert sql.submit("SELECT SYSTEM$WAIT(9000000000000000000, HOURS)").status_code == 422
    handle = sql.start("SELECT SYSTEM$WAIT(1, HOURS) AS w")
    api.await_status(handle, "RUNNING")
    sql.cancel(handle)
    assert sql.ended(handle).json()["code"] == "000604"


def test_results_and_history_in_sql(sql, server):
    handle = sql.run(numbers(4))["statementHandle"]
    again = sql.run(f"select sum(n) as s from table(result_scan('{handle}'))")
    assert again["data"] == [["6"]]
    found = sql.run(f"select query_id, execution_status from table(information_schema.query_history()) where query_id = '{handle}'")
    assert found["data"] == [[handle, "SUCCESS"]]
    assert [column["name"] for column in found["resultSetMetaData"]["rowType"]] == ["QUERY_ID", "EXECUTION_STATUS"]
    missing = sql.submit(f"select * from table(result_scan('{NOBODYS}'))")
    assert (missing.status_code, missing.json()["code"]) == (422, "000709")


def test_cancel_in_sql(sql):
    handle = sql.start(ENDLESS)
    assert sql.run(f"SELECT SYSTEM$CANCEL_QUERY('{handle}')")["data"] == [[f"query [{handle}] terminated."]]
    assert sql.ended(handle).json()["code"] == "000604"
