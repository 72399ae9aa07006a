"""Coatcheck as a proxy: a driver → Coatcheck → Snowflake, whose place another Coatcheck takes by its SQL API.

What the driver gets is as from Snowflake, and what Snowflake gets is what was meant for it, once: no poll of the history, no
result_scan, no statement about the session.
"""

import itertools
import json

import pytest

from conftest import end, new_server
from drivers import Connection, Connections, Credentials, DriverFailed
from harness.server import Server
from harness.statements import ENDLESS
from harness.waiting import until
from test_bindings import COLUMNS, STATEMENT
from test_types import names_of

SAMPLE = "SELECT range + 1 AS n, 'row ' || range AS t, NULL AS nothing FROM range(3) ORDER BY n"
FORMATTED = {"columns": {"total": 3, "columns": ["n", "t", "nothing"]},
             "items": [{"n": str(n), "t": f"row {n - 1}", "nothing": None} for n in (1, 2, 3)]}

# No test submits so many statements.
MOST = 30

# An expression, Snowflake's type of it at the driver, and its value as text.
TYPED = [
    ("9223372036854775807", "FIXED", "9223372036854775807"),
    ("12345678901234567890123456789012345678::DECIMAL(38,0)", "FIXED", "12345678901234567890123456789012345678"),
    ("-12.30::DECIMAL(9,2)", "FIXED", "-12.30"),
    ("-1.5::DOUBLE", "REAL", "-1.5"),
    ("true", "BOOLEAN", "true"),
    ("'h\u00e9llo \U0001f9e5'", "TEXT", "h\u00e9llo \U0001f9e5"),
    ("'\\x00\\xFF\\x10'::BLOB", "BINARY", "00ff10"),
    ("DATE '2024-02-29'", "DATE", "2024-02-29"),
    ("TIME '12:34:56.789'", "TIME", "12:34:56.789"),
    ("TIMESTAMP '1969-12-31 23:59:59.999999'", "TIMESTAMP_NTZ", "1969-12-31T23:59:59.999999"),
    ("'2024-02-29 12:34:56.123456+05:30'::TIMESTAMPTZ", "TIMESTAMP_LTZ", "2024-02-29T07:04:56.123456Z"),
    ("NULL::INTEGER", "FIXED", None),
]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """What stands for Snowflake: it says of every statement that it was sent."""
    server = new_server(tmp_path_factory.mktemp("upstream")).start()
    with server.api() as api:
        api.run("CREATE SCHEMA written")
    yield server
    end(server)


@pytest.fixture(scope="module")
def server(tmp_path_factory, upstream):
    """The proxy, which the drivers know."""
    cloud = {"name": "cloud", "kind": "snowflake", "url": upstream.url, "authentication": "none", "default": True, "max_running": 4,
             "poll_min": "10ms", "poll_max": "100ms"}
    more = "[[warehouse]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in cloud.items())
    server = Server(tmp_path_factory.mktemp("proxy") / "server", more=more).start()
    yield server
    end(server)


@pytest.fixture(scope="module")
def api(server):
    with server.api() as client:
        yield client


@pytest.fixture(scope="module")
def connections(server, tmp_path_factory):
    with Connections(server, tmp_path_factory.mktemp("connections")) as opened:
        yield opened


class Reached:
    """What was submitted to the upstream since this was made, oldest first."""

    def __init__(self, api):
        self.api = api
        self.last = next((query["id"] for query in api.history(limit=1)["queries"]), None)

    def queries(self):
        newest = self.api.history(limit=MOST)["queries"]
        since = list(itertools.takewhile(lambda query: query["id"] != self.last, newest))
        assert len(since) < MOST, "there are more than are counted"
        return since[::-1]

    def statements(self):
        return [query["statement"] for query in self.queries()]

    def for_query(self, id):
        """The one query of the upstream that was made for this one of the proxy."""
        found = [query for query in self.queries() if json.loads(query["query_tag"])["coatcheck"] == id]
        assert len(found) == 1, found
        return found[0]


@pytest.fixture(autouse=True)
def reached(upstream):
    """Made before the driver is started, so that what drivers send at their start counts too."""
    with upstream.api() as api:
        yield Reached(api)


