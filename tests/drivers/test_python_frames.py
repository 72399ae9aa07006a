"""What only the Python connector has: pandas, Arrow tables and result batches, all made of Arrow results."""

import pytest

pytestmark = pytest.mark.needs("pandas")
ROWS = 300_000  # More than one batch.
STATEMENT = f"SELECT range AS i, 'row ' || range AS t, range / 4 AS d FROM range({ROWS}) ORDER BY i"


def test_pandas(connection):
    frame = connection("pandas", STATEMENT)
    assert (frame["columns"], frame["rows"]) == (["i", "t", "d"], ROWS)
    assert frame["first"] == ["0", "row 0", "0.0"] and frame["last"] == [str(ROWS - 1), f"row {ROWS - 1}", str((ROWS - 1) / 4)]


def test_arrow(connection):
    table = connection("arrow", STATEMENT)
    assert (table["columns"], table["rows"]) == (["i", "t", "d"], ROWS)
    assert table["first"] == ["0", "row 0", "0.0"] and table["last"][1] == f"row {ROWS - 1}"


def test_no_rows(connection):
    assert connection("run", f"SELECT * FROM ({STATEMENT}) WHERE i < 0")["rows"] == []


def test_batches_in_any_order(connection):
    answer = connection("batches", STATEMENT)
    assert answer["rows"] == ROWS and answer["batches"] > 1 and answer["announced"]
