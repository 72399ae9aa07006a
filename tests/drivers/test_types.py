"""Every type of the embedded engine, through every driver and back: its Snowflake type, one value, and NULL.

A line of the table is an expression, the type that the engine gives it, Snowflake's type of it, and the value as text. Where a
driver cannot hold the value, it has a value of its own there, and the reason.
"""

import json
from dataclasses import dataclass, field

import pytest

from drivers import DriverFailed

DIGITS38 = "12345678901234567890123456789012345678"


@dataclass
class Case:
    sql: str
    engine: str
    snowflake: str
    value: str
    but: dict = field(default_factory=dict)  # Driver's family → its value.
    is_json: bool = False

    def __str__(self):
        return f"{self.engine} {self.sql}"[:60]


# java.sql.Time counts milliseconds, Python's times microseconds.
MICROSECONDS = {"python": "2024-02-29T12:34:56.123456"}

CASES = [
    Case("true", "BOOLEAN", "BOOLEAN", "true"),
    Case("false", "BOOLEAN", "BOOLEAN", "false"),
    Case("-128", "TINYINT", "FIXED", "-128"),
    Case("-32768", "SMALLINT", "FIXED", "-32768"),
    Case("-2147483648", "INTEGER", "FIXED", "-2147483648"),
    Case("-9223372036854775808", "BIGINT", "FIXED", "-9223372036854775808"),
    Case("9223372036854775807", "BIGINT", "FIXED", "9223372036854775807"),
    Case("255", "UTINYINT", "FIXED", "255"),
    Case("65535", "USMALLINT", "FIXED", "65535"),
    Case("4294967295", "UINTEGER", "FIXED", "4294967295"),
    Case("18446744073709551615", "UBIGINT", "FIXED", "18446744073709551615"),
    Case(f"-{DIGITS38}", "HUGEINT", "FIXED", f"-{DIGITS38}"),
    Case("12.30", "DECIMAL(4,2)", "FIXED", "12.30"),
    Case("-0.001", "DECIMAL(9,3)", "FIXED", "-0.001"),
    Case("1234567890123.45678", "DECIMAL(18,5)", "FIXED", "1234567890123.45678"),
    Case("12345678901234567890123456789.012345678", "DECIMAL(38,9)", "FIXED", "12345678901234567890123456789.012345678"),
    Case(DIGITS38, "DECIMAL(38,0)", "FIXED", DIGITS38),
    Case("0.1", "DOUBLE", "REAL", "0.1"),
    Case("-1.5", "FLOAT", "REAL", "-1.5"),
    Case("1.7976931348623157e308", "DOUBLE", "REAL", "1.7976931348623157e308"),
    Case("5e-324", "DOUBLE", "REAL", "5e-324"),
    Case("'NaN'", "DOUBLE", "REAL", "NaN"),
    Case("'Infinity'", "DOUBLE", "REAL", "Infinity"),
    Case("'-Infinity'", "DOUBLE", "REAL", "-Infinity"),
    Case("'h\u00e9llo \U0001f9e5 \u4f60\u597d'", "VARCHAR", "TEXT", "h\u00e9llo \U0001f9e5 \u4f60\u597d"),
    Case("''", "VARCHAR", "TEXT", ""),
    Case("'null'", "VARCHAR", "TEXT", "null"),
    Case("'\"quoted\" \\ ' || chr(10) || chr(9) || chr(1) || chr(127)", "VARCHAR", "TEXT", "\"quoted\" \\ \n\t\x01\x7f"),
    Case("'a' || chr(0) || 'b'", "VARCHAR", "TEXT", "a\0b"),
    Case("'\\x00\\xFF\\x10'", "BLOB", "BINARY", "00ff10"),
    Case("''", "BLOB", "BINARY", ""),
    Case("'2024-02-29'", "DATE", "DATE", "2024-02-29"),
    Case("'0001-01-01'", "DATE", "DATE", "0001-01-01"),
    Case("'9999-12-31'", "DATE", "DATE", "9999-12-31"),
    Case("'1969-12-31'", "DATE", "DATE", "1969-12-31"),
    Case("'00:00:00'", "TIME", "TIME", "00:00:00"),
    Case("'12:34:56.123456'", "TIME", "TIME", "12:34:56.123456", {"jdbc": "12:34:56.123"}),
    Case("'2024-02-29 12:34:56.123456'", "TIMESTAMP", "TIMESTAMP_NTZ", "2024-02-29T12:34:56.123456"),
    Case("'1969-12-31 23:59:59.999999'", "TIMESTAMP", "TIMESTAMP_NTZ", "1969-12-31T23:59:59.999999"),
    Case("'2024-02-29 12:34:56'", "TIMESTAMP_S", "TIMESTAMP_NTZ", "2024-02-29T12:34:56"),
    Case("'2024-02-29 12:34:56.123'", "TIMESTAMP_MS", "TIMESTAMP_NTZ", "2024-02-29T12:34:56.123"),
    Case("'2024-02-29 12:34:56.123456789'", "TIMESTAMP_NS", "TIMESTAMP_NTZ", "2024-02-29T12:34:56.123456789", MICROSECONDS),
    Case("'2024-02-29 12:34:56.123456+05:30'", "TIMESTAMPTZ", "TIMESTAMP_LTZ", "2024-02-29T07:04:56.123456Z"),
    Case("'01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a'", "UUID", "TEXT", "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"),
    Case("'b'", "ENUM('a', 'b')", "TEXT", "b"),
    Case("'1 year 2 days 3 seconds'", "INTERVAL", "TEXT", "P1Y2DT3S"),
    Case("'{\"a\": 1}'", "JSON", "TEXT", '{"a": 1}'),
    Case("'10110'", "BIT", "TEXT", "10110"),
    Case("'13:45:00+01'", "TIMETZ", "TEXT", "13:45:00+01"),
    Case("340282366920938463463374607431768211455", "UHUGEINT", "TEXT", "340282366920938463463374607431768211455"),
    Case("union_value(n := 7)", "UNION(n INTEGER, t VARCHAR)", "VARIANT", "7", is_json=True),
    Case("[1, NULL, 3]", "INTEGER[]", "ARRAY", "[1,null,3]", is_json=True),
    Case("[]", "INTEGER[]", "ARRAY", "[]", is_json=True),
    Case("[1, 2]", "INTEGER[2]", "ARRAY", "[1,2]", is_json=True),
    Case("{'x': 1, 'y': 'two', 'z': NULL}", "STRUCT(x INTEGER, y VARCHAR, z DATE)", "OBJECT", '{"x":1,"y":"two","z":null}', is_json=True),
    Case("MAP {'k': 1, 'l': 2}", "MAP(VARCHAR, INTEGER)", "OBJECT", '{"k":1,"l":2}', is_json=True),
    Case("MAP {1: 'x'}", "MAP(INTEGER, VARCHAR)", "ARRAY", '[{"key":1,"value":"x"}]', is_json=True),
    Case("[{'a': [1, 2]}, NULL]", "STRUCT(a INTEGER[])[]", "ARRAY", '[{"a":[1,2]},null]', is_json=True),
]