def polled(ask, id):
    """Polls as the article does, until the query has left RUNNING."""
    def look():
        record = ask("poll", id)
        assert record is not None, "the id is not in the history"
        return record if record[1] not in ("RUNNING", "QUEUED") else None
    return until(look, f"{id} to end", every=0.1)


def check_flow(submit, ask, reached):
    id = submit(SAMPLE)
    assert polled(ask, id) == [id, "SUCCESS", None]
    assert ask("scan", id) == FORMATTED
    assert ask("scan", id) == FORMATTED
    assert ask("poll", id) == [id, "SUCCESS", None]
    assert reached.statements() == [SAMPLE] and reached.for_query(id)["status"] == "SUCCEEDED"


def test_the_articles_flow_with_another_process_that_submits(process, connection, reached):
    check_flow(lambda sql: process("submit", sql), connection, reached)


@pytest.mark.needs("article")
def test_the_articles_own_line(connection, reached):
    check_flow(lambda sql: connection("article", sql), connection, reached)


def test_polls_while_it_runs(connection, api, reached):
    id = connection("submit", ENDLESS)
    api.await_status(id, "RUNNING")
    for _ in range(20):
        assert connection("poll", id) == [id, "RUNNING", None]
        assert connection("status", id) == "RUNNING"
    api.cancel(id)
    assert polled(connection, id) == [id, "FAILED_WITH_ERROR", "SQL execution canceled"]
    assert reached.statements() == [ENDLESS] and reached.for_query(id)["status"] == "CANCELED"


def test_the_drivers_own_status_and_results(connection, reached):
    id = connection("submit", SAMPLE)
    assert connection("results", id)["rows"] == [[str(n), f"row {n - 1}", None] for n in (1, 2, 3)]
    assert connection("status", id) == "SUCCESS"
    assert reached.statements() == [SAMPLE]


def test_typed_values(driver, connection, reached):
    sql = "SELECT " + ", ".join(f"{expression} AS c{at}" for at, (expression, _, _) in enumerate(TYPED))
    answer = connection("types", sql)
    assert [column["name"] for column in answer] == [f"c{at}" for at in range(len(TYPED))]
    assert [column["value"] for column in answer] == [value for _, _, value in TYPED]
    for column, (_, type, _) in zip(answer, TYPED):
        assert column["type"] in names_of(driver, type), column
    assert reached.statements() == [sql]


