"""Readers that we did not write read back what rows_sample wrote, every value of every type.

The tables below are the samples by hand. In JSON, numbers with a point or an exponent are kept as the text
they have in the document, for their digits are part of the promise.
"""

import base64
import csv
import datetime as dt
import decimal
import json
import os
import subprocess
import uuid

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest

D = decimal.Decimal
TEXT = 'a "quoted", line\r\nwith ü€\U0001f600 and \\ \x01'
UTC = dt.timezone.utc
NINES = "9" * 38

# name: (SQL type, two values in JSON, the same in CSV, the same in Python). The third row is null throughout.
COMMON = {
    "boolean": ("BOOLEAN", [True, False], ["true", "false"], [True, False]),
    "int8": ("TINYINT", [-128, 127], ["-128", "127"], [-128, 127]),
    "int16": ("SMALLINT", [-(2**15), 2**15 - 1], ["-32768", "32767"], [-(2**15), 2**15 - 1]),
    "int32": ("INTEGER", [-(2**31), 2**31 - 1], ["-2147483648", "2147483647"], [-(2**31), 2**31 - 1]),
    "int64": ("BIGINT", [-(2**63), 2**63 - 1], [str(-(2**63)), str(2**63 - 1)], [-(2**63), 2**63 - 1]),
    "uint8": ("UTINYINT", [0, 255], ["0", "255"], [0, 255]),
    "uint16": ("USMALLINT", [0, 65535], ["0", "65535"], [0, 65535]),
    "uint32": ("UINTEGER", [0, 2**32 - 1], ["0", "4294967295"], [0, 2**32 - 1]),
    "uint64": ("UBIGINT", [0, 2**64 - 1], ["0", "18446744073709551615"], [0, 2**64 - 1]),
    "float": ("FLOAT", ["0.1", "-3.0"], ["0.1", "-3.0"], [0.10000000149011612, -3.0]),
    "double": ("DOUBLE", ["0.1", "1e+300"], ["0.1", "1e+300"], [0.1, 1e300]),
    "decimal": ("DECIMAL(10,2)", ["10.10", "-0.05"], ["10.10", "-0.05"], [D("10.10"), D("-0.05")]),
    "hugeint": ("DECIMAL(38,0)", [-int(NINES), int(NINES)], ["-" + NINES, NINES], [D("-" + NINES), D(NINES)]),
    "string": ("VARCHAR", [TEXT, ""], [TEXT, ""], [TEXT, ""]),
    "binary": ("BLOB", ["AP+A", ""], ["AP+A", ""], [b"\x00\xff\x80", b""]),
    "date": ("DATE", ["2026-11-22", "1969-12-31"], None, [dt.date(2026, 11, 22), dt.date(1969, 12, 31)]),
    "time": ("TIME", ["13:45:00.123456", "00:00:00"], None, [dt.time(13, 45, 0, 123456), dt.time(0)]),
    "timestamp": (
        "TIMESTAMP",
        ["2026-11-22T13:45:00.123456", "1969-12-31T23:59:59.999999"],
        None,
        [dt.datetime(2026, 11, 22, 13, 45, 0, 123456), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)],
    ),
    "timestamp_zone": (
        "TIMESTAMP WITH TIME ZONE",
        ["2026-11-22T13:45:00Z", "1970-01-01T00:00:00.500Z"],
        None,
        [dt.datetime(2026, 11, 22, 13, 45, tzinfo=UTC), dt.datetime(1970, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)],
    ),
    "enum": ("VARCHAR", ["high", "low"], None, ["high", "low"]),
    "list": ("INTEGER[]", [[1, None, 3], []], ["[1,null,3]", "[]"], [[1, None, 3], []]),
    "struct": (
        'STRUCT("x" BIGINT, "y" VARCHAR)',
        [{"x": 1, "y": "a,b"}, {"x": None, "y": ""}],
        ['{"x":1,"y":"a,b"}', '{"x":null,"y":""}'],
        [{"x": 1, "y": "a,b"}, {"x": None, "y": ""}],
    ),
    "map": (
        "MAP(VARCHAR, INTEGER)",
        [{"k": 1, "l": None}, {}],
        ['{"k":1,"l":null}', "{}"],
        [[("k", 1), ("l", None)], []],
    ),
    "string_1": ("VARCHAR", ["the second column of this name", "x"], None, ["the second column of this name", "x"]),
}

