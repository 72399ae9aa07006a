"""Warehouses of other kinds, as operators configure them: settings, secrets, and `coatcheck warehouse check`."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.postgresql import Postgresql
from harness.server import DidNotStart, find_binary
from harness.trino import Trino
from harness.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def driver(name):
    prefix = subprocess.run([ROOT / "tools/install-dependencies", "--prefix"], capture_output=True, text=True, check=True).stdout.strip()
    found = sorted(Path(prefix).glob(f"adbc-drivers-*/libadbc_driver_{name}.so"))
    assert found, "no ADBC drivers: tools/install-dependencies --test"
    return found[-1]


def adbc(name, of, *lines):
    return "\n".join(["[[warehouse]]", f'name = "{name}"', 'kind = "adbc"', f'driver = "{driver(of)}"', *lines, ""])


def coatcheck(server, *arguments, expect=0, environment=None):
    """Runs a command with the server's settings; returns what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COATCHECK_")}
    done = subprocess.run([str(find_binary()), *arguments, "--config", str(server.write_config())], cwd=server.directory,
                          env={**clean, **(environment or {})}, capture_output=True, text=True, timeout=90)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def failure(api, statement, **members):
    query = api.ended(api.submit(statement, **members)["id"])
    assert query["status"] == "FAILED", query
    return query["error"]