# What each family calls Snowflake's types, where it has words of its own.
JDBC_NAMES = {
    "FIXED": {"NUMBER"}, "REAL": {"DOUBLE", "FLOAT"}, "TEXT": {"VARCHAR"}, "TIMESTAMP_NTZ": {"TIMESTAMPNTZ"},
    "TIMESTAMP_LTZ": {"TIMESTAMPLTZ"},
}


def names_of(driver, snowflake):
    return JDBC_NAMES.get(snowflake, {snowflake}) if driver.family == "jdbc" else {snowflake}


def same(case, got, wanted):
    if got is None:
        return False
    if case.is_json:
        return json.loads(got) == json.loads(wanted)
    if case.snowflake == "REAL" and got.lower() not in ("nan", "infinity", "-infinity", "inf", "-inf"):
        return float(got) == float(wanted)
    return got == wanted


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_value_and_null(driver, connection, case):
    value, nothing = connection("types", f"SELECT CAST({case.sql} AS {case.engine}) AS v, CAST(NULL AS {case.engine}) AS nothing")
    assert (value["name"], nothing["name"]) == ("v", "nothing")
    assert value["type"] in names_of(driver, case.snowflake) and nothing["type"] == value["type"]
    assert nothing["value"] is None
    wanted = case.but.get(driver.family, case.value)
    assert same(case, value["value"], wanted), (value["value"], wanted)


@pytest.mark.parametrize("infinite", ["CAST('infinity' AS DATE)", "CAST('-infinity' AS TIMESTAMP)", "CAST('24:00:00' AS TIME)"])
def test_what_the_protocol_cannot_say_is_refused_with_a_way_out(connection, infinite):
    with pytest.raises(DriverFailed) as failed:
        connection("run", f"SELECT {infinite} AS moment")
    assert "VARCHAR" in failed.value.message and "moment" in failed.value.message
    assert connection("run", f"SELECT CAST({infinite} AS VARCHAR) AS moment")["rows"]


def test_nulls_among_values(connection):
    answer = connection("run", "SELECT CASE WHEN range % 2 = 0 THEN range END AS n, CASE WHEN range % 3 = 0 THEN 'x' || range END AS t FROM range(6) ORDER BY range")
    assert answer["rows"] == [["0", "x0"], [None, None], ["2", None], [None, "x3"], ["4", None], [None, None]]


def test_rows_that_are_small_on_disk_and_large_in_memory(connection):
    """Drivers plan their memory by the sizes of chunks that the server tells before it has made them."""
    answer = connection("count", "SELECT range AS i, repeat('x', 1000) AS t FROM range(40000)")
    assert (answer["rows"], answer["checksum"]) == (40000, str(40000 * 39999 // 2 + 40000 * 1000))
