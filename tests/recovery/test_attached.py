"""kill -9 while statements run in warehouses that are attached: a driver of ADBC's, and Trino."""

import subprocess
from pathlib import Path

import pytest

from harness.postgresql import Postgresql
from harness.server import Server
from harness.trino import Trino
from harness.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def settings(**members):
    return "[[warehouse]]\n" + "".join(f'{name} = {value if isinstance(value, bool | int) else repr(value)}\n'.replace("True", "true")
                                       for name, value in members.items())


def postgresql_driver():
    prefix = subprocess.run([ROOT / "tools/install-dependencies", "--prefix"], capture_output=True, text=True, check=True).stdout.strip()
    found = sorted(Path(prefix).glob("adbc-drivers-*/libadbc_driver_postgresql.so"))
    assert found, "no ADBC drivers: tools/install-dependencies --test"
    return str(found[-1])


@pytest.fixture
def postgresql():
    server = Postgresql()
    server.start()
    server.sql("CREATE TABLE log (entry INTEGER)")
    yield server
    server.remove()


@pytest.fixture
def trino():
    server = Trino("secret")
    yield server
    server.close()


@pytest.fixture
def serve(tmp_path):
    """Starts a server whose default warehouse is given, with one place to run."""
    servers = []

    def start(**warehouse):
        if "database_options" in warehouse:
            options = warehouse.pop("database_options")
            more = settings(name="elsewhere", default=True, max_running=1, **warehouse) + f"database_options = {{uri = {options!r}}}\n"
        else:
            (tmp_path / "secret").write_text("secret")
            (tmp_path / "secret").chmod(0o600)
            more = settings(name="elsewhere", default=True, max_running=1, secret_file=str(tmp_path / "secret"), **warehouse)
        servers.append(Server(tmp_path / "server", more=more).start())
        return servers[-1]
    yield start
    for server in servers:
        if server.is_running():
            server.settings["server.drain_grace"] = "0s"
            with server.api() as api:
                api.cancel_everything()
            server.stop()


def crash(server):
    server.kill()
    server.start()
    return server.api()


def test_a_statement_of_adbcs_that_ran_is_interrupted_and_the_next_one_runs(serve, postgresql):
    server = serve(kind="adbc", driver=postgresql_driver(), database_options=postgresql.uri("postgres", "").replace(":@", "@"))
    api = server.api()
    running = api.running("INSERT INTO log SELECT 1 FROM pg_sleep(600)")["id"]
    until(lambda: postgresql.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()").strip() == "1",
          "it to run there")
    queued = api.submit("INSERT INTO log VALUES (2)")["id"]
    after = crash(server)
    ended = after.status(running)
    assert (ended["status"], ended["attempt"], ended["error"]["category"]) == ("FAILED", 1, "INTERRUPTED")
    assert "may have taken effect" in ended["error"]["message"]
    assert (after.ended(queued)["status"], after.ended(queued)["attempt"]) == ("SUCCEEDED", 1)
    assert postgresql.sql("SELECT entry FROM log").split() == ["2"]


def test_a_read_of_trinos_that_ran_runs_again(serve, trino):
    server = serve(kind="trino", url=trino.url, user="coatcheck", authentication="basic", queries_only_read=True)
    api = server.api()
    running = api.running("SELECT endless")["id"]
    queued = api.submit("SELECT 'queued'")["id"]
    after = crash(server)
    assert after.await_status(running, "RUNNING")["attempt"] == 2
    sent = lambda: [statement for statement, _ in trino.requests]
    until(lambda: sent() == ["SELECT endless", "SELECT endless"], "it to be sent again")
    after.cancel(running)
    assert after.ended(running)["status"] == "CANCELED" and set(trino.stopped) == {"SELECT endless"}
    assert after.ended(queued)["status"] == "SUCCEEDED" and sent()[2:] == ["SELECT 'queued'"]


def test_a_write_of_trinos_that_ran_never_runs_again(serve, trino):
    server = serve(kind="trino", url=trino.url, user="coatcheck", authentication="basic")
    running = server.api().running("INSERT INTO log SELECT endless")["id"]
    until(lambda: len(trino.requests) == 1, "it to be sent")
    after = crash(server)
    ended = after.status(running)
    assert (ended["status"], ended["attempt"], ended["error"]["category"]) == ("FAILED", 1, "INTERRUPTED")
    after.run("SELECT 'the next one'")
    assert [statement for statement, _ in trino.requests] == ["INSERT INTO log SELECT endless", "SELECT 'the next one'"]
