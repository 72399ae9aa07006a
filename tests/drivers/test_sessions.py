"""Who comes in, and that nobody sees what another principal has submitted."""

import uuid

import pytest

from conftest import end, new_server
from drivers import UNKNOWN, Connections, Credentials, DriverFailed, Process
from harness.keys import make_key
from harness.statements import ENDLESS, numbers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with keys for ann and bob; `server.keys` has them."""
    server = new_server(tmp_path_factory.mktemp("sessions"), {"authentication.enabled": True})
    server.keys = {name: make_key(server.binary, server.data, name, role) for name, role in (("ann", "user"), ("bob", "user"), ("root", "admin"))}
    server.start()
    yield server
    end(server, server.keys["root"])


@pytest.fixture(scope="module")
def connections(server, tmp_path_factory):
    with Connections(server, tmp_path_factory.mktemp("connections")) as opened:
        yield opened


@pytest.fixture
def of(driver, server, connections):
    """The driver with a connection of a principal: `of("ann")("submit", sql)`."""
    yield lambda name: connections.of(driver, name, server.keys[name])
    connections.tidy()


def test_a_key_is_the_password(of):
    assert of("ann")("run", "SELECT CURRENT_USER() AS me")["rows"][0][0].lower() == "ann"


def test_a_key_is_a_programmatic_access_token(driver, server, tmp_path):
    process = Process(driver, Credentials(server, "ann", "", token=server.keys["ann"]), tmp_path)
    assert process("run", "SELECT CURRENT_USER() AS me")["rows"][0][0].lower() == "ann"


@pytest.mark.parametrize("user, password", [("ann", "wrong"), ("nobody", "wrong"), ("bob", "the key of ann")])
def test_wrong_credentials(driver, server, tmp_path, user, password):
    password = server.keys["ann"] if password == "the key of ann" else password
    with pytest.raises(DriverFailed) as failed:
        Process(driver, Credentials(server, user, password, login_timeout=20), tmp_path)("run", "SELECT 1 AS one")
    assert failed.value.code == "390100", failed.value
    assert "Incorrect username or password was specified" in failed.value.message


def test_anothers_ids_are_unknown(of, server):
    id = of("ann")("submit", numbers(3))
    with server.api(server.keys["ann"]) as api:
        api.ended(id)
    bob = of("bob")
    nobodys = str(uuid.uuid4())
    assert bob("poll", id) is None
    assert bob("status", id) == bob("status", nobodys) and bob("status", id) in UNKNOWN
    failures = []
    for asked in (id, nobodys):
        with pytest.raises(DriverFailed) as failed:
            bob("scan", asked)
        failures.append((failed.value.code, failed.value.sqlstate, failed.value.message.replace(asked, "ID")))
        if "results of an unknown id" not in bob.driver.cannot:
            with pytest.raises(DriverFailed):
                bob("results", asked)
    # (A driver may add the id of the statement that asked, which is new each time.)
    assert failures[0][:2] == failures[1][:2] == ("000709", "02000")
    assert of("ann")("scan", id)["items"] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]


def test_anothers_query_cannot_be_canceled(of, server):
    id = of("ann")("submit", ENDLESS)
    with server.api(server.keys["ann"]) as api:
        try:
            api.await_status(id, "RUNNING")
            with pytest.raises(DriverFailed) as failed:
                of("bob")("run", f"SELECT SYSTEM$CANCEL_QUERY('{id}') AS said")
            assert (failed.value.code, failed.value.sqlstate) == ("000709", "02000"), failed.value
            assert api.status(id)["status"] == "RUNNING"
        finally:
            api.cancel(id)
            api.ended(id)


def test_history_holds_ones_own_only(of):
    id = of("ann")("submit", "SELECT 'only ann' AS t")
    rows = of("bob")("run", "select query_id from table(information_schema.query_history(result_limit => 10000))")["rows"]
    assert [id] not in rows
