"""Values bound to a statement: one of each type that the driver binds, and arrays of them."""

import pytest

from drivers import DriverFailed

COLUMNS = [
    ("whole", "BIGINT", "42"),
    ("huge", "DECIMAL(38,0)", "12345678901234567890123456789012345678"),
    ("exact", "DECIMAL(12,3)", "123.456"),
    ("approximate", "DOUBLE", "1.5"),
    ("flag", "BOOLEAN", "true"),
    ("words", "VARCHAR", "h\u00e9llo '?' \U0001f9e5"),
    ("nothing", "VARCHAR", None),
    ("day", "DATE", "2024-02-29"),
    ("clock", "TIME", "12:34:56.789"),
    ("moment", "TIMESTAMP", "2024-02-29T12:34:56.789"),
    ("instant", "TIMESTAMPTZ", "2024-02-29T12:34:56.789Z"),
    ("bytes", "BLOB", "00ff10"),
]
STATEMENT = "SELECT " + ", ".join(f"CAST(? AS {type}) AS {name}" for name, type, _ in COLUMNS)


def test_a_value_of_every_type(driver, connection):
    expected = {name: value for name, _, value in COLUMNS}
    if "bind bytes" in driver.cannot:
        expected["bytes"] = None
    answer = connection("bind", STATEMENT)
    assert dict(zip(answer["columns"], answer["rows"][0])) == expected


def test_a_bound_value_is_never_sql(connection):
    """The text that `bind` binds has quotes and a question mark of its own; it comes back as it went."""
    assert connection("bind", STATEMENT)["rows"][0][5] == COLUMNS[5][2]


@pytest.mark.parametrize("rows", [1, 3, 2000])
def test_arrays(driver, connection, rows):
    table = f"bulk_{driver}_{rows}"
    connection("run", f"CREATE TABLE {table} (n INTEGER, t VARCHAR)")
    assert connection("bulk", f"INSERT INTO {table} VALUES (?, ?)", rows)["affected"] == rows
    counted = connection("run", f"SELECT count(*) AS c, sum(n) AS s, count(DISTINCT t) AS d, max(t) FILTER (n = 0) AS first FROM {table}")
    assert counted["rows"] == [[str(rows), str(rows * (rows - 1) // 2), str(rows), "row 0"]]
    connection("run", f"DROP TABLE {table}")


def test_an_array_is_one_query_and_no_file_on_a_stage(driver, connection):
    insert = f"INSERT INTO inline_{driver} VALUES (?, ?)"
    connection("run", f"CREATE TABLE inline_{driver} (n INTEGER, t VARCHAR)")
    connection("bulk", insert, 3)
    seen = connection("run", f"SELECT count(*) FILTER (query_text = '{insert}') AS inserts, count(*) FILTER (query_text ILIKE 'create%stage%') AS stages "
                             "FROM TABLE(information_schema.query_history_by_session())")
    assert seen["rows"] == [["1", "0"]]


def test_an_array_is_written_wholly_or_not_at_all(driver, connection):
    table = f"whole_{driver}"
    connection("run", f"CREATE TABLE {table} (n INTEGER CHECK (n < 900), t VARCHAR)")
    with pytest.raises(DriverFailed) as failed:
        connection("bulk", f"INSERT INTO {table} VALUES (?, ?)", 1000)
    assert "(row 901 of 1000)" in failed.value.message
    assert connection("run", f"SELECT count(*) AS c FROM {table}")["rows"] == [["0"]]


def test_too_few_values(connection):
    with pytest.raises(DriverFailed):
        connection("run", "SELECT CAST(? AS INTEGER) AS missing")
    assert connection("run", "SELECT 1 AS one")["rows"] == [["1"]]