LONG = "-123456789012345678901234567890123456789012345.6"
RARE = {
    "null": ('"NULL"', [None, None], ["", ""], [None, None]),
    "half": ("FLOAT", ["0.5", "-2.0"], None, [0.5, -2.0]),
    "decimal32": ("DECIMAL(9,3)", ["-1.234", "0.001"], None, [D("-1.234"), D("0.001")]),
    "decimal64": ("DECIMAL(18,2)", ["-1234567890123456.78", "0.00"], None, [D("-1234567890123456.78"), D("0.00")]),
    "decimal256": ("DECIMAL(76,1)", [LONG, "0.0"], None, [D(LONG), D("0.0")]),
    "large_string": ("VARCHAR", ["large", ""], None, ["large", ""]),
    "string_view": ("VARCHAR", ["longer than twelve bytes", "short"], None, ["longer than twelve bytes", "short"]),
    "fixed_binary": ("BLOB", ["Zm9v", "YmFy"], None, [b"foo", b"bar"]),
    "uuid": (
        "UUID",
        ["30313233-3435-3637-3839-616263646566", "41424344-4546-4748-494a-4b4c4d4e4f50"],
        None,
        [uuid.UUID(bytes=b"0123456789abcdef"), uuid.UUID(bytes=b"ABCDEFGHIJKLMNOP")],
    ),
    "json": ("JSON", ['{"a": 1}', "[]"], None, ['{"a": 1}', "[]"]),
    "date64": ("DATE", ["1970-01-02", "1969-12-31"], None, [dt.date(1970, 1, 2), dt.date(1969, 12, 31)]),
    "time32": ("TIME", ["00:00:01.500", "00:00:00"], None, [dt.time(0, 0, 1, 500000), dt.time(0)]),
    "timestamp_ns": ("TIMESTAMP_NS", ["1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000001"], None, [1, 1000]),
    "duration": ("INTERVAL", ["PT25H1M1S", "PT-1M"], None, [dt.timedelta(seconds=90061), dt.timedelta(seconds=-60)]),
    "interval": (
        "INTERVAL",
        ["P1Y2M3DT4H5M6.789S", "PT0S"],
        None,
        [pa.MonthDayNano([14, 3, 14706789000000]), pa.MonthDayNano([0, 0, 0])],
    ),
    "large_list": ("VARCHAR[]", [["a"], []], ['["a"]', "[]"], [["a"], []]),
    "fixed_list": ("INTEGER[2]", [[1, 2], [3, None]], ["[1,2]", "[3,null]"], [[1, 2], [3, None]]),
    "map_of_numbers": (
        "MAP(INTEGER, VARCHAR)",
        [[{"key": 1, "value": "x"}], []],
        ['[{"key":1,"value":"x"}]', "[]"],
        [[(1, "x")], []],
    ),
    "sparse_union": ('UNION("n" INTEGER, "s" VARCHAR)', [7, "s"], ["7", '"s"'], [7, "s"]),
    "dense_union": ('UNION("n" INTEGER, "s" VARCHAR)', [7, "s"], ["7", '"s"'], [7, "s"]),
    "runs": ("VARCHAR", ["run", "run"], None, ["run", "run"]),
}

TABLES = {"common": COMMON, "all": {**COMMON, **RARE}}
tables = pytest.mark.parametrize("name", TABLES)


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"), parse_float=str)


def json_rows(table):
    return [{column: facts[1][row] if row < 2 else None for column, facts in table.items()} for row in range(3)]


def csv_rows(table):
    """NULL and the empty string look alike to csv.reader; test_csv_null_is_not_empty tells them apart."""
    return [[(facts[2] or facts[1])[row] if row < 2 else "" for facts in table.values()] for row in range(3)]


def assert_columns(read, table):
    assert read.column_names == list(table)
    for column, facts in table.items():
        if column == "timestamp_ns":
            values = read[column].cast(pa.int64()).to_pylist()
        else:
            values = read[column].to_pylist()
        assert values == facts[3] + [None], column


@tables
def test_json(samples, name):
    table = TABLES[name]
    document = read_json(samples / f"{name}.json")
    assert document == {"columns": {"total": len(table), "columns": list(table)}, "items": json_rows(table)}


@tables
def test_rows(samples, name):
    table = TABLES[name]
    document = read_json(samples / f"{name}.rows")
    assert document["columns"] == [{"name": column, "type": facts[0]} for column, facts in table.items()]
    assert document["rows"] == [list(row.values()) for row in json_rows(table)]


@tables
def test_ndjson(samples, name):
    text = (samples / f"{name}.ndjson").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert [json.loads(line, parse_float=str) for line in text.split("\n")[:-1]] == json_rows(TABLES[name])


@tables
def test_csv(samples, name):
    with open(samples / f"{name}.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(TABLES[name])
    assert rows == csv_rows(TABLES[name])


def test_csv_null_is_not_empty(samples):
    strings = ["string", "binary", "enum", "string_1"]
    read = pa.csv.read_csv(
        samples / "common.csv",
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            include_columns=strings,
            column_types={column: pa.string() for column in strings},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    assert read["string"].to_pylist() == [TEXT, "", None]
    assert read["binary"].to_pylist() == ["AP+A", "", None]
    assert read["enum"].to_pylist() == ["high", "low", None]


@tables
def test_arrow(samples, name):
    with pa.ipc.open_stream(samples / f"{name}.arrow") as reader:
        batches = list(reader)
    assert [batch.num_rows for batch in batches] == [1, 2]
    read = pa.Table.from_batches(batches)
    read.validate(full=True)
    assert_columns(read, TABLES[name])


def test_parquet(samples):
    assert_columns(pa.parquet.read_table(samples / "common.parquet"), COMMON)


def node_value(column, value):
    """How read_arrow.cjs prints a value."""
    if value is None:
        return None
    if column in ("int64", "uint64"):
        return str(value)
    if column == "decimal":
        return str(int(value * 100))
    if column == "hugeint":
        return str(int(value))
    if column == "binary":
        return base64.b64encode(value).decode()
    if column == "struct":
        return {**value, "x": None if value["x"] is None else str(value["x"])}
    if column == "map":
        return dict(value)
    if column == "date":
        return str((value - dt.date(1970, 1, 1)).days)
    if column == "time":
        return str((dt.datetime.combine(dt.date.min, value) - dt.datetime.min) // dt.timedelta(microseconds=1))
    if column in ("timestamp", "timestamp_zone"):
        return str((value - dt.datetime(1970, 1, 1, tzinfo=value.tzinfo)) // dt.timedelta(microseconds=1))
    return value


def test_arrow_in_node(samples, node_modules):
    script = os.path.join(os.path.dirname(__file__), "read_arrow.cjs")
    printed = subprocess.run(
        ["node", script, samples / "common.arrow"],
        env={**os.environ, "NODE_PATH": str(node_modules)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    read = json.loads(printed)
    assert list(read) == list(COMMON)
    for column, facts in COMMON.items():
        assert read[column] == [node_value(column, value) for value in facts[3] + [None]], column
