"""Snowflake's SQL API v2: submit, poll, partitions, cancel, as its clients do it. Every answer is checked against its description."""

import gzip
import uuid

import httpx
import pytest

from harness.keys import make_key
from harness.server import Server
from harness.sql_api import STATEMENTS, SqlApi, links_of
from harness.statements import ENDLESS, numbers

NOBODYS = "01938c5e-7a10-7b3c-9a55-0f6e2d1c4b8a"


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