def written(path, text):
    """Replaces a file as one should: nobody sees it half written."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)
    return path


@pytest.fixture(scope="module")
def postgresql():
    server = Postgresql()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def trino():
    server = Trino("first-secret")
    yield server
    server.close()


def trino_settings(trino, *lines):
    return "\n".join(["[[warehouse]]", 'name = "lake"', 'kind = "trino"', f'url = "{trino.url}"', 'user = "coatcheck"',
                      'authentication = "basic"', *lines, ""])


# --- queries ---

def test_a_database_with_an_adbc_driver_is_a_warehouse(start_server, tmp_path):
    uri = f"file:{tmp_path}/sales.db"
    server = start_server(more=adbc("sales", "sqlite", "max_running = 3", f'database_options = {{uri = "{uri}"}}'))
    with server.api() as api:
        shown = {each["name"]: each for each in api.get("/v1/warehouses").json()["warehouses"]}
        assert (shown["sales"]["kind"], shown["sales"]["default"], shown["sales"]["running_max"]) == ("adbc", False, 3)
        assert shown["main"]["default"]
        api.run("CREATE TABLE orders (n INTEGER, what TEXT)", warehouse="sales")
        api.run("INSERT INTO orders VALUES (1, 'hat'), (2, 'coat')", warehouse="sales")
        query = api.run("SELECT n, what FROM orders ORDER BY n", warehouse="sales")
        assert api.items(query["id"]) == [{"n": 1, "what": "hat"}, {"n": 2, "what": "coat"}]
        assert query["warehouse"] == "sales"
        listed = api.history(warehouse="sales")["queries"]
        assert [each["id"] for each in listed][0] == query["id"] and len(listed) == 3
        # The file outlives the server; the embedded warehouse is another place.
        assert "orders" in failure(api, "SELECT * FROM orders")["message"]
    server.restart()
    with server.api() as api:
        assert api.items(query["id"]) == [{"n": 1, "what": "hat"}, {"n": 2, "what": "coat"}]
        assert api.items(api.run("SELECT count(*) AS n FROM orders", warehouse="sales")["id"]) == [{"n": 2}]


def test_options_of_the_driver_and_of_the_connector_arrive(start_server, tmp_path):
    uri = f'database_options = {{uri = "file:{tmp_path}/a.db"}}'
    server = start_server(more=adbc("writable", "sqlite", uri) + adbc("readable", "sqlite", uri, "only_reads = true"))
    with server.api() as api:
        written_ = api.run("CREATE TABLE t (n INTEGER)", warehouse="writable")
        assert written_.get("kind") != "READ"
        assert api.run("SELECT * FROM t", warehouse="readable")["kind"] == "READ"
        assert "readonly" in failure(api, "INSERT INTO t VALUES (1)", warehouse="readable")["message"]


def test_trino_is_a_warehouse_whose_queries_are_not_run_twice_unless_the_operator_says_so(start_server, trino, tmp_path):
    file = written(tmp_path / "secret", "first-secret\n")
    settings = trino_settings(trino, f'secret_file = "{file}"', 'catalog = "hive"', 'client_tags = ["a", "b"]',
                              'session_properties = {query_max_run_time = "1h"}')
    server = start_server(more=settings + settings.replace('"lake"', '"careless"') + "queries_only_read = true\n")
    with server.api() as api:
        query = api.run("SELECT '476'", warehouse="lake")
        assert api.items(query["id"]) == [{"_col0": "476"}]
        assert query.get("kind") != "READ"
        assert api.run("SELECT '476'", warehouse="careless")["kind"] == "READ"
    statement, fields = trino.requests[0]
    assert statement == "SELECT '476'"
    assert (fields["X-Trino-User"], fields["X-Trino-Source"], fields["X-Trino-Catalog"]) == ("coatcheck", "coatcheck", "hive")
    assert (fields["X-Trino-Client-Tags"], fields["X-Trino-Session"]) == ("a,b", "query_max_run_time=1h")


# --- secrets ---

def unreachable(server, warehouse, words):
    """Waits until the server has found that it cannot connect, and said so with these words."""
    return until(lambda: any(each["warehouse"] == warehouse and words in each["error"] for each in server.log_events("warehouse_unreachable")),
                 f"{warehouse} to be unreachable: {words}")


def change_password(postgresql, role, password):
    # What is connected stays so: the password counts for connections that are new.
    postgresql.sql(f"ALTER ROLE {role} PASSWORD '{password}'")
    postgresql.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")


def test_a_password_that_was_changed_is_used_without_a_restart(start_server, postgresql, tmp_path):
    postgresql.sql("CREATE ROLE reader LOGIN PASSWORD 'first-secret'")
    file = written(tmp_path / "uri", postgresql.uri("reader", "first-secret") + "\n")
    server = start_server(more=adbc("sales", "postgresql", f'credentials.uri.file = "{file}"'))
    with server.api() as api:
        query = api.run("SELECT current_user AS me", warehouse="sales")
        assert api.items(query["id"]) == [{"me": "reader"}]

        change_password(postgresql, "reader", "second-secret")
        waits = api.submit("SELECT current_user AS me", warehouse="sales")
        unreachable(server, "sales", "password authentication failed")
        written(file, postgresql.uri("reader", "second-secret") + "\n")
        assert api.ended(waits["id"])["status"] == "SUCCEEDED"
    assert "-secret" not in server.log_text()


def test_trino_is_asked_with_the_secret_of_now(start_server, trino, tmp_path):
    file = written(tmp_path / "secret", "first-secret\n")
    server = start_server(more=trino_settings(trino, f'secret_file = "{file}"'))
    with server.api() as api:
        api.run("SELECT 1", warehouse="lake")
        trino.password = "second-secret"
        assert "(401)" in failure(api, "SELECT 1", warehouse="lake")["message"]
        written(file, "second-secret\n")
        api.run("SELECT 1", warehouse="lake")
        file.unlink()
        waits = api.submit("SELECT 1", warehouse="lake")["id"]
        unreachable(server, "lake", "secret_file: No such file")
        written(file, "second-secret\n")
        assert api.ended(waits)["status"] == "SUCCEEDED"
    assert "-secret" not in server.log_text()


def test_a_secret_may_come_from_the_environment(start_server, trino, monkeypatch):
    monkeypatch.setenv("LAKE_PASSWORD", "first-secret")
    server = start_server(more=trino_settings(trino, 'secret_environment = "LAKE_PASSWORD"'))
    with server.api() as api:
        api.run("SELECT 1", warehouse="lake")


def test_a_server_starts_without_its_secrets_and_says_so_and_its_statements_wait_for_them(start_server, postgresql, tmp_path):
    postgresql.sql("CREATE ROLE late LOGIN PASSWORD 'first-secret'")
    file = tmp_path / "uri"
    server = start_server(more=adbc("sales", "postgresql", f'credentials.uri.file = "{file}"'))
    warned = server.await_log("secret_not_read", warehouse="sales")
    assert (warned["level"], warned["where"]) == ("warn", str(file))
    with server.api() as api:
        api.run("SELECT 1")
        waits = api.submit("SELECT 1", warehouse="sales")
        unreachable(server, "sales", "The credentials of this warehouse cannot be read: credentials.uri.file: No such file or directory")
        written(file, postgresql.uri("late", "first-secret"))
        assert api.ended(waits["id"])["status"] == "SUCCEEDED"


def test_secrets_are_shown_nowhere(start_server, postgresql, trino, tmp_path):
    file = written(tmp_path / "secret", "wrong-secret\n")
    uri = written(tmp_path / "uri", postgresql.uri("nobody", "wrong-secret"))
    # A driver that cannot read a URI says so with the URI.
    bad_uri = written(tmp_path / "bad_uri", "postgresql://me:wrong-secret@/x?nosuch=1")
    server = start_server({"log.level": "debug"}, more=trino_settings(trino, f'secret_file = "{file}"') +
                          adbc("sales", "postgresql", f'credentials.uri.file = "{uri}"') +
                          adbc("badly", "postgresql", f'credentials.uri.file = "{bad_uri}"'))
    with server.api() as api:
        errors = [failure(api, "SELECT 1", warehouse="lake")]
        for name, words in (("sales", "password authentication failed"), ("badly", "Failed to connect")):
            api.submit("SELECT 1", warehouse=name)
            unreachable(server, name, words)
        errors.append(api.get("/v1/warehouses").text)
        api.cancel_everything()
    shown = [str(errors), server.log_text(), coatcheck(server, "config"), coatcheck(server, "warehouse", "check", expect=1)]
    assert all("wrong-secret" not in text for text in shown), shown
    assert str(file) in shown[2] and str(uri) in shown[2]


# --- mistakes ---

def test_a_setting_of_another_kind_stops_the_start_and_says_whose_it_is(start_server):
    server = start_server(run=False, more=adbc("sales", "sqlite", 'client_tags = ["nightly"]'))
    with pytest.raises(DidNotStart) as refused:
        server.start()
    assert refused.value.exit_code == 2
    assert '"warehouse[1].client_tags": is a setting of warehouses of kind "trino"; this one is of kind "adbc"' in refused.value.log


def test_a_driver_that_is_not_there_stops_the_start(start_server):
    server = start_server(run=False, more=adbc("sales", "sqlite").replace("sqlite.so", "nosuch.so"))
    with pytest.raises(DidNotStart) as refused:
        server.start()
    assert refused.value.exit_code == 1
    assert "warehouse 'sales': the ADBC driver" in refused.value.log and "nosuch.so" in refused.value.log


def test_a_secret_over_plain_http_stops_the_start(start_server, trino):
    server = start_server(run=False, more=trino_settings(trino, 'secret_file = "/x"').replace("127.0.0.1", "trino.example"))
    with pytest.raises(DidNotStart) as refused:
        server.start()
    assert "warehouse 'lake': url must be https:// for credentials" in refused.value.log


def test_a_warehouse_that_is_down_stops_nothing_but_its_queries(start_server, tmp_path):
    gone = adbc("sales", "postgresql", f'database_options = {{uri = "postgresql:///x?host={tmp_path}&user=me"}}')
    server = start_server(more=gone)
    with server.api() as api:
        api.run("SELECT 1")
        api.submit("SELECT 1", warehouse="sales")
        unreachable(server, "sales", "Failed to connect")
        api.run("SELECT 1")
        api.cancel_everything()


def test_statements_wait_for_a_trino_that_is_down(start_server, trino, tmp_path):
    port = int(trino.url.rsplit(":", 1)[1])
    trino.close()
    server = start_server(more=trino_settings(trino, f'secret_file = "{written(tmp_path / "secret", "first-secret")}"', 'retry_for = "10ms"'))
    with server.api() as api:
        ids = [api.submit(statement, warehouse="lake")["id"] for statement in ("SELECT 1", "INSERT INTO t SELECT 1")]
        unreachable(server, "lake", "Trino cannot be reached")
        assert [api.await_status(id, "QUEUED")["status"] for id in ids] == ["QUEUED", "QUEUED"]
        again = Trino("first-secret", port)
        assert [api.ended(id)["status"] for id in ids] == ["SUCCEEDED", "SUCCEEDED"]
        # With the question whether it is back.
        assert sorted(statement for statement, _ in again.requests)[0] == "INSERT INTO t SELECT 1"
        assert sum(statement.startswith("INSERT") for statement, _ in again.requests) == 1
        again.close()


# --- coatcheck warehouse check ---

def test_check_says_what_answers(start_server, postgresql, trino, tmp_path):
    postgresql.sql("CREATE ROLE checker LOGIN PASSWORD 'first-secret'")
    uri = written(tmp_path / "uri", postgresql.uri("checker", "first-secret"))
    secret = written(tmp_path / "secret", "first-secret")
    server = start_server(run=False, more=adbc("files", "sqlite") +
                          adbc("sales", "postgresql", f'credentials.uri.file = "{uri}"') +
                          trino_settings(trino, f'secret_file = "{secret}"'))
    lines = coatcheck(server, "warehouse", "check").splitlines()
    assert re.fullmatch(r"main \(duckdb\): ok, DuckDB v\S+, in memory", lines[0])
    assert re.fullmatch(r"files \(adbc\): ok, SQLite \S+, by ADBC SQLite Driver \S+", lines[1])
    assert re.fullmatch(r"sales \(adbc\): ok, PostgreSQL \S+, by ADBC PostgreSQL Driver \S+", lines[2])
    assert lines[3] == "lake (trino): ok, Trino 476, as user coatcheck" and len(lines) == 4
    assert coatcheck(server, "warehouse", "check", "sales").splitlines() == [lines[2]]
    assert not server.data.exists()


def test_check_runs_beside_the_server(start_server):
    server = start_server()
    assert "main (duckdb): ok" in coatcheck(server, "warehouse", "check")


def test_check_says_of_each_step_whether_it_works_and_what_to_look_at(start_server, postgresql, trino, tmp_path):
    uri = written(tmp_path / "uri", postgresql.uri("nobody", "wrong-secret"))
    secret = written(tmp_path / "secret", "wrong-secret")
    server = start_server(run=False, more=adbc("nodriver", "sqlite").replace("sqlite.so", "nosuch.so") +
                          adbc("nosecret", "postgresql", f'credentials.uri.file = "{tmp_path}/nosuch"') +
                          adbc("refused", "postgresql", f'credentials.uri.file = "{uri}"') +
                          trino_settings(trino, f'secret_file = "{secret}"') +
                          trino_settings(trino, f'secret_file = "{secret}"').replace('"lake"', '"dry"').replace(trino.url, "http://127.0.0.1:1"))
    parts = re.split(r"(?m)^(?=\S)", coatcheck(server, "warehouse", "check", expect=1))
    said = {part.split(" ")[0]: part for part in parts if part}
    assert list(said) == ["main", "nodriver", "nosecret", "refused", "lake", "dry"]
    assert said["main"].startswith("main (duckdb): ok")
    assert re.search(r"(?m)^  settings +failed .*nosuch\.so", said["nodriver"]) and "look at      driver" in said["nodriver"]
    assert re.search(r"(?m)^  settings +ok\n  secrets +failed credentials\.uri\.file: No such file or directory \(.*/nosuch\)", said["nosecret"])
    assert re.search(r"(?m)^  secrets +ok +1 read\n  answer +failed .*password authentication failed", said["refused"])
    assert re.search(r"(?m)^  look at +user, credentials", said["refused"]), said["refused"]
    assert "(401)" in said["lake"] and re.search(r"(?m)^  look at +user, authentication, and the secret", said["lake"])
    assert "cannot be reached" in said["dry"] and re.search(r"(?m)^  look at +url", said["dry"])
    assert 'there is no warehouse "nosuch"' in coatcheck(server, "warehouse", "check", "nosuch", expect=2)


def test_check_does_not_wait_for_ever(start_server):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        # libpq asks for encryption, and nobody answers.
        server = start_server(run=False, more=adbc("sales", "postgresql", f'database_options.uri = "postgresql://me@127.0.0.1:{port}/x"'))
        started = time.monotonic()
        said = coatcheck(server, "warehouse", "check", "sales", "--timeout", "1s", expect=1)
        assert re.search(r"answer +failed none within 1", said), said
        assert time.monotonic() - started < 60


def test_check_makes_no_database(start_server, tmp_path):
    server = start_server(run=False, warehouse={"database": str(tmp_path / "new.duckdb")})
    said = coatcheck(server, "warehouse", "check")
    assert "main (duckdb): ok" in said and "is not there yet" in said
    assert not (tmp_path / "new.duckdb").exists()


def test_check_says_who_may_have_the_database_open(start_server, tmp_path):
    server = start_server(warehouse={"database": str(tmp_path / "new.duckdb")})
    said = coatcheck(server, "warehouse", "check", expect=1)
    assert "lock" in said and "perhaps a server runs on it" in said
