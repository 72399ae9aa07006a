"""Snowflake's SQL API v2: submit, poll, partitions, cancel, as its clients do it. Every answer is checked against its description."""

import gzip
import uuid

import httpx
import pytest

from harness.keys import make_key
from harness.server import Server
from harness.sql_api import STATEMENTS, SqlApi, links_of, raw_json
from harness.statements import ENDLESS, numbers
from harness.waiting import until

NOBODYS = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"


@pytest.fixture
def sql(server):
    with SqlApi(server.url) as client:
        yield client


# --- submit ---------------------------------------------------------------------------------------


def test_a_statement_is_answered_with_its_rows(sql):
    response = sql.submit("SELECT 1 AS a, 'x' AS b, NULL::INTEGER AS c")
    assert response.status_code == 200
    body = response.json()
    meta = body["resultSetMetaData"]
    assert body["data"] == [["1", "x", None]]
    assert (meta["numRows"], meta["format"]) == (1, "jsonv2")
    assert [(column["name"], column["type"], column["precision"], column["scale"]) for column in meta["rowType"]] == \
        [("a", "fixed", 38, 0), ("b", "text", 0, 0), ("c", "fixed", 38, 0)]
    assert [part["rowCount"] for part in meta["partitionInfo"]] == [1] and "compressedSize" not in meta["partitionInfo"][0]
    assert body["statementStatusUrl"] == f"{STATEMENTS}/{body['statementHandle']}"
    assert set(links_of(response)) == {"first", "last"}
    assert "stats" not in body


def test_an_empty_result_has_one_partition(sql):
    body = sql.run("SELECT 1 AS a WHERE false")
    assert body["data"] == [] and body["resultSetMetaData"]["numRows"] == 0
    assert [part["rowCount"] for part in body["resultSetMetaData"]["partitionInfo"]] == [0]


def test_the_handle_is_the_same_through_the_native_api(sql, api):
    handle = sql.run("SELECT 42 AS n")["statementHandle"]
    assert api.items(handle) == [{"n": 42}]
    id = api.run("SELECT 43 AS n")["id"]
    assert sql.look(id).json()["data"] == [["43"]]


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE", "1"])
def test_async_is_202_and_polling_gives_the_rows(sql, spelling):
    response = sql.submit(numbers(3), {"async": spelling, "pageSize": 10})
    assert response.status_code == 202
    handle = response.json()["statementHandle"]
    done = sql.ended(handle)
    assert done.status_code == 200 and done.json()["data"] == [["0"], ["1"], ["2"]]
    assert done.json()["statementHandle"] == handle
    assert sql.get(response.json()["statementStatusUrl"]).json()["data"] == done.json()["data"]


def test_a_running_statement_is_202_until_it_is_canceled(sql):
    handle = sql.start(ENDLESS)
    first = sql.look(handle)
    assert first.status_code == 202 and first.json()["statementHandle"] == handle and first.json()["code"] == "333334"
    stopped = sql.cancel(handle)
    assert stopped.status_code == 200
    assert (stopped.json()["code"], stopped.json()["sqlState"], stopped.json()["message"]) == ("000604", "57014", "SQL execution canceled")
    done = sql.ended(handle)
    assert (done.status_code, done.json()["code"], done.json()["sqlState"]) == (422, "000604", "57014")
    again = sql.cancel(handle)
    assert (again.status_code, again.json()["code"]) == (422, "000605")


def test_a_statement_that_outlasts_the_hold_is_202(start_server):
    # A request is held as long as any may wait here, and never longer than Snowflake's 45 seconds.
    server = start_server(settings={"limits.wait_max": "1s"})
    with SqlApi(server.url) as sql:
        response = sql.submit(ENDLESS)
        assert (response.status_code, response.json()["code"]) == (202, "333334")
        handle = response.json()["statementHandle"]
        sql.cancel(handle)
        assert sql.ended(handle).json()["code"] == "000604"


def test_a_timeout_is_408(sql):
    response = sql.submit(ENDLESS, timeout=1)
    assert (response.status_code, response.json()["code"], response.json()["sqlState"]) == (408, "000630", "57014")
    later = sql.look(response.json()["statementHandle"])
    assert (later.status_code, later.json()["code"]) == (422, "000630")


