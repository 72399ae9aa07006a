"""What Snowflake's SQL API answers with: partitions, values as it spells them, bindings and what they become."""

import uuid

import pytest

from harness.sql_api import STATEMENTS, SqlApi, links_of, raw_json
from harness.statements import numbers

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