@pytest.mark.parametrize("rows, kept", [(5_000, False), (140_000, True)])
def test_many_rows(connection, api, reached, rows, kept):
    sql = f"SELECT range AS i, 'row ' || range AS t FROM range({rows})"
    answer = connection("count", sql)
    letters = sum(len(f"row {n}") for n in range(rows))
    assert (answer["rows"], answer["checksum"]) == (rows, str(rows * (rows - 1) // 2 + letters))
    assert reached.statements() == [sql]
    partitions = reached.queries()[0]["result"]["chunks"]
    assert (partitions > 1) == kept, "the larger one is to stay there until it is claimed"


def test_bound_values(driver, connection, reached):
    expected = {name: value for name, _, value in COLUMNS}
    if "bind bytes" in driver.cannot:
        expected["bytes"] = None
    answer = connection("bind", STATEMENT)
    assert dict(zip(answer["columns"], answer["rows"][0])) == expected
    assert reached.statements() == [STATEMENT]


def test_arrays_are_refused_before_anything_is_sent(connection, reached):
    """JDBC and Python 5 ask before what such a statement is, which the SQL API has no way to say."""
    with pytest.raises(DriverFailed) as failed:
        connection("bulk", "INSERT INTO written.nowhere VALUES (?, ?)", 3)
    assert "rows of parameters" in failed.value.message or "describing this statement" in failed.value.message, failed.value
    assert reached.statements() == []


@pytest.mark.parametrize("sql, code, sqlstate, word", [
    ("SELEC 1", "001003", "42000", "SELEC"),
    ("SELECT * FROM nowhere", "002003", "42S02", "nowhere"),
    ("SELECT nothing FROM range(1)", "000904", "42000", "nothing"),
    ("SELECT CAST('x' AS INTEGER)", "100038", "22018", "'x'"),
])
def test_failures_have_the_warehouses_code_and_words(connection, reached, sql, code, sqlstate, word):
    with pytest.raises(DriverFailed) as failed:
        connection("run", sql)
    assert (failed.value.code, failed.value.sqlstate) == (code, sqlstate), failed.value
    assert reached.queries()[0]["error"]["message"] in failed.value.message and word in failed.value.message
    assert reached.statements() == [sql]
    # The connection has taken no harm.
    assert connection("run", "SELECT 2 AS two")["rows"] == [["2"]]


def test_a_poll_tells_the_warehouses_words(connection, reached):
    sql = "SELECT nonsense FROM range(3)"
    id = connection("submit", sql)
    status, words = polled(connection, id)[1:]
    assert status == "FAILED_WITH_ERROR" and words == reached.for_query(id)["error"]["message"]
    assert reached.statements() == [sql]


def test_writes(driver, connection, upstream, reached):
    table = f"written.{driver}"
    statements = [f"CREATE TABLE {table} (n INTEGER, t VARCHAR)", f"INSERT INTO {table} SELECT range, 'x' FROM range(7)",
                  f"UPDATE {table} SET t = 'y' WHERE n < 3", f"DELETE FROM {table} WHERE t = 'x'"]
    connection("run", statements[0])
    assert [connection("change", sql)["affected"] for sql in statements[1:]] == [7, 3, 4]
    assert reached.statements() == statements
    with upstream.api() as there:
        assert there.items(there.run(f"SELECT n, t FROM {table} ORDER BY n")["id"]) == [{"n": n, "t": "y"} for n in range(3)]


def test_several_statements_go_one_by_one(connection, reached):
    results = connection("multi", "SELECT 1 AS a; SELECT LAST_QUERY_ID() AS mine; SELECT 'x;y' AS b", 3)
    assert [results[at]["rows"] for at in (0, 2)] == [[["1"]], [["x;y"]]]
    assert reached.statements() == ["SELECT 1 AS a", "SELECT 'x;y' AS b"]


def test_what_is_about_the_session_or_a_result_stays_here(driver, connection, reached):
    connection("run", "ALTER SESSION SET QUERY_TAG = 'of a driver'")
    connection("run", "USE SCHEMA somewhere")
    assert connection("run", "SELECT CURRENT_USER() AS me")["rows"][0][0].lower() == "tester"
    assert connection("run", "SELECT CURRENT_SCHEMA() AS s")["rows"] == [["SOMEWHERE"]]
    sql = f"SELECT range AS n, range % 3 AS g FROM range(30) -- {driver}"
    id = connection("run", sql)["id"]
    counted = connection("run", f"select g, count(*) as c, sum(n) as s from TABLE( RESULT_SCAN ( '{id}' ) ) group by g order by g")
    assert counted["rows"] == [["0", "10", "135"], ["1", "10", "145"], ["2", "10", "155"]]
    history = connection("run", f"select query_tag, query_text from table(information_schema.query_history_by_session()) where query_id = '{id}'")
    assert history["rows"] == [["of a driver", sql]]
    connection("run", "ALTER SESSION UNSET QUERY_TAG")
    assert reached.statements() == [sql]
    assert json.loads(reached.for_query(id)["query_tag"])["tag"] == "of a driver"


@pytest.mark.needs("cancel")
def test_a_cancel_by_the_drivers_own_means(driver, server, tmp_path, reached):
    connection = Connection(driver, Credentials(server), tmp_path)
    try:
        connection.begin("cancel", ENDLESS)
        until(lambda: [query["status"] for query in reached.queries()] == ["RUNNING"], "the statement to run there")
        connection.line("now")
        with pytest.raises(DriverFailed) as failed:
            connection.finish()
        assert failed.value.code in ("000604", None) or "cancel" in failed.value.message.lower(), failed.value
        until(lambda: [query["status"] for query in reached.queries()] == ["CANCELED"], "the statement to be canceled there")
        assert reached.statements() == [ENDLESS]
    finally:
        connection.kill()


def test_a_cancel_in_sql(connection, api, reached):
    id = connection("submit", ENDLESS)
    until(lambda: [query["status"] for query in reached.queries()] == ["RUNNING"], "the statement to run there")
    assert "terminated" in connection("run", f"SELECT SYSTEM$CANCEL_QUERY('{id}') AS said")["rows"][0][0]
    assert api.ended(id)["status"] == "CANCELED"
    assert reached.for_query(id)["status"] == "CANCELED" and reached.statements() == [ENDLESS]