@pytest.mark.parametrize("timeout", [0, "0", 604800, 999999999])
def test_any_timeout_is_taken_and_the_lower_limit_holds(sql, timeout):
    assert sql.run("SELECT 1", timeout=timeout)["data"] == [["1"]]


def test_a_failure_is_422_with_snowflakes_code(sql):
    for statement, code, state in (("SELEC 1", "001003", "42000"), ("SELECT * FROM not_there", "002003", "42S02"),
                                   ("SELECT nonsense", "000904", "42000")):
        response = sql.submit(statement)
        body = response.json()
        assert (response.status_code, body["code"], body["sqlState"]) == (422, code, state), body
        # The same to whoever asks later.
        later = sql.ended(sql.start(statement))
        assert (later.status_code, later.json()["code"], later.json()["message"]) == (422, code, body["message"])


def test_a_request_id_makes_a_statement_run_once(sql):
    sql.run("CREATE OR REPLACE TABLE sql_api_once (n INTEGER)")
    request = {"requestId": str(uuid.uuid4())}
    first = sql.run("INSERT INTO sql_api_once VALUES (1)", request)
    for again in (request, {**request, "retry": "true"}):
        assert sql.run("INSERT INTO sql_api_once VALUES (1)", again)["statementHandle"] == first["statementHandle"]
    assert sql.run("SELECT count(*) FROM sql_api_once")["data"] == [["1"]]
    assert first["requestId"] == request["requestId"]
    other = sql.submit("INSERT INTO sql_api_once VALUES (2)", request)
    assert other.status_code == 422


def test_a_retry_after_a_restart_finds_the_statement(start_server):
    server = start_server()
    request = {"requestId": str(uuid.uuid4())}
    with SqlApi(server.url) as sql:
        handle = sql.run("SELECT 7", request)["statementHandle"]
    server.restart()
    with SqlApi(server.url) as sql:
        again = sql.run("SELECT 7", {**request, "retry": "true"})
        assert (again["statementHandle"], again["data"]) == (handle, [["7"]])


# --- results --------------------------------------------------------------------------------------

ROWS = 300_000


def test_partitions_are_the_whole_result(sql, server):
    first = sql.submit(f"SELECT range AS n, 'row ' || range AS s FROM range({ROWS}) ORDER BY n")
    body = first.json()
    parts = body["resultSetMetaData"]["partitionInfo"]
    assert len(parts) > 2 and sum(part["rowCount"] for part in parts) == ROWS == body["resultSetMetaData"]["numRows"]
    rows = body["data"]
    assert len(rows) == parts[0]["rowCount"] <= 10_000
    for n in range(1, len(parts)):
        headers, document = raw_json(f"{server.url}{STATEMENTS}/{body['statementHandle']}?partition={n}")
        assert headers["Content-Encoding"] == "gzip" and headers["Content-Type"] == "application/json"
        assert list(document) == ["data"] and len(document["data"]) == parts[n]["rowCount"]
        rows += document["data"]
    assert rows == [[str(n), f"row {n}"] for n in range(ROWS)]
    # Partition 0 by its number is the first answer again.
    assert sql.look(body["statementHandle"], partition=0).json()["resultSetMetaData"] == body["resultSetMetaData"]


def test_links_lead_through_all_partitions(sql):
    response = sql.submit(numbers(ROWS))
    count = len(response.json()["resultSetMetaData"]["partitionInfo"])
    rows = list(response.json()["data"])
    seen = 1
    while "next" in links_of(response):
        links = links_of(response)
        assert links["first"].endswith("?partition=0") and links["last"].endswith(f"?partition={count - 1}")
        assert ("prev" in links) == (seen > 1)
        response = sql.get(links["next"])
        rows += response.json()["data"]
        seen += 1
    assert seen == count and rows == [[str(n)] for n in range(ROWS)]


def test_partitions_are_the_same_after_a_restart(start_server):
    server = start_server()
    with SqlApi(server.url) as sql:
        body = sql.run(numbers(ROWS), {"nullable": "false"})
        last = len(body["resultSetMetaData"]["partitionInfo"]) - 1
        before = sql.look(body["statementHandle"], partition=last).json()
    server.restart()
    with SqlApi(server.url) as sql:
        assert sql.look(body["statementHandle"], partition=last).json() == before
        assert sql.look(body["statementHandle"]).json()["resultSetMetaData"] == body["resultSetMetaData"]


