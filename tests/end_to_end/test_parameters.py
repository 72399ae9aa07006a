"""Parameters: positional, named, typed; no digit is lost, and none is ever SQL."""

import pytest


def one(api, statement, parameters):
    query = api.submit(statement, expect=200, parameters=parameters, wait="60s")
    assert query["status"] == "SUCCEEDED", query
    return query["page"]["items"][0]


def test_positional_values_are_bound_in_order(api):
    row = one(api, "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", [1, "two", 3.5, True, None])
    assert row == {"a": 1, "b": "two", "c": 3.5, "d": True, "e": None}


def test_numbered_values_may_be_used_twice(api):
    assert one(api, "SELECT $2 AS a, $1 AS b, $2 AS c", [1, 2]) == {"a": 2, "b": 1, "c": 2}


def test_named_values_come_in_any_order(api):
    row = one(api, "SELECT $first AS a, $second AS b", [{"name": "second", "value": 2}, {"name": "first", "value": "one"}])
    assert row == {"a": "one", "b": 2}


@pytest.mark.parametrize("type, value, text", [
    ("DECIMAL(38,2)", "123456789012345678901234567890123456.78", "123456789012345678901234567890123456.78"),
    ("HUGEINT", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ("UBIGINT", 18446744073709551615, "18446744073709551615"),
    ("BIGINT", -9223372036854775808, "-9223372036854775808"),
    ("DATE", "2026-11-22", "2026-11-22"),
    ("TIMESTAMP", "2026-11-22 17:00:00.123456", "2026-11-22 17:00:00.123456"),
    ("BOOLEAN", "true", "true"),
    ("VARCHAR", 7, "7"),
])
def test_a_typed_value_keeps_every_digit(api, type, value, text):
    assert one(api, "SELECT CAST(? AS VARCHAR) AS v, typeof(?) AS t", [{"type": type, "value": value}] * 2) == {"v": text, "t": type}


def test_integers_of_64_bits_are_exact(api):
    big = 9007199254740993
    query = api.submit("SELECT ? AS v", expect=200, parameters=[big], wait="60s")
    assert query["page"]["items"] == [{"v": big}]


def test_a_value_is_never_sql(api):
    text = "'; DROP TABLE x; -- \" $1 ? \\"
    assert one(api, "SELECT ? AS v", [text]) == {"v": text}


@pytest.mark.parametrize("statement, parameters", [
    ("SELECT ? AS a, ? AS b", [1]),
    ("SELECT ? AS a", [1, 2]),
    ("SELECT $x AS a", [{"name": "y", "value": 1}]),
    ("SELECT 1 AS a", [1]),
    ("SELECT ? AS a", [{"type": "NO_SUCH_TYPE", "value": 1}]),
    ("SELECT ? AS a", [{"type": "INTEGER", "value": "not a number"}]),
])
def test_parameters_that_do_not_fit_the_statement_fail_the_query(api, statement, parameters):
    query = api.submit(statement, expect=200, parameters=parameters, wait="60s")
    assert query["status"] == "FAILED" and query["error"]["category"] == "STATEMENT", query
    assert query["error"]["message"]