def test_a_partition_that_is_not_there_is_400(sql):
    handle = sql.run("SELECT 1")["statementHandle"]
    for partition in ("1", "99999", "-1", "x"):
        assert sql.look(handle, partition=partition).status_code == 400


def test_a_client_that_cannot_read_gzip_gets_none(sql, server):
    handle = sql.run(numbers(ROWS))["statementHandle"]
    headers, document = raw_json(f"{server.url}{STATEMENTS}/{handle}?partition=1", {"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in headers and document["data"]


def test_nullable_false_makes_null_a_text_in_every_partition(sql):
    body = sql.run(f"SELECT CASE WHEN range % 2 = 0 THEN NULL ELSE 'say null,\"null\"' END AS s, range AS n FROM range({ROWS}) ORDER BY n",
                   {"nullable": "False"})
    assert body["resultSetMetaData"]["nullable"] is False
    rows = list(body["data"])
    for n in range(1, len(body["resultSetMetaData"]["partitionInfo"])):
        rows += sql.look(body["statementHandle"], partition=n).json()["data"]
    assert rows == [["null" if n % 2 == 0 else 'say null,"null"', str(n)] for n in range(ROWS)]


VALUES = [
    ("1::TINYINT", "fixed", "1"),
    ("170141183460469231731687303715884105727::HUGEINT", "fixed", "170141183460469231731687303715884105727"),
    ("12.30::DECIMAL(10,2)", "fixed", "12.30"),
    ("0.1::DOUBLE", "real", "0.1"),
    ("'NaN'::DOUBLE", "real", "NaN"),
    ("true", "boolean", "true"),
    ("false", "boolean", "false"),
    ("'žluť \"q\" \\ 🐎'", "text", 'žluť "q" \\ 🐎'),
    ("'\\xDE\\xAD'::BLOB", "binary", "DEAD"),
    ("DATE '2020-01-01'", "date", "18262"),
    ("TIME '23:01:59'", "time", "82919.000000000"),
    ("TIMESTAMP '2021-03-19 17:06:59'", "timestamp_ntz", "1616173619.000000000"),
    ("TIMESTAMPTZ '2021-03-19 17:06:59+00'", "timestamp_ltz", "1616173619.000000000"),
    ("[1, NULL]", "array", "[1,null]"),
    ("{'a': 1}", "object", '{"a":1}'),
]


@pytest.mark.parametrize("expression, type, text", VALUES, ids=[value[0][:30] for value in VALUES])
def test_values_are_spelled_as_the_sql_api_spells_them(sql, expression, type, text):
    body = sql.run(f"SELECT {expression} AS v, CASE WHEN random() > 2 THEN {expression} END AS n")
    assert [column["type"] for column in body["resultSetMetaData"]["rowType"]] == [type, type]
    assert body["data"] == [[text, None]]


def test_a_value_that_has_no_form_here_is_a_clear_422(sql):
    response = sql.submit("SELECT 'infinity'::DATE AS d")
    assert response.status_code == 422 and "d" in response.json()["message"]


BINDINGS = [
    ("FIXED", "123", "123"),
    ("FIXED", "12.30", "12.30"),
    ("REAL", "0.5", "0.5"),
    ("TEXT", "x'; DROP TABLE t; --", "x'; DROP TABLE t; --"),
    ("BOOLEAN", "true", "true"),
    ("BINARY", "DEAD", "DEAD"),
    ("DATE", "1577836800000", "18262"),
    ("TIME", "82919000000000", "82919.000000000"),
    ("TIMESTAMP_NTZ", "1616173619000000000", "1616173619.000000000"),
    ("TIMESTAMP_LTZ", "1616173619000000000", "1616173619.000000000"),
    ("TIMESTAMP_TZ", "1616173619000000000 960", "1616173619.000000000"),
    ("TEXT", None, None),
]


@pytest.mark.parametrize("type, value, text", BINDINGS, ids=[f"{each[0]} {each[1]}"[:30] for each in BINDINGS])
def test_bindings_of_every_type_arrive(sql, type, value, text):
    assert sql.run("SELECT ? AS v", bindings={"1": {"type": type, "value": value}})["data"] == [[text]]


def test_a_binding_that_is_none_of_its_type_is_100037(sql):
    response = sql.submit("SELECT ?", bindings={"1": {"type": "DATE", "value": "soon"}})
    assert (response.status_code, response.json()["code"], response.json()["sqlState"]) == (422, "100037", "22018")
    assert response.json()["message"] == "DATE value 'soon' is not recognized"


def arrays(*columns):
    return {str(place): {"type": type, "value": values} for place, (type, values) in enumerate(columns, 1)}


def test_arrays_are_rows_of_one_statement(sql, api):
    table = f"arrays_{uuid.uuid4().hex}"
    sql.run(f"CREATE TABLE {table} (n INTEGER PRIMARY KEY, d DATE, t VARCHAR)")
    body = sql.run(f"INSERT INTO {table} VALUES (?, ?, ?)", bindings=arrays(
        ("FIXED", ["1", "2", "3"]), ("DATE", ["1577836800000", None, "1577923200000"]), ("TEXT", ["a", "it's ?", None])))
    assert body["data"] == [["3"]] and body["stats"]["numRowsInserted"] == 3
    assert sql.look(body["statementHandle"]).json()["data"] == [["3"]]
    assert sql.run(f"SELECT * FROM {table} ORDER BY n")["data"] == [["1", "18262", "a"], ["2", None, "it's ?"], ["3", "18263", None]]
    updated = sql.run(f"UPDATE {table} SET t = ? WHERE n >= ?", bindings=arrays(("TEXT", ["x", "y"]), ("FIXED", ["2", "3"])))
    assert updated["data"][0][0] == "3" and updated["stats"]["numRowsUpdated"] == 3
    assert sql.run(f"SELECT t FROM {table} ORDER BY n")["data"] == [["a"], ["x"], ["y"]]
    # One query, as long as it was sent, through every door.
    assert api.status(body["statementHandle"])["statement"] == f"INSERT INTO {table} VALUES (?, ?, ?)"


def test_texts_in_arrays_are_what_the_table_says(sql):
    """Python's driver calls a list TEXT if it has a NULL, and sends in it what it sends in any other: milliseconds, nanoseconds, hexadecimal."""
    table = f"arrays_{uuid.uuid4().hex}"
    sql.run(f"CREATE TABLE {table} (d DATE, c TIME, m TIMESTAMP, b BLOB, i INTEGER, t VARCHAR)")
    columns = ["1577836800000", "82919000000000", "1616173619000000000", "dead", "42", "1577836800000"]
    sql.run(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)", bindings=arrays(*(("TEXT", [each, None]) for each in columns)))
    assert sql.run(f"SELECT * FROM {table} ORDER BY i NULLS LAST")["data"] == [
        ["18262", "82919.000000000", "1616173619.000000000", "DEAD", "42", "1577836800000"], [None] * 6]


def test_arrays_are_written_wholly_or_not_at_all(sql):
    table = f"arrays_{uuid.uuid4().hex}"
    sql.run(f"CREATE TABLE {table} (n INTEGER PRIMARY KEY)")
    for values, row in ((["7"] * 2, 2), ([str(n % 999) for n in range(1000)], 1000)):
        failed = sql.submit(f"INSERT INTO {table} VALUES (?)", bindings=arrays(("FIXED", values)))
        assert (failed.status_code, failed.json()["code"], failed.json()["sqlState"]) == (422, "200001", "22000")
        assert failed.json()["message"].endswith(f"(row {row} of {len(values)})")
    read = sql.submit("SELECT ?", bindings=arrays(("FIXED", ["1", "2"])))
    assert (read.status_code, read.json()["code"]) == (422, "000002")
    uneven = sql.submit(f"INSERT INTO {table} VALUES (?)", bindings=arrays(("FIXED", ["1", "2"]), ("FIXED", ["1"])))
    assert (uneven.status_code, uneven.json()["code"]) == (400, "390142")
    assert sql.run(f"SELECT count(*) FROM {table}")["data"] == [["0"]]


def test_the_same_request_with_other_arrays_is_another_statement(sql):
    table = f"arrays_{uuid.uuid4().hex}"
    sql.run(f"CREATE TABLE {table} (n INTEGER)")
    request = {"requestId": str(uuid.uuid4()), "retry": "true"}

    def insert(*values):
        return sql.submit(f"INSERT INTO {table} VALUES (?)", request, bindings=arrays(("FIXED", values)))
    first = insert("1", "2").json()["statementHandle"]
    assert insert("1", "2").json()["statementHandle"] == first
    assert insert("1", "3").status_code == 422
    assert sql.run(f"SELECT count(*) FROM {table}")["data"] == [["2"]]


def test_more_values_than_are_allowed_are_refused(sql):
    most = sql.submit("INSERT INTO nowhere VALUES (?, ?)", bindings=arrays(("TEXT", [None] * 500_000), ("TEXT", [None] * 500_000)))
    assert (most.status_code, most.json()["code"]) == (422, "002003")
    more = sql.submit("INSERT INTO nowhere VALUES (?, ?)", bindings=arrays(("TEXT", [None] * 500_001), ("TEXT", [None] * 500_001)))
    assert (more.status_code, more.json()["code"]) == (400, "390142")


def test_dml_has_stats_and_ddl_a_line(sql):
    assert sql.run("CREATE OR REPLACE TABLE sql_api_dml (n INTEGER)")["data"] == [["Statement executed successfully."]]
    for statement, column, stats in (
            ("INSERT INTO sql_api_dml SELECT range FROM range(3)", "number of rows inserted", "numRowsInserted"),
            ("UPDATE sql_api_dml SET n = n + 1", "number of rows updated", "numRowsUpdated"),
            ("DELETE FROM sql_api_dml", "number of rows deleted", "numRowsDeleted")):
        body = sql.run(statement)
        assert body["resultSetMetaData"]["rowType"][0]["name"] == column and body["data"][0][0] == "3"
        assert body["stats"][stats] == 3 and sum(body["stats"].values()) == 3
        assert sql.look(body["statementHandle"]).json()["stats"] == body["stats"]


def test_parameters_of_the_statement(sql, api):
    body = sql.run(numbers(100), parameters={"QUERY_TAG": "tag-1", "rows_per_resultset": "5", "timezone": "UTC", "no_such": True})
    assert body["resultSetMetaData"]["numRows"] == 5
    assert api.status(body["statementHandle"])["query_tag"] == "tag-1"


def test_a_warehouse_is_taken_by_name_and_an_unknown_one_is_the_default(sql, api):
    for name in ("MAIN", "main", "COMPUTE_WH", None):
        assert api.status(sql.run("SELECT 1", warehouse=name, database="D", schema="S", role="R")["statementHandle"])["warehouse"] == "main"


def test_a_result_that_is_gone_has_expired(sql, api):
    handle = sql.run("SELECT 1")["statementHandle"]
    assert api.delete(f"/v1/queries/{handle}").status_code in (200, 202, 204)
    gone = sql.look(handle)
    assert (gone.status_code, gone.json()["code"], gone.json()["sqlState"]) == (422, "000710", "02000")


# --- the session ----------------------------------------------------------------------------------


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


# --- what is no request ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "{}", '{"statement":1}', '{"statement":"SELECT 1","bindings":[1]}', "[" * 5000])
def test_a_body_that_is_no_request_is_400(sql, body):
    response = sql.post(STATEMENTS, content=body.encode(), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "390142")


def test_a_body_may_be_gzip_and_a_bomb_is_refused(sql):
    def post(body, coding="gzip"):
        return sql.post(STATEMENTS, content=body, headers={"Content-Type": "application/json", "Content-Encoding": coding})

    assert post(gzip.compress(b'{"statement":"SELECT 1"}')).json()["data"] == [["1"]]
    bomb = gzip.compress(b'{"statement":"SELECT 1","x":"' + b"0" * (200 << 20))
    for response in (post(bomb), post(b"no gzip"), post(b"{}", "br")):
        assert (response.status_code, response.json()["code"]) == (400, "390142")


def test_another_media_type_is_415(sql):
    for type in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        assert sql.post(STATEMENTS, content=b'{"statement":"SELECT 1"}', headers={"Content-Type": type}).status_code == 415
    assert sql.post(STATEMENTS, content=b'{"statement":"SELECT 1"}').status_code == 200  # None is JSON.


def test_a_handle_that_is_not_there_is_422(sql):
    for response in (sql.look(NOBODYS), sql.look(NOBODYS, partition=3), sql.cancel(NOBODYS)):
        assert (response.status_code, response.json()["code"], response.json()["sqlState"]) == (422, "000709", "02000")
        assert response.json() == {"code": "000709", "sqlState": "02000", "message": f"Statement {NOBODYS} not found", "statementHandle": NOBODYS}


def test_a_handle_that_is_none_is_refused(sql):
    assert sql.look("garbage").status_code == 400
    assert sql.cancel("garbage").status_code == 422


def test_other_paths_and_methods(server):
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/api/v2/nothing").status_code == 404
        assert client.get(STATEMENTS).status_code == 405
        assert client.delete(f"{STATEMENTS}/{NOBODYS}").status_code == 405
        assert client.get(f"{STATEMENTS}/{NOBODYS}/cancel").status_code == 405


def test_more_than_the_queue_takes_is_429(start_server):
    server = start_server(warehouse={"max_running": 1, "max_queued": 1})
    with SqlApi(server.url) as sql, server.api() as api:
        handles = [sql.start(ENDLESS), ]
        api.await_status(handles[0], "RUNNING")
        handles.append(sql.start(ENDLESS))
        refused = sql.submit("SELECT 1")
        assert (refused.status_code, refused.json()["code"]) == (429, "390505") and "statementHandle" not in refused.json()
        for handle in handles:
            sql.cancel(handle)
            sql.ended(handle)


# --- who asks -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def principals(tmp_path_factory):
    from conftest import end
    server = Server(tmp_path_factory.mktemp("principals"), {"authentication.enabled": True})
    server.keys = {name: make_key(server.binary, server.data, name, role) for name, role in (("ann", "user"), ("bob", "user"), ("root", "admin"))}
    server.start()
    yield server
    end(server)


@pytest.mark.parametrize("type", [None, "OAUTH", "PROGRAMMATIC_ACCESS_TOKEN", "programmatic_access_token"])
def test_an_api_key_is_a_token(principals, type):
    with SqlApi(principals.url, principals.keys["ann"], type) as sql:
        assert sql.run("SELECT CURRENT_USER()")["data"] == [["ANN"]]


def test_without_a_good_token_it_is_401(start_server):
    # A server of its own, for whoever tries in vain too often is kept out for a while.
    server = start_server(settings={"authentication.enabled": True}, run=False)
    make_key(server.binary, server.data, "ann")
    server.start()
    for token, type, code in ((None, None, "390101"), ("wrong", None, "390303"), ("wrong", "PROGRAMMATIC_ACCESS_TOKEN", "394400"),
                              ("a.b.c", "KEYPAIR_JWT", "390144"), ("a.b.c", None, "390144")):
        with SqlApi(server.url, token, type) as sql:
            for response in (sql.submit("SELECT 'secret'"), sql.look(NOBODYS), sql.cancel(NOBODYS)):
                assert (response.status_code, response.json()["code"]) == (401, code), response.text
                assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "secret" not in server.log_text() and "a.b.c" not in server.log_text() and "wrong" not in server.log_text()


def test_foreign_handles_are_not_there(principals):
    with SqlApi(principals.url, principals.keys["ann"]) as ann, SqlApi(principals.url, principals.keys["bob"]) as bob, \
            SqlApi(principals.url, principals.keys["root"]) as root:
        handles = [ann.run("SELECT 1")["statementHandle"], ann.start(ENDLESS), ann.run("SELECT CURRENT_USER()")["statementHandle"]]
        for handle in handles:
            for response in (bob.look(handle), bob.look(handle, partition=1), bob.cancel(handle)):
                assert (response.status_code, response.json()["code"]) == (422, "000709")
                assert response.json()["message"] == f"Statement {handle} not found"
        assert bob.submit(f"SELECT SYSTEM$CANCEL_QUERY('{handles[1]}')").json()["code"] == "000709"
        assert ann.look(handles[1]).status_code == 202
        # One requestId of two principals is two statements.
        request = {"requestId": str(uuid.uuid4())}
        assert ann.run("SELECT 1", request)["statementHandle"] != bob.run("SELECT 1", request)["statementHandle"]
        assert root.cancel(handles[1]).status_code == 200
        assert ann.ended(handles[1]).json()["code"] == "000604"
